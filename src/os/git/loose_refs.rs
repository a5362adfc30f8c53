//! The files of the base and of what is ahead of it, read without a process: as long as they are the same, nobody has moved
//! either.

use std::fs;
use std::path::PathBuf;

use super::base::{ahead_ref, base_ref};
use super::oid::Oid;
use super::repo::Repo;
use crate::os::task_folder::Stamp;

/// What stood in those files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LooseRefs {
    base: Option<Vec<u8>>,
    ahead: Option<Vec<u8>>,
    /// Refs that have no file of their own stand in this one.
    packed: Option<Stamp>,
}

impl Repo {
    /// The refs of `base` as they are in files; `None` where git keeps them elsewhere.
    pub fn loose_refs(&self, base: &str) -> Option<LooseRefs> {
        let file = |name: &str| -> PathBuf { self.common_dir().join(name) };
        if file("reftable").exists() {
            return None;
        }
        let packed = fs::symlink_metadata(file("packed-refs")).ok().map(|meta| Stamp::of(&meta));
        let [base, ahead] = [base_ref(base), ahead_ref(base)].map(|name| fs::read(file(&name)).ok());
        Some(LooseRefs { base, ahead, packed })
    }
}

impl LooseRefs {
    /// The same but for the base, which has come to stand at `tip`.
    pub fn differ_only_by(&self, tip: &Oid, later: &Self) -> bool {
        let is_tip = later.base.as_ref().is_some_and(|text| text.trim_ascii() == tip.as_str().as_bytes());
        is_tip && self.ahead == later.ahead && self.packed == later.packed
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Fixture, git};

    #[test]
    fn a_move_of_either_is_seen_and_one_of_our_own_is_told_from_others() {
        let fixture = Fixture::new();
        let repo = fixture.repo();
        let now = || repo.loose_refs("trunk").unwrap();
        let before = now();
        assert_eq!(before, now());
        git(repo.top(), ["commit", "-q", "--allow-empty", "-m", "more"]);
        let head = repo.resolve("HEAD").unwrap().unwrap();
        let after = now();
        assert!(before != after && before.differ_only_by(&head, &after));
        git(repo.top(), ["update-ref", "refs/swarm/ahead/trunk", "HEAD"]);
        assert!(after != now() && !before.differ_only_by(&head, &now()));
        git(repo.top(), ["update-ref", "-d", "refs/swarm/ahead/trunk"]);
        git(repo.top(), ["pack-refs", "--all"]);
        assert_ne!(after, now());
    }
}
