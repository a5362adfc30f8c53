//! What a person is told about an import.

use serde::Serialize;

/// Of what kind it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It could not be read, so nothing came of it.
    Refused,
    /// Something came of it, at which a person should look.
    Look,
    /// There is nothing here that does what it did.
    NoCounterpart,
}

/// One line about one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// Of what kind it is.
    pub kind: Kind,
    /// The file, as it was named from the folder of the import.
    pub path: String,
    /// The line in it, where it is known; counts from 1.
    pub line: Option<usize>,
    /// The key or the token, where it is about one.
    pub what: Option<String>,
    /// What happened to it and why, or what is to be done.
    pub reason: String,
}

impl Remark {
    /// A remark about a file as a whole.
    pub fn new(kind: Kind, path: &str, reason: impl Into<String>) -> Self {
        Self { kind, path: path.to_owned(), line: None, what: None, reason: reason.into() }
    }

    /// The same about a key or a token in it.
    #[must_use]
    pub fn about(mut self, what: impl Into<String>) -> Self {
        self.what = Some(what.into());
        self
    }

    /// The same with the line.
    #[must_use]
    pub fn at(mut self, line: Option<usize>) -> Self {
        self.line = line;
        self
    }
}
