//! Adds a comment at the end of a task file.

use std::borrow::Cow;

use jiff::Timestamp;

use super::author::Author;
use super::section::{HEADING, section};
use crate::model::clean::clean_text;
use crate::model::front_matter::{newline, split};
use crate::model::markdown::{Lines, Part, heading, is_setext_underline};
use crate::model::moment::whole_seconds;

/// The file of a valid task with a comment at its end: all earlier bytes first, unchanged. The text is cleaned; nothing
/// in it can open a section, or a fence that reaches beyond it.
pub fn with_comment(bytes: &[u8], at: Timestamp, author: &Author, text: &str) -> Vec<u8> {
    let file = String::from_utf8_lossy(bytes);
    // A file that cannot be split is all body.
    let body = split(&file).map_or(&*file, |parts| parts.body());
    let newline = newline(&file);
    let mut added = String::new();
    if !file.is_empty() && !file.ends_with('\n') {
        added.push('\n');
    }
    let mut lines = Lines::new(body);
    let last_is_blank = lines.by_ref().last().is_none_or(|line| line.part == Part::Text && line.text.trim().is_empty());
    if let Some(fence) = lines.closing() {
        added.push_str(&fence);
        added.push_str("\n\n");
    } else if !last_is_blank {
        added.push('\n');
    }
    if section(body).is_none() {
        added.push_str(&format!("## {HEADING}\n\n"));
    }
    added.push_str(&format!("### {} {author}\n", whole_seconds(at)));
    let text = escaped(&clean_text(text));
    if !text.is_empty() {
        added.push('\n');
        added.push_str(&text);
    }
    [bytes, added.replace('\n', newline).as_bytes()].concat()
}

/// `text` with a backslash before each line that would be a heading, and its last fence closed.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 1);
    let mut lines = Lines::new(text);
    for line in lines.by_ref() {
        let marker = if line.part == Part::Text { marker(line.text) } else { None };
        match marker {
            Some(at) => escaped.extend([&line.text[..at], "\\", &line.text[at..]]),
            None => escaped.push_str(line.text),
        }
        escaped.push('\n');
    }
    if let Some(fence) = lines.closing() {
        escaped.push_str(&fence);
        escaped.push('\n');
    }
    escaped
}

/// A line as it was before it was escaped.
pub(super) fn unescaped(line: &str) -> Cow<'_, str> {
    match marker(line) {
        Some(at) if line[at..].starts_with('\\') => Cow::Owned([&line[..at], &line[at + 1..]].concat()),
        Some(_) | None => Cow::Borrowed(line),
    }
}

/// Where the marker begins in a line that is a heading, or was one before it was escaped (once or more: only so an
/// escaped line can be told from one that was written with a backslash).
fn marker(line: &str) -> Option<usize> {
    let rest = line.trim_start_matches(' ');
    let bare = rest.trim_start_matches('\\');
    let at = line.len() - rest.len();
    (at <= 3 && (heading(bare).is_some() || is_setext_underline(bare)) && !bare.starts_with(' ')).then_some(at)
}
