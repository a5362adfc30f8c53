//! The reader: one value from the beginning of a text.

use std::collections::HashSet;

use super::number::{looks_like_one, number};
use super::text::{character, unescape};
use super::value::Edn;

/// How deep values may lie in each other.
pub const DEEPEST: usize = 64;

/// Why a text is no EDN.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct BadEdn {
    /// Where; counts from 1.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
}

/// Reads the first value of `text`; gives with it the line on which anything stands after it, which is not read.
/// `Ok(None)`: there is no value at all.
///
/// # Errors
/// The first mistake, with its line.
pub fn read(text: &str) -> Result<Option<(Edn, Option<usize>)>, BadEdn> {
    let mut reader = Reader { text, at: if text.starts_with('\u{feff}') { 3 } else { 0 } };
    let Some(value) = reader.next(0)? else {
        return match reader.peek() {
            Some(close) => Err(reader.bad_at(reader.at, format!("`{close}` closes nothing"))),
            None => Ok(None),
        };
    };
    // A mistake in what is not read is none.
    let more = reader.skip_blank().and_then(|()| reader.peek()).map(|_| reader.line(reader.at));
    Ok(Some((value, more)))
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn line(&self, at: usize) -> usize {
        self.text[..at].matches('\n').count() + 1
    }

    fn bad_at(&self, at: usize, reason: impl Into<String>) -> BadEdn {
        BadEdn { line: self.line(at), reason: reason.into() }
    }

    /// Passes over blanks and comments; `None` only so that it can be chained.
    fn skip_blank(&mut self) -> Option<()> {
        loop {
            let rest = &self.text[self.at..];
            let trimmed = rest.trim_start_matches(is_blank);
            self.at += rest.len() - trimmed.len();
            if !trimmed.starts_with(';') && !trimmed.starts_with("#!") {
                return Some(());
            }
            self.at += trimmed.find('\n').unwrap_or(trimmed.len());
        }
    }

    /// The next value, or `None` where the text or what encloses it ends. Discarded values are read and forgotten.
    fn next(&mut self, depth: usize) -> Result<Option<Edn>, BadEdn> {
        loop {
            self.skip_blank();
            let begin = self.at;
            match self.peek() {
                None | Some(')' | ']' | '}') => return Ok(None),
                Some(_) if depth > DEEPEST => {
                    return Err(self.bad_at(begin, format!("values lie deeper in each other than {DEEPEST}")));
                }
                Some('#') if self.text[begin..].starts_with("#_") => {
                    self.at += 2;
                    self.needed(begin, depth, "`#_` has nothing after it to leave out")?;
                }
                Some('^') => {
                    self.at += 1;
                    self.needed(begin, depth, "`^` has nothing after it")?;
                }
                Some(_) => return self.value(depth).map(Some),
            }
        }
    }

    /// The next value, which must be there.
    fn needed(&mut self, begin: usize, depth: usize, otherwise: &str) -> Result<Edn, BadEdn> {
        self.next(depth + 1)?.ok_or_else(|| self.bad_at(begin, otherwise))
    }

    /// The value that begins here.
    fn value(&mut self, depth: usize) -> Result<Edn, BadEdn> {
        let begin = self.at;
        match self.peek() {
            Some('(') => Ok(Edn::List(self.until(1, ')', depth)?)),
            Some('[') => Ok(Edn::Vector(self.until(1, ']', depth)?)),
            Some('{') => {
                let parts = self.until(1, '}', depth)?;
                self.map(begin, parts).map(Edn::Map)
            }
            Some('"') => self.string(),
            Some('\\') => self.char(),
            Some('#') => self.dispatch(depth),
            Some('@' | '`' | '~') => Err(self.bad_at(begin, "this is code: quotes and the like are no data")),
            Some(_) | None => self.token(),
        }
    }

    /// The values up to `close`, after `opening` bytes.
    fn until(&mut self, opening: usize, close: char, depth: usize) -> Result<Vec<Edn>, BadEdn> {
        let begin = self.at;
        self.at += opening;
        let mut values = Vec::new();
        while let Some(value) = self.next(depth + 1)? {
            values.push(value);
        }
        match self.peek() {
            Some(found) if found == close => {
                self.at += 1;
                Ok(values)
            }
            Some(found) => {
                let began = self.line(begin);
                Err(self.bad_at(self.at, format!("`{found}` does not close what line {began} opens: `{close}` does")))
            }
            None => Err(self.bad_at(begin, format!("what begins here is never closed: there is no `{close}`"))),
        }
    }

    fn map(&self, begin: usize, parts: Vec<Edn>) -> Result<Vec<(Edn, Edn)>, BadEdn> {
        let mut entries: Vec<(Edn, Edn)> = Vec::with_capacity(parts.len().div_ceil(2));
        let mut parts = parts.into_iter();
        while let Some(key) = parts.next() {
            let Some(value) = parts.next() else {
                return Err(self.bad_at(begin, format!("the last key of this map, {}, has no value", shown(&key))));
            };
            entries.push((key, value));
        }
        let mut known = HashSet::with_capacity(entries.len());
        match entries.iter().find(|(key, _)| !known.insert(key)) {
            Some((key, _)) => Err(self.bad_at(begin, format!("this map has the key {} twice", shown(key)))),
            None => Ok(entries),
        }
    }

    fn string(&mut self) -> Result<Edn, BadEdn> {
        let begin = self.at + 1;
        let mut is_escaped = false;
        let end = self.text[begin..].char_indices().find(|(_, char)| {
            let ends = *char == '"' && !is_escaped;
            is_escaped = *char == '\\' && !is_escaped;
            ends
        });
        let Some((length, _)) = end else {
            return Err(self.bad_at(self.at, "the text that begins here never ends: there is no closing `\"`"));
        };
        let text =
            unescape(&self.text[begin..begin + length]).map_err(|(at, reason)| self.bad_at(begin + at, reason))?;
        self.at = begin + length + 1;
        Ok(Edn::Text(text))
    }

    fn char(&mut self) -> Result<Edn, BadEdn> {
        let begin = self.at;
        self.at += 1;
        // The first one belongs to it whatever it is: `\(` and `\"` are characters.
        let Some(first) = self.peek() else { return Err(self.bad_at(begin, "`\\` has no character after it")) };
        let from = self.at;
        self.at += first.len_utf8();
        self.pass_token();
        let token = &self.text[from..self.at];
        character(token).map(Edn::Char).ok_or_else(|| self.bad_at(begin, format!("`\\{token}` is no character")))
    }

    /// What begins with `#`.
    fn dispatch(&mut self, depth: usize) -> Result<Edn, BadEdn> {
        let begin = self.at;
        match self.text[begin + 1..].chars().next() {
            Some('{') => Ok(Edn::Set(self.until(2, '}', depth)?)),
            Some('#') => {
                self.at += 2;
                let token = self.take_token();
                match token.as_str() {
                    "Inf" | "-Inf" | "NaN" => Ok(Edn::Number(format!("##{token}"))),
                    _ => Err(self.bad_at(begin, format!("`##{token}` is none of ##Inf, ##-Inf and ##NaN"))),
                }
            }
            Some(':') => {
                self.at += 2;
                let space = self.take_token();
                match self.needed(begin, depth, "`#:name` has no map after it")? {
                    Edn::Map(entries) if !space.is_empty() => {
                        Ok(Edn::Map(entries.into_iter().map(|(key, value)| (within(&space, key), value)).collect()))
                    }
                    _ => Err(self.bad_at(begin, "`#:name` stands before a map")),
                }
            }
            Some(char) if char.is_alphabetic() => {
                self.at += 1;
                let tag = self.take_token();
                let value = self.needed(begin, depth, "a tag has no value after it")?;
                Ok(Edn::Tagged(tag, Box::new(value)))
            }
            Some('"') => Err(self.bad_at(begin, "a regular expression is code and no data")),
            Some(_) | None => Err(self.bad_at(begin, "`#` begins nothing here")),
        }
    }

    fn token(&mut self) -> Result<Edn, BadEdn> {
        let begin = self.at;
        let token = self.take_token();
        match token.as_str() {
            "nil" => Ok(Edn::Nil),
            "true" => Ok(Edn::Bool(true)),
            "false" => Ok(Edn::Bool(false)),
            _ if token.starts_with(':') => match &token[1..] {
                name if name.is_empty() || name.starts_with([':', '/']) || name.ends_with([':', '/']) => {
                    Err(self.bad_at(begin, format!("`{token}` is no keyword")))
                }
                name => Ok(Edn::Keyword(name.to_owned())),
            },
            _ if looks_like_one(&token) => {
                number(&token).map(Edn::Number).ok_or_else(|| self.bad_at(begin, format!("`{token}` is no number")))
            }
            _ => Ok(Edn::Symbol(token)),
        }
    }

    fn pass_token(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.find(|char| is_blank(char) || "()[]{}\";^@`~\\".contains(char)).unwrap_or(rest.len());
    }

    fn take_token(&mut self) -> String {
        let from = self.at;
        self.pass_token();
        self.text[from..self.at].to_owned()
    }
}

/// Clojure takes a comma for a blank.
fn is_blank(char: char) -> bool {
    char.is_whitespace() || char == ','
}

/// A key of a map whose keys all lie in a namespace, unless it names one itself.
fn within(space: &str, key: Edn) -> Edn {
    match key {
        Edn::Keyword(name) if !name.contains('/') => Edn::Keyword(format!("{space}/{name}")),
        Edn::Symbol(name) if !name.contains('/') => Edn::Symbol(format!("{space}/{name}")),
        other => other,
    }
}

fn shown(key: &Edn) -> String {
    match key {
        Edn::Keyword(name) => format!("`:{name}`"),
        Edn::Text(name) | Edn::Symbol(name) | Edn::Number(name) => format!("`{name}`"),
        Edn::Nil
        | Edn::Bool(_)
        | Edn::Char(_)
        | Edn::List(_)
        | Edn::Vector(_)
        | Edn::Set(_)
        | Edn::Map(_)
        | Edn::Tagged(..) => "which is no name".to_owned(),
    }
}
