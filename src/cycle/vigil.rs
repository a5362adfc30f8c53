//! Looks out, while a program runs, for reasons to end it: the run is stopping now, or somebody moved the
//! task's file away.

use std::time::{Duration, Instant};

use super::mandate::Mandate;
use crate::model::plan::Halt;
use crate::model::state::State;
use crate::model::task::TaskId;
use crate::os::dirs::Dirs;
use crate::os::process::{Identity, Verdict, Watch};
use crate::os::stop::{Stop, StopValue};
use crate::os::task_folder;

/// How long a file may be nowhere before it counts as deleted: some editors save by moving the old one away.
pub(super) const BETWEEN_TWO_SAVES: Duration = Duration::from_millis(500);

/// Hears what a program prints, in pieces, and says whether it may go on. What must outlive this process is noted in the
/// mandate.
pub(super) type Ear<'a> = &'a mut dyn FnMut(&[u8], &mut Mandate<'_>) -> Verdict;

/// Hears nothing.
pub(super) fn deaf(_: &[u8], _: &mut Mandate<'_>) -> Verdict {
    Verdict::GoOn
}

/// Watches over one program.
pub(super) struct Vigil<'a> {
    dirs: &'a Dirs,
    stop: &'a StopValue,
    mandate: Mandate<'a>,
    /// Hears what the program prints.
    ear: Ear<'a>,
    /// Why the program was ended, if it was this vigil's doing.
    pub(super) halt: Option<Halt>,
}

impl<'a> Vigil<'a> {
    /// A vigil over a program that runs in the name of `mandate`, where it is noted who it is.
    pub(super) fn new(dirs: &'a Dirs, stop: &'a StopValue, mandate: Mandate<'a>, ear: Ear<'a>) -> Self {
        Self { dirs, stop, mandate, ear, halt: None }
    }
}

/// Why a cycle cannot go on, if there is a reason.
pub(super) fn reason_to_halt(dirs: &Dirs, stop: &StopValue, id: &TaskId) -> Option<Halt> {
    if stop.get() == Stop::Now {
        return Some(Halt::Interrupted);
    }
    if task_folder::exists(dirs, State::Current, id) {
        return None;
    }
    let gone = Instant::now();
    while task_folder::find(dirs, id).is_none() && gone.elapsed() < BETWEEN_TWO_SAVES {
        std::thread::sleep(Duration::from_millis(10));
    }
    match task_folder::exists(dirs, State::Current, id) {
        true => None,
        false => Some(Halt::Cancelled),
    }
}

impl Watch for Vigil<'_> {
    fn started(&mut self, identity: &Identity) -> Verdict {
        // The mark in its environment finds it as well; this is the second line.
        let _ = self.mandate.note_process(self.dirs, identity);
        self.look()
    }

    fn printed(&mut self, bytes: &[u8]) -> Verdict {
        (self.ear)(bytes, &mut self.mandate)
    }

    fn look(&mut self) -> Verdict {
        self.halt = self.mandate.reason_to_halt(self.dirs, self.stop);
        match self.halt {
            Some(_) => Verdict::End,
            None => Verdict::GoOn,
        }
    }
}
