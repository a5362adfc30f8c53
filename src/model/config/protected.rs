//! The paths in which a change needs somebody's word.

use std::ops::Deref;
use std::sync::OnceLock;

use globset::GlobSet;
use serde::{Deserialize, Serialize};

use super::glob_set;

/// Globs of protected paths. They are compiled when a path is first asked about, once for these settings: each task is
/// asked about, and the settings stay as they are for many.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "Vec<String>", into = "Vec<String>")]
pub struct Protected {
    globs: Vec<String>,
    /// `None`: nobody can tell what they mean.
    compiled: OnceLock<Option<GlobSet>>,
}

impl Protected {
    /// Whether a change of this path, from the root of the repository, needs somebody's word. Globs that nobody can
    /// understand protect everything; reading the settings refuses them.
    pub fn covers(&self, path: &str) -> bool {
        self.compiled().as_ref().is_none_or(|globs| globs.is_match(path))
    }

    fn compiled(&self) -> &Option<GlobSet> {
        self.compiled.get_or_init(|| {
            // A link in place of a protected folder changes all below it.
            let folders = self.globs.iter().filter_map(|glob| glob.strip_suffix("/**").map(str::to_owned));
            let globs: Vec<String> = self.globs.iter().cloned().chain(folders).collect();
            glob_set(&globs).ok()
        })
    }
}

impl From<Vec<String>> for Protected {
    fn from(globs: Vec<String>) -> Self {
        Self { globs, compiled: OnceLock::new() }
    }
}

impl From<Protected> for Vec<String> {
    fn from(protected: Protected) -> Self {
        protected.globs
    }
}

impl Deref for Protected {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.globs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn protected(globs: &[&str]) -> Protected {
        Protected::from(globs.iter().map(|glob| (*glob).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn what_lies_below_a_folder_is_protected_and_the_folder_itself_from_a_link_in_its_place() {
        let globs = protected(&["config/**", "*.lock"]);
        for (path, expected) in [
            ("config/swarm.yaml", true),
            ("config/agents/a.yaml", true),
            ("config", true),
            ("Cargo.lock", true),
            ("configs", false),
            ("src/config/x", false),
        ] {
            assert_eq!(globs.covers(path), expected, "{path}");
        }
        assert!(!protected(&[]).covers("x"));
        assert!(protected(&["a["]).covers("x"), "rather too much than too little");
    }

    #[test]
    fn the_globs_are_compiled_once_and_not_before_they_are_needed() {
        let globs = protected(&["config/**"]);
        assert!(globs.compiled.get().is_none());
        let first = std::ptr::from_ref(globs.compiled());
        assert!(globs.covers("config/x") && std::ptr::eq(first, globs.compiled()));
    }
}
