//! Turns what an agent printed into what a person is shown: a line for each message and each call of a tool.

use std::borrow::Cow;

use super::lines::{Line, Lines, text_of};
use super::places::Places;
use super::record::{Record, Spot};
use super::views::{ReadyView, Views, asked};
use crate::model::agent::{Condition, Kind, Output};

/// How much of a message that comes in pieces is kept, in bytes; what is longer is shown as several.
const LONGEST_MESSAGE: usize = 1024 * 1024;

/// A line for a person. Nothing is taken out of the words yet: they may hold anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown<'t> {
    /// What a record says.
    Words {
        /// What it is; never a piece.
        kind: Kind,
        /// Its words: a message, the name of a tool. They may have several lines.
        words: Cow<'t, str>,
        /// What belongs to it.
        with: Vec<Cow<'t, str>>,
    },
    /// A line that is no record, as it was printed.
    Plain(Cow<'t, str>),
    /// A line that was too long to be understood, and how many bytes it had.
    TooLong(u64),
}

/// Reads output piece by piece, in bounded memory, for a person to watch.
#[derive(Debug)]
pub struct Viewer {
    lines: Lines,
    watcher: Watcher,
}

/// What is seen of whole lines.
#[derive(Debug)]
struct Watcher {
    rules: Vec<Seen>,
    places: Places,
    /// The message of which pieces have come.
    message: String,
}

/// A rule that shows something.
#[derive(Debug)]
struct Seen {
    when: Vec<(Spot, Condition)>,
    views: Views,
}

impl Viewer {
    /// Reads output of this form, of JSON records.
    pub fn new(output: &Output) -> Self {
        let rules = || output.rules.iter().filter(|rule| !rule.show.is_empty());
        let mut places = Places::default();
        for array in rules().filter_map(|rule| rule.each.as_ref()) {
            places.array(array);
        }
        let mut seen = Vec::new();
        for rule in rules() {
            let when = asked(&rule.when, |pointer| places.spot(pointer));
            seen.push(Seen { when, views: Views::of(rule, &mut places) });
        }
        let watcher = Watcher { rules: seen, places, message: String::new() };
        Self { lines: Lines::default(), watcher }
    }

    /// Takes what was printed, any bytes, cut anywhere; gives each line that it completes to `show`.
    pub fn feed(&mut self, bytes: &[u8], show: &mut impl FnMut(Shown<'_>)) {
        self.lines.feed(bytes, |line| self.watcher.take(line, show));
    }

    /// Gives what has begun to `show`: nothing more will come.
    pub fn finish(mut self, show: &mut impl FnMut(Shown<'_>)) {
        self.lines.finish(|line| self.watcher.take(line, show));
        self.watcher.end_message(show);
    }
}

impl Watcher {
    fn take(&mut self, line: Line<'_>, show: &mut impl FnMut(Shown<'_>)) {
        let line = match line {
            Line::Whole(line) => line,
            Line::TooLong(bytes) => return show(Shown::TooLong(bytes)),
        };
        let text = text_of(line.trim_ascii_end());
        let Self { rules, places, message } = self;
        let is_record = text.trim_ascii_start().starts_with('{')
            && places.read(&text, |record| see(rules, record, message, show)).is_some();
        if !is_record && !text.is_empty() {
            // It may have come to another stream in the middle of a message, which it does not end.
            show(Shown::Plain(text));
        }
    }

    fn end_message(&mut self, show: &mut impl FnMut(Shown<'_>)) {
        end_message(&mut self.message, show);
    }
}

fn see(rules: &[Seen], record: &Record<'_>, message: &mut String, show: &mut impl FnMut(Shown<'_>)) {
    let shown = || rules.iter().filter(|rule| record.is_as(&rule.when)).flat_map(|rule| rule.views.shown(record));
    if message.len() > LONGEST_MESSAGE || !shown().any(|(view, _)| view.kind == Kind::Piece) {
        end_message(message, show);
    }
    for (view, part) in shown() {
        match view.kind {
            Kind::Piece => message.push_str(&words_at(view.words, part)),
            Kind::Said | Kind::Thought | Kind::Tool | Kind::Result | Kind::Failed | Kind::Error | Kind::Note => {
                show(words_of(view, part));
            }
        }
    }
}

fn end_message(message: &mut String, show: &mut impl FnMut(Shown<'_>)) {
    if !message.is_empty() {
        let words = Cow::Owned(std::mem::take(message));
        show(Shown::Words { kind: Kind::Said, words, with: Vec::new() });
    }
}

fn words_of<'r>(view: &ReadyView, part: &'r Record<'_>) -> Shown<'r> {
    let with = view.with.iter().map(|spot| words_at(*spot, part)).filter(|words| !words.trim().is_empty()).collect();
    Shown::Words { kind: view.kind, words: words_at(view.words, part), with }
}

fn words_at<'r>(spot: Spot, part: &'r Record<'_>) -> Cow<'r, str> {
    part.value(spot).map(|value| value.text()).unwrap_or_default()
}
