//! Reads all there is, asks every question, and prints the answers.

use super::between;
use super::finding::{Finding, Weight};
use super::mend::{self, Renamed};
use super::within;
use crate::cli::Lint;
use crate::command::paint::{BOLD, GREEN, RED, YELLOW};
use crate::command::table::one_line;
use crate::command::{Desk, picture};
use crate::error::Result;
use crate::exit::Exit;
use crate::model::record::SCHEMA;
use crate::model::state::State;
use crate::os::agents::Catalogue;
use crate::os::clock;
use crate::os::workspace::Place;

pub(in crate::command) fn run(desk: &Desk, words: &Lint) -> Result<Exit> {
    let place = desk.place()?;
    let renamed = if words.fix { mend::mend(&place.dirs)? } else { Vec::new() };
    let findings = look(&place)?;
    let fails = findings.iter().any(|finding| finding.severity == Weight::Error);
    if desk.json() {
        desk.print_json(&serde_json::json!({"schema": SCHEMA, "findings": findings, "fixed": renamed}))?;
    } else {
        desk.print(&text(&renamed, &findings))?;
        if findings.is_empty() {
            desk.say("every task file is fine");
        }
    }
    Ok(if fails { Exit::Failed } else { Exit::Done })
}

/// All there is to say, by path and line.
pub(super) fn look(place: &Place) -> Result<Vec<Finding>> {
    let dirs = &place.dirs;
    let agents = Catalogue::read(dirs.root())?;
    let (files, mut findings) = within::read(dirs)?;
    let board = picture::board(place, clock::now())?;
    findings.extend(board.with_queue(|queue| between::dependencies(dirs, &files, queue)));
    findings.extend(between::doubles(dirs, &files));
    findings.extend(between::families(dirs, &files));
    // What is done cannot be done better by another word in its file.
    for file in files.iter().filter(|file| file.state != State::Complete) {
        findings.extend(within::keys(dirs, file, &place.config, &agents));
    }
    findings.extend(within::gates_of_the_workspace(place));
    findings.sort();
    findings.dedup();
    Ok(findings)
}

/// One line for each, as compilers write it.
pub(super) fn text(renamed: &[Renamed], findings: &[Finding]) -> String {
    let mut text: String =
        renamed.iter().map(|it| format!("{GREEN}mended{GREEN:#} {} is now {}\n", it.from, it.to)).collect();
    for Finding { path, line, severity, reason } in findings {
        let line = line.map(|line| format!(":{line}")).unwrap_or_default();
        let (style, word) = match severity {
            Weight::Error => (RED, "error"),
            Weight::Note => (YELLOW, "note"),
        };
        let reason = one_line(reason, 400);
        text.push_str(&format!("{BOLD}{path}{line}{BOLD:#}: {style}{word}{style:#}: {reason}\n"));
    }
    text
}
