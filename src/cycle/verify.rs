//! **Verified**: the workspace's gates run on a committed tree, in the worker's worktree.
//!
//! A tree that has passed the same gates before is not verified again; what is remembered lies in
//! `.swarm/verified/` and is never more than a saving of time.

use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::attend::with_tail;
use super::notes::Notes;
use super::perform::{Cycle, Infra};
use super::run_program::Program;
use crate::model::config::VerifyMerged;
use crate::model::gate::Gate;
use crate::model::plan::Halt;
use crate::model::record::{StepName, StepResult};
use crate::model::state::State;
use crate::os::files;
use crate::os::git::Oid;
use crate::os::process::{Ending, How};

/// The shell's exit codes for a command that is not executable, or not there: the gate could not be run,
/// which says nothing about the work.
const NOT_RUNNABLE: [i32; 2] = [126, 127];

/// What the gates say of a tree.
pub(super) enum Verdict {
    /// All succeeded.
    Green,
    /// One failed; the sentence and the end of its output.
    Red(String),
    /// The run was stopped, or the task taken away, in the middle.
    Halted(Halt),
}

/// Whether the gates need not run on a tree: there are none, or it has passed them.
pub(super) fn is_known_green(cycle: &Cycle<'_>, tree: &Oid) -> bool {
    let gates: Vec<Gate> = cycle.gates().into_iter().cloned().collect();
    match cycle.settings.config.integrate.verify {
        VerifyMerged::IfMoved => gates.is_empty() || remembered(cycle, tree, &gates).exists(),
        VerifyMerged::Always => gates.is_empty(),
    }
}

/// Runs the gates on `commit`, at which the worktree stands, unless its tree has passed them already.
pub(super) fn verify(cycle: &mut Cycle<'_>, notes: &mut Notes, commit: &Oid, tree: &Oid) -> Result<Verdict, Infra> {
    let gates: Vec<Gate> = cycle.gates().into_iter().cloned().collect();
    if gates.is_empty() {
        return Ok(Verdict::Green);
    }
    if is_known_green(cycle, tree) {
        return Ok(Verdict::Green);
    }
    let known = remembered(cycle, tree, &gates);
    for (index, gate) in gates.iter().enumerate() {
        // The gate before may have changed what this one is to judge.
        if index > 0 && cycle.bench.slot.has_changed_since(commit)? {
            cycle.bench.reset(cycle.shop, commit)?;
        }
        match run_gate(cycle, notes, gate)? {
            Verdict::Green => {}
            other => return Ok(other),
        }
    }
    let record = serde_json::json!({
        "schema": crate::model::record::SCHEMA,
        "tree": tree.as_str(),
        "gates": gates.iter().map(|gate| &gate.run).collect::<Vec<_>>(),
        "run_id": cycle.shop.journal.run_id(),
        "at": format!("{:.0}", crate::os::clock::now()),
    });
    files::write(&known, record.to_string().as_bytes())?;
    Ok(Verdict::Green)
}

fn run_gate(cycle: &mut Cycle<'_>, notes: &mut Notes, gate: &Gate) -> Result<Verdict, Infra> {
    let timeout = gate.timeout.unwrap_or(cycle.settings.config.limits.timeout);
    let mark = cycle.claim.record.mark.clone();
    let program = Program::shell(cycle.shop, cycle.bench, &gate.run, timeout, mark)
        .with_env("SWARM_TASK", cycle.claim.id.as_str())
        .with_env("SWARM_TASK_FILE", cycle.shop.dirs.task(State::Current, &cycle.claim.id));
    let name = format!("{}-c{}-verify-{}", cycle.bench.worker, notes.cycle, notes.round(StepName::Verify));
    let attended = cycle.attend(notes, StepName::Verify, &name, program, &mut |_| {})?;
    let (result, verdict) = match attended.halt {
        Some(halt) => (StepResult::Interrupted, Ok(Verdict::Halted(halt))),
        None => judge(gate, &attended.ending),
    };
    cycle.conclude(notes, attended, result);
    verdict
}

/// What the end of a gate's program means.
pub(super) fn judge(gate: &Gate, ending: &Ending) -> (StepResult, Result<Verdict, Infra>) {
    let said = String::from_utf8_lossy(&ending.tail);
    let red = |what: String| (StepResult::Failed, Ok(Verdict::Red(with_tail(what, &said))));
    match ending.how {
        How::Exited(0) => (StepResult::Ok, Ok(Verdict::Green)),
        How::Exited(code) if gate.skip_exit.contains(&code) => (StepResult::Skipped, Ok(Verdict::Green)),
        How::Exited(code) if NOT_RUNNABLE.contains(&code) => {
            let reason = with_tail(format!("the gate `{}` could not be run (exit {code})", gate.run), &said);
            (StepResult::CouldNotRun, Err(Infra(reason)))
        }
        How::Exited(code) => red(format!("the gate `{}` failed (exit {code})", gate.run)),
        How::Signalled(signal) => red(format!("the gate `{}` was ended by signal {signal}", gate.run)),
        How::TimedOut(_) => red(format!("the gate `{}` was ended after {} s", gate.run, ending.duration.as_secs())),
        How::Interrupted => (StepResult::Interrupted, Ok(Verdict::Halted(Halt::Interrupted))),
    }
}

/// Where it is remembered that a tree has passed these gates.
fn remembered(cycle: &Cycle<'_>, tree: &Oid, gates: &[Gate]) -> PathBuf {
    let mut hash = Sha256::new();
    for gate in gates {
        hash.update(&gate.run);
        hash.update([0]);
        for code in &gate.skip_exit {
            hash.update(code.to_le_bytes());
        }
        hash.update([1]);
    }
    let digest: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    cycle.shop.dirs.verified().join(format!("{tree}-{digest}.json"))
}
