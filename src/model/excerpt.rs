//! The telling end of a program's output, cut for a record, a prompt or one sentence.

/// The last `limit` bytes of `text` at most, whole lines where there is a choice.
pub fn tail(text: &str, limit: usize) -> &str {
    if text.len() <= limit {
        return text;
    }
    let mut start = text.len() - limit;
    while !text.is_char_boundary(start) {
        start += 1;
    }
    let cut = &text[start..];
    match cut.split_once('\n') {
        Some((_, whole)) if !whole.is_empty() => whole,
        Some(_) | None => cut,
    }
}

/// The last line that says something, cut to one sentence's length; a placeholder where there is none.
pub fn last_line(text: &str) -> String {
    match text.lines().rev().map(str::trim).find(|line| !line.is_empty()) {
        Some(line) => shorten(line, 200),
        None => "(no output)".to_owned(),
    }
}

/// `text` with at most `limit` characters, an ellipsis where something was cut.
pub fn shorten(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let kept: String = text.chars().take(limit.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_begins_with_a_whole_line_if_it_can() {
        assert_eq!(tail("one\ntwo\nthree", 100), "one\ntwo\nthree");
        assert_eq!(tail("one\ntwo\nthree", 8), "three");
        assert_eq!(tail("abcdefgh", 3), "fgh");
        assert_eq!(tail("äöü", 3), "ü");
    }

    #[test]
    fn the_last_line_that_says_something_is_found() {
        assert_eq!(last_line("a\nerror: b \n\n  \n"), "error: b");
        assert_eq!(last_line(" \n"), "(no output)");
        assert_eq!(shorten("abcdef", 4), "abc…");
    }
}
