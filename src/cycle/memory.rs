//! Remembers what gates said of a tree, and tells when one of them has said something else before.

use std::io;

use super::Workshop;
use crate::model::gate::Gate;
use crate::model::judgement::{Judgement, flaky_gate};
use crate::model::record::Event;
use crate::os::git::Oid;
use crate::os::journal::Who;

/// What a list of gates says.
pub(super) type Word<'a> = (&'a [Gate], Judgement);

/// Remembers `words` about one tree; what they say against an earlier word is told once.
pub(super) fn remember(shop: &Workshop, who: &Who, tree: &Oid, words: Vec<Word<'_>>) -> io::Result<()> {
    let contradicted = words.iter().find_map(|(gates, now)| {
        let before = shop.judgements.recall(tree, gates)?.judgement;
        flaky_gate(&before, now, gates).map(str::to_owned)
    });
    if let Some(gate) = contradicted {
        tell_flake(shop, who, &gate, tree, "it has said two different things of the same tree")?;
    }
    for (gates, judgement) in words {
        shop.judgements.remember(tree, gates, judgement, shop.journal.run_id())?;
    }
    Ok(())
}

/// Tells that a gate has contradicted itself on one tree, and remembers it.
pub(super) fn tell_flake(shop: &Workshop, who: &Who, gate: &str, tree: &Oid, reason: &str) -> io::Result<()> {
    let (gate, tree_name, reason) = (gate.to_owned(), tree.to_string(), reason.to_owned());
    shop.judgements.remember_flaky(&gate, tree, shop.journal.run_id())?;
    shop.journal.event(who, Event::Flake { gate, tree: tree_name, reason });
    Ok(())
}

/// The word of a task's gates, and what it says of the workspace's own, which stand at their beginning: the base is
/// asked for those alone. `failed` is the place of the gate that failed.
pub(super) fn words<'a>(
    gates: &'a [Gate],
    of_workspace: &'a [Gate],
    judgement: Judgement,
    failed: Option<usize>,
) -> Vec<Word<'a>> {
    let mut words = Vec::new();
    if gates != of_workspace && !of_workspace.is_empty() && gates.starts_with(of_workspace) {
        let passed = failed.is_none_or(|place| place >= of_workspace.len());
        words.push((of_workspace, if passed { Judgement::Green } else { judgement.clone() }));
    }
    words.push((gates, judgement));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_task_adds_is_no_word_about_the_workspaces_own_gates() {
        let [own, added] = ["test", "schema"].map(Gate::command);
        let (all, of_workspace) = ([own.clone(), added], [own]);
        let red = |gate: &str| Judgement::Red { gate: gate.to_owned(), reason: String::new() };
        let green = Judgement::Green;
        assert_eq!(words(&of_workspace, &of_workspace, green.clone(), None), [(&of_workspace[..], green.clone())]);
        assert_eq!(words(&all, &[], green.clone(), None), [(&all[..], green.clone())]);
        for (judgement, failed, of_own) in
            [(green.clone(), None, green.clone()), (red("schema"), Some(1), green), (red("test"), Some(0), red("test"))]
        {
            let expected = [(&of_workspace[..], of_own), (&all[..], judgement.clone())];
            assert_eq!(words(&all, &of_workspace, judgement, failed), expected);
        }
    }
}
