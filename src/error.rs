//! What a person reads when a command cannot go on: what happened, where, and the next move.
//!
//! Errors are split by who can mend them, because that decides the exit code; the modules keep their own
//! typed errors and turn them into this one where they meet the command line.

use std::fmt;

use crate::exit::Exit;

/// The result of everything that may end a command.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Who can mend it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The words on the command line or a file of settings: exit code 2.
    Usage,
    /// The machine: git, an agent's program, the disk, permissions: exit code 3.
    Environment,
    /// It ran, and something failed: exit code 1.
    Failed,
}

/// An error for a person: one sentence of what happened, causes below it, and what to do next.
#[derive(Debug)]
pub struct Error {
    class: Class,
    message: String,
    hint: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// The words typed or a file of settings are wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Class::Usage, message)
    }

    /// The machine is not fit for it.
    pub fn environment(message: impl Into<String>) -> Self {
        Self::new(Class::Environment, message)
    }

    /// It was tried and failed.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Class::Failed, message)
    }

    fn new(class: Class, message: impl Into<String>) -> Self {
        Self { class, message: message.into(), hint: None, source: None }
    }

    /// Adds the next move.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Who can mend it.
    pub fn class(&self) -> Class {
        self.class
    }

    /// The exit code that belongs to it.
    pub fn exit(&self) -> Exit {
        match self.class {
            Class::Usage => Exit::Usage,
            Class::Environment => Exit::Environment,
            Class::Failed => Exit::Failed,
        }
    }

    /// The sentence and its causes, in one line.
    pub fn chain(&self) -> String {
        let mut text = self.message.clone();
        let mut source = std::error::Error::source(self);
        while let Some(error) = source {
            text.push_str(": ");
            text.push_str(&error.to_string());
            source = error.source();
        }
        text
    }

    /// The sentence, its causes and the next move, in one line.
    pub fn explained(&self) -> String {
        match &self.hint {
            Some(next) => format!("{} ({next})", self.chain()),
            None => self.chain(),
        }
    }

    /// The next move, if one is known.
    pub fn next_move(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// Puts what was being done, and to which path, in front of an I/O error.
pub trait Context<T> {
    /// `what` completes "cannot …": `create runs/x`.
    fn context(self, what: impl FnOnce() -> String) -> Result<T>;
}

impl<T> Context<T> for std::io::Result<T> {
    fn context(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|error| Error::environment(format!("cannot {}", what())).because(error))
    }
}
