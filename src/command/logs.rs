//! `swarm logs`: what agents and gates printed, byte for byte, oldest first. Which files those are, `printed` knows.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use super::add::parse_id;
use super::paint::DIM;
use super::printed::{Log, Named, Of, find};
use super::{Desk, follow, picture};
use crate::cli::Logs;
use crate::error::{Context, Error, Result};
use crate::exit::Exit;
use crate::model::record::{SCHEMA, StepName};
use crate::model::yaml::nearest;
use crate::os::dirs::Dirs;
use crate::os::records::Records;
use crate::os::task_folder;

pub(super) fn run(desk: &Desk, words: &Logs) -> Result<Exit> {
    let dirs = desk.place_or_defaults()?.dirs;
    let step = words.step.as_deref().map(step).transpose()?;
    let mut records = Records::new(&dirs);
    let runs = records.run_ids();
    let of = whose(&dirs, &words.of)?;
    let asked: &[String] = match &of {
        Of::Task(_) => &runs,
        Of::Worker(_) => runs.last().map(std::slice::from_ref).unwrap_or_default(),
    };
    let logs = find(&mut records, &dirs, &of, asked, step);
    if logs.is_empty() && !words.follow {
        return Err(nothing(&dirs, &of, step));
    }
    let mut printer = Printer::new(desk);
    let open = printer.print(&dirs, &logs)?;
    picture::tell_set_aside(desk, &records);
    if words.follow && open {
        follow::follow(&dirs, &of, step, asked.last().map(String::as_str), &mut printer)?;
    }
    Ok(Exit::Done)
}

fn whose(dirs: &Dirs, text: &str) -> Result<Of> {
    let is_worker = text.strip_prefix('w').is_some_and(|number| {
        !number.is_empty() && number.len() <= 3 && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    let id = parse_id(text)?;
    // A task may be called like a worker; it is there, so it is meant.
    if is_worker && task_folder::find(dirs, &id).is_none() { Ok(Of::Worker(text.to_owned())) } else { Ok(Of::Task(id)) }
}

fn nothing(dirs: &Dirs, of: &Of, step: Option<StepName>) -> Error {
    match of {
        Of::Task(id) => match (task_folder::find(dirs, id), step) {
            (Some(state), None) => Error::failed(format!("nothing has been printed for {id} yet; it is in {state}/")),
            (Some(_), Some(step)) => Error::failed(format!("{id} has no log of a step `{}` yet", step.as_str()))
                .hint(format!("`swarm show {id}` lists its steps")),
            (None, _) => Error::failed(format!("there is no task {id}, and no log of one"))
                .hint("`swarm list` shows the tasks, `swarm runs last --all` the newest cycles"),
        },
        Of::Worker(worker) => Error::failed(format!("{worker} has printed nothing of that in the newest run"))
            .hint("`swarm runs last --all` shows its cycles"),
    }
}

fn step(text: &str) -> Result<StepName> {
    if let Some(step) = StepName::ALL.into_iter().find(|step| step.as_str() == text) {
        return Ok(step);
    }
    let names = StepName::ALL.map(StepName::as_str);
    let error = Error::usage(format!("`{text}` is no step"));
    Err(match nearest(text, names) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint(format!("steps are {}", names.join(", "))),
    })
}

/// Prints logs, each byte once.
pub(super) struct Printer<'a> {
    desk: &'a Desk,
    printed: HashMap<PathBuf, u64>,
    /// The last byte that was printed ended a line.
    at_line_start: bool,
}

impl<'a> Printer<'a> {
    fn new(desk: &'a Desk) -> Self {
        Self { desk, printed: HashMap::new(), at_line_start: true }
    }

    /// Prints what is new in `logs`; gives false when nobody reads any more.
    pub(super) fn print(&mut self, dirs: &Dirs, logs: &[Log]) -> Result<bool> {
        for log in logs {
            if !self.print_one(dirs, log)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn print_one(&mut self, dirs: &Dirs, log: &Log) -> Result<bool> {
        let shown = dirs.shown(&log.path);
        if !self.printed.contains_key(&log.path) {
            self.head(log, &shown);
        }
        let begin = self.printed.get(&log.path).copied().unwrap_or(0);
        let mut file = match File::open(&log.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
            Err(error) => return Err(error).context(|| format!("read {shown}")),
        };
        file.seek(SeekFrom::Start(begin)).context(|| format!("read {shown}"))?;
        let mut at = begin;
        let mut buffer = vec![0; 64 * 1024];
        let mut kept = 0;
        loop {
            let read = file.read(&mut buffer[kept..]).context(|| format!("read {shown}"))?;
            let filled = kept + read;
            let length = if self.desk.json() { whole(&buffer[..filled], filled == buffer.len()) } else { filled };
            // The rest of a file that has ended, or of one whose line is still being written.
            let length = if read == 0 && self.desk.json() { filled } else { length };
            if !self.write(log, &buffer[..length])? {
                return Ok(false);
            }
            at += length as u64;
            if read == 0 {
                self.printed.insert(log.path.clone(), at);
                return Ok(true);
            }
            buffer.copy_within(length..filled, 0);
            kept = filled - length;
        }
    }

    fn head(&self, log: &Log, shown: &str) {
        if self.desk.json() {
            return;
        }
        let gap = if self.at_line_start { "" } else { "\n" };
        let task = log.task.as_ref().map(|task| format!("{task}, ")).unwrap_or_default();
        let Named { cycle, step, round, .. } = &log.named;
        let step = step.as_str();
        self.desk.say(&format!("{gap}{DIM}==> {shown} ({task}cycle {cycle}, {step} {round}){DIM:#}"));
    }

    fn write(&mut self, log: &Log, bytes: &[u8]) -> Result<bool> {
        let Some(last) = bytes.last() else { return Ok(true) };
        self.at_line_start = *last == b'\n';
        let mut out = io::stdout().lock();
        let written = if self.desk.json() {
            let line = serde_json::json!({
                "schema": SCHEMA, "run_id": log.run_id, "worker": log.named.worker, "cycle": log.named.cycle,
                "task": log.task, "step": log.named.step, "round": log.named.round,
                "text": String::from_utf8_lossy(bytes),
            });
            writeln!(out, "{line}")
        } else {
            out.write_all(bytes)
        };
        match written.and_then(|()| out.flush()) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            Err(error) => Err(error).context(|| "write to standard output".to_owned()),
        }
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
    fn a_mistyped_step_is_named_with_the_nearest_one() {
        assert_eq!(step("verify").unwrap(), StepName::Verify);
        assert!(step("verfy").unwrap_err().next_move().unwrap().contains("`verify`"));
    }

    #[test]
    fn texts_end_with_a_line_or_at_least_with_a_character() {
        assert_eq!(whole(b"one\ntwo", false), 4);
        assert_eq!(whole(b"one", false), 0);
        assert_eq!(whole(b"one", true), 3);
        assert_eq!(whole("abä".as_bytes(), true), 2);
        assert_eq!(whole(&"ab🦀".as_bytes()[..5], true), 2);
    }
}
