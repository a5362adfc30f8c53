//! The line of a file on which a key stands.
//!
//! The parser tells places only in its errors. So the document is read along the way to the key, and the reading fails
//! there on purpose.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// What the failure at the place says; nothing else does.
const HERE: &str = "\u{1}here";

/// The line, from 1, of the key `path` (such as `output.rules[0].when`) or of the innermost part of it that `text`
/// holds, and whether that is all of it; where it holds no part, the line on which it begins to say something.
pub fn line_of(text: &str, path: &str) -> Option<(usize, bool)> {
    let steps = steps(path);
    (0..=steps.len()).rev().find_map(|length| {
        let from = serde_yaml::Deserializer::from_str(text);
        let error = Seek(steps.get(..length)?).deserialize(from).err()?;
        let line = error.location().filter(|_| error.to_string().contains(HERE))?.line();
        Some((line, length == steps.len()))
    })
}

/// One step into a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

fn steps(path: &str) -> Vec<Step<'_>> {
    path.split('.').flat_map(|part| part.split('[').map(step)).collect()
}

fn step(part: &str) -> Step<'_> {
    match part.strip_suffix(']').and_then(|index| index.parse().ok()) {
        Some(index) => Step::Index(index),
        None => Step::Key(part),
    }
}

/// Goes on to the place; these are the steps that are left. Fails with [`HERE`] where there are none.
struct Seek<'a>(&'a [Step<'a>]);

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { HERE } else { "another part" })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((Step::Key(wanted), rest)) = self.0.split_first() else {
            return Err(A::Error::custom(self.0.first().map_or(HERE, |_| "no list")));
        };
        while let Some(is_wanted) = map.next_key_seed(Key { wanted, is_last: rest.is_empty() })? {
            if is_wanted {
                map.next_value_seed(Seek(rest))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Some((Step::Index(wanted), rest)) = self.0.split_first() else {
            return Err(A::Error::custom(self.0.first().map_or(HERE, |_| "no map")));
        };
        for _ in 0..*wanted {
            list.next_element::<IgnoredAny>()?;
        }
        list.next_element_seed(Seek(rest)).map(drop)?;
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

/// Whether a key is the wanted one; fails there if the way ends with it.
struct Key<'a> {
    wanted: &'a str,
    is_last: bool,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<bool, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<bool, E> {
        match (key == self.wanted, self.is_last) {
            (true, true) => Err(E::custom(HERE)),
            (is_wanted, _) => Ok(is_wanted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# argv: in a comment
prompt: {via: stdin,
  guard: x}
argv:
  - tool
  - argv
output:
  rules:
    - when: {/type: a}
    - set: {text: /b}
      when:
        /type: b
  lines: [
    {re: a},
    {re: b}]
";

    #[test]
    fn a_key_is_found_on_its_line_and_what_is_not_there_on_that_of_what_holds_it() {
        for (path, line) in [
            ("argv", Some((4, true))),
            ("prompt.via", Some((2, true))),
            ("prompt.guard", Some((3, true))),
            ("prompt.content", Some((2, false))),
            ("output.rules", Some((8, true))),
            ("output.rules[0].when", Some((9, true))),
            ("output.rules[1]", Some((10, true))),
            ("output.rules[1].when", Some((11, true))),
            ("output.rules[1].add", Some((10, false))),
            ("output.rules[7]", Some((8, false))),
            ("output.lines[1].re", Some((15, true))),
            ("argv.x", Some((4, false))),
            ("args.model", Some((2, false))),
        ] {
            assert_eq!(line_of(TEXT, path), line, "{path}");
        }
        assert_eq!(line_of("[a]", "argv"), Some((1, false)));
        assert_eq!(line_of("{argv: [a]}", "argv"), Some((1, true)));
    }
}
