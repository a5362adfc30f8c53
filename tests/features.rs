//! `docs/FEATURES.md` says which test shows what. Every test that it names must exist.

use std::fs;
use std::path::Path;

fn read(path: &str) -> Option<String> {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).ok()
}

/// What stands between backquotes in a line.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// Whether there is a test of that name in that file. Those with the agents' own programs are listed, not marked.
fn is_a_test(file: &str, function: &str) -> bool {
    if let Some(room) = file.strip_prefix("tests/agents/") {
        let listed = format!("{}::{function},", room.trim_end_matches(".rs"));
        return read("tests/agents/main.rs").is_some_and(|text| text.lines().any(|line| line.trim() == listed));
    }
    let name = format!("fn {function}(");
    let mut is_marked = false;
    read(file).is_some_and(|text| {
        text.lines().map(str::trim).any(|line| {
            let is_it = is_marked && line.starts_with(&name);
            // Other attributes may stand between the mark and the function.
            is_marked = line == "#[test]" || (is_marked && line.starts_with("#["));
            is_it
        })
    })
}

#[test]
fn every_feature_names_a_test_that_exists_a_command_or_what_is_missing() {
    let features = read("docs/FEATURES.md").expect("docs/FEATURES.md");
    let is_row = |line: &&str| line.starts_with("| ") && !line.starts_with("| id ");
    let mut wrong = Vec::new();
    for row in features.lines().filter(is_row) {
        let mut tests = 0;
        for (file, function) in quoted(row).filter_map(|word| word.split_once("::")) {
            tests += 1;
            if !is_a_test(file, function) {
                wrong.push(format!("no such test: {file}::{function}"));
            }
        }
        let is_shown = tests > 0 || quoted(row).any(|word| word.starts_with("swarm "));
        if !is_shown && !row.contains("**missing**") {
            wrong.push(format!("shown by nothing: {row}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
