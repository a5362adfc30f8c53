//! Finds the two folders, plans, writes, and tells.

use std::path::Path;

use super::plan::{self, Act};
use super::report::Report;
use super::source::Source;
use super::write::{Written, write};
use crate::cli::{Import, Program};
use crate::command::Desk;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::model::import::oompa::Kind;
use crate::os::dirs::{Dirs, find_root};
use crate::os::folders;
use crate::os::git::Repo;
use crate::os::settings;

pub(in crate::command) fn run(desk: &Desk, words: &Import) -> Result<Exit> {
    match words.program {
        Program::Oompa => oompa(desk, words),
    }
}

fn oompa(desk: &Desk, words: &Import) -> Result<Exit> {
    let here = desk.folder()?;
    // Inside of a worktree of ours the workspace is meant that owns it.
    let root = Repo::find_top(&find_root(&here).unwrap_or_else(|_| here.clone()))?;
    let from = match &words.folder {
        Some(folder) => here
            .join(folder)
            .canonicalize()
            .map_err(|error| Error::usage(format!("cannot go to {}", folder.display())).because(error))?,
        None => root.clone(),
    };
    let source = Source::new(&from);
    if !source.is_one() {
        return Err(nothing_in(&from));
    }
    let (config, mistake) = settings::Source::new(&root, desk.global().config.as_deref()).config_or_defaults()?;
    if let Some(mistake) = mistake {
        desk.say(&format!("going on with the defaults: {}", mistake.chain()));
    }
    let dirs = Dirs::new(&root, &config.dirs);
    let plan = plan::plan(&source, &dirs)?;
    if !words.dry_run {
        folders::create(&dirs)?;
    }
    let mut files = Vec::new();
    for file in &plan.files {
        let written = match (&file.act, words.dry_run) {
            (Act::Make | Act::Replace(_), true) => Written::Made,
            (Act::Nothing, true) => Written::There,
            (Act::Make | Act::Replace(_) | Act::Nothing, false) => write(file)?,
        };
        files.push((file, written));
    }
    let report = Report { is_dry: words.dry_run, from: &from, dirs: &dirs, files, remarks: &plan.remarks };
    if desk.json() {
        desk.print_json(&report.json())?;
    } else {
        desk.print(&report.text())?;
        if !words.dry_run {
            desk.say(
                "next: name your gates (`verify`) in config/swarm.yaml, then `swarm check`, then `swarm start --drain`",
            );
        }
    }
    let is_whole = plan.remarks.iter().all(|remark| remark.kind != Kind::Refused);
    Ok(if is_whole { Exit::Done } else { Exit::Failed })
}

fn nothing_in(folder: &Path) -> Error {
    Error::usage(format!("there is nothing of oompa in {}", folder.display()))
        .hint("name the folder that holds oompa.json, oompa/oompa.json or tasks/pending/*.edn: swarm import oompa DIR")
}
