//! Follows the tokens of a front matter as libyaml does, to find its top-level keys.

use super::outline::{Entry, Refused};

/// Deeper than any front matter needs; the parser's cost grows faster than the depth.
const MAX_DEPTH: usize = 32;

/// A place in the text, and what the tokens so far say about it.
pub(super) struct Scanner<'a> {
    pub(super) text: &'a str,
    /// The next byte.
    pub(super) at: usize,
    /// Where the current line begins.
    pub(super) line: usize,
    /// The columns of the open block mappings and sequences.
    pub(super) indents: Vec<usize>,
    /// Where each open `[` or `{` stands.
    pub(super) flow: Vec<usize>,
    /// Whether a key or a dash may stand here.
    pub(super) fresh: bool,
    /// The text just read, if it would be a key with a colon after it.
    pub(super) key: Option<std::ops::Range<usize>>,
    entries: Vec<Entry>,
    first: Option<usize>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            line: 0,
            indents: Vec::new(),
            flow: Vec::new(),
            fresh: true,
            key: None,
            entries: Vec::new(),
            first: None,
        }
    }

    pub(super) fn run(mut self) -> Result<Vec<Entry>, Refused> {
        loop {
            self.skip_blanks();
            let Some(byte) = self.peek(0) else { break };
            self.first.get_or_insert(self.at);
            let at_edge = self.column() == 0;
            let end = self.token(byte)?;
            let next_key = at_edge && self.key.is_some();
            if let (Some(entry), false) = (self.entries.last_mut(), next_key) {
                entry.span.end = end;
            }
        }
        if let Some(open) = self.flow.last() {
            return Err(Refused::new(*open, "the bracket opened here is never closed", "close it, or quote the value"));
        }
        match self.first {
            Some(first) if self.entries.is_empty() => Err(no_keys(first)),
            Some(_) | None => Ok(self.entries),
        }
    }

    /// The byte `ahead` of the next one.
    pub(super) fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    /// Whether a blank, a line end or the end of the text stands there.
    pub(super) fn blank(&self, ahead: usize) -> bool {
        matches!(self.peek(ahead), None | Some(b' ' | b'\t' | b'\r' | b'\n'))
    }

    pub(super) fn column(&self) -> usize {
        self.at - self.line
    }

    /// Moves over a line end.
    pub(super) fn next_line(&mut self) {
        self.at += 1;
        self.line = self.at;
    }

    /// Whether the line begins with a mark that ends a YAML document.
    pub(super) fn document_mark(&self) -> bool {
        let rest = &self.text[self.line..];
        self.column() == 0 && (rest.starts_with("---") || rest.starts_with("...")) && self.blank(3)
    }

    fn skip_blanks(&mut self) {
        while let Some(byte) = self.peek(0) {
            match byte {
                b' ' | b'\r' => self.at += 1,
                b'\t' if !self.fresh || !self.flow.is_empty() => self.at += 1,
                b'#' => self.at = self.text[self.at..].find('\n').map_or(self.text.len(), |found| self.at + found),
                b'\n' => {
                    self.next_line();
                    if self.flow.is_empty() {
                        self.fresh = true;
                        self.key = None;
                    }
                }
                _ => return,
            }
        }
    }

    /// Reads one token; gives where it ends.
    fn token(&mut self, byte: u8) -> Result<usize, Refused> {
        let (at, column, block) = (self.at, self.column(), self.flow.is_empty());
        if block {
            while self.indents.last().is_some_and(|indent| *indent > column) {
                self.indents.pop();
            }
            if self.first == Some(at) && column > 0 && byte != b'\t' {
                return Err(Refused::new(at, "the first key is indented", "remove the blanks before the keys"));
            }
        }
        if self.document_mark() {
            return Err(Refused::new(at, "this line ends the front matter too early", "remove this line"));
        }
        match byte {
            b'[' | b'{' => self.open()?,
            b']' | b'}' => {
                self.flow.pop();
                self.fresh = false;
                self.at += 1;
            }
            b',' => self.at += 1,
            b'-' if self.blank(1) => self.dash()?,
            b':' if !block => self.at += 1,
            b':' if self.blank(1) => self.colon()?,
            b'?' if !block => self.at += 1,
            b'?' if self.blank(1) => return Err(special(at, '?')),
            b'*' | b'&' | b'!' | b'@' | b'`' | b'%' => return Err(special(at, char::from(byte))),
            b'\t' => {
                return Err(Refused::new(at, "a tab stands where YAML wants spaces", "indent with spaces"));
            }
            b'|' | b'>' if block => return Ok(self.block_scalar()),
            b'\'' | b'"' => self.quoted(byte)?,
            _ => return Ok(self.plain()),
        }
        Ok(self.at)
    }

    fn open(&mut self) -> Result<(), Refused> {
        if self.entries.is_empty() {
            return Err(no_keys(self.at));
        }
        self.flow.push(self.at);
        self.key = None;
        self.check_depth()?;
        self.at += 1;
        Ok(())
    }

    fn dash(&mut self) -> Result<(), Refused> {
        if self.entries.is_empty() {
            return Err(no_keys(self.at));
        }
        if self.flow.is_empty() {
            self.indent(self.column())?;
        }
        self.fresh = true;
        self.key = None;
        self.at += 1;
        Ok(())
    }

    /// A colon makes the text before it a key.
    fn colon(&mut self) -> Result<(), Refused> {
        let Some(key) = self.key.take() else {
            return Err(
                if let (Some(first), true) = (self.first.filter(|at| *at != self.at), self.entries.is_empty()) {
                    no_keys(first)
                } else if self.fresh {
                    Refused::new(self.at, "a key is missing here", "write the key before the colon")
                } else {
                    Refused::new(self.at, "a value holds `: `, which YAML takes for another key", "quote the value")
                },
            );
        };
        let column = key.start - self.line;
        self.indent(column)?;
        if column == 0 {
            self.entries.push(Entry { key: unquote(&self.text[key.clone()]), span: key.start..key.end });
        }
        self.fresh = false;
        self.at += 1;
        Ok(())
    }

    fn indent(&mut self, column: usize) -> Result<(), Refused> {
        if self.indents.last().is_none_or(|indent| *indent < column) {
            self.indents.push(column);
        }
        self.check_depth()
    }

    fn check_depth(&self) -> Result<(), Refused> {
        if self.indents.len() + self.flow.len() > MAX_DEPTH {
            let reason = format!("the front matter is nested more than {MAX_DEPTH} deep");
            return Err(Refused::new(self.at, reason, "make it flatter, or quote the value"));
        }
        Ok(())
    }
}

fn no_keys(at: usize) -> Refused {
    Refused::new(at, "the front matter is not made of keys and values", "write `key: value`, one per line")
}

fn special(at: usize, char: char) -> Refused {
    let reason = format!("`{char}` at the beginning of a value means something else in YAML");
    Refused::new(at, reason, "quote it: put the value between \" and \"")
}

/// The text of a key, as the parser will read it.
fn unquote(key: &str) -> String {
    if key.starts_with(['"', '\'']) {
        serde_yaml::from_str(key).unwrap_or_else(|_| key.to_owned())
    } else {
        key.to_owned()
    }
}
