//! What gates have said of trees: `.swarm/verified/`.
//!
//! One small file for each tree and list of gates holds the last word. It is a saving of time and never more: a file
//! that is torn, foreign or speaks of something else is as good as none.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::git::Oid;
use super::{clock, files};
use crate::model::gate::Gate;
use crate::model::judgement::Judgement;
use crate::model::record::{SCHEMA, whole_seconds};

/// The memory of one workspace.
#[derive(Debug)]
pub struct Judgements {
    folder: PathBuf,
    /// The commit that was published last, and its tree: it is what the next claim asks about.
    published: Mutex<Option<(Oid, Oid)>>,
}

/// A remembered judgement: `<tree>-<gates>.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    schema: u32,
    tree: String,
    gates: Vec<String>,
    /// What they said.
    #[serde(flatten)]
    pub judgement: Judgement,
    /// The run that asked them.
    pub run_id: String,
    #[serde(serialize_with = "whole_seconds")]
    at: Timestamp,
}

/// A gate that has contradicted itself: `flaky-<gate>.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Flaky {
    schema: u32,
    gate: String,
    tree: String,
    run_id: String,
    #[serde(serialize_with = "whole_seconds")]
    at: Timestamp,
}

impl Judgements {
    /// The memory in `folder`, which need not exist yet.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, published: Mutex::default() }
    }

    /// The last word of `gates` on `tree`, in the order they run.
    pub fn recall(&self, tree: &Oid, gates: &[Gate]) -> Option<Remembered> {
        let known: Remembered = read(&self.file(tree, gates))?;
        let is_of_these = known.gates.iter().eq(gates.iter().map(|gate| &gate.run));
        (known.schema == SCHEMA && known.tree == tree.as_str() && is_of_these).then_some(known)
    }

    /// Whether `tree` has passed `gates`.
    pub fn is_green(&self, tree: &Oid, gates: &[Gate]) -> bool {
        self.recall(tree, gates).is_some_and(|known| known.judgement == Judgement::Green)
    }

    /// Remembers what `gates` say of `tree` now.
    pub fn remember(&self, tree: &Oid, gates: &[Gate], judgement: Judgement, run_id: &str) -> io::Result<()> {
        let known = Remembered {
            schema: SCHEMA,
            tree: tree.to_string(),
            gates: gates.iter().map(|gate| gate.run.clone()).collect(),
            judgement,
            run_id: run_id.to_owned(),
            at: clock::now(),
        };
        files::write(&self.file(tree, gates), &serde_json::to_vec(&known)?)
    }

    /// Whether any gates have said anything of a tree whose name begins so.
    pub fn was_judged(&self, tree: &str) -> bool {
        let files = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut of_tree = files.filter(|file| file.file_name().to_string_lossy().starts_with(tree));
        of_tree.any(|file| read::<Remembered>(&file.path()).is_some())
    }

    /// Remembers that a gate has said two different things of `tree`.
    pub fn remember_flaky(&self, gate: &str, tree: &Oid, run_id: &str) -> io::Result<()> {
        let (tree, run_id) = (tree.to_string(), run_id.to_owned());
        let known = Flaky { schema: SCHEMA, gate: gate.to_owned(), tree, run_id, at: clock::now() };
        files::write(&self.flaky_file(gate), &serde_json::to_vec(&known)?)
    }

    /// Whether a gate has said two different things of one tree.
    pub fn is_flaky(&self, gate: &str) -> bool {
        read::<Flaky>(&self.flaky_file(gate)).is_some_and(|known| known.schema == SCHEMA && known.gate == gate)
    }

    /// Notes that `commit`, whose tree is `tree`, was published.
    pub fn note_published(&self, commit: &Oid, tree: &Oid) {
        *self.published.lock().unwrap_or_else(PoisonError::into_inner) = Some((commit.clone(), tree.clone()));
    }

    /// The tree of `commit`, if that was the last to be published.
    pub fn tree_of_published(&self, commit: &Oid) -> Option<Oid> {
        let published = self.published.lock().unwrap_or_else(PoisonError::into_inner);
        published.as_ref().filter(|(known, _)| known == commit).map(|(_, tree)| tree.clone())
    }

    fn file(&self, tree: &Oid, gates: &[Gate]) -> PathBuf {
        self.folder.join(format!("{tree}-{}.json", key(gates)))
    }

    fn flaky_file(&self, gate: &str) -> PathBuf {
        self.folder.join(format!("flaky-{}.json", digest(&Sha256::digest(gate))))
    }
}

/// What tells lists of gates apart, as far as it matters to their word.
pub fn key(gates: &[Gate]) -> String {
    let mut hash = Sha256::new();
    for gate in gates {
        hash.update(&gate.run);
        hash.update([0]);
        for code in &gate.skip_exit {
            hash.update(code.to_le_bytes());
        }
        hash.update([1]);
    }
    digest(&hash.finalize())
}

fn digest(hash: &[u8]) -> String {
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    const TREE: &str = "0123456789abcdef0123456789abcdef01234567";

    fn oid(text: &str) -> Oid {
        serde_json::from_value(text.into()).unwrap()
    }

    fn gates(commands: &[&str]) -> Vec<Gate> {
        commands.iter().map(|command| Gate::command(*command)).collect()
    }

    fn red() -> Judgement {
        Judgement::Red { gate: "test".to_owned(), reason: "it failed".to_owned() }
    }

    #[test]
    fn the_last_word_of_the_same_gates_on_the_same_tree_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let known = Judgements::new(folder.path().to_owned());
        let (tree, other, all) = (oid(TREE), oid(&TREE.replace('0', "f")), gates(&["fmt", "test"]));
        assert_eq!(known.recall(&tree, &all), None);
        known.remember(&tree, &all, red(), "r1").unwrap();
        let recalled = known.recall(&tree, &all).unwrap();
        assert_eq!((recalled.judgement, recalled.run_id.as_str()), (red(), "r1"));
        assert!(known.was_judged("0123456789") && !known.was_judged("012345678a"));
        known.remember(&tree, &all, Judgement::Green, "r2").unwrap();
        assert!(known.is_green(&tree, &all));
        let skipping = [all[0].clone(), Gate { skip_exit: vec![77], ..all[1].clone() }];
        for (tree, gates) in [(&tree, &gates(&["fmt"])[..]), (&other, &all), (&tree, &skipping), (&tree, &[])] {
            assert!(!known.is_green(tree, gates), "{gates:?}");
        }
    }

    #[test]
    fn a_torn_or_forged_file_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let known = Judgements::new(folder.path().to_owned());
        let (tree, all) = (oid(TREE), gates(&["test"]));
        known.remember(&tree, &all, Judgement::Green, "r").unwrap();
        let path = known.file(&tree, &all);
        let sound = fs::read_to_string(&path).unwrap();
        let forged = [
            String::new(),
            "{}".to_owned(),
            "[]".to_owned(),
            sound[..sound.len() - 2].to_owned(),
            sound.replace("\"schema\":1", "\"schema\":9"),
            sound.replace("green", "blue"),
            sound.replace(",\"verdict\":\"green\"", ""),
            sound.replace("[\"test\"]", "[]"),
            sound.replace(TREE, &TREE.replace('0', "f")),
        ];
        for text in forged {
            assert_ne!(text, sound);
            fs::write(&path, &text).unwrap();
            assert_eq!(known.recall(&tree, &all), None, "{text}");
        }
        fs::write(&path, sound).unwrap();
        assert!(known.is_green(&tree, &all));
    }

    #[test]
    fn a_gate_that_has_contradicted_itself_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let known = Judgements::new(folder.path().to_owned());
        assert!(!known.is_flaky("test"));
        known.remember_flaky("test", &oid(TREE), "r").unwrap();
        assert!(known.is_flaky("test") && !known.is_flaky("tests"));
    }

    #[test]
    fn the_tree_of_the_last_published_commit_is_known() {
        let known = Judgements::new(PathBuf::new());
        let (commit, tree) = (oid(TREE), oid(&TREE.replace('0', "f")));
        assert_eq!(known.tree_of_published(&commit), None);
        known.note_published(&commit, &tree);
        assert_eq!(known.tree_of_published(&commit), Some(tree.clone()));
        assert_eq!(known.tree_of_published(&tree), None);
    }
}
