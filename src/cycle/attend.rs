//! Runs one program of a cycle and attends to it: events at its beginning, a vigil while it runs, its strays and
//! its log at its end.

use super::case::Cycle;
use super::mandate::Stage;
use super::notes::{Begun, Details, Notes, Spent};
use super::perform::Infra;
use super::run_program::{Program, run_program};
use super::vigil::{Ear, Vigil};
use crate::model::excerpt;
use crate::model::plan::Halt;
use crate::model::record::{Event, StepName, StepResult};
use crate::os::process::{Clock, Ending, How, end_remains};

/// How much of a program's last words a record keeps.
const TAIL_BYTES: usize = 4 * 1024;

/// A program that has ended; the step it belongs to has not.
pub(super) struct Attended {
    begun: Begun,
    log: String,
    /// How it ended.
    pub(super) ending: Ending,
    /// How many tools it called, where it was an agent whose output tells.
    pub(super) tool_calls: Option<u32>,
    /// A model was heard, where it was an agent.
    pub(super) was_heard: bool,
    /// Why it was ended from outside, if it was.
    pub(super) halt: Option<Halt>,
}

impl Stage<'_> {
    /// Runs `program` as a step that is shown as its command line; all it prints goes to `logs/<name>.log`, and to `ear`.
    pub(super) fn attend(
        &mut self,
        notes: &mut Notes,
        step: StepName,
        name: &str,
        program: Program,
        ear: Ear<'_>,
    ) -> Result<Attended, Infra> {
        let command = program.shown.clone();
        let log = format!("logs/{name}.log");
        let path = self.shop.journal.folder().join(&log);
        // Whatever runs in the worktree may write there, gates too.
        self.bench.touch();
        let agent = program.agent.clone();
        let begun = notes.step(&self.shop.journal, step, notes.round(step), agent, Some(command.clone()));
        let mut vigil = Vigil::new(&self.shop.dirs, &self.shop.stop, self.mandate.lend(), ear);
        let ended = run_program(self.shop, &self.settings.config.limits, self.bench, program, &path, &mut vigil);
        let halt = vigil.halt;
        let ending = match ended {
            Ok(ending) => ending,
            Err(error) => {
                // Its supervision broke off: what it may have started is ended by its mark.
                let remains = end_remains(self.mandate.mark(), self.mandate.process());
                let strays = remains.unwrap_or_default();
                notes.end(&self.shop.journal, begun, StepResult::CouldNotRun, Details::default());
                let ended = if strays.is_empty() { "" } else { "; what it had started was ended" };
                let command = excerpt::shorten(&command, 80);
                return Err(Infra(format!("cannot run `{command}`: {error}{ended}")));
            }
        };
        for stray in &ending.strays {
            let event = Event::StrayEnded { pid: stray.pid, command: stray.command.clone() };
            self.shop.journal.event(&notes.who, event);
        }
        Ok(Attended { begun, log, ending, tool_calls: None, was_heard: false, halt })
    }

    /// Ends the step of `attended` with what came of it, and what it has spent.
    pub(super) fn conclude_with(&self, notes: &mut Notes, attended: Attended, result: StepResult, spent: Spent) {
        let (tool_calls, was_heard) = (attended.tool_calls, attended.was_heard);
        let details = Details { tool_calls, was_heard, spent, ..details(&attended.ending, attended.log, result) };
        notes.end(&self.shop.journal, attended.begun, result, details);
    }
}

impl Cycle<'_> {
    /// Runs a program for the cycle's task; see [`Stage::attend`].
    pub(super) fn attend(
        &mut self,
        notes: &mut Notes,
        step: StepName,
        name: &str,
        program: Program,
        ear: Ear<'_>,
    ) -> Result<Attended, Infra> {
        self.stage().attend(notes, step, name, program, ear)
    }

    /// Ends the step of `attended`, which has spent nothing.
    pub(super) fn conclude(&mut self, notes: &mut Notes, attended: Attended, result: StepResult) {
        self.stage().conclude_with(notes, attended, result, Spent::default());
    }
}

/// What a record says of a program that has ended.
fn details(ending: &Ending, log: String, result: StepResult) -> Details {
    let (exit_code, signal, timed_out) = match ending.how {
        How::Exited(code) => (Some(code), None, false),
        How::Signalled(signal) => (None, Some(signal), false),
        // It had come to its end, or waited for its provider.
        How::TimedOut(Clock::Given) => (None, None, false),
        How::TimedOut(Clock::StartSilence | Clock::Silence | Clock::Total) => (None, None, true),
        How::Interrupted => (None, None, false),
    };
    let tail = match result {
        StepResult::Ok | StepResult::Skipped => None,
        StepResult::Failed
        | StepResult::Rejected
        | StepResult::Conflict
        | StepResult::CouldNotRun
        | StepResult::Interrupted => {
            let said = String::from_utf8_lossy(&ending.tail);
            Some(excerpt::tail(&said, TAIL_BYTES).to_owned())
        }
    };
    Details { exit_code, signal, timed_out, log: Some(log), tail, ..Details::default() }
}

/// A sentence, and the end of what was printed below it.
pub(super) fn with_tail(sentence: String, printed: &str) -> String {
    match excerpt::tail(printed.trim_end(), TAIL_BYTES) {
        "" => sentence,
        tail => format!("{sentence}\n\n{tail}"),
    }
}
