//! One thing that was looked at.

use serde::{Serialize, Serializer};

use crate::error::{Class, Error};
use crate::exit::Exit;

/// What came of looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// It is as it should be.
    Ok,
    /// A run would go on; a person should know all the same.
    Note,
    /// A run would fail; the class says who can mend it.
    Failed(Class),
}

impl Found {
    /// As it stands in JSON and in the text.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Found::Ok => "ok",
            Found::Note => "note",
            Found::Failed(_) => "failed",
        }
    }
}

impl Serialize for Found {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

/// One line of the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Item {
    /// config, agents, git, push, sandbox, folders, events, probe or gates.
    pub(super) area: &'static str,
    pub(super) result: Found,
    pub(super) detail: String,
    /// The next move.
    pub(super) hint: Option<String>,
}

impl Item {
    pub(super) fn ok(area: &'static str, detail: impl Into<String>) -> Self {
        Self { area, result: Found::Ok, detail: detail.into(), hint: None }
    }

    pub(super) fn note(area: &'static str, detail: impl Into<String>) -> Self {
        Self { area, result: Found::Note, detail: detail.into(), hint: None }
    }

    pub(super) fn failed(area: &'static str, error: &Error) -> Self {
        let hint = error.next_move().map(str::to_owned);
        Self { area, result: Found::Failed(error.class()), detail: error.chain(), hint }
    }
}

/// The exit code of them all: what a person must mend first decides.
pub(super) fn exit(items: &[Item]) -> Exit {
    let has = |class| items.iter().any(|item| item.result == Found::Failed(class));
    if has(Class::Usage) {
        Exit::Usage
    } else if has(Class::Environment) {
        Exit::Environment
    } else if has(Class::Failed) {
        Exit::Failed
    } else {
        Exit::Done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_mended_before_the_machine_and_the_machine_before_the_code() {
        let (settings, machine, code) = (
            Item::failed("config", &Error::usage("a")),
            Item::failed("git", &Error::environment("b")),
            Item::failed("gates", &Error::failed("c")),
        );
        assert_eq!(exit(&[Item::ok("git", ""), Item::note("gates", "")]), Exit::Done);
        assert_eq!(exit(std::slice::from_ref(&code)), Exit::Failed);
        assert_eq!(exit(&[code.clone(), machine.clone()]), Exit::Environment);
        assert_eq!(exit(&[code, machine, settings]), Exit::Usage);
    }
}
