//! Asks the gates about the base, one worker of all processes at a time, and remembers what they say.

use super::memory::{remember, tell_flake};
use super::rehearse::{Said, rehearse_gate};
use super::{Bench, Workshop};
use crate::error::{Context, Result};
use crate::model::config::Config;
use crate::model::judgement::{Evidence, Judgement, deserves_a_second_try};
use crate::model::record::Event;
use crate::os::git::Oid;
use crate::os::journal::Who;
use crate::os::lock::Lock;
use crate::os::process::{Identity, Mark, Verdict, Watch};
use crate::os::stop::{Stop, StopValue};

/// The right to ask, and to file the task that follows from the answer: whoever waited for it finds both.
pub struct BaseTurn {
    _lock: Lock,
}

impl BaseTurn {
    /// Waits for it; `None`: the run has no use for an answer any more, from `give_up_at` on.
    pub fn take(shop: &Workshop, give_up_at: Stop) -> Result<Option<Self>> {
        let path = shop.dirs.base_lock();
        let lock = Lock::exclusive(&path, &|| shop.stop.get() >= give_up_at);
        Ok(lock.context(|| format!("lock {}", path.display()))?.map(|lock| BaseTurn { _lock: lock }))
    }
}

/// What is asked.
pub struct Question<'a> {
    /// The commit on which the gates are to run.
    pub commit: &'a Oid,
    /// Its tree.
    pub tree: &'a Oid,
    /// The settings whose gates are asked; there is one at least.
    pub config: &'a Config,
    /// From here on the run has no use for an answer.
    pub give_up_at: Stop,
    /// What every process of the gates has in its environment.
    pub mark: Mark,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probed {
    /// The gates have spoken.
    Said(Judgement),
    /// One could not be run: says nothing about the base.
    CouldNotRun(String),
    /// The run is to end.
    Interrupted,
}

/// Looks out for the end of the run while a gate runs.
pub(super) struct Until<'a> {
    pub(super) stop: &'a StopValue,
    pub(super) at: Stop,
}

impl Watch for Until<'_> {
    fn started(&mut self, _: &Identity) -> Verdict {
        self.look()
    }

    fn look(&mut self) -> Verdict {
        if self.stop.get() >= self.at { Verdict::End } else { Verdict::GoOn }
    }
}

/// Whether the workspace's gates fail on a commit: known, or asked now. What cannot be found out counts as no.
pub(super) fn is_red(shop: &Workshop, bench: &mut Bench, config: &Config, commit: &Oid) -> Result<bool> {
    if config.verify.is_empty() {
        return Ok(false);
    }
    let tree = shop.repo.tree_of(commit)?;
    let judgement = match shop.judgements.recall(&tree, &config.verify) {
        Some(known) => known.judgement,
        None => {
            let Some(turn) = BaseTurn::take(shop, Stop::Now)? else { return Ok(false) };
            let question = Question { commit, tree: &tree, config, give_up_at: Stop::Now, mark: Mark::new() };
            match probe(shop, bench, &turn, &question)? {
                Probed::Said(judgement) => judgement,
                Probed::CouldNotRun(_) | Probed::Interrupted => return Ok(false),
            }
        }
    };
    Ok(matches!(judgement, Judgement::Red { .. }))
}

/// Runs the gates on a commit in the worker's worktree until one is not green. What lay in the worktree must have been salvaged, and the worktree stands elsewhere afterwards.
pub fn probe(shop: &Workshop, bench: &mut Bench, _turn: &BaseTurn, question: &Question<'_>) -> Result<Probed> {
    let Question { commit, tree, config, .. } = *question;
    let gates = config.verify.as_slice();
    let who = Who { worker: Some(bench.worker.clone()), ..Who::default() };
    shop.journal.event(&who, Event::BaseUnknown { head: commit.to_string() });
    let mut judgement = Judgement::Green;
    for gate in gates {
        let mut until = Until { stop: &shop.stop, at: question.give_up_at };
        let mut said = rehearse_gate(shop, config, bench, commit, gate, &question.mark, &mut until)?.said;
        // A tree that is remembered as green is not asked about.
        let is_known_to_flake = shop.judgements.is_flaky(&gate.run);
        let evidence = Evidence { passed_on_this_tree: false, is_known_to_flake };
        if matches!(said, Said::Red(_)) && deserves_a_second_try(evidence) {
            said = rehearse_gate(shop, config, bench, commit, gate, &question.mark, &mut until)?.said;
            if said == Said::Green {
                tell_flake(shop, &who, &gate.run, tree, "it failed on the base, and succeeded when it was run again")
                    .context(|| format!("write to {}", shop.dirs.verified().display()))?;
            }
        }
        match said {
            Said::Green => {}
            Said::Red(reason) => {
                judgement = Judgement::Red { gate: gate.run.clone(), reason };
                break;
            }
            Said::CouldNotRun(reason) => return Ok(Probed::CouldNotRun(reason)),
            Said::Interrupted => return Ok(Probed::Interrupted),
        }
    }
    remember(shop, &who, tree, vec![(gates, judgement.clone())])
        .context(|| format!("write to {}", shop.dirs.verified().display()))?;
    Ok(Probed::Said(judgement))
}
