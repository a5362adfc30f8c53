//! Ids that are names of files here.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::task::TaskId;

/// The most characters of an id.
const LONGEST: usize = 100;

/// A name for each old id: itself where that is allowed, else the nearest that is. The same ids have the same names
/// whenever it is asked.
pub fn names<'a>(old: impl IntoIterator<Item = &'a str>) -> BTreeMap<String, TaskId> {
    let old: BTreeSet<&str> = old.into_iter().collect();
    let mut names: BTreeMap<String, TaskId> =
        old.iter().filter_map(|old| Some(((*old).to_owned(), TaskId::parse(old).ok()?))).collect();
    let mut taken: BTreeSet<String> = names.values().map(ToString::to_string).collect();
    // Which number is to be tried first, where several ids have the same nearest name.
    let mut next: BTreeMap<String, u64> = BTreeMap::new();
    for old in old {
        if names.contains_key(old) {
            continue;
        }
        let near = near(old);
        let number = next.entry(near.clone()).or_insert(1);
        let free = (*number..).map(|tried| (tried, numbered(&near, tried))).find(|(_, name)| !taken.contains(name));
        let free = free.map(|(tried, name)| {
            *number = tried + 1;
            name
        });
        if let Some(id) = free.and_then(|name| TaskId::parse(&name).ok()) {
            taken.insert(id.to_string());
            names.insert(old.to_owned(), id);
        }
    }
    names
}

fn numbered(name: &str, number: u64) -> String {
    if number == 1 {
        return name.to_owned();
    }
    let ending = format!("-{number}");
    let kept: String = name.chars().take(LONGEST - ending.len()).collect();
    format!("{kept}{ending}")
}

/// The nearest name that a task can have.
fn near(old: &str) -> String {
    let is_allowed = |char: char| char.is_ascii_alphanumeric() || "._-".contains(char);
    let mut name: String = old.chars().map(|char| if is_allowed(char) { char } else { '-' }).collect();
    while name.contains("..") {
        name = name.replace("..", ".");
    }
    let name = name.trim_start_matches(|char: char| !char.is_ascii_alphanumeric());
    let mut name: String = name.chars().take(LONGEST).collect();
    if let Some(stem) = name.strip_suffix(".lock") {
        name = format!("{stem}-lock");
    }
    if name.is_empty() { "task".to_owned() } else { name }
}
