//! **Verified**: the workspace's gates run on a committed tree, in the worker's worktree.
//!
//! A tree that has passed the same gates before is not verified again. A gate that fails is taken at its word, and
//! run a second time only where there is evidence that it flakes (`model::judgement` says what counts). Before a red
//! word costs the task an attempt, it must be known that the base beneath is green.

use std::sync::Arc;

use super::attend::with_tail;
use super::case::Cycle;
use super::memory;
use super::notes::Notes;
use super::perform::Infra;
use super::probe::{BaseTurn, Probed, Question, probe};
use super::run_program::{Guarded, Program};
use super::vigil::deaf;
use crate::model::base_health::repairs;
use crate::model::config::Config;
use crate::model::config::VerifyMerged;
use crate::model::gate::Gate;
use crate::model::judgement::{Evidence, Judgement, deserves_a_second_try};
use crate::model::plan::Halt;
use crate::model::record::{StepName, StepResult};
use crate::model::state::State;
use crate::os::git::Oid;
use crate::os::process::{Ending, How};
use crate::os::stop::Stop;

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

/// A commit on which the gates are to run.
pub(super) struct Tried<'a> {
    /// The worktree stands there.
    pub(super) commit: &'a Oid,
    /// Its tree.
    pub(super) tree: &'a Oid,
    /// The commit of the base on which the work stands: where the gates fail there too, nobody is to blame.
    pub(super) beneath: &'a Oid,
}

/// Whether the gates need not run on a tree: there are none, or it has passed them.
pub(super) fn is_known_green(cycle: &Cycle<'_>, tree: &Oid) -> bool {
    let gates: Vec<Gate> = cycle.gates().into_iter().cloned().collect();
    match cycle.settings.config.integrate.verify {
        VerifyMerged::IfMoved => gates.is_empty() || cycle.shop.judgements.is_green(tree, &gates),
        VerifyMerged::Always => gates.is_empty(),
    }
}

/// Runs the gates on a commit, at which the worktree stands, unless its tree has passed them already.
pub(super) fn verify(cycle: &mut Cycle<'_>, notes: &mut Notes, tried: &Tried<'_>) -> Result<Verdict, Infra> {
    let gates: Vec<Gate> = cycle.gates().into_iter().cloned().collect();
    if is_known_green(cycle, tried.tree) {
        return Ok(Verdict::Green);
    }
    for place in 0..gates.len() {
        // The gate before may have changed what this one is to judge.
        if place > 0 {
            clear(cycle, tried.commit)?;
        }
        match run_gate_fairly(cycle, notes, tried, &gates, place)? {
            Verdict::Green => {}
            Verdict::Red(reason) => {
                let judgement = Judgement::Red { gate: gates[place].run.clone(), reason: reason.clone() };
                remember(cycle, notes, tried.tree, &gates, judgement, Some(place))?;
                return blame(cycle, notes, tried, place, reason);
            }
            Verdict::Halted(halt) => return Ok(Verdict::Halted(halt)),
        }
    }
    remember(cycle, notes, tried.tree, &gates, Judgement::Green, None)?;
    Ok(Verdict::Green)
}

fn clear(cycle: &mut Cycle<'_>, commit: &Oid) -> Result<(), Infra> {
    if cycle.bench.slot.has_changed_since(commit)? {
        cycle.reset(commit)?;
    }
    Ok(())
}

/// Runs the gate at `place`, and once more where there is evidence that it flakes.
fn run_gate_fairly(
    cycle: &mut Cycle<'_>,
    notes: &mut Notes,
    tried: &Tried<'_>,
    gates: &[Gate],
    place: usize,
) -> Result<Verdict, Infra> {
    let gate = &gates[place];
    let first = run_gate(cycle, notes, gate)?;
    if !matches!(first, Verdict::Red(_)) || !deserves_a_second_try(evidence(cycle, tried.tree, gates, place)) {
        return Ok(first);
    }
    clear(cycle, tried.commit)?;
    let second = run_gate(cycle, notes, gate)?;
    if matches!(second, Verdict::Green) {
        let reason = format!("it failed in the cycle of {}, and succeeded when it was run again", cycle.claim.id);
        memory::tell_flake(cycle.shop, &notes.who, &gate.run, tried.tree, &reason)?;
    }
    Ok(second)
}

fn evidence(cycle: &Cycle<'_>, tree: &Oid, gates: &[Gate], place: usize) -> Evidence {
    let (known, of_workspace) = (&cycle.shop.judgements, &cycle.settings.config.verify);
    Evidence {
        passed_on_this_tree: known.is_green(tree, gates)
            || (place < of_workspace.len() && known.is_green(tree, of_workspace)),
        is_known_to_flake: known.is_flaky(&gates[place].run),
    }
}

fn remember(
    cycle: &Cycle<'_>,
    notes: &Notes,
    tree: &Oid,
    gates: &[Gate],
    judgement: Judgement,
    failed: Option<usize>,
) -> Result<(), Infra> {
    let words = memory::words(gates, &cycle.settings.config.verify, judgement, failed);
    Ok(memory::remember(cycle.shop, &notes.who, tree, words)?)
}

/// Whose fault it is that the gate at `place` fails: where the workspace's own gates fail on the base beneath too,
/// it is nobody's here. It is asked only where a gate has failed and nobody knows, as when the user has
/// committed to the base since the claim. The task that mends the base has nobody else to blame.
fn blame(
    cycle: &mut Cycle<'_>,
    notes: &mut Notes,
    tried: &Tried<'_>,
    place: usize,
    reason: String,
) -> Result<Verdict, Infra> {
    let (shop, settings) = (cycle.shop, Arc::clone(&cycle.settings));
    let gates = &settings.config.verify;
    if place >= gates.len() || repairs(&cycle.claim.id).is_some() {
        return Ok(Verdict::Red(reason));
    }
    let tree = shop.repo.tree_of(tried.beneath)?;
    let said = match shop.judgements.recall(&tree, gates) {
        Some(known) => Probed::Said(known.judgement),
        None => ask(cycle, tried, &tree, &settings.config)?,
    };
    match said {
        Probed::Said(Judgement::Green) | Probed::CouldNotRun(_) => Ok(Verdict::Red(reason)),
        Probed::Said(Judgement::Red { reason, .. }) => {
            notes.because(format!("nobody is to blame: the gates fail on {} itself: {reason}", shop.base));
            Ok(Verdict::Halted(Halt::BaseRed))
        }
        Probed::Interrupted => Ok(Verdict::Halted(Halt::Interrupted)),
    }
}

/// Asks the gates about the base beneath, unless somebody has done so by the time it is our turn.
fn ask(cycle: &mut Cycle<'_>, tried: &Tried<'_>, tree: &Oid, config: &Config) -> Result<Probed, Infra> {
    let (shop, give_up_at) = (cycle.shop, Stop::Now);
    let Some(turn) = BaseTurn::take(shop, give_up_at)? else { return Ok(Probed::Interrupted) };
    if let Some(known) = shop.judgements.recall(tree, &config.verify) {
        return Ok(Probed::Said(known.judgement));
    }
    let mark = cycle.claim.record.mark.clone();
    let question = Question { commit: tried.beneath, tree, config, give_up_at, mark };
    let said = probe(shop, cycle.bench, &turn, &question);
    // The work stands there again, for whoever keeps it.
    cycle.reset(tried.commit)?;
    Ok(said?)
}

fn run_gate(cycle: &mut Cycle<'_>, notes: &mut Notes, gate: &Gate) -> Result<Verdict, Infra> {
    let timeout = gate.timeout.unwrap_or(cycle.settings.config.limits.timeout);
    let mark = cycle.claim.record.mark.clone();
    let program = Program::shell(cycle.shop, cycle.bench, &gate.run, timeout, mark, Guarded::FromMoving)
        .with_env("SWARM_TASK", cycle.claim.id.as_str())
        .with_env("SWARM_TASK_FILE", cycle.shop.dirs.task(State::Current, &cycle.claim.id));
    let name = format!("{}-c{}-verify-{}", cycle.bench.worker, notes.cycle, notes.round(StepName::Verify));
    let attended = cycle.attend(notes, StepName::Verify, &name, program, &mut deaf)?;
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
