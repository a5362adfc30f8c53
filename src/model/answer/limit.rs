//! When a limit ends, from records or from the words of an error.

use std::sync::LazyLock;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Time;

use super::found::{Limit, Trouble};
use super::turn::Turn;
use crate::model::agent::{Pattern, ResetText, TroubleKind, Unit};

/// How ends of limits are told, whoever tells them.
const WORDS: [&str; 4] = [
    r"(?i)(?:try again|retry|resets?) (?:in|after) (?<milliseconds>\d+)\s?ms\b",
    r"(?i)(?:try again|retry|resets?) (?:in|after) (?:about )?(?:(?<days>\d+)\s?d(?:ays?)?\b[ ,]*)?(?:(?<hours>\d+)\s?h(?:(?:ou)?rs?)?(?:\b|\d)??[ ,]*)?(?:(?<minutes>\d+)\s?m(?:in(?:ute)?s?)?[ ,]*)?(?:(?<seconds>\d+(?:\.\d+)?)\s?s(?:ec(?:ond)?s?)?)?",
    r"(?i)(?:try again at|resets(?: at)?) (?<clock>\d{1,2}(?::\d{2})? ?[ap]m|\d{1,2}:\d{2})",
    r"(?i)limit reached\|(?<epoch>\d{10})",
];

static KNOWN: LazyLock<Vec<ResetText>> =
    LazyLock::new(|| WORDS.iter().filter_map(|words| Pattern::parse(words).ok()).map(|re| ResetText { re }).collect());

/// When the trouble ends, where it is a limit; what a record said goes before words.
pub(super) fn limit(turn: &Turn, trouble: &Trouble, own: &[ResetText]) -> Option<Limit> {
    match trouble.kind {
        TroubleKind::RateLimited | TroubleKind::NoCredit => {}
        TroubleKind::Auth
        | TroubleKind::BadSession
        | TroubleKind::TooLong
        | TroubleKind::Refused
        | TroubleKind::NoModel
        | TroubleKind::OwnLimit
        | TroubleKind::BadUsage
        | TroubleKind::Transient
        | TroubleKind::Other => return None,
    }
    if turn.reset_at.is_some() || turn.retry_after.is_some() {
        return Some(Limit { reset_at: turn.reset_at, retry_after: turn.retry_after, clock: None });
    }
    own.iter().chain(KNOWN.iter()).find_map(|reset| told(&reset.re, &trouble.message))
}

/// What `words` tell, if `re` finds a time in them.
fn told(re: &Pattern, words: &str) -> Option<Limit> {
    let groups = re.captures(words)?;
    let mut limit = Limit::default();
    for unit in Unit::ALL {
        let Some(told) = groups.name(unit.group()).map(|group| group.as_str()) else { continue };
        let mut wait = |seconds: f64| {
            let more = told.parse::<f64>().ok().and_then(|count| Duration::try_from_secs_f64(count * seconds).ok());
            limit.retry_after = more.map(|more| limit.retry_after.unwrap_or_default().saturating_add(more));
        };
        match unit {
            Unit::Days => wait(86_400.0),
            Unit::Hours => wait(3600.0),
            Unit::Minutes => wait(60.0),
            Unit::Seconds => wait(1.0),
            Unit::Milliseconds => wait(0.001),
            Unit::Clock => limit.clock = clock(told),
            Unit::Epoch => limit.reset_at = told.parse().ok().and_then(|second| Timestamp::from_second(second).ok()),
        }
    }
    Some(limit).filter(|limit| *limit != Limit::default())
}

/// A time of day: `8:23 AM`, `3pm`, `15:00`.
fn clock(words: &str) -> Option<Time> {
    let words = words.trim().to_ascii_lowercase();
    let (time, half) = match (words.strip_suffix("am"), words.strip_suffix("pm")) {
        (Some(time), _) => (time.trim_end(), Some(0)),
        (None, Some(time)) => (time.trim_end(), Some(12)),
        (None, None) => (words.as_str(), None),
    };
    let (hour, minute) = time.split_once(':').unwrap_or((time, "0"));
    let hour: i8 = hour.parse().ok()?;
    let hour = match half {
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return None,
        None => hour,
    };
    Time::new(hour, minute.parse().ok()?, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(message: &str) -> Option<Limit> {
        let trouble = Trouble { kind: TroubleKind::RateLimited, message: message.to_owned(), status: None };
        limit(&Turn::default(), &trouble, &[])
    }

    #[test]
    fn the_end_of_a_limit_is_read_from_words() {
        assert_eq!(KNOWN.len(), WORDS.len());
        let after = |seconds: f64| Limit { retry_after: Some(Duration::from_secs_f64(seconds)), ..Limit::default() };
        let clock = |hour, minute| Limit { clock: Some(Time::constant(hour, minute, 0, 0)), ..Limit::default() };
        for (words, expected) in [
            ("Please try again in 7s.", Some(after(7.0))),
            ("Please try again in 1.898s.", Some(after(1.898))),
            ("Please try again in 28ms.", Some(after(0.028))),
            ("try again in 6m0s", Some(after(360.0))),
            ("Try again in 3 days 4 hours 5 minutes.", Some(after(273_900.0))),
            ("try again in 1h2m3s", Some(after(3723.0))),
            ("Suggested retry after 5s..", Some(after(5.0))),
            ("Please retry in 34.5s", Some(after(34.5))),
            ("purchase more credits or try again at 8:23 AM.", Some(clock(8, 23))),
            ("You've hit your 5-hour limit · resets 8:35pm (UTC)", Some(clock(20, 35))),
            ("resets at 12am", Some(clock(0, 0))),
            ("resets 15:00", Some(clock(15, 0))),
            ("try again in a while", None),
            ("try again at 13 pm", None),
            ("try again at 27:99", None),
            ("", None),
        ] {
            assert_eq!(of(words), expected, "{words}");
        }
        assert_eq!(of("usage limit reached|1795163735").unwrap().reset_at.unwrap().as_second(), 1_795_163_735);
    }

    #[test]
    fn what_is_no_limit_has_no_end_and_a_record_goes_before_words() {
        let trouble = |kind| Trouble { kind, message: "try again in 7s".into(), status: None };
        assert_eq!(limit(&Turn::default(), &trouble(TroubleKind::Auth), &[]), None);
        let turn = Turn { retry_after: Some(Duration::from_secs(9)), ..Turn::default() };
        let found = limit(&turn, &trouble(TroubleKind::NoCredit), &[]).unwrap();
        assert_eq!(found.retry_after, Some(Duration::from_secs(9)));
        let own: Vec<ResetText> = serde_yaml::from_str("[{re: 'again in (?<hours>7)s'}]").unwrap();
        let found = limit(&Turn::default(), &trouble(TroubleKind::RateLimited), &own).unwrap();
        assert_eq!(found.retry_after, Some(Duration::from_secs(7 * 3600)));
    }
}
