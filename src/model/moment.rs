//! Moments as files hold them: RFC 3339 in UTC with whole seconds (what jq's `fromdate` reads).

use jiff::Timestamp;
use serde::Serializer;

/// `at` without its fraction of a second.
pub fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// Writes an optional moment in whole seconds; for `#[serde(serialize_with)]`.
pub fn serialize_optional<S: Serializer>(at: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => serialize(at, to),
        None => to.serialize_none(),
    }
}

/// Writes a moment in whole seconds; for `#[serde(serialize_with)]`.
pub fn serialize<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&whole_seconds(*at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fraction_is_not_printed() {
        let at: Timestamp = "2026-11-20T23:10:00.987+01:00".parse().unwrap();
        assert_eq!(whole_seconds(at).to_string(), "2026-11-20T22:10:00Z");
    }
}
