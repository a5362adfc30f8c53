//! The values at certain places of a JSON document, read without building the rest of it: what a tool printed may be
//! megabytes, and none of them matter.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use super::surrogates;
use crate::model::agent::{Pointer, Rule, Scalar};

/// The places that some rules look at, as a tree.
#[derive(Debug, Default)]
pub(super) struct Places {
    pointer: Option<Pointer>,
    below: BTreeMap<String, Places>,
    /// The last item of an array that matters.
    last_item: Option<usize>,
}

/// What stands at the places of one document; null is as nothing.
pub(super) type Record<'p> = BTreeMap<&'p Pointer, Found>;

/// What stands at a place.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Found {
    /// A value without parts.
    Scalar(Scalar),
    /// An object or an array.
    Parts,
}

impl Places {
    /// The places that `rules` look at.
    pub(super) fn of(rules: &[Rule]) -> Self {
        let mut places = Self::default();
        for rule in rules {
            let appended = rule.append.iter().map(|append| &append.text);
            rule.when.keys().chain(rule.set.values()).chain(rule.add.values()).chain(appended).for_each(|pointer| {
                places.add(pointer);
            });
        }
        places
    }

    fn add(&mut self, pointer: &Pointer) {
        let mut place = self;
        for step in pointer.steps() {
            if let Ok(item) = step.parse() {
                place.last_item = place.last_item.max(Some(item));
            }
            place = place.below.entry(step.clone()).or_default();
        }
        place.pointer = Some(pointer.clone());
    }

    /// Reads one document; `None` if `text` is none.
    pub(super) fn read(&self, text: &str) -> Option<Record<'_>> {
        self.read_strict(text).or_else(|| self.read_strict(&surrogates::mended(text)?))
    }

    fn read_strict(&self, text: &str) -> Option<Record<'_>> {
        let mut record = Record::new();
        let mut json = serde_json::Deserializer::from_str(text);
        Look { place: self, record: &mut record }.deserialize(&mut json).ok()?;
        json.end().ok()?;
        Some(record)
    }
}

/// Looks at one place and what is below it.
struct Look<'p, 'r> {
    place: &'p Places,
    record: &'r mut Record<'p>,
}

impl Look<'_, '_> {
    fn found(&mut self, found: Found) {
        if let Some(pointer) = &self.place.pointer {
            self.record.insert(pointer, found);
        }
    }
}

impl<'de> DeserializeSeed<'de> for Look<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Look<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(mut self, is: bool) -> Result<(), E> {
        self.found(Found::Scalar(Scalar::Bool(is)));
        Ok(())
    }

    fn visit_i64<E: Error>(mut self, number: i64) -> Result<(), E> {
        self.found(Found::Scalar(Scalar::Number(number.into())));
        Ok(())
    }

    fn visit_u64<E: Error>(mut self, number: u64) -> Result<(), E> {
        self.found(Found::Scalar(Scalar::Number(number.into())));
        Ok(())
    }

    fn visit_f64<E: Error>(mut self, number: f64) -> Result<(), E> {
        if let Some(number) = Number::from_f64(number) {
            self.found(Found::Scalar(Scalar::Number(number)));
        }
        Ok(())
    }

    fn visit_str<E: Error>(mut self, text: &str) -> Result<(), E> {
        self.found(Found::Scalar(Scalar::Text(text.to_owned())));
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        self.found(Found::Parts);
        while let Some(key) = map.next_key::<String>()? {
            match self.place.below.get(&key) {
                Some(place) => map.next_value_seed(Look { place, record: &mut *self.record })?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        self.found(Found::Parts);
        let looked_at = self.place.last_item.map_or(0, |last| last + 1);
        for item in 0..looked_at {
            let there = match self.place.below.get(&item.to_string()) {
                Some(place) => items.next_element_seed(Look { place, record: &mut *self.record })?.is_some(),
                None => items.next_element::<IgnoredAny>()?.is_some(),
            };
            if !there {
                return Ok(());
            }
        }
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(pointers: &[&str]) -> Places {
        let mut places = Places::default();
        pointers.iter().for_each(|pointer| places.add(&Pointer::parse(pointer).unwrap()));
        places
    }

    fn read(pointers: &[&str], text: &str) -> Option<Vec<(String, String)>> {
        let places = places(pointers);
        let record = places.read(text)?;
        let shown = |found: &Found| match found {
            Found::Scalar(scalar) => scalar.to_string(),
            Found::Parts => "(parts)".to_owned(),
        };
        Some(record.iter().map(|(pointer, found)| (pointer.to_string(), shown(found))).collect())
    }

    #[test]
    fn only_the_named_places_are_read() {
        let text = r#"{"a":{"b":[{"c":1.5},{"c":"x\"y"}],"z":[[[]]]},"t":true,"n":null,"big":18446744073709551615}"#;
        for (pointer, expected) in [
            ("/a/b/1/c", Some("x\"y")),
            ("/a/b/0/c", Some("1.5")),
            ("/a/b/2/c", None),
            ("/a/b/c", None),
            ("/a/b", Some("(parts)")),
            ("/a", Some("(parts)")),
            ("", Some("(parts)")),
            ("/t", Some("true")),
            ("/n", None),
            ("/big", Some("18446744073709551615")),
            ("/none/at/all", None),
        ] {
            let found = read(&[pointer], text).expect(pointer);
            assert_eq!(found.first().map(|(_, value)| value.as_str()), expected, "{pointer}");
        }
        assert_eq!(read(&["/t", "/a/b", "/a/b/0/c"], text).unwrap().len(), 3);
    }

    #[test]
    fn what_is_no_json_gives_nothing_and_depth_does_no_harm() {
        for text in ["", "{", "{\"a\":1", "{\"a\":1} x", "{a:1}"] {
            assert_eq!(read(&["/a"], text), None, "{text}");
        }
        assert_eq!(read(&["/a"], r#"{"a":"\ud83d"}"#).unwrap(), [("/a".to_owned(), "\u{fffd}".to_owned())]);
        let deep = format!("{{\"x\":{}{},\"a\":1}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(read(&["/a"], &deep).unwrap(), [("/a".to_owned(), "1".to_owned())]);
    }
}
