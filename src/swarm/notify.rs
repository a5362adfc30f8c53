//! Tells the user's own command, once for each event that needs a person.
//!
//! It listens to the events of the run on a thread of its own, so that no worker waits for it.

use std::process::ExitStatus;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::cycle::Workshop;
use crate::exit::Exit;
use crate::model::excerpt;
use crate::model::outcome::Outcome;
use crate::model::record::{Event, EventLine};
use crate::model::state::State;
use crate::os::hook::{self, Hook};
use crate::os::journal::{Show, Who};

/// How long it may take over one event, and over what is left of them when the run ends.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where the events arrive that need a person.
pub(super) struct Telling {
    hear: Receiver<Word>,
    until: Deadline,
}

/// Until when the last of them are told; `None` while the run lasts.
type Deadline = Arc<Mutex<Option<Instant>>>;

enum Word {
    Event(EventLine),
    End,
}

/// Keeps the telling going until it is dropped.
pub(super) struct Open {
    tell: Sender<Word>,
    until: Deadline,
}

impl Drop for Open {
    fn drop(&mut self) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + PATIENCE);
        // Nobody hears it any more: then it has ended.
        let _ = self.tell.send(Word::End);
    }
}

/// Lets the events that need a person be heard, too, of those that are shown.
pub(super) fn overhear(show: Show) -> (Show, Open, Telling) {
    let (tell, hear) = mpsc::channel();
    let ear = tell.clone();
    let both = move |line: &EventLine| {
        show(line);
        if needs_a_person(&line.event) {
            // Nobody hears it any more: the run is over.
            let _ = ear.send(Word::Event(line.clone()));
        }
    };
    let until = Deadline::default();
    (Box::new(both), Open { tell, until: Arc::clone(&until) }, Telling { hear, until })
}

/// Whether somebody should look, who is not here.
fn needs_a_person(event: &Event) -> bool {
    match event {
        Event::TaskMoved { to: Some(State::Blocked | State::Review), outcome, .. } => {
            *outcome != Some(Outcome::Cancelled)
        }
        Event::BaseRed { .. } | Event::BudgetExhausted { .. } => true,
        Event::RunStopped { exit_code, .. } => ![Exit::Done as u8, Exit::Interrupted as u8].contains(exit_code),
        Event::TaskMoved { to: None | Some(State::Pending | State::Current | State::Complete), .. }
        | Event::RunStarted { .. }
        | Event::TaskClaimed { .. }
        | Event::StepStarted { .. }
        | Event::StepEnded { .. }
        | Event::AgentChanged { .. }
        | Event::TurnAwaited { .. }
        | Event::ProviderParked { .. }
        | Event::ProviderResumed { .. }
        | Event::BasePublished { .. }
        | Event::BaseHeldBack { .. }
        | Event::BaseUnknown { .. }
        | Event::Flake { .. }
        | Event::CrewChanged { .. }
        | Event::WorkerLeft {}
        | Event::SettingsRead { .. }
        | Event::BaseGreen { .. }
        | Event::ClaimRecovered { .. }
        | Event::Salvaged { .. }
        | Event::InvalidTask { .. }
        | Event::StrayEnded { .. }
        | Event::Warning { .. }
        | Event::Paused { .. }
        | Event::Resumed {} => false,
    }
}

impl Telling {
    /// Tells the command of each event, one after the other, until the run has ended; then of those that are left, for
    /// a bounded time. That it fails is said once.
    pub(super) fn serve(self, shop: &Workshop) {
        let mut failed = false;
        let mut dropped = 0u32;
        for word in &self.hear {
            let line = match word {
                Word::Event(line) => line,
                Word::End => break,
            };
            let settings = shop.settings();
            let Some(command) = &settings.config.notify else { continue };
            let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
            let timeout = until.map_or(PATIENCE, |until| until.saturating_duration_since(Instant::now()).min(PATIENCE));
            if timeout.is_zero() {
                dropped += 1;
                continue;
            }
            if let Err(reason) = tell(shop, command, &line, timeout)
                && !std::mem::replace(&mut failed, true)
            {
                warn(shop, format!("the notify command `{}` failed: {reason}", excerpt::shorten(command, 100)));
            }
        }
        if dropped > 0 {
            warn(shop, format!("the notify command was too slow: it has not heard of {dropped} events"));
        }
    }
}

fn tell(shop: &Workshop, command: &str, line: &EventLine, timeout: Duration) -> Result<(), String> {
    let mut words = serde_json::to_vec(line).map_err(|error| error.to_string())?;
    words.push(b'\n');
    let env = Vec::new();
    let ran = hook::run(Hook { command, folder: shop.dirs.root(), env, stdin: &words, timeout });
    match ran {
        Ok(captured) if captured.status.success() => Ok(()),
        Ok(captured) => {
            let said = excerpt::last_line(&String::from_utf8_lossy(&captured.stderr));
            Err(format!("{}: {said}", how(captured.status)))
        }
        Err(error) if error.kind() == std::io::ErrorKind::TimedOut => {
            Err(format!("it took longer than {} s", timeout.as_secs()))
        }
        Err(error) => Err(error.to_string()),
    }
}

fn how(status: ExitStatus) -> String {
    status.code().map_or_else(|| "it was ended by a signal".to_owned(), |code| format!("exit code {code}"))
}

fn warn(shop: &Workshop, message: String) {
    shop.journal.event(&Who::default(), Event::Warning { message });
}
