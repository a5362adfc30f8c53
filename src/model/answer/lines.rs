//! Bytes that come in pieces, put together to lines of a bounded length.

/// The longest line that is kept, in bytes.
pub(super) const LONGEST: usize = 16 * 1024 * 1024;
/// What the buffer keeps between two lines, in bytes.
const AT_REST: usize = 64 * 1024;

/// The line that has begun.
#[derive(Debug, Default)]
pub(super) struct Lines {
    begun: Vec<u8>,
    /// The line that has begun is too long; the rest of it is dropped too.
    is_too_long: bool,
    dropped: u64,
}

impl Lines {
    /// Gives each line that `bytes` completes to `take`, without its end.
    pub(super) fn feed(&mut self, bytes: &[u8], mut take: impl FnMut(&[u8])) {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, after) = rest.split_at(end);
            rest = &after[1..];
            // Most lines come whole; these are never copied.
            if self.begun.is_empty() && !self.is_too_long && line.len() <= LONGEST {
                take(line);
            } else {
                self.push(line);
                self.end(&mut take);
            }
        }
        self.push(rest);
    }

    /// Gives what stands after the last line's end to `take`. Gives how many bytes were dropped in all.
    pub(super) fn finish(mut self, mut take: impl FnMut(&[u8])) -> u64 {
        self.end(&mut take);
        self.dropped
    }

    /// How many bytes were dropped up to now.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    fn push(&mut self, part: &[u8]) {
        if !self.is_too_long && self.begun.len() + part.len() <= LONGEST {
            self.begun.extend_from_slice(part);
            return;
        }
        // What is left of a record that was cut is no record: nothing of it is kept.
        self.dropped += (self.begun.len() + part.len()) as u64;
        self.begun = Vec::new();
        self.is_too_long = true;
    }

    fn end(&mut self, take: &mut impl FnMut(&[u8])) {
        if !std::mem::take(&mut self.is_too_long) {
            take(&self.begun);
        }
        self.begun.clear();
        self.begun.shrink_to(AT_REST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(chunks: &[&[u8]]) -> (Vec<Vec<u8>>, u64) {
        let mut lines = Lines::default();
        let mut seen = Vec::new();
        for chunk in chunks {
            lines.feed(chunk, |line| seen.push(line.to_vec()));
        }
        let dropped = lines.finish(|line| seen.push(line.to_vec()));
        (seen, dropped)
    }

    #[test]
    fn lines_are_put_together_from_pieces() {
        let whole = lines(&[b"one\ntwo\n\nthree"]);
        assert_eq!(whole.0, [&b"one"[..], b"two", b"", b"three"]);
        assert_eq!(lines(&[b"on", b"e", b"\ntwo\n", b"\nth", b"", b"ree"]), whole);
    }

    #[test]
    fn a_line_that_is_too_long_is_dropped_and_counted() {
        let long = vec![b'x'; LONGEST + 1];
        let (seen, dropped) = lines(&[b"a\n", &long[..LONGEST], &long[LONGEST..], b"yz\nb\n"]);
        assert_eq!((seen, dropped), (vec![b"a".to_vec(), b"b".to_vec(), Vec::new()], LONGEST as u64 + 3));
        let mut whole = long.clone();
        whole.extend_from_slice(b"\nb");
        assert_eq!(lines(&[&whole]), (vec![b"b".to_vec()], LONGEST as u64 + 1));
        assert_eq!(lines(&[&long[1..]]).1, 0);
    }
}
