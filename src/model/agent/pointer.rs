//! JSON pointers (RFC 6901).

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;

/// Names a place in a JSON document, such as `/item/text`; the empty one names the whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct Pointer(#[schemars(with = "String")] Vec<String>);

impl Pointer {
    /// Reads a pointer.
    ///
    /// # Errors
    /// A sentence for a person.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let Some(steps) = text.strip_prefix('/') else {
            return Err(format!("`{text}` is no JSON pointer: it begins with a slash, as in /item/text"));
        };
        steps
            .split('/')
            .map(unescape)
            .collect::<Option<Vec<_>>>()
            .map(Self)
            .ok_or_else(|| format!("`{text}` is no JSON pointer: a ~ is written ~0, and a slash within a name ~1"))
    }

    /// The names on the way from the root, outermost first.
    pub fn steps(&self) -> &[String] {
        &self.0
    }
}

/// `None`: a `~` that stands for nothing.
fn unescape(step: &str) -> Option<String> {
    let mut parts = step.split('~');
    let mut name = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (char, rest) = match part.as_bytes().first()? {
            b'0' => ('~', &part[1..]),
            b'1' => ('/', &part[1..]),
            _ => return None,
        };
        name.push(char);
        name.push_str(rest);
    }
    Some(name)
}

impl TryFrom<String> for Pointer {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|step| write!(f, "/{}", step.replace('~', "~0").replace('/', "~1")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_is_read_and_written_back() {
        for text in ["", "/", "/type", "/item/0/a~1b", "/m~0n/", "/ä b"] {
            assert_eq!(Pointer::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Pointer::parse("/a~1b/~01").unwrap().steps(), ["a/b", "~1"]);
        for text in ["type", "a/b", "/a~", "/a~2", "/~/"] {
            assert!(Pointer::parse(text).unwrap_err().contains("no JSON pointer"), "{text}");
        }
    }
}
