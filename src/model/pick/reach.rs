//! Which agents can be asked now: a task waits while the providers of all that may work on it are left alone.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;

use crate::model::queue::Entry;

/// Whom whoever claims can reach.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// Who works on a task that names nobody, by the names of their descriptions. Where nobody is named here, that is
    /// not known, and nothing is kept back.
    pub own: Vec<String>,
    /// The agents that nobody may ask, until when at least.
    pub closed: BTreeMap<String, Timestamp>,
}

/// All agents that may work on a task are out of reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutOfReach {
    /// They.
    pub agents: Vec<String>,
    /// Until then at least, for the first of them.
    pub until: Timestamp,
}

impl Reach {
    /// Why nobody can work on a task now, if that is so.
    pub(super) fn lacks(&self, entry: &Entry) -> Option<OutOfReach> {
        if self.closed.is_empty() {
            return None;
        }
        let agents = if entry.agents.is_empty() { &self.own } else { &entry.agents };
        let closed: Option<Vec<Timestamp>> = agents.iter().map(|agent| self.closed.get(agent).copied()).collect();
        let until = closed?.into_iter().min()?;
        Some(OutOfReach { agents: agents.clone(), until })
    }
}

impl fmt::Display for OutOfReach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (are, whose) = if self.agents.len() == 1 { ("is", "its provider") } else { ("are", "their providers") };
        write!(f, "{} {are} not asked until {:.0}: {whose} asked for a pause", self.agents.join(" and "), self.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::task::{Task, TaskId};

    fn lacks(reach: &Reach, keys: &str) -> Option<String> {
        let text = format!("---\n{keys}\n---\n# T\n");
        let task = Task::parse(TaskId::parse("t").unwrap(), text.as_bytes()).unwrap();
        reach.lacks(&Entry::of(&task, Timestamp::UNIX_EPOCH)).map(|lack| lack.to_string())
    }

    #[test]
    fn a_task_waits_while_all_that_may_work_on_it_are_left_alone() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let closed = BTreeMap::from([("claude".to_owned(), at(60)), ("codex".to_owned(), at(30))]);
        let of = |own: &[&str]| Reach { own: own.iter().map(ToString::to_string).collect(), closed: closed.clone() };
        for (own, keys, expected) in [
            (
                &["claude"][..],
                "",
                Some("claude is not asked until 1970-01-01T00:01:00Z: its provider asked for a pause"),
            ),
            (
                &["claude", "codex"],
                "",
                Some("claude and codex are not asked until 1970-01-01T00:00:30Z: their providers asked for a pause"),
            ),
            (&["claude", "script"], "", None),
            (&["script"], "", None),
            (&["claude"], "agent: script", None),
            (
                &["script"],
                "agent: 'codex:gpt:high'",
                Some("codex is not asked until 1970-01-01T00:00:30Z: its provider asked for a pause"),
            ),
            (&[], "", None),
        ] {
            assert_eq!(lacks(&of(own), keys).as_deref(), expected, "{own:?} {keys}");
        }
        assert_eq!(lacks(&Reach { own: vec!["claude".to_owned()], ..Reach::default() }, ""), None);
    }
}
