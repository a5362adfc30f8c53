//! Lengths of time as people write them: `30m`, `90s`, `1h 30m`.

use std::fmt;
use std::time::Duration;

use jiff::fmt::friendly::{Designator, SpanParser, SpanPrinter};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serializer};

/// A length of time that is longer than zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub Duration);

/// Reads a length of time with its unit.
///
/// # Errors
/// A sentence for a person: the unit is missing, or it is not a length of time, or it is zero.
pub fn parse(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return Err(format!("`{text}` has no unit; write a unit, such as {text}s or {text}m"));
    }
    match SpanParser::new().parse_unsigned_duration(text) {
        Ok(Duration::ZERO) => Err(format!("`{text}` is no time at all; write more than zero, such as 30m")),
        Ok(duration) => Ok(duration),
        Err(_) => Err(format!("`{text}` is not a length of time; write one such as 30m, 90s or 1h 30m")),
    }
}

/// The shortest way to write `duration` that [`parse`] reads.
pub fn print(duration: Duration) -> String {
    SpanPrinter::new().designator(Designator::Compact).unsigned_duration_to_string(&duration)
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(Words).map(Span)
    }
}

/// Reads an optional length of time; for `#[serde(deserialize_with)]`.
///
/// # Errors
/// As [`parse`].
pub fn deserialize_optional<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    Ok(Option::<Span>::deserialize(from)?.map(|span| span.0))
}

/// Writes an optional length of time; for `#[serde(serialize_with)]`.
pub fn serialize_optional<S: Serializer>(duration: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
    match duration {
        Some(duration) => to.serialize_str(&print(*duration)),
        None => to.serialize_none(),
    }
}

struct Words;

impl Visitor<'_> for Words {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a length of time with its unit, such as 30m")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Duration, E> {
        parse(text).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_may_write_a_time_in_many_ways() {
        for (text, seconds) in [
            ("30m", 1800),
            ("90s", 90),
            ("1h 30m", 5400),
            ("1h30m", 5400),
            ("2 hours", 7200),
            ("1 hour, 5 minutes", 3900),
            (" 10m ", 600),
        ] {
            let duration = parse(text).expect(text);
            assert_eq!(duration, Duration::from_secs(seconds), "{text}");
            assert_eq!(parse(&print(duration)), Ok(duration), "{text}");
        }
        assert_eq!(parse("250ms"), Ok(Duration::from_millis(250)));
    }

    #[test]
    fn what_is_no_time_is_refused_with_advice() {
        for (text, says) in [
            ("30", "write a unit"),
            ("1.5", "write a unit"),
            ("soon", "such as 30m"),
            ("", "such as 30m"),
            ("-5m", "such as 30m"),
            ("5m ago", "such as 30m"),
            ("0s", "more than zero"),
            ("99999999999999999999h", "such as 30m"),
        ] {
            let said = parse(text).expect_err(text);
            assert!(said.contains(says), "{text}: {said}");
        }
    }
}
