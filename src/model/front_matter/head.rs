//! A front matter that can be read: the user's keys on one side, our block on the other.

use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use super::invalid::InvalidTask;
use super::outline::{Entry, Refused, outline};
use super::split::Parts;

/// The key of our own block.
pub(crate) const SWARM: &str = "swarm";

/// The most that the user's keys may take, in bytes.
const MAX_USER_BYTES: usize = 64 * 1024;
/// The most that our block may take, in bytes; what we write stays far below.
const MAX_SWARM_BYTES: usize = 256 * 1024;

/// A front matter whose keys are known and whose YAML is sound; the values are still to be read.
#[derive(Debug)]
pub(crate) struct Head<'a> {
    /// The lines between the fences.
    pub(crate) yaml: &'a str,
    /// The user's keys, in the file's order.
    pub(crate) entries: Vec<Entry>,
    /// Our block.
    pub(crate) swarm: Option<Entry>,
    /// The line in the file on which `yaml` begins.
    first_line: usize,
}

impl<'a> Head<'a> {
    /// Reads the front matter of a file; one without any counts as an empty one.
    pub(crate) fn read(parts: &Parts<'a>) -> Result<Self, InvalidTask> {
        let range = parts.yaml.clone().unwrap_or(0..0);
        let yaml = &parts.text[range.clone()];
        let first_line = parts.line(range.start);
        let mut entries = outline(yaml)
            .map_err(|Refused { at, reason, advice }| InvalidTask::at(parts.line(range.start + at), reason, advice))?;
        let swarm = entries.iter().position(|entry| entry.key == SWARM).map(|at| entries.remove(at));
        let head = Self { yaml, entries, swarm, first_line };
        head.check_sizes()?;
        head.check_keys()?;
        Ok(head)
    }

    /// The line in the file on which a byte of `yaml` stands.
    pub(crate) fn line(&self, at: usize) -> usize {
        self.first_line + self.yaml.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count()
    }

    /// The user's part with the same lines: ours are comments, which end whatever came before them, as our key did.
    pub(crate) fn users(&self) -> String {
        let Some(swarm) = &self.swarm else {
            return self.yaml.to_owned();
        };
        let ours = "#\n".repeat(self.yaml[swarm.span.clone()].matches('\n').count());
        [&self.yaml[..swarm.span.start], &ours, &self.yaml[swarm.span.end..]].concat()
    }

    /// An error of the parser in a text that begins on the line `first` of `yaml`, from 0.
    pub(crate) fn line_of_error(&self, error: &serde_yaml::Error, first: usize) -> Option<usize> {
        let line = error.location()?.line().saturating_sub(1) + first;
        let last = self.yaml.lines().count().saturating_sub(1);
        Some(self.first_line + line.min(last))
    }

    /// Our block first: `swarm:` found in the user's part is a second one.
    fn all_entries(&self) -> impl Iterator<Item = &Entry> {
        self.swarm.iter().chain(&self.entries)
    }

    fn check_sizes(&self) -> Result<(), InvalidTask> {
        let ours = self.swarm.as_ref().map_or(0, |entry| entry.span.len());
        let users = self.yaml.len() - ours;
        if users > MAX_USER_BYTES {
            let reason = format!("the front matter has {users} bytes; at most {MAX_USER_BYTES} are read");
            return Err(InvalidTask::at(self.first_line, reason, "move the long text into the body"));
        }
        match &self.swarm {
            Some(entry) if ours > MAX_SWARM_BYTES => {
                let reason = format!("the `{SWARM}` block has {ours} bytes; at most {MAX_SWARM_BYTES} are read");
                Err(InvalidTask::at(self.line(entry.span.start), reason, "delete the block to start the task afresh"))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Lets the real parser list the keys. Where it and the outline differ, the file is refused rather than damaged.
    fn check_keys(&self) -> Result<(), InvalidTask> {
        let names: Names = serde_yaml::from_str(&self.users()).map_err(|error| {
            let reason = format!("the front matter is broken YAML: {}", said(&error));
            InvalidTask::new(
                self.line_of_error(&error, 0),
                reason,
                "write `key: value`, and quote a value that is more than words",
            )
        })?;
        let mut seen = HashSet::new();
        if let Some(twice) = self.all_entries().find(|entry| !seen.insert(&entry.key)) {
            let reason = format!("the key `{}` stands here a second time", twice.key);
            return Err(InvalidTask::at(self.line(twice.span.start), reason, "keep one of the two"));
        }
        if !names.0.iter().eq(self.entries.iter().map(|entry| &entry.key)) {
            let reason = "the keys of the front matter cannot be told apart with certainty";
            return Err(InvalidTask::at(
                self.first_line,
                reason,
                "write `key: value`, one per line, without more YAML",
            ));
        }
        Ok(())
    }
}

/// The parser's words without its line numbers, which do not count the lines above.
pub(crate) fn said(error: &serde_yaml::Error) -> String {
    let said = error.to_string();
    said.split(" at line ").next().unwrap_or_default().to_owned()
}

/// The keys of a mapping, in order.
struct Names(Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(NamesOnly).map(Names)
    }
}

struct NamesOnly;

impl<'de> Visitor<'de> for NamesOnly {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("keys with values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut names = Vec::new();
        while let Some(name) = map.next_key()? {
            names.push(name);
            map.next_value::<IgnoredAny>()?;
        }
        Ok(names)
    }
}
