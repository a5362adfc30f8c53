//! When a planner plans: while there is room, and only when there is something new to think about, so that an idle one
//! costs nothing.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::config::Limits;
use super::transition::pause;

/// A planner, as far as its past decides what it does next.
#[derive(Debug, Clone, Default)]
pub struct Planner {
    /// It has planned, whatever came of it.
    has_begun: bool,
    /// Its last cycle made tasks, and it was told to go on after a pause: it needs no news for the next.
    goes_on: bool,
    /// How many of its cycles have failed in a row.
    failures: u32,
    /// It has failed so often that it waits for news.
    gives_up: bool,
    /// It rests until then.
    rests_until: Option<Timestamp>,
}

/// When a planner is to plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// At once.
    Now,
    /// At this moment, should nothing change before.
    At(Timestamp),
    /// Not before something has changed.
    OnNews,
}

impl Planner {
    /// When it plans, with `room` for so many tasks. `news` says whether something has happened since its last cycle
    /// began that is worth a thought; it is asked only where that decides.
    pub fn due(&self, room: usize, now: Timestamp, news: impl FnOnce() -> bool) -> Due {
        let tries_again = self.failures > 0 && !self.gives_up;
        if room == 0 || !(!self.has_begun || self.goes_on || tries_again || news()) {
            return Due::OnNews;
        }
        match self.rests_until.filter(|until| *until > now) {
            Some(until) => Due::At(until),
            None => Due::Now,
        }
    }

    /// It has planned and made `created` tasks; it rests for `pause_between`.
    pub fn planned(&mut self, created: usize, pause_between: Duration, now: Timestamp) {
        *self = Self {
            has_begun: true,
            goes_on: created > 0 && !pause_between.is_zero(),
            failures: 0,
            gives_up: false,
            rests_until: later(now, pause_between),
        };
    }

    /// It could not plan. It rests the longer the more often that happens; `luck`, between 0 and 1, spreads the rests.
    /// After `allowed` times in a row it waits for news; gives whether that begins now.
    pub fn failed(&mut self, limits: &Limits, allowed: Option<u32>, now: Timestamp, luck: f64) -> bool {
        let failures = self.failures.saturating_add(1);
        let gives_up = allowed.is_some_and(|allowed| failures >= allowed);
        let is_new = gives_up && !self.gives_up;
        let rests_until = later(now, pause(failures, limits, luck));
        *self = Self { has_begun: true, goes_on: false, failures, gives_up, rests_until };
        is_new
    }
}

fn later(now: Timestamp, pause: Duration) -> Option<Timestamp> {
    now.checked_add(SignedDuration::try_from(pause).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn due(planner: &Planner, room: usize, second: i64, news: bool) -> Due {
        planner.due(room, at(second), || news)
    }

    /// What it has done at second 100: made so many tasks, with a pause of so many seconds.
    fn planned(created: usize, pause: u64) -> Planner {
        let mut planner = Planner::default();
        planner.planned(created, Duration::from_secs(pause), at(100));
        planner
    }

    #[test]
    fn it_plans_first_then_on_news_or_after_its_pause_and_never_without_room() {
        let fresh = Planner::default();
        for (name, planner, room, second, news, expected) in [
            ("the first time", &fresh, 3, 100, false, Due::Now),
            ("no room", &fresh, 0, 100, true, Due::OnNews),
            ("nothing new", &planned(2, 0), 3, 101, false, Due::OnNews),
            ("news", &planned(2, 0), 3, 101, true, Due::Now),
            ("news, but no room", &planned(2, 0), 0, 101, true, Due::OnNews),
            ("in its pause", &planned(2, 60), 3, 101, false, Due::At(at(160))),
            ("news in its pause", &planned(2, 60), 3, 101, true, Due::At(at(160))),
            ("after its pause", &planned(2, 60), 3, 160, false, Due::Now),
            ("after its pause, when it made nothing", &planned(0, 60), 3, 160, false, Due::OnNews),
            ("news after it made nothing", &planned(0, 0), 3, 101, true, Due::Now),
        ] {
            assert_eq!(due(planner, room, second, news), expected, "{name}");
        }
    }

    #[test]
    fn news_are_looked_for_only_where_they_decide() {
        let never = || panic!("asked for news");
        assert_eq!(Planner::default().due(1, at(1), never), Due::Now);
        assert_eq!(planned(1, 0).due(0, at(101), never), Due::OnNews);
        assert_eq!(planned(1, 9).due(1, at(101), never), Due::At(at(109)));
    }

    #[test]
    fn one_that_fails_rests_longer_each_time_and_then_waits_for_news() {
        let limits = Limits::default();
        let mut planner = Planner::default();
        let fail = |planner: &mut Planner| planner.failed(&limits, Some(3), at(100), 1.0);
        assert!(!fail(&mut planner));
        assert_eq!(due(&planner, 1, 100, false), Due::At(at(110)));
        assert_eq!(due(&planner, 1, 110, false), Due::Now);
        assert!(!fail(&mut planner));
        assert_eq!(due(&planner, 1, 110, false), Due::At(at(120)));
        assert!(fail(&mut planner), "it tells once that it gives up");
        assert_eq!(due(&planner, 1, 999, false), Due::OnNews);
        assert_eq!(due(&planner, 1, 101, true), Due::At(at(140)));
        assert_eq!(due(&planner, 1, 140, true), Due::Now);
        assert!(!fail(&mut planner));
        planner.planned(1, Duration::ZERO, at(100));
        assert_eq!(due(&planner, 1, 100, false), Due::OnNews);
        for _ in 0..9 {
            assert!(!planner.failed(&limits, None, at(100), 1.0), "where nothing is allowed to end it");
        }
        assert_eq!(due(&planner, 1, 9999, false), Due::Now);
    }
}
