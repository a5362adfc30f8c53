//! The top-level keys of a front matter, each with the bytes it stands on.

use std::ops::Range;

use super::scan::Scanner;
use super::split::line_end;

/// A top-level key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The key, without quotes.
    pub(crate) key: String,
    /// From the beginning of its line to the end of the last line of its value; comments and empty lines below are
    /// not part of it.
    pub(crate) span: Range<usize>,
}

/// Why a front matter is not read, although some YAML parser might.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// The byte of the front matter at which the reason stands.
    pub(crate) at: usize,
    pub(crate) reason: String,
    pub(crate) advice: &'static str,
}

impl Refused {
    pub(super) fn new(at: usize, reason: impl Into<String>, advice: &'static str) -> Self {
        Self { at, reason: reason.into(), advice }
    }
}

/// Lists the top-level keys of `yaml`, in one pass whose cost grows with its length only.
///
/// It follows the tokens as libyaml does, far enough to know what is a key, a quoted text, a block of text or a
/// comment. It refuses what could cost or confuse: deep nesting, anchors, aliases, tags, keys that are no plain
/// words. Errors that it does not see are left to the parser.
pub(super) fn outline(yaml: &str) -> Result<Vec<Entry>, Refused> {
    if let Some((at, char)) = first_odd(yaml) {
        let reason = format!("an invisible character stands here (U+{:04X})", u32::from(char));
        return Err(Refused::new(at, reason, "delete it"));
    }
    let mut entries = Scanner::new(yaml).run()?;
    for entry in &mut entries {
        entry.span.end = line_end(yaml, entry.span.end);
    }
    Ok(entries)
}

/// The first character that a front matter may not hold: line ends that YAML knows and an editor does not show, marks
/// that it skips, and what it forbids.
pub(crate) fn first_odd(text: &str) -> Option<(usize, char)> {
    text.char_indices().find(|(at, char)| match char {
        '\n' | '\t' => false,
        '\r' => !text[at + 1..].starts_with('\n'),
        '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => true,
        char => char.is_control(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(yaml: &str) -> Vec<(String, &str)> {
        let entries = outline(yaml).unwrap_or_else(|refused| panic!("{yaml}: {refused:?}"));
        entries.into_iter().map(|entry| (entry.key, &yaml[entry.span])).collect()
    }

    fn keys(yaml: &str) -> Vec<String> {
        spans(yaml).into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn each_key_stands_on_its_own_lines() {
        let yaml =
            "# head\ntitle: x # note\n\nswarm:\n  a: 1\n\n  b: [\n1,\n2]\n# mine\n  # mine too\n\nfiles:\n- a\n- b\n";
        let expected = [
            ("title", "title: x # note\n"),
            ("swarm", "swarm:\n  a: 1\n\n  b: [\n1,\n2]\n"),
            ("files", "files:\n- a\n- b\n"),
        ];
        assert_eq!(spans(yaml), expected.map(|(key, span)| (key.to_owned(), span)));
    }

    #[test]
    fn what_looks_like_a_key_inside_a_value_is_none() {
        for yaml in [
            "a: |\n  b: c\n\n  [[[ \"\n",
            "a: |2-\n    deeper: x\n  b: c\n",
            "a: >+\n\n\n  b: c\n\n",
            "a: \"x\nb: c\"\n",
            "a: 'it''s\nb: c'\n",
            "a: \"\\\"\nb: c\"\n",
            "a: {x: y,\nb: c}\n",
            "a: [\nb: c\n]\n",
            "a: x\n  'y\n  z\n",
            "a:\n  - k: |\n      b: \"\n    m: n\n",
            "a:\n- |\n b: '\n",
            "a: # b: c\n  'x'\n",
            "a: x # 'b\n",
            "a: b'c\"d[e{f#g\n",
            "a: http://x:80/y\n",
            "\"a\": \"x\" # b: c\n",
            "'a': {\"k\":[1,\"]\"]}\n",
            "a:\n\n\n",
            "a: -x\n",
            "a: |\n\n",
            "a:\r\n  - \"x\"\r\n",
        ] {
            assert_eq!(keys(yaml), ["a"], "{yaml}");
        }
        for empty in ["", "\n\n", "# only: a comment\n", "   \n# x"] {
            assert!(keys(empty).is_empty());
        }
    }

    #[test]
    fn what_could_cost_or_confuse_is_refused_where_it_stands() {
        let deep = format!("a: {}", "[".repeat(40));
        let deep_block = format!("a:\n{}", (1..40).map(|n| format!("{}k:\n", " ".repeat(n))).collect::<String>());
        let dashes = format!("a:\n {}", "- ".repeat(40));
        for (yaml, at, says) in [
            ("title: fix: the thing\n", 10, "quote the value"),
            ("title: fix\n  more: stuff\n", 17, "quote the value"),
            ("x: y\nfiles: [*.rs]\n", 13, "quote it"),
            ("files: *a\n", 7, "quote it"),
            ("a: &b c\n", 3, "quote it"),
            ("a: !b c\n", 3, "quote it"),
            ("who: @me\n", 5, "quote it"),
            ("a: `b`\n", 3, "quote it"),
            ("a: %b\n", 3, "quote it"),
            ("? a\n: b\n", 0, "quote it"),
            ("%YAML 1.2\n", 0, "quote it"),
            (": b\n", 0, "before the colon"),
            ("{a: b}\n", 0, "one per line"),
            ("- a\n", 0, "one per line"),
            ("just words\n", 0, "one per line"),
            ("  a: b\n", 2, "remove the blanks"),
            ("a:\n\tb: c\n", 3, "spaces"),
            ("a: b\n...\n", 5, "remove this line"),
            ("a: b\n--- x\n", 5, "remove this line"),
            ("a: 'b\nc: d\n", 3, "close it"),
            ("a: [b\nc: d\n", 3, "close it"),
            ("a: x\u{2028}b: c\n", 4, "delete it"),
            ("a: x\rb: c\n", 4, "delete it"),
            ("a: \u{1b}[1m\n", 3, "delete it"),
            (deep.as_str(), 3 + 31, "flatter"),
            (deep_block.as_str(), 0, "flatter"),
            (dashes.as_str(), 0, "flatter"),
        ] {
            let refused = outline(yaml).expect_err(yaml);
            assert!(refused.advice.contains(says), "{yaml}: {refused:?}");
            assert!(at == 0 || refused.at == at, "{yaml}: {refused:?}");
        }
    }
}
