//! The word in the environment that tells one run's processes from all others.

use std::collections::hash_map::RandomState;
use std::ffi::OsString;
use std::hash::{BuildHasher, Hasher};

use serde::{Deserialize, Serialize};

/// The shortest mark that is taken from a file: a torn one must not match half the machine.
const SHORTEST: usize = 16;

/// A word that no other run has. It is given to the child as `SWARM_MARK` and inherited by all it starts.
///
/// A run inside a run keeps the outer mark before its own, divided by `:`, so that the outer one still finds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mark(String);

impl Mark {
    /// The environment variable that carries it.
    pub const VARIABLE: &str = "SWARM_MARK";

    /// A new one, 128 bits from the system's randomness.
    #[expect(clippy::new_without_default, reason = "two defaults would not be equal")]
    pub fn new() -> Self {
        // Each state has keys of its own; the system's randomness seeds them.
        let word = || RandomState::new().build_hasher().finish();
        Self(format!("{:016x}{:016x}", word(), word()))
    }

    /// What the child gets as [`Self::VARIABLE`].
    pub(super) fn value(&self) -> OsString {
        let mut value = std::env::var_os(Self::VARIABLE).unwrap_or_default();
        if !value.is_empty() {
            value.push(":");
        }
        value.push(&self.0);
        value
    }

    /// Whether an environment, as `/proc` shows it, carries this mark.
    pub(super) fn is_in(&self, environ: &[u8]) -> bool {
        marks(environ).any(|marks| marks.split(|byte| *byte == b':').any(|mark| mark == self.0.as_bytes()))
    }
}

/// Whether an environment carries a mark that this program has not inherited: it belongs to some run.
pub(super) fn is_some_runs(environ: &[u8]) -> bool {
    let inherited = std::env::var_os(Mark::VARIABLE).unwrap_or_default();
    marks(environ).any(|marks| marks != inherited.as_encoded_bytes())
}

/// The mark of the run that a process belongs to directly: the last of those it has inherited.
pub(super) fn innermost(environ: &[u8]) -> Option<String> {
    let last = marks(environ).last()?.rsplit(|byte| *byte == b':').next()?;
    String::from_utf8(last.to_vec()).ok()
}

fn marks(environ: &[u8]) -> impl Iterator<Item = &[u8]> {
    environ.split(|byte| *byte == 0).filter_map(|entry| entry.strip_prefix(b"SWARM_MARK="))
}

impl TryFrom<String> for Mark {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        if word.len() >= SHORTEST && word.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            Ok(Self(word))
        } else {
            Err(format!("a mark has {SHORTEST} letters or digits at least, and nothing else: {word:?}"))
        }
    }
}

impl From<Mark> for String {
    fn from(mark: Mark) -> Self {
        mark.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_whole_or_not_at_all() {
        let mark = Mark::new();
        let environ = |value: &str| format!("A=1\0SWARM_MARK={value}\0B=2\0").into_bytes();
        assert!(mark.is_in(&environ(&mark.0)));
        assert!(mark.is_in(&environ(&format!("outer:{}", mark.0))));
        assert!(mark.is_in(&environ(&format!("{}:inner", mark.0))));
        assert!(!mark.is_in(&environ(&mark.0[1..])));
        assert!(!mark.is_in(&environ(&format!("{}x", mark.0))));
        assert!(!mark.is_in(format!("X_SWARM_MARK={}\0", mark.0).as_bytes()));
        assert!(!mark.is_in(b""));
    }

    #[test]
    fn no_two_marks_are_the_same() {
        let mut seen = std::collections::HashSet::new();
        assert!((0..1000).all(|_| seen.insert(Mark::new().0)));
    }

    #[test]
    fn a_mark_survives_a_file_and_a_torn_one_is_refused() {
        let mark = Mark::new();
        let json = serde_json::to_string(&mark).unwrap();
        assert_eq!(serde_json::from_str::<Mark>(&json).unwrap(), mark);
        for torn in ["\"\"", "\"abc\"", "\"0123456789abcdef:\""] {
            assert!(serde_json::from_str::<Mark>(torn).is_err(), "{torn}");
        }
    }
}
