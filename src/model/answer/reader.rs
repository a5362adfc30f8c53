//! Reads what an agent prints, while it prints.

use super::found::{Answer, Trouble, Waiting};
use super::heard::Heard;
use super::lines::{Line, Lines, text_of};
use super::places::Places;
use super::record::Record;
use super::turn::Turn;
use super::{limit, trouble};
use crate::model::agent::{Format, Output, TroubleKind};
use crate::model::budget::Usd;
use crate::model::clean;
use crate::model::record::Usage;

/// How much of a line of plain text is looked at, in bytes.
const PLAIN_BYTES: usize = 4096;

/// Understands an agent's output piece by piece.
#[derive(Debug)]
pub struct Reader {
    lines: Lines,
    listener: Listener,
}

/// What is understood of whole lines.
#[derive(Debug)]
struct Listener {
    output: Output,
    rules: Vec<Heard>,
    places: Places,
    turn: Turn,
    /// What went wrong before the agent came to work.
    before: Option<Trouble>,
}

impl Reader {
    /// Reads output of this form.
    pub fn new(output: &Output) -> Self {
        let (rules, places) = Heard::all(&output.rules);
        let listener = Listener { output: output.clone(), rules, places, turn: Turn::default(), before: None };
        Self { lines: Lines::default(), listener }
    }

    /// Takes what the agent printed on its standard output or standard error, in the order in which it came: any
    /// bytes, cut anywhere.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.listener.output.format == Format::Text && !bytes.is_empty() {
            self.listener.turn.started = true;
        }
        self.lines.feed(bytes, |line| self.listener.take(line));
    }

    /// Whether a record was seen that says that the turn is over. An agent that goes on living after it may be ended
    /// when it had a moment for more: a later record can still take the end back.
    pub fn is_final(&self) -> bool {
        self.listener.turn.done || self.listener.turn.failed
    }

    /// The session's id, as soon as the agent has named it.
    pub fn session(&self) -> Option<&str> {
        self.listener.turn.session.as_deref()
    }

    /// What the agent waits for, where it says that it will ask again by itself and has not got through yet.
    pub fn waits(&self) -> Option<Waiting> {
        let Listener { output, turn, .. } = &self.listener;
        if turn.retry.is_empty() {
            return None;
        }
        let trouble = trouble::trouble(turn, &output.classify, None)?;
        let limit = limit::limit(turn, &trouble, &output.reset_from_text);
        Some(Waiting { kind: trouble.kind, limit })
    }

    /// Whether the model has said something in this turn: its provider answers. Nobody can tell of one that prints text.
    pub fn has_heard(&self) -> bool {
        self.listener.turn.heard
    }

    /// What is known up to now; for an agent that prints text, all but the text.
    pub fn so_far(&self) -> Answer {
        self.listener.answer(self.lines.dropped())
    }

    /// What is known when the agent is gone. `tail` is the end of what it printed, which is the final message of one
    /// that prints text.
    pub fn finish(self, tail: &[u8]) -> Answer {
        let Self { mut lines, mut listener } = self;
        let dropped_bytes = lines.finish(|line| listener.take(line));
        let mut answer = listener.answer(dropped_bytes);
        if listener.output.format == Format::Text && !tail.trim_ascii().is_empty() {
            answer.text = Some(String::from_utf8_lossy(tail).into_owned());
        }
        answer
    }
}

impl Listener {
    fn take(&mut self, line: Line<'_>) {
        let line = match line {
            Line::Whole(line) => line.trim_ascii(),
            Line::TooLong(_) => return,
        };
        if line.is_empty() {
            return;
        }
        if self.output.format == Format::Jsonl && line.starts_with(b"{") {
            let (rules, turn) = (&self.rules, &mut self.turn);
            let apply = |record: &Record<'_>| rules.iter().for_each(|rule| turn.apply(rule, record));
            if self.places.read(&text_of(line), apply).is_some() {
                return;
            }
        }
        self.take_plain(line);
    }

    fn take_plain(&mut self, line: &[u8]) {
        let is_before = self.output.format == Format::Jsonl && !self.turn.started;
        if self.output.lines.is_empty() && !is_before {
            return;
        }
        let start = &line[..line.len().min(PLAIN_BYTES)];
        let line = clean::clean_text(&String::from_utf8_lossy(start));
        self.output.lines.iter().for_each(|rule| self.turn.apply_line(rule, &line));
        // The first that means something, but a hiccup of the network is told by anything that follows.
        let is_open = self.before.as_ref().is_none_or(|before| before.kind == TroubleKind::Transient);
        if is_before && is_open {
            self.before = trouble::of_line(&line, &self.output.classify).or(self.before.take());
        }
    }

    fn answer(&self, dropped_bytes: u64) -> Answer {
        let (turn, facts) = (&self.turn, &self.output.usage);
        let trouble = trouble::trouble(turn, &self.output.classify, self.before.as_ref());
        let limit = trouble.as_ref().and_then(|trouble| limit::limit(turn, trouble, &self.output.reset_from_text));
        let is_last_word = turn.done || !self.output.tells_its_end();
        let input = match facts.input_includes_cached {
            true => turn.input,
            false => turn.input.map(|input| input.saturating_add(turn.cached.unwrap_or(0))),
        };
        // Some tell what the model wrote without what it thought, and a total.
        let thought = turn.total.zip(input).map(|(total, input)| total.saturating_sub(input));
        Answer {
            text: turn.text.clone().filter(|_| is_last_word),
            session: turn.session.clone(),
            model: turn.model.clone(),
            usage: Usage {
                input_tokens: input,
                output_tokens: turn.output.max(thought),
                cached_tokens: turn.cached,
                cache_write_tokens: turn.cache_write,
            },
            usage_scope: facts.scope,
            // What is no amount of money tells nothing.
            cost_usd: turn.cost.filter(|cost| Usd::new(*cost).is_some()),
            cost_scope: facts.cost_scope,
            started: turn.started,
            tool_calls: (turn.started && self.output.shows_tools()).then_some(turn.tool_calls),
            done: turn.done,
            is_final: turn.done || turn.failed,
            trouble,
            limit,
            dropped_bytes,
        }
    }
}
