//! Runs the workspace's gates on a commit outside of any cycle, in a worktree of the pool and with the
//! environment that a cycle would give them: for whoever wants to know whether the base is green.

use std::time::Duration;

use super::run_program::{Guarded, Program, run_program};
use super::verify::{Verdict, judge};
use super::{Bench, Workshop, memory, setup};
use crate::error::{Context, Result};
use crate::model::config::Config;
use crate::model::gate::Gate;
use crate::model::judgement::Judgement;
use crate::model::record::Event;
use crate::os::git::Oid;
use crate::os::journal::Who;
use crate::os::process::{Mark, Watch, end_remains};

/// What a gate says of the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// It succeeded, or does not apply.
    Green,
    /// It failed; the sentence and the end of its output.
    Red(String),
    /// It could not be run, which says nothing about the commit.
    CouldNotRun(String),
    /// It was ended because `bench.wake` or the watch asked for it.
    Interrupted,
}

/// One gate that was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsed {
    /// Its command.
    pub gate: String,
    /// What it said.
    pub said: Said,
    /// How long it took.
    pub duration: Duration,
    /// The file with all it printed, below the run's folder.
    pub log: String,
}

/// Makes the worktree ready at `commit` and runs every gate of the workspace there, red ones too, until one is
/// interrupted; what they say is remembered. What lay in the worktree must have been salvaged: [`Bench::take`] does it.
pub fn rehearse(shop: &Workshop, bench: &mut Bench, commit: &Oid) -> Result<Vec<Rehearsed>> {
    let settings = shop.settings();
    let gates = &settings.config.verify;
    bench.lend(shop)?;
    let mut rehearsed = Vec::new();
    for gate in gates {
        let one = rehearse_gate(shop, &settings.config, bench, commit, gate, &Mark::new(), &mut ())?;
        let interrupted = one.said == Said::Interrupted;
        rehearsed.push(one);
        if interrupted {
            break;
        }
    }
    if let Some(judgement) = judgement_of(&rehearsed) {
        let tree = shop.repo.tree_of(commit)?;
        memory::remember(shop, &Who::default(), &tree, vec![(gates.as_slice(), judgement)])
            .context(|| format!("write to {}", shop.dirs.verified().display()))?;
    }
    Ok(rehearsed)
}

/// What the gates say together: the first that is not green speaks for all. `None`: it could not speak.
fn judgement_of(rehearsed: &[Rehearsed]) -> Option<Judgement> {
    match rehearsed.iter().find(|one| one.said != Said::Green) {
        None => Some(Judgement::Green),
        Some(Rehearsed { gate, said: Said::Red(reason), .. }) => {
            Some(Judgement::Red { gate: gate.clone(), reason: reason.clone() })
        }
        Some(Rehearsed { said: Said::Green | Said::CouldNotRun(_) | Said::Interrupted, .. }) => None,
    }
}

/// Makes the worktree ready at the commit, as `config` wants it, and runs one gate there; `mark` is in the environment of
/// all that it starts.
pub(super) fn rehearse_gate(
    shop: &Workshop,
    config: &Config,
    bench: &mut Bench,
    commit: &Oid,
    gate: &Gate,
    mark: &Mark,
    watch: &mut dyn Watch,
) -> Result<Rehearsed> {
    bench.reset(&config.worktree, commit)?;
    setup::make_ready(shop, config, bench, commit, mark)?;
    bench.touch();
    let timeout = gate.timeout.unwrap_or(config.limits.timeout);
    let program = Program::shell(shop, bench, &gate.run, timeout, mark.clone(), Guarded::FromMoving);
    let log = format!("logs/{}-gate-{}.log", bench.worker, shop.journal.elapsed_ms());
    let ended = run_program(shop, &config.limits, bench, program, &shop.journal.folder().join(&log), watch);
    let ending = match ended {
        Ok(ending) => ending,
        Err(error) => {
            // Its supervision broke off: what it may have started is ended by its mark.
            let _ = end_remains(mark, None);
            return Err(error).context(|| format!("run the gate `{}`", gate.run));
        }
    };
    let who = Who { worker: Some(bench.worker.clone()), ..Who::default() };
    for stray in &ending.strays {
        shop.journal.event(&who, Event::StrayEnded { pid: stray.pid, command: stray.command.clone() });
    }
    let said = match judge(gate, &ending).1 {
        Ok(Verdict::Green) => Said::Green,
        Ok(Verdict::Red(reason)) => Said::Red(reason),
        Ok(Verdict::Halted(_)) => Said::Interrupted,
        Err(trouble) => Said::CouldNotRun(trouble.0),
    };
    Ok(Rehearsed { gate: gate.run.clone(), said, duration: ending.duration, log })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_is_not_green_speaks_for_all() {
        let one = |said: &Said| Rehearsed {
            gate: "g".to_owned(),
            said: said.clone(),
            duration: Duration::ZERO,
            log: String::new(),
        };
        let (red, unfit) = (Said::Red("why".to_owned()), Said::CouldNotRun("why".to_owned()));
        let judged = |said: &[&Said]| judgement_of(&said.iter().map(|said| one(said)).collect::<Vec<_>>());
        let reds = Some(Judgement::Red { gate: "g".to_owned(), reason: "why".to_owned() });
        assert_eq!(judged(&[&Said::Green, &Said::Green]), Some(Judgement::Green));
        assert_eq!(judged(&[&Said::Green, &red, &unfit]), reds);
        assert_eq!(judged(&[&Said::Green, &unfit, &red]), None);
        assert_eq!(judged(&[&Said::Interrupted]), None);
    }
}
