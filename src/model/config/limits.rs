//! The ceilings of the settings.

use std::time::Duration;

use bytesize::ByteSize;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::domain::is_no_amount;
use crate::model::span::{self, Span};
use crate::model::yaml::BadYaml;

/// Ceilings; a task's own keys override some.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Counted attempts before a task needs a person.
    pub attempts: u32,
    /// Troubles of the infrastructure in a row before a task needs a person.
    pub infra: u32,
    /// How often a session without a signal is taken up again.
    pub resumes: u32,
    /// How long one step of an agent may take.
    #[serde(deserialize_with = "span")]
    #[schemars(with = "String")]
    pub timeout: Duration,
    /// How long an agent may print nothing.
    #[serde(deserialize_with = "span")]
    #[schemars(with = "String")]
    pub silence: Duration,
    /// How long an agent may take to print its first byte; `silence` where the key is absent.
    #[serde(deserialize_with = "span::deserialize_optional")]
    #[schemars(with = "Option<String>")]
    pub start_silence: Option<Duration>,
    /// How long an agent may take to end by itself after its last word, before it is ended; its work counts.
    #[serde(deserialize_with = "span")]
    #[schemars(with = "String")]
    pub grace: Duration,
    /// How long an agent may wait by itself for its provider, at its limit or out of reach; then it is ended, and where it
    /// was a limit the provider is left alone by everybody.
    #[serde(deserialize_with = "span")]
    #[schemars(with = "String")]
    pub patience: Duration,
    /// Rounds of review.
    pub review_rounds: u32,
    /// How often a conflict with the base goes back to the author of the work.
    pub resolves: u32,
    /// Money per task, over all its attempts, in dollars.
    pub cost_usd: Option<f64>,
    /// Money per run, over all its workers, in dollars.
    pub run_cost_usd: Option<f64>,
    /// The first pause after a failed attempt; it doubles from attempt to attempt.
    #[serde(deserialize_with = "pause")]
    #[schemars(with = "String")]
    pub backoff: Duration,
    /// The longest pause.
    #[serde(deserialize_with = "pause")]
    #[schemars(with = "String")]
    pub backoff_max: Duration,
    /// How much of an agent's output a log keeps.
    #[schemars(with = "String")]
    pub log_bytes: ByteSize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            attempts: 3,
            infra: 5,
            resumes: 5,
            timeout: Duration::from_secs(30 * 60),
            silence: Duration::from_secs(10 * 60),
            start_silence: None,
            grace: Duration::from_secs(20),
            patience: Duration::from_secs(2 * 60),
            review_rounds: 3,
            resolves: 3,
            cost_usd: None,
            run_cost_usd: None,
            backoff: Duration::from_secs(10),
            backoff_max: Duration::from_secs(10 * 60),
            log_bytes: ByteSize::mib(256),
        }
    }
}

impl Limits {
    /// What the types cannot say.
    pub(super) fn check(&self) -> Result<(), BadYaml> {
        if self.attempts == 0 {
            return Err(BadYaml::at_key("limits.attempts", "0 would never try anything; 1 tries once"));
        }
        for (key, amount) in [("limits.cost_usd", self.cost_usd), ("limits.run_cost_usd", self.run_cost_usd)] {
            if amount.is_some_and(is_no_amount) {
                return Err(BadYaml::at_key(key, "must be an amount of dollars, not below 0"));
            }
        }
        Ok(())
    }
}

fn span<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    Span::deserialize(deserializer).map(|span| span.0)
}

/// A length of time, or none at all.
fn pause<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.trim() {
        "0s" => Ok(Duration::ZERO),
        text => span::parse(text).map_err(serde::de::Error::custom),
    }
}
