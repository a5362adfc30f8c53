//! The records of one run: a folder of documents and one stream of events.
//!
//! Effects tell the journal what happened; it writes the line and hands it to whoever shows it. Nothing else
//! prints.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use jiff::Timestamp;
use serde::Serialize;

use super::{clock, files};
use crate::model::record::{Crew, Cycle, Event, EventLine, Review, SCHEMA, Started, Stopped};
use crate::model::task::TaskId;

/// Who does something: the run itself, or a worker in a cycle.
#[derive(Debug, Clone, Default)]
pub struct Who {
    /// The worker.
    pub worker: Option<String>,
    /// Its cycle.
    pub cycle: Option<u32>,
    /// The task.
    pub task: Option<TaskId>,
}

/// Shows an event to whoever looks on.
pub type Show = Box<dyn Fn(&EventLine) + Send + Sync>;

/// The records of one run.
pub struct Journal {
    run_id: String,
    folder: PathBuf,
    events: File,
    began: Instant,
    show: Show,
    broken: AtomicBool,
    writing: Mutex<()>,
    showing: Mutex<()>,
}

fn create_parts(folder: &Path) -> io::Result<()> {
    ["cycles", "reviews", "prompts", "logs"].iter().try_for_each(|part| fs::create_dir_all(folder.join(part)))
}

/// A new name for a run: `YYYYMMDDTHHMMSS-xxxx`; names sort by time. Of the four letters the first two are the
/// part of the second, so that two runs of one second sort too; the others are left to chance.
pub fn new_run_id(at: Timestamp) -> String {
    const BASE32: &[u8; 32] = b"234567abcdefghijklmnopqrstuvwxyz";
    let letter = |at: usize| char::from(BASE32[at % 32]);
    let part = usize::try_from(at.subsec_nanosecond()).unwrap_or(0) * 1024 / 1_000_000_000;
    let tail = [letter(part / 32), letter(part), letter(fastrand::usize(..)), letter(fastrand::usize(..))];
    format!("{}-{}", at.strftime("%Y%m%dT%H%M%S"), String::from_iter(tail))
}

impl Journal {
    /// Creates the folder of a run.
    pub fn create(runs: &Path, run_id: &str, show: Show) -> io::Result<Self> {
        let folder = runs.join(run_id);
        create_parts(&folder)?;
        let events = OpenOptions::new().create(true).append(true).open(folder.join("events.jsonl"))?;
        files::sync_folder(runs)?;
        Ok(Self {
            run_id: run_id.to_owned(),
            folder,
            events,
            began: Instant::now(),
            show,
            broken: AtomicBool::new(false),
            writing: Mutex::new(()),
            showing: Mutex::new(()),
        })
    }

    /// Makes the run's folders again, should somebody have removed them.
    pub fn ensure_folders(&self) -> io::Result<()> {
        create_parts(&self.folder)
    }

    /// The run's name.
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    /// The run's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Since the run began.
    pub fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Writes down that something happened, as one line in one write, and shows it. A full disk does not stop
    /// anybody here: it is told once, and the line is shown all the same.
    pub fn event(&self, who: &Who, event: Event) {
        // The time is taken inside, so that it never runs backwards from line to line.
        let writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let line = EventLine {
            schema: SCHEMA,
            at: clock::now(),
            t_ms: self.elapsed_ms(),
            run_id: self.run_id.clone(),
            worker: who.worker.clone(),
            cycle: who.cycle,
            task: who.task.clone(),
            event,
        };
        let written = serde_json::to_vec(&line).map_err(io::Error::from).and_then(|mut bytes| {
            bytes.push(b'\n');
            (&self.events).write_all(&bytes)
        });
        // Shown in the order in which they are written, and without keeping others from writing.
        let _showing = self.showing.lock().unwrap_or_else(PoisonError::into_inner);
        drop(writing);
        if let Err(error) = written
            && !self.broken.swap(true, Ordering::Relaxed)
        {
            let message = format!("cannot write {}: {error}", self.folder.join("events.jsonl").display());
            (self.show)(&EventLine { event: Event::Warning { message }, ..line.clone() });
        }
        (self.show)(&line);
    }

    /// Writes the record of a cycle, whole and durably.
    pub fn cycle(&self, cycle: &Cycle) -> io::Result<()> {
        self.document(&format!("cycles/{}-c{}.json", cycle.worker, cycle.cycle), cycle)
    }

    /// Writes the record of a review, whole and durably.
    pub fn review(&self, review: &Review) -> io::Result<()> {
        self.document(&format!("reviews/{}-c{}-r{}.json", review.worker, review.cycle, review.round), review)
    }

    /// Writes `started.json`.
    pub fn started(&self, started: &Started) -> io::Result<()> {
        self.document("started.json", started)
    }

    /// Writes `crew.json`, each time the workers change.
    pub fn crew(&self, crew: &Crew) -> io::Result<()> {
        self.document("crew.json", crew)
    }

    /// Writes `stopped.json`.
    pub fn stopped(&self, stopped: &Stopped) -> io::Result<()> {
        self.document("stopped.json", stopped)
    }

    fn document(&self, name: &str, value: &impl Serialize) -> io::Result<()> {
        let mut bytes = serde_json::to_vec_pretty(value)?;
        bytes.push(b'\n');
        files::write_durably(&self.folder.join(name), &bytes)
    }
}
