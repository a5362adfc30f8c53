//! A program that has ended, and what it said.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use super::Event;

/// What is known of it.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// It has ended with that exit code.
    #[track_caller]
    pub(crate) fn code(&self, code: i32) -> &Self {
        assert_eq!(self.status.code(), Some(code), "the exit code (signal {:?})\n{self}", self.status.signal());
        self
    }

    /// It was ended by SIGKILL.
    pub(crate) fn was_killed(&self) -> bool {
        self.status.signal() == Some(9)
    }

    /// It has said this, on either stream.
    #[track_caller]
    pub(crate) fn says(&self, words: &str) -> &Self {
        assert!(self.stdout.contains(words) || self.stderr.contains(words), "it never says {words:?}\n{self}");
        self
    }

    /// The events that it printed.
    pub(crate) fn events(&self) -> Vec<Event> {
        Event::all_in(&self.stdout)
    }

    /// The first event that `wanted` accepts.
    #[track_caller]
    pub(crate) fn event(&self, wanted: impl Fn(&Event) -> bool) -> Event {
        self.events().into_iter().find(|event| wanted(event)).unwrap_or_else(|| panic!("no such event\n{self}"))
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let end = |text: &str| text.chars().skip(text.chars().count().saturating_sub(6000)).collect::<String>();
        write!(f, "--- stdout\n{}\n--- stderr\n{}", end(&self.stdout), end(&self.stderr))
    }
}
