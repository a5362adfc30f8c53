//! Which clock runs out next.

use std::time::Instant;

use super::{Clock, Clocks};

/// What the clocks of a child count from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moments {
    /// It was started.
    pub(super) started: Instant,
    /// It printed last.
    pub(super) spoke: Option<Instant>,
    /// It has been given until then.
    pub(super) given: Option<Instant>,
}

impl Clocks {
    /// The nearest deadline.
    pub(super) fn next(&self, moments: Moments) -> Option<(Instant, Clock)> {
        let Moments { started, spoke, given } = moments;
        let silence = match (spoke, self.start_silence) {
            (Some(spoke), _) => (self.silence, spoke, Clock::Silence),
            (None, Some(limit)) => (Some(limit), started, Clock::StartSilence),
            (None, None) => (self.silence, started, Clock::Silence),
        };
        [silence, (self.total, started, Clock::Total)]
            .into_iter()
            .filter_map(|(limit, since, clock)| Some((since.checked_add(limit?)?, clock)))
            .chain(given.map(|given| (given, Clock::Given)))
            .min_by_key(|(due, _)| *due)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn moments(started: Instant, spoke: Option<Instant>) -> Moments {
        Moments { started, spoke, given: None }
    }

    #[test]
    fn before_the_first_word_the_clock_of_the_start_counts() {
        let now = Instant::now();
        let clocks = Clocks { start_silence: Some(SECOND), silence: Some(2 * SECOND), total: Some(9 * SECOND) };
        assert_eq!(clocks.next(moments(now, None)), Some((now + SECOND, Clock::StartSilence)));
    }

    #[test]
    fn without_a_clock_of_the_start_silence_counts_from_the_start() {
        let now = Instant::now();
        let clocks = Clocks { silence: Some(2 * SECOND), ..Clocks::default() };
        assert_eq!(clocks.next(moments(now, None)), Some((now + 2 * SECOND, Clock::Silence)));
    }

    #[test]
    fn every_word_moves_silence_but_not_the_total() {
        let now = Instant::now();
        let clocks = Clocks { silence: Some(2 * SECOND), total: Some(9 * SECOND), ..Clocks::default() };
        assert_eq!(clocks.next(moments(now, Some(now + SECOND))), Some((now + 3 * SECOND, Clock::Silence)));
        assert_eq!(clocks.next(moments(now, Some(now + 8 * SECOND))), Some((now + 9 * SECOND, Clock::Total)));
    }

    #[test]
    fn no_clock_or_an_endless_one_is_never_due() {
        let now = Instant::now();
        assert_eq!(Clocks::default().next(moments(now, Some(now))), None);
        assert_eq!(Clocks { total: Some(Duration::MAX), ..Clocks::default() }.next(moments(now, None)), None);
    }

    #[test]
    fn what_it_was_given_is_not_prolonged_by_its_words() {
        let now = Instant::now();
        let clocks = Clocks { silence: Some(9 * SECOND), ..Clocks::default() };
        for spoke in [now, now + SECOND] {
            let moments = Moments { given: Some(now + 2 * SECOND), ..moments(now, Some(spoke)) };
            assert_eq!(clocks.next(moments), Some((now + 2 * SECOND, Clock::Given)));
        }
    }
}
