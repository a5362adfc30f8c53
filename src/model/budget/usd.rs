//! An amount of money, counted exactly.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Parts of a dollar that are counted: a turn may cost a fraction of a cent.
const PARTS: f64 = 1e9;

/// Dollars, not below 0, in whole billionths: sums neither drift nor depend on their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Usd(u64);

impl Usd {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// The amount of so many dollars, to the nearest billionth; `None` for what is no amount: below 0, endless, or more
    /// than ten billions.
    pub fn new(dollars: f64) -> Option<Self> {
        if !(0.0..=1e10).contains(&dollars) {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1e19")]
        Some(Self((dollars * PARTS).round() as u64))
    }

    /// As a number of dollars.
    pub fn dollars(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "exact below nine millions")]
        let parts = self.0 as f64;
        parts / PARTS
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left of it without `other`; nothing where that is more.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The sum of two numbers of dollars, without the dust that fractions leave behind. It is never endless.
    pub fn sum(one: f64, other: f64) -> f64 {
        match (Self::new(one), Self::new(other)) {
            (Some(one), Some(other)) => one.and(other).dollars(),
            (_, _) => (one + other).clamp(f64::MIN, f64::MAX),
        }
    }

    /// What so many tokens cost, if a million of them costs this; to the nearest billionth of a dollar.
    #[must_use]
    pub fn for_tokens(self, tokens: u64) -> Self {
        let parts = (u128::from(self.0) * u128::from(tokens) + 500_000) / 1_000_000;
        Self(u64::try_from(parts).unwrap_or(u64::MAX))
    }

    /// An equal share of it for each of `count`, rounded up; all of it for none.
    #[must_use]
    pub fn shared_by(self, count: u64) -> Self {
        Self(self.0.div_ceil(count.max(1)))
    }
}

impl fmt::Display for Usd {
    /// `$12.50`; below a cent with more digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1..10_000_000 => write!(f, "${:.4}", self.dollars()),
            _ => write!(f, "${:.2}", self.dollars()),
        }
    }
}

impl Serialize for Usd {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(self.dollars())
    }
}

impl<'de> Deserialize<'de> for Usd {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let dollars = f64::deserialize(from)?;
        Self::new(dollars).ok_or_else(|| serde::de::Error::custom(format!("{dollars} is no amount of dollars")))
    }
}

impl JsonSchema for Usd {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Usd".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "number", "minimum": 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_exact_and_what_is_no_amount_is_refused() {
        let usd = |dollars| Usd::new(dollars).unwrap();
        assert_eq!(usd(0.1).and(usd(0.2)), usd(0.3));
        assert_eq!(Usd::sum(0.6, 0.3), 0.9);
        assert_eq!(usd(1.0).without(usd(2.5)), Usd::ZERO);
        assert_eq!((usd(1.25).for_tokens(2_000_000), usd(0.005).for_tokens(1)), (usd(2.5), usd(0.000_000_005)));
        let third = usd(1.0).shared_by(3);
        assert!(third.and(third).and(third) >= usd(1.0));
        for none in [-0.01, f64::NAN, f64::INFINITY, 1e11] {
            assert_eq!(Usd::new(none), None, "{none}");
        }
    }

    #[test]
    fn it_is_written_as_a_plain_number() {
        for dollars in [0.0, 0.1, 0.42, 1234.5, 0.000_000_001] {
            let text = serde_json::to_string(&Usd::new(dollars).unwrap()).unwrap();
            assert_eq!(text.parse::<f64>().unwrap(), dollars);
            assert_eq!(serde_json::from_str::<Usd>(&text).unwrap(), Usd::new(dollars).unwrap());
        }
        assert!(serde_json::from_str::<Usd>("-1").is_err());
        let shown = [0.0, 0.0004, 0.42, 12.0].map(|dollars| Usd::new(dollars).unwrap().to_string());
        assert_eq!(shown, ["$0.00", "$0.0004", "$0.42", "$12.00"]);
    }
}
