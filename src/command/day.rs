//! What the last 24 hours came to: a night has two dates.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::announce::count;
use super::paint::{DIM, GREEN, RED};
use super::summary::cost;
use crate::model::record::{Sums, digest};
use crate::os::records::Records;

/// The sum of the cycles that have ended since.
#[derive(Debug, Default, Serialize)]
pub(super) struct Day {
    #[serde(serialize_with = "crate::model::moment::serialize_optional")]
    since: Option<Timestamp>,
    /// Tasks whose last cycle left them to a person.
    left_to_a_person: u32,
    #[serde(flatten)]
    sums: Sums,
}

impl Day {
    /// Sums up what has ended in the 24 hours before `now`.
    pub(super) fn look(records: &mut Records<'_>, now: Timestamp) -> Self {
        let since = now.checked_sub(SignedDuration::from_hours(24)).unwrap_or(now);
        let digest = digest(&records.cycles_since(since));
        let left = digest.tasks.iter().filter(|task| task.needs_a_person).count();
        Self { since: Some(since), left_to_a_person: u32::try_from(left).unwrap_or(u32::MAX), sums: digest.total }
    }

    /// One line; nothing where nothing has ended.
    pub(super) fn text(&self) -> String {
        let Self { left_to_a_person, sums, .. } = self;
        if sums.cycles == 0 {
            return String::new();
        }
        let mut parts = vec![format!("{GREEN}{} merged{GREEN:#}", sums.merged)];
        if *left_to_a_person > 0 {
            parts.push(format!("{RED}{left_to_a_person} left to a person{RED:#}"));
        }
        parts.push(count(sums.cycles, "cycle"));
        if sums.review_rounds > 0 {
            parts.push(count(sums.review_rounds, "round") + " of review");
        }
        if sums.resolves > 0 {
            parts.push(count(sums.resolves, "conflict") + " given back");
        }
        if sums.turns > 0 {
            parts.push(format!("cost {}", cost(sums)));
        }
        format!("\n{DIM}last 24 h:{DIM:#} {}\n", parts.join(", "))
    }
}
