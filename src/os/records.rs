//! Reads back what the runs have written. A torn or foreign file is set aside with a sentence, and stops nobody:
//! the records are evidence, and nothing needs them to go on.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::dirs::Dirs;
use crate::model::record::{Crew, Cycle, EventLine, Review, SCHEMA, Started, Stopped};

/// No document of ours comes near it; a larger file is foreign.
const LARGEST_DOCUMENT: u64 = 64 * 1024 * 1024;
/// No line of ours comes near it.
const LARGEST_LINE: u64 = 1024 * 1024;

/// A file that could not be understood.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct SetAside {
    /// The file, from the workspace's root.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// The documents of a run; `None`: there is none that can be read.
#[derive(Debug, Clone)]
pub struct RunRecord {
    /// The run.
    pub run_id: String,
    /// How it began.
    pub started: Option<Started>,
    /// Its workers, once they have changed.
    pub crew: Option<Crew>,
    /// How it ended.
    pub stopped: Option<Stopped>,
}

/// The records of a workspace, and what had to be set aside while reading them.
#[derive(Debug)]
pub struct Records<'a> {
    dirs: &'a Dirs,
    aside: Vec<SetAside>,
}

impl<'a> Records<'a> {
    /// Reads nothing yet.
    pub fn new(dirs: &'a Dirs) -> Self {
        Self { dirs, aside: Vec::new() }
    }

    /// What was set aside so far, each file once.
    pub fn set_aside(&self) -> &[SetAside] {
        &self.aside
    }

    /// Notes a file that somebody else could not understand.
    pub fn put_aside(&mut self, path: &Path, reason: impl Into<String>) {
        let aside = SetAside { path: self.dirs.shown(path), reason: reason.into() };
        if !self.aside.iter().any(|known| known.path == aside.path) {
            self.aside.push(aside);
        }
    }

    /// The names of all runs, oldest first. What is not named like a run is none.
    pub fn run_ids(&mut self) -> Vec<String> {
        let mut ids: Vec<String> = self.names_in(self.dirs.runs().to_owned().as_path());
        ids.retain(|name| is_run_id(name) && self.dirs.run(name).is_dir());
        ids
    }

    /// The documents of one run.
    pub fn run(&mut self, run_id: &str) -> RunRecord {
        let folder = self.dirs.run(run_id);
        RunRecord {
            run_id: run_id.to_owned(),
            started: self.document(&folder.join("started.json")),
            crew: self.document(&folder.join("crew.json")),
            stopped: self.document(&folder.join("stopped.json")),
        }
    }

    /// The cycles of one run, in the order in which they began.
    pub fn cycles(&mut self, run_id: &str) -> Vec<Cycle> {
        let folder = self.dirs.run(run_id).join("cycles");
        let names = self.names_in(&folder);
        let mut cycles: Vec<Cycle> =
            names.iter().filter(|name| is_record(name)).filter_map(|name| self.document(&folder.join(name))).collect();
        cycles.sort_by(|a, b| (a.started_at, &a.worker, a.cycle).cmp(&(b.started_at, &b.worker, b.cycle)));
        cycles
    }

    /// The cycles of all runs that have ended at `since` or later. Only records that were written since then are read.
    pub fn cycles_since(&mut self, since: Timestamp) -> Vec<Cycle> {
        let is_new = |path: &Path| {
            let written = fs::metadata(path).and_then(|meta| meta.modified()).ok();
            // Where nobody knows, it is read: what it says counts.
            written.and_then(|at| Timestamp::try_from(at).ok()).is_none_or(|at| at >= since)
        };
        let mut cycles = Vec::new();
        for run_id in self.run_ids() {
            let folder = self.dirs.run(&run_id).join("cycles");
            if !is_new(&folder) {
                continue;
            }
            for name in self.names_in(&folder).iter().filter(|name| is_record(name)) {
                let path = folder.join(name);
                if is_new(&path) {
                    cycles.extend(self.document::<Cycle>(&path));
                }
            }
        }
        cycles.retain(|cycle| cycle.ended_at >= since);
        cycles
    }

    /// The reviews of one run, in the order in which they were given.
    pub fn reviews(&mut self, run_id: &str) -> Vec<Review> {
        let folder = self.dirs.run(run_id).join("reviews");
        let names = self.names_in(&folder);
        let mut reviews: Vec<Review> =
            names.iter().filter(|name| is_record(name)).filter_map(|name| self.document(&folder.join(name))).collect();
        reviews.sort_by(|a, b| (a.at, &a.worker, a.cycle, a.round).cmp(&(b.at, &b.worker, b.cycle, b.round)));
        reviews
    }

    /// One cycle of one run.
    pub fn cycle(&mut self, run_id: &str, worker: &str, cycle: u32) -> Option<Cycle> {
        let name = format!("{worker}-c{cycle}.json");
        let is_plain = is_run_id(run_id) && !name.contains('/');
        is_plain.then(|| self.document(&self.dirs.run(run_id).join("cycles").join(name))).flatten()
    }

    /// The events of one run whose line holds `text`, oldest first.
    pub fn events(&mut self, run_id: &str, text: &str) -> Vec<EventLine> {
        let path = self.dirs.run(run_id).join("events.jsonl");
        match open_plain(&path) {
            Ok(Some(file)) => self.lines(&path, file, |line| contains(line, text.as_bytes())),
            Ok(None) => Vec::new(),
            Err(error) => {
                self.put_aside(&path, error.to_string());
                Vec::new()
            }
        }
    }

    /// The events in the last `bytes` of one run's stream, oldest first; and whether that was all of it.
    pub fn last_events(&mut self, run_id: &str, bytes: u64) -> (Vec<EventLine>, bool) {
        let path = self.dirs.run(run_id).join("events.jsonl");
        match open_end(&path, bytes) {
            Ok(Some((file, all))) => (self.lines(&path, file, |_| true), all),
            Ok(None) => (Vec::new(), true),
            Err(error) => {
                self.put_aside(&path, error.to_string());
                (Vec::new(), true)
            }
        }
    }

    /// A document of ours; `None` if there is none, or if it is torn, foreign or of another version.
    fn document<T: DeserializeOwned>(&mut self, path: &Path) -> Option<T> {
        match read_document(path) {
            Ok(found) => found,
            Err(reason) => {
                self.put_aside(path, reason);
                None
            }
        }
    }

    fn lines(&mut self, path: &Path, file: File, wanted: impl Fn(&[u8]) -> bool) -> Vec<EventLine> {
        let mut reader = BufReader::new(file);
        let mut events = Vec::new();
        let mut line = Vec::new();
        loop {
            line.clear();
            match reader.by_ref().take(LARGEST_LINE).read_until(b'\n', &mut line) {
                Ok(0) => return events,
                Ok(_) => {}
                Err(error) => {
                    self.put_aside(path, error.to_string());
                    return events;
                }
            }
            // The last line of a run that was killed, or that is writing it just now.
            if line.last() != Some(&b'\n') && (line.len() as u64) < LARGEST_LINE {
                return events;
            }
            if !wanted(&line) || line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            match serde_json::from_slice(&line) {
                Ok(event) => events.push(event),
                Err(error) => self.put_aside(path, format!("holds a line that is no event of this version: {error}")),
            }
        }
    }

    /// The names in a folder, sorted; an absent folder holds none.
    fn names_in(&mut self, folder: &Path) -> Vec<String> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
            Err(error) => {
                self.put_aside(folder, error.to_string());
                return Vec::new();
            }
        };
        let mut names: Vec<String> =
            entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    }
}

/// Whether a name is one that [`new_run_id`](super::journal::new_run_id) gives: `YYYYMMDDTHHMMSS-xxxx`.
pub fn is_run_id(name: &str) -> bool {
    let digit = |byte: &u8| byte.is_ascii_digit();
    match name.as_bytes() {
        [date @ .., b'-', a, b, c, d] if date.len() == 15 => {
            date[..8].iter().all(digit)
                && date[8] == b'T'
                && date[9..].iter().all(digit)
                && [a, b, c, d].iter().all(|byte| byte.is_ascii_lowercase() || (b'2'..=b'7').contains(byte))
        }
        _ => false,
    }
}

/// Whether a file of that name is a document that is there as a whole.
fn is_record(name: &str) -> bool {
    name.ends_with(".json") && !name.starts_with('.')
}

/// What every document of ours begins with.
#[derive(Deserialize)]
struct Version {
    schema: u32,
}

/// Reads a JSON document of ours; `Ok(None)` if there is none, else why it is none.
fn read_document<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, String> {
    let Some(file) = open_plain(path).map_err(|error| error.to_string())? else { return Ok(None) };
    let mut bytes = Vec::new();
    file.take(LARGEST_DOCUMENT + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > LARGEST_DOCUMENT {
        return Err("is too large to be a record".to_owned());
    }
    if bytes.is_empty() {
        return Err("is empty".to_owned());
    }
    match serde_json::from_slice::<Version>(&bytes) {
        Ok(Version { schema: SCHEMA }) => {}
        Ok(Version { schema }) => return Err(format!("has schema {schema}, which this version cannot read")),
        Err(error) => return Err(format!("is no record of ours: {error}")),
    }
    serde_json::from_slice(&bytes).map(Some).map_err(|error| format!("is no record of ours: {error}"))
}

/// Opens a plain file for reading; nothing else, because opening a pipe would hang. `None`: there is none.
pub(super) fn open_plain(path: &Path) -> io::Result<Option<File>> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::NOENT) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if file.metadata()?.is_file() { Ok(Some(file)) } else { Err(io::Error::other("is no plain file")) }
}

/// Opens a stream at the first whole line of its last `bytes`; and says whether that is its beginning.
fn open_end(path: &Path, bytes: u64) -> io::Result<Option<(File, bool)>> {
    let Some(mut file) = open_plain(path)? else { return Ok(None) };
    let size = file.metadata()?.len();
    if size <= bytes {
        return Ok(Some((file, true)));
    }
    // One byte before, so that a line that begins exactly here is not taken for a torn one.
    file.seek(SeekFrom::Start(size - bytes - 1))?;
    let mut skipped = Vec::new();
    let length = BufReader::new(&file).take(LARGEST_LINE).read_until(b'\n', &mut skipped)?;
    file.seek(SeekFrom::Start(size - bytes - 1 + length as u64))?;
    Ok(Some((file, false)))
}

fn contains(line: &[u8], text: &[u8]) -> bool {
    text.is_empty() || line.windows(text.len()).any(|part| part == text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::config;
    use crate::model::record::Event;
    use crate::os::clock;
    use crate::os::journal::{Journal, Who, new_run_id};

    fn dirs(root: &Path) -> Dirs {
        Dirs::new(root, &config::Dirs::default())
    }

    fn run_with_events(dirs: &Dirs, count: u32) -> String {
        let id = new_run_id(clock::now());
        let journal = Journal::create(dirs.runs(), &id, Box::new(|_| {})).unwrap();
        for n in 0..count {
            journal.event(&Who::default(), Event::Warning { message: format!("message {n}") });
        }
        id
    }

    #[test]
    fn run_names_are_told_from_others() {
        assert!(is_run_id(&new_run_id(clock::now())));
        for name in ["", ".gitignore", "20261120T220001", "20261120T220001-k3q", "20261120T220001-k3q1", "notes"] {
            assert!(!is_run_id(name), "{name}");
        }
    }

    #[test]
    fn torn_and_foreign_files_are_set_aside_and_the_others_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let dirs = dirs(folder.path());
        let id = run_with_events(&dirs, 1);
        let run = dirs.run(&id);
        fs::write(run.join("started.json"), "{\"schema\": 1, \"run_id").unwrap();
        fs::write(run.join("stopped.json"), "{\"schema\": 7}").unwrap();
        fs::write(run.join("cycles/w0-c1.json"), "").unwrap();
        fs::write(run.join("cycles/w0-c2.json"), "[1]").unwrap();
        fs::create_dir(run.join("cycles/w0-c3.json")).unwrap();
        fs::write(run.join("cycles/notes.txt"), "mine").unwrap();
        fs::write(dirs.runs().join("foreign.json"), "{").unwrap();
        let mut records = Records::new(&dirs);
        assert_eq!(records.run_ids(), std::slice::from_ref(&id));
        let read = records.run(&id);
        assert!(read.started.is_none() && read.stopped.is_none());
        assert!(records.cycles(&id).is_empty());
        let reasons: Vec<String> =
            records.set_aside().iter().map(|aside| format!("{} {}", aside.path, aside.reason)).collect();
        assert_eq!(reasons.len(), 5, "{reasons:?}");
        assert!(reasons[1].contains("schema 7"), "{reasons:?}");
        assert!(reasons[2].ends_with("w0-c1.json is empty"), "{reasons:?}");
    }

    #[test]
    fn a_torn_last_line_is_silent_and_a_foreign_line_is_told() {
        use std::io::Write;
        let folder = tempfile::tempdir().unwrap();
        let dirs = dirs(folder.path());
        let id = run_with_events(&dirs, 2);
        let path = dirs.run(&id).join("events.jsonl");
        let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(b"{\"schema\":1,\"at\"").unwrap();
        let mut records = Records::new(&dirs);
        assert_eq!(records.events(&id, "message").len(), 2);
        assert!(records.set_aside().is_empty());
        file.write_all(b"\n{}\n").unwrap();
        assert_eq!(records.events(&id, "").len(), 2);
        assert_eq!(records.set_aside().len(), 1);
    }

    #[test]
    fn the_end_of_a_stream_begins_with_a_whole_line() {
        let folder = tempfile::tempdir().unwrap();
        let dirs = dirs(folder.path());
        let id = run_with_events(&dirs, 50);
        let size = fs::metadata(dirs.run(&id).join("events.jsonl")).unwrap().len();
        for bytes in [0, 1, 100, 400, size - 1, size, size + 1] {
            let mut records = Records::new(&dirs);
            let (events, all) = records.last_events(&id, bytes);
            assert!(records.set_aside().is_empty(), "{bytes}");
            assert_eq!(all, bytes >= size, "{bytes}");
            assert_eq!(events.len() == 50, bytes >= size, "{bytes}");
        }
    }
}
