//! What the records of a turn have said up to now.

use std::time::Duration;

use jiff::Timestamp;

use super::heard::Heard;
use super::record::{Record, Value};
use crate::model::agent::{Clear, Field, Figure, Flag, Kind, LineRule};

/// The longest message that is kept, in bytes; of a longer one its end.
const LONGEST_TEXT: usize = 16 * 1024 * 1024;
/// The longest words of an error that are kept, in bytes.
const LONGEST_ERROR: usize = 16 * 1024;
/// The longest id of a session, and the longest name of a model, in bytes.
const LONGEST_NAME: usize = 256;

/// What is known of a turn while it lasts.
#[derive(Debug, Clone, Default)]
pub(super) struct Turn {
    pub(super) session: Option<String>,
    pub(super) model: Option<String>,
    pub(super) text: Option<String>,
    pub(super) input: Option<u64>,
    pub(super) cached: Option<u64>,
    pub(super) cache_write: Option<u64>,
    pub(super) output: Option<u64>,
    pub(super) total: Option<u64>,
    pub(super) cost: Option<f64>,
    pub(super) error: Notice,
    pub(super) retry: Notice,
    pub(super) reset_at: Option<Timestamp>,
    pub(super) retry_after: Option<Duration>,
    pub(super) started: bool,
    /// The model has said something: its provider lets it.
    pub(super) heard: bool,
    pub(super) done: bool,
    pub(super) failed: bool,
    /// How many calls of tools were seen.
    pub(super) tool_calls: u32,
}

/// What the agent says of an error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Notice {
    pub(super) message: Option<String>,
    pub(super) code: Option<String>,
    pub(super) status: Option<u16>,
}

impl Notice {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Turn {
    /// Takes what `record` says, if `rule` is about it.
    pub(super) fn apply(&mut self, rule: &Heard, record: &Record<'_>) {
        if !record.is_as(&rule.when) {
            return;
        }
        rule.clear.iter().for_each(|clear| self.clear(*clear));
        for (field, spot) in &rule.set {
            if let Some(value) = record.value(*spot) {
                self.set(*field, value);
            }
        }
        for (field, words) in &rule.constant {
            self.set(*field, words);
        }
        for (figure, spot) in &rule.add {
            if let Some(value) = record.value(*spot) {
                self.add(*figure, value);
            }
        }
        if let Some((spot, between)) = &rule.append
            && let Some(Value::Text(piece)) = record.value(*spot)
        {
            self.append(between, piece);
        }
        if let Some(flag) = rule.flag {
            self.flag(flag);
        }
        let calls = rule.tools.shown(record).filter(|(view, _)| view.kind == Kind::Tool).count();
        self.tool_calls = self.tool_calls.saturating_add(u32::try_from(calls).unwrap_or(u32::MAX));
    }

    /// Takes what a line of plain text says, if `rule` is about it.
    pub(super) fn apply_line(&mut self, rule: &LineRule, line: &str) {
        let Some(groups) = rule.re.captures(line) else { return };
        rule.clear.iter().for_each(|clear| self.clear(*clear));
        for (field, name) in &rule.set {
            if let Some(group) = groups.name(name) {
                self.set(*field, &Value::Text(group.as_str().into()));
            }
        }
        if let Some(flag) = rule.flag {
            self.flag(flag);
        }
    }

    fn clear(&mut self, clear: Clear) {
        match clear {
            Clear::Text => self.text = None,
            Clear::Done => self.done = false,
            Clear::Failed => (self.failed, self.error) = (false, Notice::default()),
            Clear::Retry => self.got_through(),
        }
    }

    fn got_through(&mut self) {
        self.heard = true;
        (self.retry, self.reset_at, self.retry_after) = (Notice::default(), None, None);
    }

    /// The last end that was told is the one that counts.
    fn flag(&mut self, flag: Flag) {
        match flag {
            Flag::Started => self.started = true,
            Flag::Done => {
                self.clear(Clear::Failed);
                self.got_through();
                self.done = true;
            }
            Flag::Failed => (self.done, self.failed) = (false, true),
        }
    }

    /// A value that cannot be one of this field leaves the field alone.
    fn set(&mut self, field: Field, value: &Value<'_>) {
        match field {
            Field::Session => replace(&mut self.session, session_id(value)),
            Field::Text => {
                self.heard = true;
                replace(&mut self.text, text(value));
            }
            Field::UsageInput => replace(&mut self.input, tokens(value)),
            Field::UsageCached => replace(&mut self.cached, tokens(value)),
            Field::UsageCacheWrite => replace(&mut self.cache_write, tokens(value)),
            Field::UsageOutput => replace(&mut self.output, tokens(value)),
            Field::UsageTotal => replace(&mut self.total, tokens(value)),
            Field::Model => replace(&mut self.model, name(value)),
            Field::CostUsd => replace(&mut self.cost, number(value)),
            Field::ErrorMessage => replace(&mut self.error.message, words(value)),
            Field::ErrorCode => replace(&mut self.error.code, words(value)),
            Field::ErrorStatus => replace(&mut self.error.status, status(value)),
            Field::RetryMessage => replace(&mut self.retry.message, words(value)),
            Field::RetryStatus => replace(&mut self.retry.status, status(value)),
            Field::LimitResetAt => replace(&mut self.reset_at, moment(value)),
            Field::LimitRetryAfter => {
                replace(
                    &mut self.retry_after,
                    number(value).and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
                );
            }
        }
    }

    fn add(&mut self, figure: Figure, value: &Value<'_>) {
        let sum = |figure: &mut Option<u64>| {
            replace(figure, tokens(value).map(|more| figure.unwrap_or(0).saturating_add(more)));
        };
        match figure {
            Figure::UsageInput => sum(&mut self.input),
            Figure::UsageCached => sum(&mut self.cached),
            Figure::UsageCacheWrite => sum(&mut self.cache_write),
            Figure::UsageOutput => sum(&mut self.output),
            Figure::CostUsd => {
                let sum = number(value).map(|more| self.cost.unwrap_or(0.0) + more);
                replace(&mut self.cost, sum);
            }
        }
    }

    fn append(&mut self, between: &str, piece: &str) {
        self.heard = true;
        let text = self.text.get_or_insert_default();
        if !text.is_empty() {
            text.push_str(between);
        }
        text.push_str(piece);
        let surplus = text.ceil_char_boundary(text.len().saturating_sub(LONGEST_TEXT));
        text.drain(..surplus);
    }
}

fn replace<T>(slot: &mut Option<T>, value: Option<T>) {
    if value.is_some() {
        *slot = value;
    }
}

fn text(value: &Value<'_>) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone().into_owned()),
        Value::Number(_) | Value::Bool(_) => None,
    }
}

/// A name of one word and a bounded length.
fn name(value: &Value<'_>) -> Option<String> {
    let odd = |char: char| char.is_whitespace() || char.is_control();
    text(value).filter(|name| !name.is_empty() && name.len() <= LONGEST_NAME && !name.contains(odd))
}

/// It will stand in a command line: nothing that could be taken for an option, or for two words.
fn session_id(value: &Value<'_>) -> Option<String> {
    name(value).filter(|id| !id.starts_with('-'))
}

/// Words about an error, whatever their type, cut to a length that is enough to understand it.
fn words(value: &Value<'_>) -> Option<String> {
    let mut words = value.to_string();
    words.truncate(words.floor_char_boundary(LONGEST_ERROR));
    Some(words).filter(|words| !words.trim().is_empty())
}

fn tokens(value: &Value<'_>) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::Text(text) => text.trim().parse().ok(),
        Value::Bool(_) => None,
    }
}

fn number(value: &Value<'_>) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::Text(text) => text.trim().parse().ok(),
        Value::Bool(_) => None,
    };
    number.filter(|number| number.is_finite() && *number >= 0.0)
}

fn status(value: &Value<'_>) -> Option<u16> {
    tokens(value).and_then(|status| u16::try_from(status).ok()).filter(|status| (100..1000).contains(status))
}

fn moment(value: &Value<'_>) -> Option<Timestamp> {
    // More than a float can hold exactly is more than a moment can be.
    #[expect(clippy::cast_possible_truncation, reason = "a moment out of range is refused by what follows")]
    Timestamp::from_second(number(value)? as i64).ok()
}
