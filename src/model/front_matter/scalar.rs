//! Steps over the values of a front matter: plain, quoted, and blocks of text.

use super::outline::Refused;
use super::scan::Scanner;

impl Scanner<'_> {
    /// Steps over a text without quotes, which may go on over several lines; gives where it ends.
    pub(super) fn plain(&mut self) -> usize {
        let (start, first_line, fresh) = (self.at, self.line, self.fresh);
        let indent = self.indents.last().map_or(0, |indent| indent + 1);
        let mut end;
        let mut crossed;
        self.at += 1;
        loop {
            self.plain_word();
            end = self.at;
            crossed = false;
            while self.peek(0).is_some() && self.blank(0) {
                if self.peek(0) == Some(b'\n') {
                    self.next_line();
                    crossed = true;
                } else {
                    self.at += 1;
                }
            }
            let ended = end == self.at || self.peek(0).is_none_or(|byte| byte == b'#') || self.document_mark();
            if ended || (self.flow.is_empty() && self.column() < indent) || self.ends_plain() {
                break;
            }
        }
        self.fresh = crossed;
        let may_be_key = fresh && self.flow.is_empty() && self.line == first_line;
        self.key = may_be_key.then_some(start..end);
        end
    }

    fn plain_word(&mut self) {
        while !self.blank(0) && !self.ends_plain() {
            self.at += 1;
        }
    }

    /// Whether a character stands here that ends a text without quotes.
    fn ends_plain(&self) -> bool {
        match self.peek(0) {
            Some(b':') => {
                self.blank(1)
                    || (!self.flow.is_empty() && matches!(self.peek(1), Some(b',' | b'?' | b'[' | b']' | b'{' | b'}')))
            }
            Some(b',' | b'[' | b']' | b'{' | b'}') => !self.flow.is_empty(),
            Some(_) | None => false,
        }
    }

    /// Steps over a text in quotes.
    pub(super) fn quoted(&mut self, quote: u8) -> Result<(), Refused> {
        let (start, first_line, fresh) = (self.at, self.line, self.fresh);
        self.at += 1;
        loop {
            match self.peek(0) {
                None => return Err(Refused::new(start, "the quote opened here is never closed", "close it")),
                Some(b'\n') => self.next_line(),
                Some(b'\\') if quote == b'"' && self.peek(1) != Some(b'\n') => self.at += 2,
                Some(byte) if byte == quote && quote == b'\'' && self.peek(1) == Some(quote) => self.at += 2,
                Some(byte) if byte == quote => break,
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        self.fresh = false;
        let may_be_key = fresh && self.flow.is_empty() && self.line == first_line;
        self.key = may_be_key.then_some(start..self.at);
        Ok(())
    }

    /// Steps over a block of text (`|` or `>`); gives where its last line of content ends.
    pub(super) fn block_scalar(&mut self) -> usize {
        let parent = self.indents.last().copied();
        let header = self.rest_of_line();
        let mut end = self.at + header.len();
        let explicit = header.bytes().skip(1).take(2).find(u8::is_ascii_digit).map(|digit| usize::from(digit - b'0'));
        let mut indent = explicit.map(|more| parent.unwrap_or(0) + more);
        let mut widest = 0;
        self.skip_line();
        while self.at < self.text.len() {
            let line = self.rest_of_line();
            let spaces = line.len() - line.trim_start_matches(' ').len();
            let empty = spaces == line.len();
            let content = match indent {
                None if empty => {
                    widest = widest.max(spaces);
                    self.skip_line();
                    continue;
                }
                None => *indent.insert(widest.max(spaces).max(parent.map_or(1, |parent| parent + 1))),
                Some(indent) => indent,
            };
            if spaces < content && !empty {
                break;
            }
            if !empty || spaces > content {
                end = self.at + line.len();
            }
            self.skip_line();
        }
        self.fresh = true;
        self.key = None;
        end
    }

    /// The rest of the line, without its end.
    fn rest_of_line(&self) -> &str {
        let rest = &self.text[self.at..];
        let line = rest.find('\n').map_or(rest, |end| &rest[..end]);
        line.strip_suffix('\r').unwrap_or(line)
    }

    fn skip_line(&mut self) {
        match self.text[self.at..].find('\n') {
            Some(end) => {
                self.at += end;
                self.next_line();
            }
            None => self.at = self.text.len(),
        }
    }
}
