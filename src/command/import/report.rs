//! What an import came to, for a person and for a program.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

use super::plan::Planned;
use super::write::Written;
use crate::command::paint::{DIM, GREEN, RED, YELLOW};
use crate::model::clean::clean_text;
use crate::model::import::oompa::{Kind, Remark};
use crate::model::record::SCHEMA;
use crate::os::dirs::Dirs;

/// How many keys stand in one line, where the same is to be said of all of them.
const MOST_KEYS: usize = 6;

/// What was done, or would be.
pub(super) struct Report<'a> {
    /// Whether nothing was written.
    pub(super) is_dry: bool,
    /// The folder of the import.
    pub(super) from: &'a Path,
    /// The workspace.
    pub(super) dirs: &'a Dirs,
    /// The files, with what came of them.
    pub(super) files: Vec<(&'a Planned, Written)>,
    /// What a person is told.
    pub(super) remarks: &'a [Remark],
}

impl Report<'_> {
    /// As one document.
    pub(super) fn json(&self) -> Value {
        let files: Vec<Value> = self
            .files
            .iter()
            .map(|(file, written)| {
                let result = match written {
                    Written::Made if self.is_dry => "would_make",
                    Written::Made => "made",
                    Written::There => "there",
                    Written::Overtaken => "overtaken",
                };
                json!({"path": self.dirs.shown(&file.path), "from": file.from, "result": result})
            })
            .collect();
        json!({
            "schema": SCHEMA,
            "from": self.from,
            "root": self.dirs.root(),
            "dry_run": self.is_dry,
            "files": files,
            "remarks": self.remarks,
        })
    }

    /// As text.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let verb = if self.is_dry { "would make" } else { "made" };
        let mut there = 0;
        for (file, written) in &self.files {
            let shown = self.dirs.shown(&file.path);
            match written {
                Written::Made => {
                    text.push_str(&format!("{GREEN}{verb}{GREEN:#} {shown} {DIM}from {}{DIM:#}\n", file.from))
                }
                Written::There => there += 1,
                Written::Overtaken => {
                    text.push_str(&format!("{YELLOW}left{YELLOW:#} {shown}: somebody has just changed it\n"))
                }
            }
        }
        match there {
            0 => {}
            1 => text.push_str("1 file is here already\n"),
            several => text.push_str(&format!("{several} files are here already\n")),
        }
        for (kind, title) in [
            (Kind::Refused, format!("{RED}not imported:{RED:#}")),
            (Kind::Look, format!("{YELLOW}look at:{YELLOW:#}")),
            (Kind::NoCounterpart, "no counterpart:".to_owned()),
        ] {
            let lines = lines(self.remarks, kind);
            if !lines.is_empty() {
                text.push_str(&format!("\n{title}\n{}", lines.concat()));
            }
        }
        text
    }
}

/// The remarks of a kind; where the same is to be said of several keys of a file, in one line.
fn lines(remarks: &[Remark], kind: Kind) -> Vec<String> {
    let mut rows: Vec<(&Remark, Vec<&str>)> = Vec::new();
    let mut places: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for remark in remarks.iter().filter(|remark| remark.kind == kind) {
        let place = *places.entry((&remark.path, &remark.reason)).or_insert(rows.len());
        match rows.get_mut(place) {
            Some((_, whats)) => whats.extend(remark.what.as_deref()),
            None => rows.push((remark, remark.what.as_deref().into_iter().collect())),
        }
    }
    rows.into_iter().map(|(first, whats)| line(first, &whats)).collect()
}

fn line(remark: &Remark, whats: &[&str]) -> String {
    let place = remark.line.map_or_else(|| remark.path.clone(), |line| format!("{}:{line}", remark.path));
    let mut known = BTreeSet::new();
    let mut keys: Vec<&str> = whats.iter().copied().filter(|what| known.insert(*what)).collect();
    let more = keys.len().saturating_sub(MOST_KEYS);
    keys.truncate(MOST_KEYS);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let about = if keys.is_empty() { String::new() } else { format!(" {}{more}:", keys.join(", ")) };
    format!("  {}\n", clean_text(&format!("{place}:{about} {}", remark.reason)).replace('\n', " "))
}
