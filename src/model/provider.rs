//! A provider that asks for a pause: until when it is left alone, and who may ask it first afterwards.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::record::{SCHEMA, whole_seconds};

/// How long a provider is left alone that does not say when it can be asked again, the first time, the second and so on.
const UNKNOWN: [Duration; 4] = [minutes(5), minutes(15), minutes(30), minutes(60)];

/// The longest a provider is left alone on its own word: it is asked again once a day at least, for an account may be
/// topped up, and a clock may be wrong.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The shortest: what ends at once is asked again after this.
const SHORTEST: Duration = Duration::from_secs(1);

/// So often in a row its own word is enough; then it is left alone longer and longer whatever it says.
const BELIEVED: u32 = 3;

/// How much later than it says a provider is asked, at most, so that not all who wait do it in one moment: this part of
/// the pause, and never more than a minute.
const JITTER: f64 = 0.1;
const MOST_JITTER: Duration = minutes(1);

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

/// A provider that is left alone: `.swarm/providers/<name>.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Parked {
    /// The version of this format.
    pub schema: u32,
    /// Its name.
    pub provider: String,
    /// Nobody asks it before this moment; then one task goes first.
    #[serde(serialize_with = "whole_seconds")]
    #[schemars(with = "String")]
    pub until: Timestamp,
    /// When it asked for the pause.
    #[serde(serialize_with = "whole_seconds")]
    #[schemars(with = "String")]
    pub since: Timestamp,
    /// In its words.
    pub reason: String,
    /// How often in a row, with no answer in between.
    pub times: u32,
}

impl Parked {
    /// Parks `provider` at `now`, after `before` with no answer in between. `reset` is when it can be asked again, as far
    /// as it said; `luck`, between 0 and 1, spreads those who wait.
    pub fn park(
        provider: &str,
        before: Option<&Parked>,
        reason: &str,
        reset: Option<Timestamp>,
        now: Timestamp,
        luck: f64,
    ) -> Self {
        let times = before.map_or(0, |before| before.times).saturating_add(1);
        let told = reset.map(|reset| Duration::try_from(reset.duration_since(now)).unwrap_or_default());
        let longer = |nth: u32| UNKNOWN[usize::try_from(nth).unwrap_or(usize::MAX).min(UNKNOWN.len() - 1)];
        // A pause that ends at once, or soon and again and again, is none that helps.
        let pause = match told {
            Some(told) if told > SHORTEST || times == 1 => {
                let least = times.checked_sub(BELIEVED + 1).map_or(SHORTEST, longer);
                told.clamp(least, LONGEST)
            }
            Some(_) | None => longer(times - 1),
        };
        let jitter = pause.mul_f64(JITTER * luck.clamp(0.0, 1.0)).min(MOST_JITTER);
        let until = SignedDuration::try_from(pause + jitter).ok().and_then(|pause| now.checked_add(pause).ok());
        Self {
            schema: SCHEMA,
            provider: provider.to_owned(),
            until: until.unwrap_or(now),
            since: now,
            reason: reason.to_owned(),
            times,
        }
    }

    /// Whether nobody asks it at `now`. A pause that ends later than any that is begun now was noted by another clock,
    /// and is over.
    pub fn holds(&self, now: Timestamp) -> bool {
        let latest = SignedDuration::try_from(LONGEST + MOST_JITTER).ok().and_then(|most| now.checked_add(most).ok());
        self.until > now && latest.is_none_or(|latest| self.until <= latest)
    }

    /// Until when, and why.
    pub fn told(&self) -> String {
        format!("until {:.0}: {}", self.until, self.reason)
    }

    /// One sentence.
    pub fn sentence(&self) -> String {
        format!("the provider {} is left alone {}", self.provider, self.told())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn park(before: Option<&Parked>, reset: Option<Timestamp>, luck: f64) -> Parked {
        Parked::park("acme", before, "limit", reset, NOW, luck)
    }

    #[test]
    fn what_says_when_it_can_be_asked_is_asked_then_and_a_little_later() {
        assert_eq!(park(None, Some(at(100)), 0.0).until, at(100));
        assert_eq!(park(None, Some(at(100)), 1.0).until, at(110));
        assert_eq!(park(None, Some(at(36_000)), 1.0).until, at(36_060));
    }

    #[test]
    fn what_does_not_say_it_is_left_alone_longer_and_longer() {
        let mut parked = None;
        let mut pauses = Vec::new();
        for _ in 0..6 {
            let next = park(parked.as_ref(), None, 0.0);
            pauses.push(next.until.as_second() / 60);
            parked = Some(next);
        }
        assert_eq!(pauses, [5, 15, 30, 60, 60, 60]);
        let endless = Parked { times: u32::MAX, ..park(None, None, 0.0) };
        assert_eq!(park(Some(&endless), None, 0.0).until, at(3600));
    }

    #[test]
    fn what_is_over_soon_again_and_again_is_left_alone_longer_too() {
        let mut parked = None;
        let mut pauses = Vec::new();
        for _ in 0..6 {
            let next = park(parked.as_ref(), Some(at(2)), 0.0);
            pauses.push(next.until.as_second());
            parked = Some(next);
        }
        assert_eq!(pauses, [2, 2, 2, 300, 900, 1800]);
    }

    #[test]
    fn a_pause_of_another_clock_is_over() {
        let until = |seconds| Parked { until: at(seconds), ..park(None, None, 0.0) };
        for (seconds, holds) in [(-1, false), (0, false), (1, true), (86_400, true), (87_000, false)] {
            assert_eq!(until(seconds).holds(NOW), holds, "{seconds}");
        }
        assert!(park(None, Some(Timestamp::MAX), 1.0).holds(NOW));
    }

    #[test]
    fn odd_times_neither_end_at_once_for_ever_nor_never() {
        let past = park(None, Some(at(-5)), 0.0);
        assert_eq!(past.until, at(1));
        assert_eq!(park(Some(&past), Some(at(-5)), 0.0).until, at(15 * 60), "it was no help the first time");
        assert_eq!(park(None, Some(Timestamp::MAX), 0.0).until, at(24 * 60 * 60));
        assert_eq!(park(None, Some(Timestamp::MIN), 0.0).until, at(1));
    }
}
