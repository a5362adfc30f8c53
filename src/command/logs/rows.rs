//! One line of a log as a person reads it: what it is in the first column, then its words.
//!
//! The words are an agent's: whatever a terminal would act on is taken out of them.

use anstyle::Style;
use bytesize::ByteSize;

use crate::command::paint::{DIM, PLAIN, RED, YELLOW};
use crate::model::agent::Kind;
use crate::model::answer::Shown;
use crate::model::clean::clean_text;
use crate::os::terminal;

/// The width of the first column, with the gap after it.
const LABEL: usize = 9;
/// So many characters stand in the second one, however narrow the terminal is.
const NARROWEST: usize = 20;
/// Where a line of a text ended that is shown in one line.
const LINE_END: &str = " ⏎ ";

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// One line of each text, cut to so many characters, if at all.
    Line(Option<usize>),
    /// All of each text.
    Whole,
}

/// What is shown, and how much of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows {
    pub(super) extent: Extent,
    /// Also what the tools gave back.
    pub(super) with_results: bool,
}

impl Rows {
    /// The same for a terminal as wide as it is now.
    pub(super) fn fitted(self) -> Self {
        match self.extent {
            Extent::Line(_) => Self { extent: Extent::Line(terminal::width()), ..self },
            Extent::Whole => self,
        }
    }

    /// `shown` as lines, each ended; nothing, where it says nothing.
    pub(super) fn text(self, shown: &Shown<'_>) -> String {
        match shown {
            Shown::Words { kind: Kind::Result, .. } if !self.with_results => String::new(),
            Shown::Words { kind, words, with } => {
                let words = std::iter::once(words).chain(with).map(|words| clean_text(words));
                let words: Vec<String> = words.filter(|words| !words.trim().is_empty()).collect();
                self.row(*kind, &words.join("  "))
            }
            Shown::Plain(line) => self.plain(&clean_text(line)),
            Shown::TooLong(bytes) => {
                let size = ByteSize(*bytes);
                self.row(Kind::Note, &format!("a line of {size} was printed; --raw shows it"))
            }
        }
    }

    fn row(self, kind: Kind, words: &str) -> String {
        if words.trim().is_empty() {
            return String::new();
        }
        let (label, label_style, style) = look(kind);
        let words = match self.extent {
            Extent::Line(width) => in_one_line(words, width.map(|width| width.saturating_sub(LABEL))),
            Extent::Whole => below_each_other(words),
        };
        let gap = LABEL - label.len();
        format!("{label_style}{label}{label_style:#}{:gap$}{style}{words}{style:#}\n", "")
    }

    fn plain(self, line: &str) -> String {
        let line = match self.extent {
            Extent::Line(Some(width)) => cut(line, width),
            Extent::Line(None) | Extent::Whole => line.to_owned(),
        };
        format!("{DIM}{line}{DIM:#}\n")
    }
}

/// The label of a line and its style, and that of the words.
fn look(kind: Kind) -> (&'static str, Style, Style) {
    match kind {
        Kind::Said | Kind::Piece => ("said", DIM, PLAIN),
        Kind::Thought => ("thought", DIM, DIM),
        Kind::Tool => ("tool", DIM, PLAIN),
        Kind::Result => ("result", DIM, DIM),
        Kind::Failed => ("failed", YELLOW, PLAIN),
        Kind::Error => ("error", RED, PLAIN),
        Kind::Note => ("note", DIM, DIM),
    }
}

/// A text with all its lines in the second column.
fn below_each_other(text: &str) -> String {
    let indented = |(at, line): (usize, &str)| match (at, line) {
        (0, line) => line.to_owned(),
        (_, "") => "\n".to_owned(),
        (_, line) => format!("\n{:LABEL$}{line}", ""),
    };
    text.lines().enumerate().map(indented).collect()
}

/// A text with its lines after each other, and how many of them do not fit into `room`.
fn in_one_line(text: &str, room: Option<usize>) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let joined = lines.join(LINE_END).replace('\t', " ");
    let Some(room) = room.map(|room| room.max(NARROWEST)) else { return joined };
    if joined.chars().nth(room).is_none() {
        return joined;
    }
    let ends = joined.matches(LINE_END).count();
    let kept = |room: usize| first(&joined, room).trim_end_matches([' ', '⏎']);
    let hidden = |kept: &str| ends - kept.matches(LINE_END).count();
    let all_but = hidden(kept(room - 1));
    if all_but == 0 {
        return format!("{}…", kept(room - 1));
    }
    let kept = kept(room.saturating_sub(format!("… (+{all_but} lines)").chars().count()));
    match hidden(kept) {
        1 => format!("{kept}… (+1 line)"),
        lines => format!("{kept}… (+{lines} lines)"),
    }
}

fn cut(line: &str, width: usize) -> String {
    let width = width.max(NARROWEST);
    let line = line.replace('\t', "    ");
    if line.chars().nth(width).is_none() { line } else { format!("{}…", first(&line, width - 1).trim_end()) }
}

/// The first `count` characters.
fn first(text: &str, count: usize) -> &str {
    text.char_indices().nth(count).map_or(text, |(at, _)| &text[..at])
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn words(kind: Kind, words: &'static str, with: &[&'static str]) -> Shown<'static> {
        Shown::Words { kind, words: words.into(), with: with.iter().map(|words| Cow::Borrowed(*words)).collect() }
    }

    fn text(extent: Extent, shown: &Shown<'_>) -> String {
        let text = Rows { extent, with_results: false }.text(shown);
        anstream::adapter::strip_str(&text).to_string()
    }

    #[test]
    fn what_it_is_stands_before_its_words() {
        let line = |shown: &Shown<'_>| text(Extent::Line(None), shown);
        assert_eq!(line(&words(Kind::Said, "I will look.", &[])), "said     I will look.\n");
        assert_eq!(line(&words(Kind::Tool, "Bash", &["make", " ", "Build"])), "tool     Bash  make  Build\n");
        assert_eq!(line(&words(Kind::Thought, "\n\n a\tb\n\n  c\n", &[])), "thought  a b ⏎ c\n");
        assert_eq!(line(&words(Kind::Said, "\u{1b}[0m", &[])), "");
        assert_eq!(line(&Shown::Plain("  at line 3".into())), "  at line 3\n");
        assert_eq!(line(&Shown::TooLong(17_825_792)), "note     a line of 17.0 MiB was printed; --raw shows it\n");
    }

    #[test]
    fn nothing_that_a_terminal_would_act_on_gets_through() {
        let evil = "\u{1b}]0;title\u{7}\u{1b}[2Jred\u{9b}31m\r\u{8}\u{0}\u{202e}\u{2066}\u{200f}";
        for extent in [Extent::Line(None), Extent::Line(Some(30)), Extent::Whole] {
            for shown in [words(Kind::Error, evil, &[evil]), Shown::Plain(evil.into())] {
                let row = text(extent, &shown);
                assert!(row.contains("red") && row.chars().all(|char| char == '\n' || !char.is_control()), "{row:?}");
                assert!(!row.contains(['\u{202e}', '\u{2066}', '\u{200f}']), "{row:?}");
            }
        }
    }

    #[test]
    fn a_line_is_as_long_as_the_terminal_is_wide() {
        let line = |width, shown: &Shown<'_>| text(Extent::Line(Some(width)), shown);
        let long = words(Kind::Said, "one two three four five\nsix\nseven\neight", &[]);
        assert_eq!(line(60, &long), "said     one two three four five ⏎ six ⏎ seven ⏎ eight\n");
        assert_eq!(line(50, &long), "said     one two three four five ⏎ six… (+2 lines)\n");
        assert_eq!(line(40, &long), "said     one two three four… (+3 lines)\n");
        assert_eq!(line(31, &words(Kind::Said, "one two three four five", &[])), "said     one two three four fi…\n");
        assert_eq!(line(32, &words(Kind::Said, "one two three four five", &[])), "said     one two three four five\n");
        assert_eq!(line(1, &words(Kind::Said, "0123456789012345678901", &[])), "said     0123456789012345678…\n");
        assert_eq!(line(25, &Shown::Plain("\tat the end of a long line".into())), "    at the end of a long…\n");
    }

    #[test]
    fn a_whole_text_has_its_lines_below_each_other() {
        let long = words(Kind::Said, "one\n\n  two\nthree", &[]);
        assert_eq!(text(Extent::Whole, &long), "said     one\n\n           two\n         three\n");
    }

    #[test]
    fn what_tools_gave_back_is_shown_to_those_who_ask() {
        let result = words(Kind::Result, "ok", &[]);
        assert_eq!(text(Extent::Whole, &result), "");
        let rows = Rows { extent: Extent::Line(None), with_results: true };
        assert_eq!(anstream::adapter::strip_str(&rows.text(&result)).to_string(), "result   ok\n");
    }
}
