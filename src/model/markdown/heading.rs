//! Headings.

use super::lines::{Lines, Part, shallow};

/// The level, 1 to 6, and the text of a line that is a heading (`# text`). The line must not stand inside a fence.
pub(crate) fn heading(line: &str) -> Option<(usize, &str)> {
    let (_, rest) = shallow(line)?;
    let text = rest.trim_start_matches('#');
    let level = rest.len() - text.len();
    if !(1..=6).contains(&level) || !(text.is_empty() || text.starts_with([' ', '\t'])) {
        return None;
    }
    let text = text.trim();
    let open = text.trim_end_matches('#');
    let closed = open.is_empty() || open.ends_with([' ', '\t']);
    Some((level, if closed { open.trim_end() } else { text }))
}

/// Whether a line would make a heading of the text above it (`====`, `----`).
pub(crate) fn is_setext_underline(line: &str) -> bool {
    shallow(line).is_some_and(|(_, rest)| {
        let rest = rest.trim_end_matches([' ', '\t']);
        !rest.is_empty() && (rest.bytes().all(|byte| byte == b'=') || rest.bytes().all(|byte| byte == b'-'))
    })
}

/// The text of the first heading of a markdown text, of any level, outside fences.
pub fn first_heading(text: &str) -> Option<&str> {
    Lines::new(text)
        .filter(|line| line.part == Part::Text)
        .filter_map(|line| heading(line.text))
        .map(|(_, text)| text)
        .find(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_follow_commonmark() {
        for (line, expected) in [
            ("# a b", Some((1, "a b"))),
            ("###### a", Some((6, "a"))),
            ("   ## a ##  ", Some((2, "a"))),
            ("# C#", Some((1, "C#"))),
            ("# a #b", Some((1, "a #b"))),
            ("#", Some((1, ""))),
            ("## ##", Some((2, ""))),
            ("#\ta", Some((1, "a"))),
            ("#a", None),
            ("####### a", None),
            ("    # a", None),
            ("\\# a", None),
            ("", None),
        ] {
            assert_eq!(heading(line), expected, "{line:?}");
        }
    }

    #[test]
    fn the_first_heading_is_not_sought_in_code() {
        assert_eq!(first_heading("x\n```sh\n# comment\n```\n#\n## Real\n# Next\n"), Some("Real"));
        assert_eq!(first_heading("```\n# a\n"), None);
        assert_eq!(first_heading("# Fix `$HOME` \\n {{x}} 🦀\r\n"), Some("Fix `$HOME` \\n {{x}} 🦀"));
    }
}
