//! The user's keys: their names, and the values as types.

use std::fmt;

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::definition::Task;
use super::values::{Dollars, Pattern, Words};
use crate::model::front_matter::{Head, InvalidTask, SWARM, said};
use crate::model::span::Span;
use crate::model::yaml::nearest;

/// Each key with what to write there.
const KEYS: [(&str, &str); 19] = [
    ("title", "write one line of text, in quotes if it holds `: ` or ` #`"),
    ("priority", "write a number from 0 (first) to 4, or P0 to P4"),
    ("type", "write `task` or `epic`"),
    ("parent", "write the id of the epic"),
    ("depends_on", "write a list of ids, such as `[first-task, second-task]`"),
    ("domain", "write one word"),
    ("files", "write a list of quoted globs, such as `[\"src/**\", \"*.md\"]`"),
    ("acceptance", "write a list of sentences, each in quotes if it holds `: ` or ` #`"),
    ("verify", "write a list of commands, such as `[cargo test]`, each in quotes if it holds `: `; or `none`"),
    (
        "agent",
        "write the name of an agent, such as `claude` or `claude:opus`, or a list of them, such as `[claude, codex]`",
    ),
    ("model", "write the name of a model"),
    ("effort", "write one word, such as `high`"),
    ("timeout", "write a time with a unit, such as `30m`, `90s` or `1h 30m`"),
    ("attempts", "write a whole number, 1 or more"),
    ("max_cost_usd", "write an amount in dollars, such as `2.50`"),
    ("not_before", "write a time with an offset, such as `2026-11-20T22:10:00Z` or `2026-11-20T22:10:00+01:00`"),
    ("review", "write `auto`, `none` or `human`"),
    ("expect", "write `change` or `no_change`"),
    (SWARM, "this block is the program's own: mend it, or delete it to start the task afresh"),
];

/// The names of all keys that mean something in a front matter.
pub fn known_keys() -> impl Iterator<Item = &'static str> {
    KEYS.iter().map(|(key, _)| *key)
}

/// The key that `wrong` was most likely meant to be; `None` if none is near.
pub fn nearest_key(wrong: &str) -> Option<&'static str> {
    let wrong = wrong.to_lowercase().replace('-', "_");
    nearest(&wrong, known_keys())
}

/// What to write at `key`.
pub(super) fn advice(key: &str) -> &'static str {
    KEYS.iter().find(|(known, _)| *known == key).map_or("quote the value", |(_, advice)| advice)
}

/// Reads the user's keys of `head` into `task`.
pub(super) fn read(head: &Head<'_>, task: &mut Task) -> Result<(), InvalidTask> {
    let users = head.users();
    let mut at = 0;
    let into = Into { head, task, at: &mut at };
    into.deserialize(serde_yaml::Deserializer::from_str(&users)).map_err(|error| {
        let Some(entry) = head.entries.get(at) else {
            return InvalidTask::new(head.line_of_error(&error, 0), said(&error), "mend the front matter");
        };
        let (key, said) = (
            entry.key.as_str(),
            said(&error).replace("invalid type: ", "wrong type: ").replace("a nonzero u32", "a whole number above 0"),
        );
        let reason = if said.starts_with(key) { said } else { format!("{key}: {said}") };
        let first = head.line(entry.span.start);
        let line = head.line_of_error(&error, 0).map_or(first, |line| line.max(first));
        InvalidTask::at(line, reason, advice(key))
    })?;
    refuse_misspelt(&task.unknown)?;
    refuse_ambiguous_model(head, task)
}

/// With several agents, a model stands behind the name of its own.
fn refuse_ambiguous_model(head: &Head<'_>, task: &Task) -> Result<(), InvalidTask> {
    let refused = task.agent.as_ref().map_or(Ok(()), |agent| agent.refuse_model(task.model.as_deref()));
    refused.map_err(|reason| {
        let entry = head.entries.iter().find(|entry| entry.key == "model");
        let line = entry.map_or(0, |entry| head.line(entry.span.start));
        InvalidTask::at(line, format!("model: {reason}"), advice("agent"))
    })
}

/// Keys of other programs are kept. One that was meant for us and misspelt must not be: a task with `reviw: human` would
/// be merged without the person that it asks for.
fn refuse_misspelt(unknown: &[(String, usize)]) -> Result<(), InvalidTask> {
    let misspelt = unknown.iter().find_map(|(key, line)| Some((key, *line, meant(key)?)));
    match misspelt {
        Some((key, line, meant)) => {
            let reason = format!("the key `{key}` means nothing; did you mean `{meant}`?");
            Err(InvalidTask::at(line, reason, advice(meant)))
        }
        None => Ok(()),
    }
}

/// The key that `wrong` is but for a slip or two, or but for its end.
fn meant(wrong: &str) -> Option<&'static str> {
    let wrong = wrong.to_lowercase().replace('-', "_");
    let is_slip = |known: &str| {
        let slips = strsim::osa_distance(&wrong, known);
        slips <= 1 && wrong.len() > 3 || slips <= 2 && known.len() > 5
    };
    let is_cut = |known: &str| wrong.len() > 5 && known.starts_with(&wrong);
    known_keys().filter(|known| is_slip(known) || is_cut(known)).min_by_key(|known| strsim::osa_distance(&wrong, known))
}

struct Into<'a, 'b> {
    head: &'a Head<'b>,
    task: &'a mut Task,
    /// Which of the entries is being read.
    at: &'a mut usize,
}

impl<'de> DeserializeSeed<'de> for Into<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Into<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("keys with values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if !take(self.task, &key, &mut map)? {
                map.next_value::<IgnoredAny>()?;
                let line = self.head.entries.get(*self.at).map_or(0, |entry| self.head.line(entry.span.start));
                self.task.unknown.push((key, line));
            }
            *self.at += 1;
        }
        Ok(())
    }
}

/// Takes the value of one key. Gives `false`, with the value unread, if the key means nothing.
fn take<'de, A: MapAccess<'de>>(task: &mut Task, key: &str, map: &mut A) -> Result<bool, A::Error> {
    match key {
        "title" => task.title = or_default::<String, _>(map)?,
        "priority" => task.priority = or_default(map)?,
        "type" => task.kind = or_default(map)?,
        "parent" => task.parent = map.next_value()?,
        "depends_on" => task.depends_on = or_default(map)?,
        "domain" => task.domain = words(map)?,
        "files" => task.files = or_default::<Vec<Pattern>, _>(map)?.into_iter().map(|pattern| pattern.0).collect(),
        "acceptance" => task.acceptance = or_default::<Vec<Words>, _>(map)?.into_iter().map(|words| words.0).collect(),
        "verify" => task.verify = or_default(map)?,
        "agent" => task.agent = map.next_value()?,
        "model" => task.model = words(map)?,
        "effort" => task.effort = words(map)?,
        "timeout" => task.timeout = map.next_value::<Option<Span>>()?.map(|span| span.0),
        "attempts" => task.attempts = map.next_value()?,
        "max_cost_usd" => task.max_cost_usd = map.next_value::<Option<Dollars>>()?.map(|dollars| dollars.0),
        "not_before" => task.not_before = map.next_value()?,
        "review" => task.review = or_default(map)?,
        "expect" => task.expect = or_default(map)?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// A key without a value means the same as no key.
fn or_default<'de, T: DeserializeOwned + Default, A: MapAccess<'de>>(map: &mut A) -> Result<T, A::Error> {
    Ok(map.next_value::<Option<T>>()?.unwrap_or_default())
}

fn words<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<String>, A::Error> {
    Ok(map.next_value::<Option<Words>>()?.map(|words| words.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_told_from_a_key_of_another_program() {
        for (wrong, right) in [
            ("reviw", Some("review")),
            ("Review", Some("review")),
            ("reviews", Some("review")),
            ("depend_on", Some("depends_on")),
            ("depends-on", Some("depends_on")),
            ("depends", Some("depends_on")),
            ("priorty", Some("priority")),
            ("titel", Some("title")),
            ("verfy", Some("verify")),
            ("max_cost", Some("max_cost_usd")),
            ("swram", Some("swarm")),
            ("tpye", Some("type")),
        ] {
            assert_eq!(meant(wrong), right, "{wrong}");
        }
        let theirs = "id tags status state created updated due date assignee author owner labels estimate milestone \
                      version layout draft category slug description summary name project sprint points story epic kind \
                      blocked_by deps requires component area severity resolution link url branch base commit closed \
                      notes context goal scope time tier";
        for key in theirs.split_whitespace() {
            assert_eq!(meant(key), None, "{key}");
        }
    }

    #[test]
    fn a_mistyped_key_finds_the_right_one() {
        for (wrong, right) in [
            ("titel", Some("title")),
            ("Title", Some("title")),
            ("prioriy", Some("priority")),
            ("depends-on", Some("depends_on")),
            ("depends", Some("depends_on")),
            ("max_cost", Some("max_cost_usd")),
            ("swram", Some("swarm")),
            ("zebra", None),
            ("", None),
        ] {
            assert_eq!(nearest_key(wrong), right, "{wrong}");
        }
    }
}
