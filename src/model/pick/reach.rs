//! Which agents can be asked now, and who of those that may work on a task is: it waits while all of them are out of
//! reach.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;

use crate::model::queue::Entry;

/// Whom whoever claims can reach.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// Who works on a task that names nobody, by the names of their descriptions, in the order in which they are asked.
    /// Where nobody is named here, that is not known, and nothing is kept back.
    pub own: Vec<String>,
    /// The agents that nobody may ask now.
    pub closed: BTreeMap<String, Closed>,
}

/// Why an agent is not asked now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    /// Its provider is left alone until then, at least.
    Parked(Timestamp),
    /// So many turns are under way at its provider as may be.
    Full(Full),
    /// Its program is not there.
    Absent,
}

/// A provider at which as many turns are under way as may be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Full {
    /// Its name.
    pub provider: String,
    /// So many may be.
    pub most: u32,
    /// When it is worth another look, should nobody say before that one has ended.
    pub again: Timestamp,
}

/// All agents that may work on a task are out of reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutOfReach {
    /// They, each with the reason; one at least can be asked again some time.
    pub agents: Vec<(String, Closed)>,
    /// Until then at least, for the first of them.
    pub until: Timestamp,
}

/// Who of these agents, in the order in which they are asked, is asked now: whoever holds the task's session, else the
/// first; of those that can be. `None`: nobody can.
pub fn first_in_reach<'a>(
    agents: impl Iterator<Item = &'a str> + Clone,
    holder: Option<&str>,
    closed: &BTreeMap<String, Closed>,
) -> Option<&'a str> {
    let mut open = agents.filter(|agent| !closed.contains_key(*agent));
    let held = holder.and_then(|holder| open.clone().find(|agent| *agent == holder));
    held.or_else(|| open.next())
}

impl Reach {
    /// Who would be asked to work on it; `None`: nobody can be, or it is not known who works.
    pub fn who<'a>(&'a self, entry: &'a Entry) -> Option<&'a str> {
        first_in_reach(self.agents(entry).iter().map(String::as_str), entry.holder.as_deref(), &self.closed)
    }

    /// Until when, at least, nobody can work on a task; `None`: somebody can. Where none of their programs are there, it
    /// is claimed all the same: whoever does so says it, and in the end a person must help.
    pub(super) fn lacks_until(&self, entry: &Entry) -> Option<Timestamp> {
        if self.closed.is_empty() || self.who(entry).is_some() {
            return None;
        }
        self.agents(entry).iter().filter_map(|agent| self.closed.get(agent)?.until()).min()
    }

    /// Why nobody can work on it now, if that is so.
    pub(super) fn lacks(&self, entry: &Entry) -> Option<OutOfReach> {
        let until = self.lacks_until(entry)?;
        let why = |agent: &String| Some((agent.clone(), self.closed.get(agent)?.clone()));
        Some(OutOfReach { agents: self.agents(entry).iter().filter_map(why).collect(), until })
    }

    fn agents<'a>(&'a self, entry: &'a Entry) -> &'a [String] {
        if entry.agents.is_empty() { &self.own } else { &entry.agents }
    }
}

impl Closed {
    /// Until when it is so at least; `None`: until a person does something.
    fn until(&self) -> Option<Timestamp> {
        match self {
            Closed::Parked(until) => Some(*until),
            Closed::Full(full) => Some(full.again),
            Closed::Absent => None,
        }
    }
}

impl OutOfReach {
    /// Until when the first of those providers is left alone that asked for a pause; `None`: none did.
    pub fn parked_until(&self) -> Option<Timestamp> {
        let parked = self.agents.iter().filter_map(|(_, closed)| match closed {
            Closed::Parked(until) => Some(*until),
            Closed::Full(_) | Closed::Absent => None,
        });
        parked.min()
    }

    /// Whether it ends when a turn does.
    pub fn waits_for_a_turn(&self) -> bool {
        self.agents.iter().any(|(_, closed)| matches!(closed, Closed::Full(_)))
    }
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Full { provider, most, .. } = self;
        match most {
            1 => write!(f, "1 of 1 turn at {provider} is under way"),
            most => write!(f, "{most} of {most} turns at {provider} are under way"),
        }
    }
}

impl fmt::Display for OutOfReach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut parked, mut full, mut absent) = (Vec::new(), Vec::new(), Vec::new());
        for (agent, closed) in &self.agents {
            match closed {
                Closed::Parked(_) => parked.push(agent.as_str()),
                Closed::Full(it) => full.push(it),
                Closed::Absent => absent.push(agent.as_str()),
            }
        }
        full.sort_unstable();
        full.dedup_by_key(|full| &full.provider);
        let mut said: Vec<String> = Vec::new();
        if let Some(until) = self.parked_until() {
            let (are, whose) = if parked.len() == 1 { ("is", "its provider") } else { ("are", "their providers") };
            said.push(format!("{} {are} not asked until {until:.0}: {whose} asked for a pause", parked.join(" and ")));
        }
        said.extend(full.iter().map(ToString::to_string));
        said.extend(absent.iter().map(|agent| format!("the program of {agent} is not there")));
        f.write_str(&said.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::task::{Task, TaskId};

    fn entry(keys: &str) -> Entry {
        let text = format!("---\n{keys}\n---\n# T\n");
        Entry::of(&Task::parse(TaskId::parse("t").unwrap(), text.as_bytes()).unwrap(), Timestamp::UNIX_EPOCH)
    }

    fn lacks(reach: &Reach, keys: &str) -> Option<String> {
        reach.lacks(&entry(keys)).map(|lack| lack.to_string())
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn full(provider: &str, most: u32) -> Closed {
        Closed::Full(Full { provider: provider.to_owned(), most, again: at(5) })
    }

    fn reach(own: &[&str]) -> Reach {
        let closed = [
            ("claude", Closed::Parked(at(60))),
            ("codex", Closed::Parked(at(30))),
            ("gemini", full("google", 2)),
            ("flash", full("google", 2)),
            ("one", full("one", 1)),
            ("gone", Closed::Absent),
        ];
        let closed = closed.map(|(agent, closed)| (agent.to_owned(), closed)).into();
        Reach { own: own.iter().map(ToString::to_string).collect(), closed }
    }

    #[test]
    fn a_task_waits_while_all_that_may_work_on_it_are_out_of_reach() {
        let claude = "claude is not asked until 1970-01-01T00:01:00Z: its provider asked for a pause";
        let codex = "codex is not asked until 1970-01-01T00:00:30Z: its provider asked for a pause";
        let both = "claude and codex are not asked until 1970-01-01T00:00:30Z: their providers asked for a pause";
        let mixed = "codex is not asked until 1970-01-01T00:00:30Z: its provider asked for a pause; \
                     2 of 2 turns at google are under way; the program of gone is not there";
        for (own, keys, expected) in [
            (&["claude"][..], "", Some(claude)),
            (&["claude", "codex"], "", Some(both)),
            (&["claude", "script"], "", None),
            (&["script"], "", None),
            (&["claude"], "agent: script", None),
            (&["claude"], "agent: [codex, script]", None),
            (&["script"], "agent: 'codex:gpt:high'", Some(codex)),
            (&["script"], "agent: [claude, codex]", Some(both)),
            (&["gemini", "flash"], "", Some("2 of 2 turns at google are under way")),
            (&["one"], "", Some("1 of 1 turn at one is under way")),
            (&["script"], "agent: [codex, gemini, gone]", Some(mixed)),
            (&["gone"], "", None),
            (&[], "", None),
        ] {
            assert_eq!(lacks(&reach(own), keys).as_deref(), expected, "{own:?} {keys}");
        }
        assert_eq!(lacks(&Reach { own: vec!["claude".to_owned()], ..Reach::default() }, ""), None);
    }

    #[test]
    fn a_task_waits_until_the_first_of_its_agents_can_be_asked() {
        let lack = reach(&["claude", "codex", "gone"]).lacks(&entry("")).unwrap();
        assert_eq!((lack.until, lack.parked_until(), lack.waits_for_a_turn()), (at(30), Some(at(30)), false));
        let lack = reach(&["claude", "gemini"]).lacks(&entry("")).unwrap();
        assert_eq!((lack.until, lack.parked_until(), lack.waits_for_a_turn()), (at(5), Some(at(60)), true));
    }

    #[test]
    fn who_holds_the_session_goes_before_the_order_of_the_list() {
        let holds = "agent: [script, claude, mine]\nswarm:\n  session: {agent: mine, id: s, contract: CONTRACT}";
        let contract = Task::parse(TaskId::parse("t").unwrap(), b"# T\n").unwrap().contract();
        let of = |keys: &str| entry(&keys.replace("CONTRACT", &contract));
        assert_eq!(reach(&[]).who(&of(holds)), Some("mine"));
        assert_eq!(reach(&[]).who(&of(&holds.replace("agent: mine", "agent: claude"))), Some("script"));
        assert_eq!(reach(&[]).who(&of(&holds.replace("agent: mine", "agent: other"))), Some("script"));
        assert_eq!(reach(&[]).who(&of(&holds.replace("CONTRACT", "other"))), Some("script"));
    }

    proptest! {
        #[test]
        fn the_first_that_can_be_asked_is_asked(
            states in proptest::collection::vec(0..4_u8, 1..6),
            holder in proptest::option::of(0..7_usize),
        ) {
            let name = |at: usize| format!("a{at}");
            let names: Vec<String> = (0..states.len()).map(name).collect();
            let closed: BTreeMap<String, Closed> = states.iter().enumerate().filter_map(|(number, state)| {
                let closed = match state {
                    0 => return None,
                    1 => Closed::Parked(at(number as i64)),
                    2 => full("p", 1),
                    _ => Closed::Absent,
                };
                Some((name(number), closed))
            }).collect();
            let holder = holder.map(name);
            let who = first_in_reach(names.iter().map(String::as_str), holder.as_deref(), &closed);
            let open: Vec<&String> = names.iter().filter(|name| !closed.contains_key(*name)).collect();
            match who {
                None => prop_assert!(open.is_empty()),
                Some(who) if Some(who) == holder.as_deref() => prop_assert!(!closed.contains_key(who)),
                Some(who) => {
                    prop_assert_eq!(who, open[0].as_str());
                    prop_assert!(holder.is_none_or(|holder| !open.contains(&&holder)));
                }
            }
            let reach = Reach { own: names, closed };
            let lack = reach.lacks(&entry(""));
            let only_absent = states.iter().all(|state| *state == 3);
            prop_assert_eq!(lack.is_some(), open_count(&reach) == 0 && !only_absent);
        }
    }

    fn open_count(reach: &Reach) -> usize {
        reach.own.iter().filter(|agent| !reach.closed.contains_key(*agent)).count()
    }
}
