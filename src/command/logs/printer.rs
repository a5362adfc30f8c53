//! Prints logs, each byte of them once: as they are, as JSON, or for a person.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use super::outputs::Outputs;
use super::rows::Rows;
use crate::command::Desk;
use crate::command::paint::DIM;
use crate::command::printed::{Log, Named};
use crate::error::{Context, Result};
use crate::model::answer::Viewer;
use crate::model::record::SCHEMA;
use crate::os::dirs::Dirs;

/// How much is read at once, in bytes.
const CHUNK: usize = 64 * 1024;

/// Prints logs; what comes later is printed later.
pub(in crate::command) struct Printer<'a> {
    desk: &'a Desk,
    /// For a person, if at all.
    rows: Option<(Rows, Outputs<'a>)>,
    printed: HashMap<PathBuf, u64>,
    /// The log that was printed last, if it is shown to a person, and what is known of it.
    open: Option<(PathBuf, Viewer)>,
    /// The last byte that was printed ended a line.
    at_line_start: bool,
}

impl<'a> Printer<'a> {
    /// Prints everything as it is, or, with `rows`, what agents printed as JSON for a person.
    pub(super) fn new(desk: &'a Desk, rows: Option<(Rows, Outputs<'a>)>) -> Self {
        Self { desk, rows, printed: HashMap::new(), open: None, at_line_start: true }
    }

    /// Prints what is new in `logs`; gives false when nobody reads any more.
    pub(in crate::command) fn print(&mut self, dirs: &Dirs, logs: &[Log]) -> Result<bool> {
        for log in logs {
            if !self.print_one(dirs, log)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether there was a log to print, be it an empty one.
    pub(in crate::command) fn has_printed(&self) -> bool {
        !self.printed.is_empty()
    }

    /// Prints what has begun: nothing more comes.
    pub(super) fn finish(&mut self) -> Result<bool> {
        let Some((_, viewer)) = self.open.take() else { return Ok(true) };
        let Some((rows, _)) = &self.rows else { return Ok(true) };
        let (rows, mut text) = (rows.fitted(), String::new());
        viewer.finish(&mut |shown| text.push_str(&rows.text(&shown)));
        put(text.as_bytes(), &mut anstream::stdout().lock())
    }

    fn print_one(&mut self, dirs: &Dirs, log: &Log) -> Result<bool> {
        let shown = dirs.shown(&log.path);
        let mut file = match File::open(&log.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
            Err(error) => return Err(error).context(|| format!("read {shown}")),
        };
        let begin = self.printed.get(&log.path).copied();
        // Those that are over cost no look at what they held.
        if begin.is_some() && file.metadata().is_ok_and(|meta| Some(meta.len()) == begin) {
            return Ok(true);
        }
        if self.open.as_ref().is_none_or(|(path, _)| *path != log.path) {
            if !self.finish()? {
                return Ok(false);
            }
            self.open = self.viewer(log).map(|viewer| (log.path.clone(), viewer));
        }
        if begin.is_none() {
            self.head(log, &shown);
        }
        let begin = begin.unwrap_or(0);
        file.seek(SeekFrom::Start(begin)).context(|| format!("read {shown}"))?;
        let source = Source { log, shown: &shown, file, begin };
        match self.open.take() {
            Some((path, viewer)) => self.show(source, path, viewer),
            None => self.copy(source),
        }
    }

    fn viewer(&mut self, log: &Log) -> Option<Viewer> {
        let (_, outputs) = self.rows.as_mut()?;
        outputs.viewer(log.agent.as_deref()?)
    }

    fn head(&self, log: &Log, shown: &str) {
        if self.desk.json() {
            return;
        }
        let gap = if self.at_line_start { "" } else { "\n" };
        let task = log.task.as_ref().map(|task| format!("{task}, ")).unwrap_or_default();
        let agent =
            log.agent.as_ref().filter(|_| self.open.is_some()).map(|agent| format!(", {agent}")).unwrap_or_default();
        let Named { cycle, step, round, .. } = &log.named;
        let step = step.as_str();
        self.desk.say(&format!("{gap}{DIM}==> {shown} ({task}cycle {cycle}, {step} {round}{agent}){DIM:#}"));
    }

    /// Prints for a person.
    fn show(&mut self, mut source: Source<'_>, path: PathBuf, mut viewer: Viewer) -> Result<bool> {
        let Some(rows) = self.rows.as_ref().map(|(rows, _)| rows.fitted()) else { return Ok(true) };
        let mut buffer = vec![0; CHUNK];
        loop {
            let read = source.read(&mut buffer)?;
            if read == 0 {
                self.printed.insert(path.clone(), source.begin);
                self.open = Some((path, viewer));
                return Ok(true);
            }
            let mut text = String::new();
            viewer.feed(&buffer[..read], &mut |shown| text.push_str(&rows.text(&shown)));
            if !put(text.as_bytes(), &mut anstream::stdout().lock())? {
                return Ok(false);
            }
            self.at_line_start = true;
        }
    }

    /// Prints as it is.
    fn copy(&mut self, mut source: Source<'_>) -> Result<bool> {
        let mut at = source.begin;
        let mut buffer = vec![0; CHUNK];
        let mut kept = 0;
        loop {
            let read = source.read(&mut buffer[kept..])?;
            let filled = kept + read;
            let length = if self.desk.json() { whole(&buffer[..filled], filled == buffer.len()) } else { filled };
            // The rest of a file that has ended, or of one whose line is still being written.
            let length = if read == 0 && self.desk.json() { filled } else { length };
            if !self.write(source.log, &buffer[..length])? {
                return Ok(false);
            }
            at += length as u64;
            if read == 0 {
                self.printed.insert(source.log.path.clone(), at);
                return Ok(true);
            }
            buffer.copy_within(length..filled, 0);
            kept = filled - length;
        }
    }

    fn write(&mut self, log: &Log, bytes: &[u8]) -> Result<bool> {
        let Some(last) = bytes.last() else { return Ok(true) };
        self.at_line_start = *last == b'\n';
        let mut out = io::stdout().lock();
        if !self.desk.json() {
            return put(bytes, &mut out);
        }
        let line = serde_json::json!({
            "schema": SCHEMA, "run_id": log.run_id, "worker": log.named.worker, "cycle": log.named.cycle,
            "task": log.task, "step": log.named.step, "round": log.named.round,
            "text": String::from_utf8_lossy(bytes),
        });
        put(format!("{line}\n").as_bytes(), &mut out)
    }
}

/// A log that is being read.
struct Source<'l> {
    log: &'l Log,
    shown: &'l str,
    file: File,
    /// Where it goes on.
    begin: u64,
}

impl Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let read = self.file.read(buffer).context(|| format!("read {}", self.shown))?;
        self.begin += read as u64;
        Ok(read)
    }
}

/// Writes to standard output at once; gives false when nobody reads any more.
fn put(bytes: &[u8], out: &mut impl Write) -> Result<bool> {
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error).context(|| "write to standard output".to_owned()),
    }
}

/// How much of `bytes` may become one text: whole lines; where one line fills all, whole characters.
fn whole(bytes: &[u8], is_full: bool) -> usize {
    match bytes.iter().rposition(|byte| *byte == b'\n') {
        Some(at) => at + 1,
        None if !is_full => 0,
        None => {
            let begun = bytes.iter().rev().take(3).position(|byte| *byte >= 0xC0).map_or(0, |back| back + 1);
            bytes.len() - begun
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_end_with_a_line_or_at_least_with_a_character() {
        assert_eq!(whole(b"one\ntwo", false), 4);
        assert_eq!(whole(b"one", false), 0);
        assert_eq!(whole(b"one", true), 3);
        assert_eq!(whole("abä".as_bytes(), true), 2);
        assert_eq!(whole(&"ab🦀".as_bytes()[..5], true), 2);
    }
}
