//! The ledger `runs/ledger.jsonl`: what was set aside, spent and given back, over all runs and processes.
//!
//! Lines are only ever added, whole, in one synced write under a kernel lock that all processes share. A writer that
//! dies in the middle leaves the beginning of a line behind; the next one begins a new line after it.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::dirs::Dirs;
use super::files;
use super::lock::Lock;
use super::records::open_plain;
use crate::model::budget::{Balances, Line};
use crate::model::record::SCHEMA;

/// No line of ours comes near it.
const LONGEST_LINE: u64 = 64 * 1024;
/// Some millions of lines: a file that an agent has blown up takes no hour to read.
const LARGEST: u64 = 1024 * 1024 * 1024;
/// So many foreign lines are told at a time.
const MOST_ODD: usize = 20;

/// The ledger of a workspace, and what its lines have come to so far.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    lock: PathBuf,
    shown: String,
    read: Mutex<Pages>,
}

/// What was read of the file.
#[derive(Debug, Default)]
struct Pages {
    /// Which file it was: somebody may remove it, or put another in its place.
    file: Option<(u64, u64)>,
    /// Up to where, at the beginning of a line.
    offset: u64,
    lines: usize,
    balances: Balances,
    /// Lines that are none of ours, not yet told.
    odd: Vec<String>,
}

impl Ledger {
    /// The ledger of the workspace; nothing is read yet.
    pub fn new(dirs: &Dirs) -> Self {
        let path = dirs.ledger();
        Self { shown: dirs.shown(&path), path, lock: dirs.ledger_lock(), read: Mutex::default() }
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows how the money stands now to `look`. Only what is new is read.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub fn look<T>(&self, look: impl FnOnce(&Balances) -> T) -> io::Result<T> {
        let mut pages = self.pages();
        pages.go_on(self)?;
        Ok(look(&pages.balances))
    }

    /// Adds the lines that `decide` makes of how the money stands, and gives what it says beside them. Nobody else
    /// writes between the two; the lines survive a power cut once this returns.
    ///
    /// # Errors
    /// The file cannot be read or written; then none of the lines is in it.
    pub fn write<T>(&self, decide: impl FnOnce(&Balances) -> (Vec<Line>, T)) -> io::Result<T> {
        let mut pages = self.pages();
        // Whoever has it writes a few lines: it is never held for long, nor by the dead.
        let Some(_lock) = Lock::exclusive(&self.lock, &|| false)? else {
            return Err(io::ErrorKind::ResourceBusy.into());
        };
        pages.go_on(self)?;
        let (lines, said) = decide(&pages.balances);
        if !lines.is_empty() {
            self.append(&lines)?;
            pages.go_on(self)?;
        }
        Ok(said)
    }

    fn append(&self, lines: &[Line]) -> io::Result<()> {
        let is_new = !self.path.exists();
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(&self.path)?;
        let before = file.metadata()?.len();
        let mut bytes = Vec::new();
        if before > 0 {
            let mut last = [0];
            file.seek(SeekFrom::Start(before - 1))?;
            file.read_exact(&mut last)?;
            if last != *b"\n" {
                bytes.push(b'\n');
            }
        }
        for line in lines {
            serde_json::to_writer(&mut bytes, line)?;
            bytes.push(b'\n');
        }
        let written = file.write_all(&bytes).and_then(|()| file.sync_data());
        if let Err(error) = written {
            // Nobody has read it as a line yet: the lock is ours. Should this fail too, it is a torn line.
            let _ = file.set_len(before);
            return Err(error);
        }
        if is_new { files::sync_folder_of(&self.path) } else { Ok(()) }
    }

    /// The lines that are none of ours and were passed over, with where they stand; each is told once.
    pub fn odd_lines(&self) -> Vec<String> {
        std::mem::take(&mut self.pages().odd)
    }
}

impl Pages {
    /// Takes account of the whole lines that were added since the last time.
    fn go_on(&mut self, ledger: &Ledger) -> io::Result<()> {
        let Some(mut file) = open_plain(&ledger.path)? else {
            *self = Self { odd: std::mem::take(&mut self.odd), ..Self::default() };
            return Ok(());
        };
        let meta = file.metadata()?;
        if meta.len() > LARGEST {
            return Err(io::Error::other("is too large to be a ledger of ours: move it away"));
        }
        let which = (meta.dev(), meta.ino());
        if self.file != Some(which) || meta.len() < self.offset {
            *self = Self { file: Some(which), odd: std::mem::take(&mut self.odd), ..Self::default() };
        }
        file.seek(SeekFrom::Start(self.offset))?;
        self.read(&mut BufReader::new(file), &ledger.shown)
    }

    fn read(&mut self, reader: &mut BufReader<File>, shown: &str) -> io::Result<()> {
        let mut line = Vec::new();
        loop {
            line.clear();
            reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)?;
            let mut length = line.len() as u64;
            let is_whole = line.last() == Some(&b'\n');
            if length == LONGEST_LINE && !is_whole {
                length += skip_line(reader)?;
            } else if !is_whole {
                // The end of the file, or a line that is being written just now, or never was.
                return Ok(());
            }
            self.offset += length;
            self.lines += 1;
            match understand(&line) {
                Ok(None) => {}
                Ok(Some(line)) => self.balances.take(&line),
                Err(reason) if self.odd.len() < MOST_ODD => self.odd.push(format!("{shown}:{}: {reason}", self.lines)),
                Err(_) => {}
            }
        }
    }
}

/// Reads to the end of a line; gives how many bytes that were.
fn skip_line(reader: &mut impl BufRead) -> io::Result<u64> {
    let mut skipped = 0;
    loop {
        let bytes = reader.fill_buf()?;
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let length = end.map_or(bytes.len(), |end| end + 1);
        reader.consume(length);
        skipped += length as u64;
        if end.is_some() || length == 0 {
            return Ok(skipped);
        }
    }
}

/// A line of ours; `None` for one that says nothing: empty, or torn by a death.
fn understand(bytes: &[u8]) -> Result<Option<Line>, String> {
    let bytes = bytes.trim_ascii();
    if bytes.is_empty() {
        return Ok(None);
    }
    match serde_json::from_slice::<Line>(bytes) {
        Ok(line) if line.schema == SCHEMA => Ok(Some(line)),
        Ok(line) => Err(format!("has schema {}, which this version cannot read; it counts nothing", line.schema)),
        Err(error) if error.is_eof() && bytes.starts_with(b"{\"schema\":") => Ok(None),
        Err(error) => Err(format!("is no line of the ledger ({error}); it counts nothing")),
    }
}

#[cfg(test)]
mod tests;
