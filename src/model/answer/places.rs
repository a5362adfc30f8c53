//! The values at certain places of a JSON document, read without building the rest of it: what a tool printed may be
//! megabytes, and none of them matter.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use super::record::{Found, Item, Record, Spot, Value};
use super::surrogates;
use crate::model::agent::Pointer;

/// How many items of an array are looked at one by one; a message has a few.
const MOST_ITEMS: usize = 1000;

/// The places that somebody looks at, as a tree. Each has a number, by which its value is found: a transcript has
/// millions of documents.
#[derive(Debug, Default)]
pub(super) struct Places {
    root: Place,
    count: usize,
    arrays: Vec<Array>,
}

/// An array whose items are looked at one by one, and the places in each.
#[derive(Debug)]
struct Array {
    pointer: Pointer,
    items: Places,
}

/// A place, and those below it.
#[derive(Debug, Default)]
struct Place {
    number: Option<usize>,
    below: Vec<(String, Place)>,
    /// The last item of an array that a pointer names.
    last_item: Option<usize>,
    /// The number of the array that it is, if its items are looked at one by one.
    array: Option<usize>,
}

impl Places {
    /// The number of the array at `pointer`, whose items are to be looked at one by one. All arrays come before all
    /// spots: what stands in an item of an array is found there.
    pub(super) fn array(&mut self, pointer: &Pointer) -> usize {
        if let Some(number) = self.arrays.iter().position(|array| array.pointer == *pointer) {
            return number;
        }
        let number = self.arrays.len();
        self.arrays.push(Array { pointer: pointer.clone(), items: Places::default() });
        self.root.descend(pointer.steps()).array = Some(number);
        number
    }

    /// Where the value at `pointer`, from the document on, will be found.
    pub(super) fn spot(&mut self, pointer: &Pointer) -> Spot {
        let steps = pointer.steps();
        for (number, array) in self.arrays.iter_mut().enumerate() {
            if let Some([item, rest @ ..]) = steps.strip_prefix(array.pointer.steps())
                && let Ok(at) = item.parse()
            {
                return Spot::InItem { array: number, at, number: array.items.number(rest) };
            }
        }
        Spot::Here(self.number(steps))
    }

    /// The same for `pointer` from an item of that array on, in the record of the item.
    pub(super) fn spot_in_item(&mut self, array: usize, pointer: &Pointer) -> Spot {
        Spot::Here(self.arrays[array].items.number(pointer.steps()))
    }

    fn number(&mut self, steps: &[String]) -> usize {
        let place = self.root.descend(steps);
        *place.number.get_or_insert_with(|| {
            self.count += 1;
            self.count - 1
        })
    }

    /// Reads one document, and gives what was found to `take`; `None` if `text` is no document.
    pub(super) fn read<T>(&self, text: &str, take: impl FnOnce(&Record<'_>) -> T) -> Option<T> {
        match self.read_strict(text) {
            Some(record) => Some(take(&record)),
            None => self.read_strict(&surrogates::mended(text)?).map(|record| take(&record)),
        }
    }

    fn read_strict<'t>(&self, text: &'t str) -> Option<Record<'t>> {
        let mut record = Record::of(self.count);
        let mut json = serde_json::Deserializer::from_str(text);
        self.look(&mut record).deserialize(&mut json).ok()?;
        json.end().ok()?;
        Some(record)
    }

    fn look<'r, 't>(&self, record: &'r mut Record<'t>) -> Look<'_, 'r, 't> {
        Look { places: self, place: &self.root, record }
    }
}

impl Place {
    fn descend(&mut self, steps: &[String]) -> &mut Place {
        let Some((step, rest)) = steps.split_first() else { return self };
        if let Ok(item) = step.parse() {
            self.last_item = self.last_item.max(Some(item));
        }
        let at = self.below.iter().position(|(name, _)| name == step).unwrap_or_else(|| {
            self.below.push((step.clone(), Place::default()));
            self.below.len() - 1
        });
        self.below[at].1.descend(rest)
    }

    fn find(&self, name: &str) -> Option<&Place> {
        self.below.iter().find(|(known, _)| known == name).map(|(_, place)| place)
    }
}

/// Looks at one place and what is below it.
struct Look<'p, 'r, 't> {
    places: &'p Places,
    place: &'p Place,
    record: &'r mut Record<'t>,
}

impl<'p, 't> Look<'p, '_, 't> {
    fn found(&mut self, found: Found<'t>) {
        if let Some(number) = self.place.number {
            self.record.found[number] = Some(found);
        }
    }

    fn at<'r>(&'r mut self, place: &'p Place) -> Look<'p, 'r, 't> {
        Look { place, places: self.places, record: self.record }
    }

    /// Looks at the items that pointers name; gives whether there may be more.
    fn named_items<A: SeqAccess<'t>>(&mut self, list: &mut A) -> Result<bool, A::Error> {
        let looked_at = self.place.last_item.map_or(0, |last| last + 1);
        for at in 0..looked_at {
            let is_there = match self.place.find(&at.to_string()) {
                Some(place) => list.next_element_seed(self.at(place))?.is_some(),
                None => list.next_element::<IgnoredAny>()?.is_some(),
            };
            if !is_there {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Looks at each item; gives whether there may be more.
    fn all_items<A: SeqAccess<'t>>(&mut self, array: usize, list: &mut A) -> Result<bool, A::Error> {
        let items = &self.places.arrays[array].items;
        for at in 0..MOST_ITEMS {
            let mut record = Record::of(items.count);
            if list.next_element_seed(items.look(&mut record))?.is_none() {
                return Ok(false);
            }
            if !record.is_empty() {
                self.record.items.push(Item { array, at, record });
            }
        }
        Ok(true)
    }
}

impl<'de> DeserializeSeed<'de> for Look<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Look<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(mut self, is: bool) -> Result<(), E> {
        self.found(Found::Scalar(Value::Bool(is)));
        Ok(())
    }

    fn visit_i64<E: Error>(mut self, number: i64) -> Result<(), E> {
        self.found(Found::Scalar(Value::Number(number.into())));
        Ok(())
    }

    fn visit_u64<E: Error>(mut self, number: u64) -> Result<(), E> {
        self.found(Found::Scalar(Value::Number(number.into())));
        Ok(())
    }

    fn visit_f64<E: Error>(mut self, number: f64) -> Result<(), E> {
        if let Some(number) = Number::from_f64(number) {
            self.found(Found::Scalar(Value::Number(number)));
        }
        Ok(())
    }

    fn visit_borrowed_str<E: Error>(mut self, text: &'de str) -> Result<(), E> {
        self.found(Found::Scalar(Value::Text(Cow::Borrowed(text))));
        Ok(())
    }

    fn visit_str<E: Error>(mut self, text: &str) -> Result<(), E> {
        self.found(Found::Scalar(Value::Text(Cow::Owned(text.to_owned()))));
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        self.found(Found::Parts);
        while let Some(below) = map.next_key_seed(Name(self.place))? {
            match below {
                Some(place) => map.next_value_seed(self.at(place))?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        self.found(Found::Parts);
        let may_go_on = match self.place.array {
            Some(array) => self.all_items(array, &mut list)?,
            None => self.named_items(&mut list)?,
        };
        while may_go_on && list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

/// Reads a name as the place below this one that has it.
struct Name<'p>(&'p Place);

impl<'de, 'p> DeserializeSeed<'de> for Name<'p> {
    type Value = Option<&'p Place>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_str(self)
    }
}

impl<'p> Visitor<'_> for Name<'p> {
    type Value = Option<&'p Place>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.find(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointer(text: &str) -> Pointer {
        Pointer::parse(text).unwrap()
    }

    fn shown(found: &Found<'_>) -> String {
        match found {
            Found::Scalar(value) => value.to_string(),
            Found::Parts => "(parts)".to_owned(),
        }
    }

    /// What stands at each place; `None`: `text` is no document.
    fn read(pointers: &[&str], text: &str) -> Option<Vec<Option<String>>> {
        let mut places = Places::default();
        let spots: Vec<Spot> = pointers.iter().map(|text| places.spot(&pointer(text))).collect();
        places.read(text, |record| spots.iter().map(|spot| record.get(*spot).map(shown)).collect())
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
            assert_eq!(found, [expected.map(str::to_owned)], "{pointer}");
        }
        let found = read(&["/t", "/a/b", "/a/b/0/c", "/t"], text).unwrap();
        assert_eq!(found.iter().flatten().collect::<Vec<_>>(), ["true", "(parts)", "1.5", "true"]);
    }

    #[test]
    fn what_is_no_json_gives_nothing_and_depth_does_no_harm() {
        for text in ["", "{", "{\"a\":1", "{\"a\":1} x", "{a:1}"] {
            assert_eq!(read(&["/a"], text), None, "{text}");
        }
        let only = |value: &str| Some(vec![Some(value.to_owned())]);
        assert_eq!(read(&["/a"], r#"{"a":"\ud83d"}"#), only("\u{fffd}"));
        assert_eq!(read(&["/a"], r#"{"\u0061":"b"}"#), only("b"));
        let deep = format!("{{\"x\":{}{},\"a\":1}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(read(&["/a"], &deep), only("1"));
    }

    #[test]
    fn items_of_an_array_are_looked_at_one_by_one() {
        let mut places = Places::default();
        let array = places.array(&pointer("/m/c"));
        assert_eq!(places.array(&pointer("/m/c")), array);
        let (kind, words) =
            (places.spot_in_item(array, &pointer("/type")), places.spot_in_item(array, &pointer("/x/0")));
        let (first, second) = (places.spot(&pointer("/m/c/0/type")), places.spot(&pointer("/m/c/1/new")));
        let read = |text: &str| {
            places.read(text, |record| {
                let of = |spot: Spot| record.get(spot).map(shown);
                let at = |item: &Item<'_>, spot: Spot| item.record.get(spot).map(shown).unwrap_or_default();
                let items =
                    record.items.iter().map(|item| format!("{}:{}{}", item.at, at(item, kind), at(item, words)));
                (items.collect::<Vec<_>>(), of(first), of(second))
            })
        };
        let (items, first_is, second_is) =
            read(r#"{"m":{"c":[{"type":"a","x":["1"]},{"new":2},[],{"x":[3]},{"other":1}]}}"#).unwrap();
        assert_eq!(items, ["0:a1", "1:", "3:3"]);
        assert_eq!((first_is.as_deref(), second_is.as_deref()), (Some("a"), Some("2")));
        assert_eq!(read(r#"{"m":{"c":{"0":{"type":"a"}}}}"#).unwrap().0, [""; 0]);
        let many = format!(r#"{{"m":{{"c":[{}1]}}}}"#, r#"{"type":1},"#.repeat(5000));
        assert_eq!(read(&many).unwrap().0.len(), MOST_ITEMS);
    }
}
