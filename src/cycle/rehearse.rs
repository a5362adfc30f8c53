//! Runs the workspace's gates on a commit outside of any cycle, in a worktree of the pool and with the
//! environment that a cycle would give them: for whoever wants to know whether the base is green.

use std::time::Duration;

use super::run_program::{Program, run_program};
use super::verify::{Verdict, judge};
use super::{Bench, Workshop, setup};
use crate::error::{Context, Result};
use crate::os::git::Oid;
use crate::os::process::Mark;

/// What a gate says of the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// It succeeded, or does not apply.
    Green,
    /// It failed; the sentence and the end of its output.
    Red(String),
    /// It could not be run, which says nothing about the commit.
    CouldNotRun(String),
    /// It was ended because `bench.wake` asked for it.
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
}

/// Makes the worktree ready at `commit` and runs every gate of the workspace there, red ones too, until one is
/// interrupted. What lay in the worktree must have been salvaged; [`Bench::take`] does it.
pub fn rehearse(shop: &Workshop, bench: &mut Bench, commit: &Oid) -> Result<Vec<Rehearsed>> {
    let mut rehearsed = Vec::new();
    for (number, gate) in shop.settings().config.verify.iter().enumerate() {
        bench.reset(shop, commit)?;
        let mark = Mark::new();
        setup::make_ready(shop, bench, commit, &mark)?;
        let timeout = gate.timeout.unwrap_or(shop.settings().config.limits.timeout);
        let program = Program::shell(shop, bench, &gate.run, timeout, mark);
        let log = shop.journal.folder().join("logs").join(format!("{}-gate-{number}.log", bench.worker));
        let ending =
            run_program(shop, bench, program, &log, &mut ()).context(|| format!("run the gate `{}`", gate.run))?;
        let said = match judge(gate, &ending).1 {
            Ok(Verdict::Green) => Said::Green,
            Ok(Verdict::Red(reason)) => Said::Red(reason),
            Ok(Verdict::Halted(_)) => Said::Interrupted,
            Err(trouble) => Said::CouldNotRun(trouble.0),
        };
        let interrupted = said == Said::Interrupted;
        rehearsed.push(Rehearsed { gate: gate.run.clone(), said, duration: ending.duration });
        if interrupted {
            break;
        }
    }
    Ok(rehearsed)
}
