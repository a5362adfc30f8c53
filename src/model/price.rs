//! What tokens cost, for agents that tell tokens and no dollars: a table of prices, and the bill of a turn.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer};

use super::budget::Usd;
use super::record::Usage;
use super::yaml::{self, BadYaml};

/// The prices of models, by name. A name that ends in `*` stands for all that begin so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prices(BTreeMap<String, Price>);

/// What a million tokens of a model cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// The day on which it was so.
    pub as_of: Date,
    input: Usd,
    cached: Usd,
    cache_write: Usd,
    output: Usd,
}

/// A file of prices as a person writes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(deserialize_with = "date")]
    as_of: Date,
    #[serde(default)]
    models: BTreeMap<Name, Row>,
}

/// One of its prices, in dollars for a million tokens.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    input: Usd,
    #[serde(default)]
    cached: Option<Usd>,
    #[serde(default)]
    cache_write: Option<Usd>,
    output: Usd,
    #[serde(default, deserialize_with = "some_date")]
    as_of: Option<Date>,
}

/// The name of a model, or the beginning of some.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
struct Name(String);

impl TryFrom<String> for Name {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        match name.strip_suffix('*').unwrap_or(&name) {
            _ if name.is_empty() => Err("a model has no name"),
            begin if begin.contains('*') => Err("a `*` can only stand at the end of a model's name"),
            _ => Ok(Self(name)),
        }
    }
}

fn date<'de, D: Deserializer<'de>>(from: D) -> Result<Date, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map_err(|_| serde::de::Error::custom(format!("`{text}` is no date such as 2026-11-20")))
}

fn some_date<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Date>, D::Error> {
    date(from).map(Some)
}

impl Prices {
    /// Reads a file of prices; an empty one has none.
    pub fn parse(text: &str) -> Result<Self, BadYaml> {
        let Some(Table { as_of, models }) = yaml::parse_or_default::<Option<Table>>(text)? else {
            return Ok(Self::default());
        };
        let price = |row: Row| Price {
            as_of: row.as_of.unwrap_or(as_of),
            input: row.input,
            cached: row.cached.unwrap_or(row.input),
            cache_write: row.cache_write.unwrap_or(row.input),
            output: row.output,
        };
        Ok(Self(models.into_iter().map(|(Name(name), row)| (name, price(row))).collect()))
    }

    /// These, with the prices of `other` in place of those of the same names, and beside the others.
    #[must_use]
    pub fn overridden_by(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The price of a model: that of its own name, else that of the longest beginning.
    pub fn of(&self, model: &str) -> Option<&Price> {
        let begins = |name: &str| name.strip_suffix('*').is_some_and(|begin| model.starts_with(begin));
        let longest = || self.0.iter().filter(|(name, _)| begins(name)).max_by_key(|(name, _)| name.len());
        self.0.get(model).or_else(|| longest().map(|(_, price)| price))
    }
}

impl Price {
    /// What this usage costs, each token counted once: those from a cache and those put into one are part of those
    /// read. `None` where it is not known how many were read and how many written.
    pub fn bill(&self, usage: &Usage) -> Option<Usd> {
        let (read, written) = (usage.input_tokens?, usage.output_tokens?);
        let cached = usage.cached_tokens.unwrap_or(0).min(read);
        let cache_write = usage.cache_write_tokens.unwrap_or(0).min(read - cached);
        let plain = read - cached - cache_write;
        let parts =
            [(self.input, plain), (self.cached, cached), (self.cache_write, cache_write), (self.output, written)];
        Some(parts.into_iter().fold(Usd::ZERO, |sum, (price, tokens)| sum.and(price.for_tokens(tokens))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prices(text: &str) -> Prices {
        Prices::parse(text).unwrap()
    }

    fn usage(read: u64, cached: Option<u64>, written: u64) -> Usage {
        Usage {
            input_tokens: Some(read),
            cached_tokens: cached,
            output_tokens: Some(written),
            cache_write_tokens: None,
        }
    }

    #[test]
    fn each_token_is_paid_once_and_at_its_own_price() {
        let prices = prices(
            "as_of: 2026-11-20\nmodels:\n  m: {input: 1.25, cached: 0.125, output: 10}\n  plain: {input: 2, output: 4}\n  \
             writes: {input: 2, cached: 0.1, cache_write: 2.5, output: 10}\n",
        );
        let bill = |model: &str, usage: &Usage| prices.of(model).unwrap().bill(usage).map(Usd::dollars);
        assert_eq!(bill("m", &usage(2700, Some(2200), 55)), Some(0.00145));
        assert_eq!(bill("m", &usage(2700, None, 55)), Some(0.003925));
        assert_eq!(bill("plain", &usage(1_000_000, Some(900_000), 0)), Some(2.0));
        assert_eq!(bill("m", &usage(100, Some(5000), 0)), Some(0.0000125), "not more can be cached than was read");
        assert_eq!(bill("m", &usage(0, Some(0), 0)), Some(0.0));
        let wrote = Usage { cache_write_tokens: Some(300_000), ..usage(1_000_000, Some(600_000), 0) };
        assert_eq!(bill("writes", &wrote), Some(0.2 + 0.06 + 0.75));
        assert_eq!(bill("m", &Usage { output_tokens: None, ..usage(5, None, 0) }), None);
        assert_eq!(bill("m", &Usage::default()), None);
    }

    #[test]
    fn a_models_own_name_goes_before_the_longest_beginning() {
        let table = prices(
            "as_of: 2026-11-20\nmodels:\n  'gpt-5*': {input: 1, output: 1}\n  gpt-5: {input: 2, output: 1}\n  \
             'gpt-5-mini*': {input: 3, output: 1}\n",
        );
        let input = |model: &str| table.of(model).map(|price| price.input.dollars());
        assert_eq!(
            ["gpt-5", "gpt-5-mini", "gpt-5-mini-2", "gpt-5.9", "gpt-4"].map(input),
            [Some(2.0), Some(3.0), Some(3.0), Some(1.0), None]
        );
    }

    #[test]
    fn one_model_at_a_time_is_overridden_and_each_price_keeps_its_day() {
        let built_in = prices("as_of: 2026-01-01\nmodels: {a: {input: 1, output: 1}, b: {input: 1, output: 1}}");
        let own = prices(
            "as_of: 2026-11-20\nmodels: {b: {input: 9, output: 1}, c: {input: 1, output: 1, as_of: 2026-12-01}}",
        );
        let both = built_in.overridden_by(own);
        let day = |model: &str| both.of(model).unwrap().as_of.to_string();
        assert_eq!([day("a"), day("b"), day("c")], ["2026-01-01", "2026-11-20", "2026-12-01"]);
        assert_eq!(both.of("b").unwrap().input, Usd::new(9.0).unwrap());
        assert_eq!(prices("# none yet\n"), Prices::default());
    }

    #[test]
    fn a_mistake_is_named_with_its_line_and_the_nearest_right_name() {
        for (text, line, says) in [
            ("as_of: 2026-11-20\nmodels:\n  m: {input: 1, ouput: 2}\n", 3, "did you mean `output`"),
            ("as_off: 2026-11-20\n", 1, "did you mean `as_of`"),
            ("models: {m: {input: 1, output: 2}}\n", 1, "as_of"),
            ("as_of: yesterday\n", 1, "no date such as"),
            ("as_of: 2026-11-20\nmodels:\n  m: {input: -1, output: 2}\n", 3, "no amount of dollars"),
            ("as_of: 2026-11-20\nmodels:\n  m: {input: 1}\n", 3, "output"),
            ("as_of: 2026-11-20\nmodels:\n  'g*t': {input: 1, output: 2}\n", 3, "at the end"),
        ] {
            let bad = Prices::parse(text).expect_err(text);
            assert!(bad.reason.contains(says), "{text}: {bad:?}");
            assert_eq!(bad.line, Some(line), "{text}: {bad:?}");
        }
    }
}
