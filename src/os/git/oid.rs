//! The name of a git object.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The full name of an object: 40 (SHA-1) or 64 (SHA-256) lower-case hexadecimal digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Oid(String);

/// The text is not the full name of an object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the full name of a git object (40 or 64 hexadecimal digits)")]
pub struct NotAnOid(String);

impl Oid {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first ten digits, for people.
    pub fn short(&self) -> &str {
        &self.0[..10]
    }

    /// The zeros that stand for "no such ref" in a compare-and-swap, as many as this name has digits.
    pub(super) fn zeros(&self) -> String {
        "0".repeat(self.0.len())
    }

    /// Reads digits that git printed, with white space around them; `None` for anything else, and for the
    /// zeros by which git says "nothing".
    pub(super) fn from_git(bytes: &[u8]) -> Option<Self> {
        let oid: Self = std::str::from_utf8(bytes).ok()?.trim().parse().ok()?;
        oid.0.bytes().any(|digit| digit != b'0').then_some(oid)
    }
}

impl FromStr for Oid {
    type Err = NotAnOid;

    fn from_str(text: &str) -> Result<Self, NotAnOid> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if matches!(text.len(), 40 | 64) && text.bytes().all(is_digit) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAnOid(text.to_owned()))
        }
    }
}

impl TryFrom<String> for Oid {
    type Error = NotAnOid;

    fn try_from(text: String) -> Result<Self, NotAnOid> {
        text.parse()
    }
}

impl From<Oid> for String {
    fn from(oid: Oid) -> Self {
        oid.0
    }
}

impl AsRef<std::ffi::OsStr> for Oid {
    fn as_ref(&self) -> &std::ffi::OsStr {
        self.0.as_ref()
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lengths_are_read_and_everything_else_is_refused() {
        for good in ["0123456789abcdef0123456789abcdef01234567", &"a".repeat(64)] {
            assert_eq!(good.parse::<Oid>().unwrap().to_string(), good);
        }
        for bad in ["", "abc", &"g".repeat(40), &"A".repeat(40), &"a".repeat(41), "HEAD", "--all"] {
            assert!(bad.parse::<Oid>().is_err(), "{bad}");
        }
    }

    #[test]
    fn it_is_a_string_in_json() {
        let oid: Oid = "ab".repeat(20).parse().unwrap();
        let json = serde_json::to_string(&oid).unwrap();
        assert_eq!(json, format!("\"{oid}\""));
        assert_eq!(serde_json::from_str::<Oid>(&json).unwrap(), oid);
        assert!(serde_json::from_str::<Oid>("\"main\"").is_err());
    }

    #[test]
    fn the_zeros_of_git_are_no_object() {
        assert_eq!(Oid::from_git("0".repeat(40).as_bytes()), None);
        assert_eq!(Oid::from_git(format!("{}\n", "a1".repeat(20)).as_bytes()).unwrap().short(), "a1a1a1a1a1");
    }
}
