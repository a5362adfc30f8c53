//! The direction of the house, `command > swarm > cycle > os > model`, and the size of its rooms.
//!
//! The sources are read as text: `use` lines are taken apart, other paths are found by their first word. Comments,
//! texts and unit tests play no part.

#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// From the bottom to the top.
const LAYERS: [&str; 5] = ["model", "os", "cycle", "swarm", "command"];

/// What every layer may use; of the layers, these use `model` alone.
const FREE: [&str; 3] = ["cli", "error", "exit"];

/// Lines of a file, its unit tests aside.
const LONGEST: usize = 400;

/// What touches the machine, and what is different at every look.
const IMPURE: [&str; 11] = [
    "std::fs",
    "std::process",
    "std::thread",
    "std::net",
    "std::env",
    "rustix",
    "fs2",
    "notify",
    "signal_hook",
    "tempfile",
    "walkdir",
];
const CLOCKS: [&str; 4] = ["Timestamp::now", "Zoned::now", "Instant::now", "SystemTime::now"];

/// One file below `src/`.
struct Source {
    path: PathBuf,
    /// Its module's path: `["os", "git", "door"]`.
    module: Vec<String>,
    /// Its text without comments, texts and unit tests.
    code: String,
    /// How many lines it has before its unit tests.
    lines: usize,
}

impl Source {
    fn layer(&self) -> &str {
        self.module.first().map_or("", String::as_str)
    }

    /// The layer or the module at the root that a path leads to, if it leads to one.
    fn target(&self, path: &str) -> Option<String> {
        let mut parts = path.split("::").map(str::trim).peekable();
        let mut place = match parts.next()? {
            "crate" => Vec::new(),
            "self" => self.module.clone(),
            "super" => self.module.split_last()?.1.to_vec(),
            _ => return None,
        };
        while parts.next_if_eq(&"super").is_some() {
            place.pop();
        }
        place.first().cloned().or_else(|| parts.next().map(str::to_owned))
    }
}

#[test]
fn a_layer_uses_only_what_is_below_it() {
    let mut wrong = Vec::new();
    for source in sources() {
        let rank = |layer: &str| LAYERS.iter().position(|known| *known == layer);
        for path in paths(&source.code) {
            let Some(target) = source.target(&path) else { continue };
            let is_fine = match (rank(source.layer()), rank(&target)) {
                (Some(own), Some(other)) => other <= own,
                (Some(_), None) => FREE.contains(&target.as_str()),
                (None, Some(other)) if FREE.contains(&source.layer()) => other == 0,
                (None, _) => true,
            };
            if !is_fine {
                wrong.push(format!("{} uses {path}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "against the direction:\n{}", wrong.join("\n"));
}

#[test]
fn the_model_touches_neither_the_machine_nor_a_clock() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| source.layer() == "model") {
        for path in paths(&source.code) {
            let is_impure = IMPURE.iter().any(|impure| path == *impure || path.starts_with(&format!("{impure}::")));
            if is_impure || CLOCKS.iter().any(|clock| path.ends_with(clock)) {
                wrong.push(format!("{} uses {path}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "not pure:\n{}", wrong.join("\n"));
}

#[test]
fn no_file_is_longer_than_four_hundred_lines() {
    let long: Vec<String> = sources()
        .iter()
        .filter(|source| source.lines > LONGEST)
        .map(|source| format!("{} has {} lines", source.path.display(), source.lines))
        .collect();
    assert!(long.is_empty(), "too long:\n{}", long.join("\n"));
}

#[test]
fn every_file_begins_by_saying_what_it_is_for() {
    let silent: Vec<PathBuf> = sources()
        .into_iter()
        .map(|source| source.path)
        .filter(|path| !fs::read_to_string(path).expect("read a source").starts_with("//! "))
        .collect();
    assert!(silent.is_empty(), "without a head: {silent:?}");
}

#[test]
fn a_folders_own_file_holds_only_docs_modules_and_exports() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| source.path.ends_with("mod.rs") || source.path.ends_with("lib.rs")) {
        for word in ["fn ", "impl ", "struct ", "enum ", "trait ", "static "] {
            if source.code.lines().any(|line| line.trim_start().trim_start_matches("pub ").starts_with(word)) {
                wrong.push(format!("{}: {word}", source.path.display()));
            }
        }
    }
    // The dispatch of the commands is the one that earns its place there.
    wrong.retain(|line| !line.contains("src/command/mod.rs"));
    assert!(wrong.is_empty(), "more than docs, `mod` and exports:\n{}", wrong.join("\n"));
}

/// The sources of the program, without those that are unit tests.
fn sources() -> Vec<Source> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let src = package.join("src");
    let is_test = |path: &Path| {
        let inside = path.strip_prefix(&src).expect("below src");
        inside.components().any(|part| {
            let name = part.as_os_str().to_string_lossy();
            matches!(name.trim_end_matches(".rs"), "tests" | "testing")
        })
    };
    let files: Vec<PathBuf> = files_below(&src).into_iter().filter(|path| !is_test(path)).collect();
    assert!(files.len() > 50, "the sources were not found");
    files.into_iter().map(|path| read(&src, path)).collect()
}

fn read(src: &Path, path: PathBuf) -> Source {
    let text = fs::read_to_string(&path).expect("read a source");
    let text = &text[..text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len())];
    let inside = path.strip_prefix(src).expect("below src").with_extension("");
    let mut module: Vec<String> = inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if module.last().is_some_and(|last| last == "mod" || last == "lib" || last == "main") {
        module.pop();
    }
    Source { module, code: without_words(text), lines: text.lines().count(), path }
}

/// All paths in `code` that begin at the root of a crate: `use` lines taken apart, and the others.
fn paths(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for statement in code.split(';') {
        let statement = statement.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some((before, tree)) = statement.rsplit_once("use ")
            && (before.is_empty() || before.ends_with([' ', '}']))
        {
            take_apart("", tree, &mut found);
        }
    }
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let words = code.split(|c| !word(c)).map(|path| path.trim_matches(':')).filter(|path| path.contains("::"));
    found.extend(words.map(str::to_owned));
    found
}

/// `a::{b, c::{d, e}}` is `a::b`, `a::c::d` and `a::c::e`.
fn take_apart(before: &str, tree: &str, found: &mut BTreeSet<String>) {
    let tree = tree.trim();
    let Some((prefix, inner)) = tree.split_once('{') else {
        let name = tree.split(" as ").next().unwrap_or_default();
        found.insert(format!("{before}{name}").replace(' ', ""));
        return;
    };
    let before = format!("{before}{prefix}");
    let (mut depth, mut begin) = (0, 0);
    for (at, c) in inner.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                if !inner[begin..at].trim().is_empty() {
                    take_apart(&before, &inner[begin..at], found);
                }
                begin = at + 1;
            }
            _ => {}
        }
    }
}

/// The code without comments and without what stands in quotes.
fn without_words(text: &str) -> String {
    let mut code = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '/' if chars.peek() == Some(&'/') => while chars.next_if(|c| *c != '\n').is_some() {},
            '"' => {
                while let Some(c) = chars.next() {
                    match c {
                        '\\' => drop(chars.next()),
                        '"' => break,
                        _ => {}
                    }
                }
            }
            // A quotation mark as a character opens no text.
            '\'' if chars.peek() == Some(&'"') => drop(chars.next()),
            c => code.push(c),
        }
    }
    code
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("list a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn this_test_sees_what_it_looks_for() {
    let code = without_words(
        "use std::{io, fs::{self, File}};\n// crate::os\nlet x = \"crate::cycle\"; crate::os::clock::now();",
    );
    let found = paths(&code);
    for path in ["std::io", "std::fs::self", "std::fs::File", "crate::os::clock::now"] {
        assert!(found.contains(path), "{path} in {found:?}");
    }
    assert!(!found.iter().any(|path| path.contains("cycle")));
    let module = ["os", "git", "door"].map(str::to_owned).to_vec();
    let source = Source { path: PathBuf::new(), module, code: String::new(), lines: 0 };
    assert_eq!(source.target("super::super::process::run").as_deref(), Some("os"));
    assert_eq!(source.target("super::super::super::cycle::claim").as_deref(), Some("cycle"));
    assert_eq!(source.target("crate::swarm::board").as_deref(), Some("swarm"));
    assert_eq!(source.target("std::fs"), None);
}
