//! Bytes that come in pieces, put together to lines of a bounded length.

use std::borrow::Cow;
use std::io::BufRead;

/// The longest line that is kept, in bytes.
pub(super) const LONGEST: usize = 16 * 1024 * 1024;
/// What the buffer keeps between two lines, in bytes.
const AT_REST: usize = 64 * 1024;

/// The line that has begun.
#[derive(Debug, Default)]
pub(super) struct Lines {
    begun: Vec<u8>,
    /// The line that has begun is too long: so many bytes of it were dropped, and the rest of it will be.
    too_long: Option<u64>,
    dropped: u64,
}

/// A line, without its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line<'b> {
    /// All of it.
    Whole(&'b [u8]),
    /// Nothing of it: it had so many bytes.
    TooLong(u64),
}

impl Lines {
    /// Gives each line that `bytes` completes to `take`.
    pub(super) fn feed(&mut self, bytes: &[u8], mut take: impl FnMut(Line<'_>)) {
        let mut rest = bytes;
        while let Some((line, after)) = split_line(rest) {
            rest = after;
            // Most lines come whole; these are never copied.
            if self.begun.is_empty() && self.too_long.is_none() && line.len() <= LONGEST {
                take(Line::Whole(line));
            } else {
                self.push(line);
                self.end(&mut take);
            }
        }
        self.push(rest);
    }

    /// Gives what stands after the last line's end to `take`. Gives how many bytes were dropped in all.
    pub(super) fn finish(&mut self, mut take: impl FnMut(Line<'_>)) -> u64 {
        self.end(&mut take);
        self.dropped
    }

    /// How many bytes were dropped up to now.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    fn push(&mut self, part: &[u8]) {
        if self.too_long.is_none() && self.begun.len() + part.len() <= LONGEST {
            self.begun.extend_from_slice(part);
            return;
        }
        // What is left of a record that was cut is no record: nothing of it is kept.
        let more = (std::mem::take(&mut self.begun).len() + part.len()) as u64;
        self.dropped += more;
        self.too_long = Some(self.too_long.unwrap_or(0) + more);
    }

    fn end(&mut self, take: &mut impl FnMut(Line<'_>)) {
        match self.too_long.take() {
            Some(bytes) => take(Line::TooLong(bytes)),
            None => take(Line::Whole(&self.begun)),
        }
        self.begun.clear();
        self.begun.shrink_to(AT_REST);
    }
}

/// The first line of `bytes` without its end, and what stands after it; `None` where no line ends.
fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut after = bytes;
    // In memory this cannot fail, and it searches many bytes at a time.
    let length = after.skip_until(b'\n').unwrap_or(0);
    Some((bytes[..length].strip_suffix(b"\n")?, after))
}

/// A line as text, with signs for what is none.
pub(super) fn text_of(line: &[u8]) -> Cow<'_, str> {
    // Nearly all lines are text, and this is told faster than where in them it is none.
    std::str::from_utf8(line).map_or_else(|_| String::from_utf8_lossy(line), Cow::Borrowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(chunks: &[&[u8]]) -> (Vec<String>, u64) {
        let mut lines = Lines::default();
        let mut seen = Vec::new();
        let shown = |line: Line<'_>| match line {
            Line::Whole(line) => String::from_utf8(line.to_vec()).unwrap(),
            Line::TooLong(bytes) => format!("({bytes})"),
        };
        for chunk in chunks {
            lines.feed(chunk, |line| seen.push(shown(line)));
        }
        let dropped = lines.finish(|line| seen.push(shown(line)));
        (seen, dropped)
    }

    #[test]
    fn lines_are_put_together_from_pieces() {
        let whole = lines(&[b"one\ntwo\n\nthree"]);
        assert_eq!(whole.0, ["one", "two", "", "three"]);
        assert_eq!(lines(&[b"on", b"e", b"\ntwo\n", b"\nth", b"", b"ree"]), whole);
    }

    #[test]
    fn a_line_that_is_too_long_is_dropped_and_counted() {
        let long = vec![b'x'; LONGEST + 1];
        let (seen, dropped) = lines(&[b"a\n", &long[..LONGEST], &long[LONGEST..], b"yz\nb\n"]);
        let size = LONGEST as u64 + 3;
        assert_eq!((seen, dropped), (vec!["a".to_owned(), format!("({size})"), "b".to_owned(), String::new()], size));
        let mut whole = long.clone();
        whole.extend_from_slice(b"\nb");
        assert_eq!(lines(&[&whole]), (vec![format!("({})", LONGEST + 1), "b".to_owned()], LONGEST as u64 + 1));
        assert_eq!(lines(&[&long[1..]]).1, 0);
    }

    #[test]
    fn what_is_no_text_is_marked() {
        assert_eq!(text_of("ä".as_bytes()), "ä");
        assert_eq!(text_of(b"a\xffb"), "a\u{fffd}b");
    }
}
