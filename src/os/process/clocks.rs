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
    /// It said its last word.
    pub(super) left: Option<Instant>,
}

impl Clocks {
    /// The nearest deadline.
    pub(super) fn next(&self, moments: Moments) -> Option<(Instant, Clock)> {
        let Moments { started, spoke, left } = moments;
        let grace = left.map(|left| (self.grace, left, Clock::Grace));
        let silence = match (spoke, self.start_silence) {
            (Some(spoke), _) => (self.silence, spoke, Clock::Silence),
            (None, Some(limit)) => (Some(limit), started, Clock::StartSilence),
            (None, None) => (self.silence, started, Clock::Silence),
        };
        [Some(silence), Some((self.total, started, Clock::Total)), grace]
            .into_iter()
            .flatten()
            .filter_map(|(limit, since, clock)| Some((since.checked_add(limit?)?, clock)))
            .min_by_key(|(due, _)| *due)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn moments(started: Instant, spoke: Option<Instant>) -> Moments {
        Moments { started, spoke, left: None }
    }

    #[test]
    fn before_the_first_word_the_clock_of_the_start_counts() {
        let now = Instant::now();
        let clocks =
            Clocks { start_silence: Some(SECOND), silence: Some(2 * SECOND), total: Some(9 * SECOND), grace: None };
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
    fn after_the_last_word_nothing_that_it_prints_prolongs_the_grace() {
        let now = Instant::now();
        let clocks = Clocks { silence: Some(9 * SECOND), grace: Some(2 * SECOND), ..Clocks::default() };
        for spoke in [now, now + SECOND] {
            let moments = Moments { left: Some(now), ..moments(now, Some(spoke)) };
            assert_eq!(clocks.next(moments), Some((now + 2 * SECOND, Clock::Grace)));
        }
        assert_eq!(clocks.next(moments(now, Some(now))), Some((now + 9 * SECOND, Clock::Silence)));
    }
}
