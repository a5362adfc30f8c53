//! Finds and reads the comments.

use jiff::Timestamp;

use super::author::Author;
use super::write::unescaped;
use crate::model::markdown::{Lines, Part, heading};

/// The heading under which comments stand.
pub(super) const HEADING: &str = "Comments";

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// When it was written; `None` for words that someone put under the heading without our `### <time> <author>`.
    pub at: Option<Timestamp>,
    /// Who wrote it; words without a heading are a person's.
    pub author: Author,
    /// What it says, in markdown.
    pub text: String,
}

/// The body up to its comments, byte for byte: all of it, if there are none.
pub fn body_without_comments(body: &str) -> &str {
    section(body).map_or(body, |start| &body[..start])
}

/// The comments of a body, in the order in which they stand there.
pub fn comments(body: &str) -> Vec<Comment> {
    let Some(start) = section(body) else { return Vec::new() };
    let mut comments = vec![Comment { at: None, author: Author::Human, text: String::new() }];
    for line in Lines::new(&body[start..]).skip(1) {
        let opened = if line.part == Part::Text { comment_heading(line.text) } else { None };
        match (opened, comments.last_mut()) {
            (Some((at, author)), _) => comments.push(Comment { at: Some(at), author, text: String::new() }),
            (None, Some(comment)) => {
                comment.text.push_str(&if line.part == Part::Text { unescaped(line.text) } else { line.text.into() });
                comment.text.push('\n');
            }
            (None, None) => {}
        }
    }
    for comment in &mut comments {
        comment.text = without_empty_ends(&comment.text).to_owned();
    }
    comments.retain(|comment| comment.at.is_some() || !comment.text.is_empty());
    comments
}

/// Where the last heading `## Comments` begins, with no other heading of its level or above after it.
pub(super) fn section(body: &str) -> Option<usize> {
    let headings = Lines::new(body).filter(|line| line.part == Part::Text);
    let headings = headings.filter_map(|line| heading(line.text).map(|(level, text)| (line.start, level, text)));
    let (start, level, text) = headings.filter(|(_, level, _)| *level <= 2).last()?;
    (level == 2 && text == HEADING).then_some(start)
}

fn comment_heading(line: &str) -> Option<(Timestamp, Author)> {
    let (level, text) = heading(line)?;
    let (at, author) = text.split_once(' ')?;
    if level == 3 { Some((at.parse().ok()?, Author::parse(author.trim())?)) } else { None }
}

fn without_empty_ends(text: &str) -> &str {
    let text = text.trim_end();
    let blank = text.len() - text.trim_start().len();
    text[..blank].rfind('\n').map_or(text, |end| &text[end + 1..])
}
