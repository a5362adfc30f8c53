//! What gates have said of trees: `.swarm/verified/`.
//!
//! One small file for each tree and list of gates holds the last word. It is a saving of time and never more: a file
//! that is torn, foreign or speaks of something else is as good as none.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::{fs, io};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::git::Oid;
use super::{clock, files};
use crate::model::gate::Gate;
use crate::model::judgement::Judgement;
use crate::model::record::{SCHEMA, whole_seconds};

/// How the names of files begin that speak of a gate, not of a tree.
const FLAKY: &str = "flaky-";

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

/// What is not forgotten, however old it is.
#[derive(Debug, Clone, Default)]
pub struct InUse {
    /// The beginnings of the names of trees.
    pub trees: Vec<String>,
    /// The commands of gates.
    pub gates: Vec<String>,
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
        let files = fs::read_dir(&self.folder).into_iter().flatten().flatten();
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

    /// Forgets the oldest words on trees beyond the newest `most`, and likewise the oldest marks of gates that have
    /// contradicted themselves. `in_use` says which are kept whatever their age; it is asked only where there are too
    /// many. Gives how many were forgotten.
    ///
    /// # Errors
    /// The folder cannot be read, or a file in it not removed.
    pub fn forget_oldest(&self, most: usize, in_use: impl FnOnce() -> InUse) -> io::Result<usize> {
        let listing = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            listing => listing?,
        };
        let names = listing.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let names = names.filter(|name| name.ends_with(".json"));
        let (flaky, words): (Vec<String>, Vec<String>) = names.partition(|name| name.starts_with(FLAKY));
        if flaky.len().max(words.len()) <= most {
            return Ok(0);
        }
        let InUse { trees, gates } = in_use();
        let gates: Vec<PathBuf> = gates.iter().map(|gate| self.flaky_file(gate)).collect();
        let is_in_use = |path: &Path| {
            let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
            gates.iter().any(|gate| gate == path) || trees.iter().any(|tree| name.starts_with(tree))
        };
        let mut forgotten = 0;
        for names in [flaky, words] {
            for old in self.oldest(names, most).into_iter().filter(|path| !is_in_use(path)) {
                match fs::remove_file(&old) {
                    Ok(()) => forgotten += 1,
                    // Another process does the same.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(forgotten)
    }

    /// The files of these names but for the newest.
    fn oldest(&self, names: Vec<String>, but: usize) -> Vec<PathBuf> {
        if names.len() <= but {
            return Vec::new();
        }
        let dated = names.into_iter().filter_map(|name| {
            let path = self.folder.join(name);
            Some((fs::symlink_metadata(&path).and_then(|meta| meta.modified()).ok()?, path))
        });
        let mut dated: Vec<_> = dated.collect();
        dated.sort_unstable_by(|one, other| other.cmp(one));
        dated.into_iter().skip(but).map(|(_, path)| path).collect()
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
        self.folder.join(format!("{FLAKY}{}.json", digest(&Sha256::digest(gate))))
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
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

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

    /// As if it had been written so many hours ago.
    fn date(path: &Path, hours: u64) {
        let at = SystemTime::now() - Duration::from_secs(hours * 3600);
        fs::File::options().write(true).open(path).unwrap().set_modified(at).unwrap();
    }

    #[test]
    fn the_oldest_beyond_a_number_are_forgotten_but_for_those_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let known = Judgements::new(folder.path().to_owned());
        let never = || panic!("nothing is to be forgotten");
        assert_eq!(Judgements::new(folder.path().join("none")).forget_oldest(0, never).unwrap(), 0);
        let all = gates(&["test"]);
        let trees: Vec<Oid> = (0..6).map(|number| oid(&format!("{number}{}", &TREE[1..]))).collect();
        for (tree, hours) in trees.iter().zip(0..) {
            known.remember(tree, &all, Judgement::Green, "r").unwrap();
            date(&known.file(tree, &all), hours);
            let gate = format!("gate-{hours}");
            known.remember_flaky(&gate, tree, "r").unwrap();
            date(&known.flaky_file(&gate), hours);
        }
        fs::write(folder.path().join("README"), "mine").unwrap();
        assert_eq!(known.forget_oldest(6, never).unwrap(), 0);

        let in_use = || InUse { trees: vec![trees[5].as_str()[..10].to_owned()], gates: vec!["gate-4".to_owned()] };
        assert_eq!(known.forget_oldest(3, in_use).unwrap(), 4);
        let green: Vec<bool> = trees.iter().map(|tree| known.is_green(tree, &all)).collect();
        assert_eq!(green, [true, true, true, false, false, true]);
        let flaky: Vec<bool> = (0..6).map(|number| known.is_flaky(&format!("gate-{number}"))).collect();
        assert_eq!(flaky, [true, true, true, false, true, false]);
        assert!(folder.path().join("README").exists(), "what is none of ours stays");
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
