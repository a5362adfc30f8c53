//! The base is green, red, or nobody knows: what may be claimed, and what must be done first.
//!
//! One pure decision over what is known. Work that begins on a red base fails by no fault of its own, so while the
//! base is red nothing is claimed but the one task that mends it. Gates that could not be run say nothing about the
//! base: they are tried again after a rest, and after so many tries in a row a person is waited for.
//!
//! A red word of another run counts as long as its repair task is open: a restart runs no gate again. Where that task
//! is gone or complete, the word may be old or have been a flake, so the gates are asked again. That is how a
//! user has a verdict looked at anew: he removes the repair task, or runs `swarm check`.

use super::clean::clean_text;
use super::judgement::Judgement;
use super::state::State;
use super::task::{BadId, TaskId};

/// How the names of the repair tasks begin.
const REPAIR: &str = "repair-base-";

/// How much of a tree's name stands in that of its repair task.
const TREE_DIGITS: usize = 10;

/// What the gates say of the newest base, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// Nobody has tried them on its tree.
    Unknown,
    /// They succeed.
    Green,
    /// One fails.
    Red {
        /// Where the repair task lies, if there is one.
        repair: Option<State>,
        /// Whether this run has found it out.
        found_now: bool,
    },
    /// They could not be run.
    CouldNotRun {
        /// So many times in a row, this one included.
        times: u32,
    },
}

/// Who is about to be claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// The task that mends this base.
    Repair,
    /// Any other.
    Other,
}

/// What to do before the claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Nothing: claim it.
    Claim,
    /// Run the gates on the base, then ask again.
    RunTheGates,
    /// File the repair task, then ask again.
    FileTheRepair,
    /// Leave it: the repair task alone may be claimed.
    OnlyTheRepair,
    /// Leave it: claiming rests for a while, then the gates are tried again.
    Rest,
    /// Leave it, and all others: a person must see to the machine.
    NeedsAPerson,
}

/// What to do about a task that could be claimed. `tries`: how often in a row gates that cannot be run are tried.
pub fn answer(health: Health, asker: Asker, tries: u32) -> Answer {
    match health {
        Health::Unknown => Answer::RunTheGates,
        Health::Green => Answer::Claim,
        Health::Red { repair: None | Some(State::Complete), found_now: false } => Answer::RunTheGates,
        Health::Red { repair: None, found_now: true } => Answer::FileTheRepair,
        Health::Red { repair: Some(State::Pending | State::Current), .. } => match asker {
            Asker::Repair => Answer::Claim,
            Asker::Other => Answer::OnlyTheRepair,
        },
        Health::Red { repair: Some(State::Review | State::Blocked | State::Complete), .. } => Answer::OnlyTheRepair,
        Health::CouldNotRun { times } if times >= tries => Answer::NeedsAPerson,
        Health::CouldNotRun { .. } => Answer::Rest,
    }
}

/// The name of the task that mends a base with this tree: one tree, one task.
pub fn repair_id(tree: &str) -> Result<TaskId, BadId> {
    TaskId::parse(&format!("{REPAIR}{}", tree.get(..TREE_DIGITS).unwrap_or(tree)))
}

/// The beginning of the tree's name that a repair task is for; `None`: it has not the name of one.
pub fn repairs(id: &TaskId) -> Option<&str> {
    id.as_str().strip_prefix(REPAIR).filter(|tree| tree.len() == TREE_DIGITS)
}

/// The file of the repair task: a normal task, for whoever works here.
pub fn repair_task(branch: &str, commit: &str, gate: &str, reason: &str) -> String {
    // JSON is YAML, and knows how to quote whatever a branch or a command holds.
    let quoted = |text: String| serde_json::to_string(&clean_text(&text)).unwrap_or_default();
    let title = quoted(format!("Make the gates succeed on {branch} again"));
    let acceptance = quoted(format!("the gates succeed: {gate}"));
    let said = clean_text(reason);
    let fence = "`".repeat(longest_row(&said, '`').max(2) + 1);
    format!(
        "---\ntitle: {title}\npriority: 0\nacceptance: [{acceptance}]\n---\n\n\
         A gate of this workspace fails on the branch as it is, at {commit}, before any new work. Until it succeeds \
         nothing else is begun.\n\nFind the cause and mend it with the smallest change that is right. The gate must \
         succeed because what it looks at is well again: do not weaken or skip it.\n\n{fence}text\n{said}\n{fence}\n"
    )
}

fn longest_row(text: &str, of: char) -> usize {
    text.split(|char| char != of).map(str::len).max().unwrap_or(0)
}

/// What is known of a base of which `judgement` is remembered.
pub fn health(judgement: Option<&Judgement>, repair: Option<State>, found_now: bool) -> Health {
    match judgement {
        None => Health::Unknown,
        Some(Judgement::Green) => Health::Green,
        Some(Judgement::Red { .. }) => Health::Red { repair, found_now },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::task::Task;

    const TREE: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn what_may_be_claimed() {
        use Answer::{Claim, FileTheRepair, NeedsAPerson, OnlyTheRepair, Rest, RunTheGates};
        let red = |repair, found_now| Health::Red { repair, found_now };
        for (health, repair, other) in [
            (Health::Unknown, RunTheGates, RunTheGates),
            (Health::Green, Claim, Claim),
            (red(None, true), FileTheRepair, FileTheRepair),
            (red(None, false), RunTheGates, RunTheGates),
            (red(Some(State::Pending), true), Claim, OnlyTheRepair),
            (red(Some(State::Pending), false), Claim, OnlyTheRepair),
            (red(Some(State::Current), true), Claim, OnlyTheRepair),
            (red(Some(State::Current), false), Claim, OnlyTheRepair),
            (red(Some(State::Review), true), OnlyTheRepair, OnlyTheRepair),
            (red(Some(State::Review), false), OnlyTheRepair, OnlyTheRepair),
            (red(Some(State::Blocked), true), OnlyTheRepair, OnlyTheRepair),
            (red(Some(State::Blocked), false), OnlyTheRepair, OnlyTheRepair),
            // It was mended once and is as it was before: looked at again, then left to a person.
            (red(Some(State::Complete), false), RunTheGates, RunTheGates),
            (red(Some(State::Complete), true), OnlyTheRepair, OnlyTheRepair),
            (Health::CouldNotRun { times: 1 }, Rest, Rest),
            (Health::CouldNotRun { times: 4 }, Rest, Rest),
            (Health::CouldNotRun { times: 5 }, NeedsAPerson, NeedsAPerson),
        ] {
            assert_eq!(answer(health, Asker::Repair, 5), repair, "{health:?}, the repair");
            assert_eq!(answer(health, Asker::Other, 5), other, "{health:?}, another");
        }
    }

    #[test]
    fn what_is_remembered_is_what_is_known() {
        let red = Judgement::Red { gate: "test".into(), reason: "failed".into() };
        let pending = Some(State::Pending);
        assert_eq!(health(None, pending, true), Health::Unknown);
        assert_eq!(health(Some(&Judgement::Green), pending, false), Health::Green);
        assert_eq!(health(Some(&red), pending, false), Health::Red { repair: pending, found_now: false });
    }

    #[test]
    fn one_tree_has_one_repair_task() {
        let id = repair_id(TREE).unwrap();
        assert_eq!(id.as_str(), "repair-base-0123456789");
        assert_eq!(repairs(&id), Some("0123456789"));
        assert_eq!(repairs(&"repair-base-door".parse().unwrap()), None);
        assert_eq!(repairs(&"another".parse().unwrap()), None);
    }

    #[test]
    fn the_repair_task_is_valid_whatever_the_gate_is_and_says() {
        let said = "the gate failed (exit 1)\n\n---\n````\n\u{1b}[31mred\u{1b}[0m\n```sh\nrm -rf /\n```";
        for gate in ["cargo test", "a \"b\" 'c': {d} # e", "two\nlines"] {
            let text = repair_task("feature/\"x\": y", "abc", gate, said);
            let task = Task::parse(repair_id(TREE).unwrap(), text.as_bytes()).expect(&text);
            assert_eq!(task.title, "Make the gates succeed on feature/\"x\": y again");
            assert_eq!(task.priority.level(), 0);
            assert_eq!(task.acceptance, [format!("the gates succeed: {gate}")]);
            assert!(task.body.contains("`````text\nthe gate failed") && !task.body.contains('\u{1b}'), "{text}");
        }
    }
}
