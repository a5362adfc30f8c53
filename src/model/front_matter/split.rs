//! Where the front matter and the body of a task file are.

use std::ops::Range;

use super::invalid::InvalidTask;

/// The byte-order mark that some editors put first.
pub(crate) const BOM: char = '\u{feff}';

/// A task file, cut into its parts.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    /// The whole file.
    pub(crate) text: &'a str,
    /// The lines between the two fences; `None` without a front matter.
    pub(crate) yaml: Option<Range<usize>>,
    /// Where the body begins.
    pub(crate) body: usize,
}

impl<'a> Parts<'a> {
    /// The file without mark and front matter.
    pub(crate) fn body(&self) -> &'a str {
        &self.text[self.body..]
    }

    /// The line, from 1, on which the byte `at` of the file stands.
    pub(crate) fn line(&self, at: usize) -> usize {
        line_of(self.text.as_bytes(), at)
    }
}

/// The line, from 1, on which the byte `at` stands.
pub(crate) fn line_of(bytes: &[u8], at: usize) -> usize {
    1 + bytes[..at.min(bytes.len())].iter().filter(|byte| **byte == b'\n').count()
}

/// The bytes as text.
pub(crate) fn decode(bytes: &[u8]) -> Result<&str, InvalidTask> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = line_of(bytes, error.valid_up_to());
        InvalidTask::at(line, "a byte here is not UTF-8", "save the file as UTF-8 text")
    })?;
    match text.find('\0') {
        Some(at) => {
            let line = line_of(bytes, at);
            Err(InvalidTask::at(line, "a NUL byte stands here: the file is torn, or no text", "write the file anew"))
        }
        None => Ok(text),
    }
}

/// Finds front matter and body. The front matter begins on the first line, with `---` alone, and ends with the next such line.
pub(crate) fn split(text: &str) -> Result<Parts<'_>, InvalidTask> {
    let start = if text.starts_with(BOM) { BOM.len_utf8() } else { 0 };
    let first = line_end(text, start);
    if !is_fence(&text[start..first]) {
        return Ok(Parts { text, yaml: None, body: start });
    }
    let mut at = first;
    while at < text.len() {
        let end = line_end(text, at);
        if is_fence(&text[at..end]) {
            return Ok(Parts { text, yaml: Some(first..at), body: end });
        }
        at = end;
    }
    let reason = "the front matter opened here is never closed";
    Err(InvalidTask::at(1, reason, "add a line `---` after its last key, or, if there is none, remove this line"))
}

/// The line end that the file uses: that of its first line.
pub(crate) fn newline(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        Some(_) | None => "\n",
    }
}

/// Where the line that begins at `at` ends, its line end included.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |found| at + found + 1)
}

fn is_fence(line: &str) -> bool {
    line.strip_prefix("---").is_some_and(|rest| rest.trim_matches([' ', '\t', '\r', '\n']).is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_front_matter_is_what_stands_between_the_first_line_and_the_next_fence() {
        for (text, yaml, body) in [
            ("", None, ""),
            ("hello\n---\n", None, "hello\n---\n"),
            ("---\ntitle: x\n---\nbody\n", Some("title: x\n"), "body\n"),
            ("---\n---", Some(""), ""),
            ("--- \t\r\na: b\r\n---\r\nbody", Some("a: b\r\n"), "body"),
            ("\u{feff}---\na: b\n---\nbody", Some("a: b\n"), "body"),
            ("\u{feff}body", None, "body"),
            ("----\nx\n----\n", None, "----\nx\n----\n"),
            ("---\na: b\n ---\n---\n---\nx", Some("a: b\n ---\n"), "---\nx"),
            (" ---\n---\n", None, " ---\n---\n"),
        ] {
            let parts = split(text).expect(text);
            assert_eq!(parts.yaml.clone().map(|range| &text[range]), yaml, "{text:?}");
            assert_eq!(parts.body(), body, "{text:?}");
        }
    }

    #[test]
    fn a_front_matter_that_is_not_closed_is_refused() {
        for text in ["---", "---\n", "---\ntitle: x\n", "---\ntitle: x\n--- x\n"] {
            assert_eq!(split(text).expect_err(text).line, Some(1));
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_named_with_their_line() {
        assert_eq!(decode(b"a\nb\n\xff\n").unwrap_err().line, Some(3));
        assert_eq!(decode(b"\xff\xfea\0").unwrap_err().line, Some(1));
        assert_eq!(decode(b"a\n\0").unwrap_err().line, Some(2));
    }
}
