//! Why a file is no valid task.

/// A file that cannot be taken as a task: where, what, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidTask {
    /// The line in the whole file, from 1, where one is known.
    pub line: Option<usize>,
    /// What is wrong, in one sentence.
    pub reason: String,
    /// What to do about it, in one sentence.
    pub advice: String,
}

impl InvalidTask {
    pub(crate) fn new(line: Option<usize>, reason: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { line, reason: reason.into(), advice: advice.into() }
    }

    pub(crate) fn at(line: usize, reason: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(Some(line), reason, advice)
    }
}

impl std::fmt::Display for InvalidTask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        write!(f, "{}; {}", self.reason, self.advice)
    }
}

impl std::error::Error for InvalidTask {}
