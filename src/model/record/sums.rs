//! What some cycles came to together: counts, cost, and time by phase. What nobody knows is null, never 0.

use serde::Serialize;

use super::{Cycle, StepName, StepRecord, Usage};
use crate::model::budget::Usd;
use crate::model::outcome::Outcome;

/// The sum of some cycles.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Sums {
    /// How many.
    pub cycles: u32,
    /// How many of them say something about the work; the others were broken off or held up.
    pub attempts: u32,
    /// How many were merged.
    pub merged: u32,
    /// Tasks that their agents made.
    pub created: u32,
    /// Rounds of review.
    pub review_rounds: u32,
    /// Times that an author resolved a conflict with the base, or tried to.
    pub resolves: u32,
    /// Dollars, as far as they are known.
    pub cost_usd: Option<f64>,
    /// Turns of agents.
    pub turns: u32,
    /// Turns of which nobody knows the cost.
    pub turns_without_cost: u32,
    /// Tokens, as far as they are known.
    pub usage: Usage,
    /// Time by phase.
    #[serde(flatten)]
    pub times: Times,
}

/// Time by phase; null: there was none. The phases of a cycle do not overlap.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Times {
    /// The author's first turn and those in which he went on.
    pub implement_ms: Option<u64>,
    /// Gates, those in the merge queue included.
    pub verify_ms: Option<u64>,
    /// Reviews.
    pub review_ms: Option<u64>,
    /// Mending what a review found.
    pub fix_ms: Option<u64>,
    /// Resolving conflicts with the base.
    pub resolve_ms: Option<u64>,
    /// Merging, and waiting in the merge queue.
    pub integrate_ms: Option<u64>,
    /// Making tasks.
    pub plan_ms: Option<u64>,
    /// Choosing tasks.
    pub claim_ms: Option<u64>,
}

impl Sums {
    /// The sum of these cycles.
    pub fn of<'a>(cycles: impl IntoIterator<Item = &'a Cycle>) -> Self {
        let mut sums = Self::default();
        cycles.into_iter().for_each(|cycle| sums.add(cycle));
        sums
    }

    /// Adds one cycle.
    pub fn add(&mut self, cycle: &Cycle) {
        self.cycles += 1;
        self.attempts += u32::from(is_attempt(cycle.outcome));
        self.merged += u32::from(cycle.outcome == Outcome::Merged);
        self.created += u32::try_from(cycle.created.len()).unwrap_or(u32::MAX);
        self.review_rounds += cycle.review_rounds;
        self.cost_usd = plus(self.cost_usd, cycle.cost_usd);
        self.usage = self.usage.and(cycle.usage);
        for step in cycle.steps.iter().filter(|step| step.is_turn()) {
            self.turns += 1;
            self.turns_without_cost += u32::from(step.is_without_cost());
            self.resolves += u32::from(step.step == StepName::Resolve);
        }
        self.times.add(&cycle.steps);
    }

    /// Adds what others came to.
    pub fn join(&mut self, other: &Sums) {
        self.cycles += other.cycles;
        self.attempts += other.attempts;
        self.merged += other.merged;
        self.created += other.created;
        self.review_rounds += other.review_rounds;
        self.resolves += other.resolves;
        self.cost_usd = plus(self.cost_usd, other.cost_usd);
        self.turns += other.turns;
        self.turns_without_cost += other.turns_without_cost;
        self.usage = self.usage.and(other.usage);
        for (mine, its) in self.times.each_mut().into_iter().zip(other.times.each()) {
            *mine = sum(*mine, its);
        }
    }
}

impl Times {
    /// The phases in the order of their names here.
    pub fn each(&self) -> [Option<u64>; 8] {
        let Self { implement_ms, verify_ms, review_ms, fix_ms, resolve_ms, integrate_ms, plan_ms, claim_ms } = *self;
        [implement_ms, verify_ms, review_ms, fix_ms, resolve_ms, integrate_ms, plan_ms, claim_ms]
    }

    fn each_mut(&mut self) -> [&mut Option<u64>; 8] {
        let Self { implement_ms, verify_ms, review_ms, fix_ms, resolve_ms, integrate_ms, plan_ms, claim_ms } = self;
        [implement_ms, verify_ms, review_ms, fix_ms, resolve_ms, integrate_ms, plan_ms, claim_ms]
    }

    /// Adds the steps of one cycle. What the gates of the merge queue took lies within the step `integrate`, which is
    /// noted when it ends, after them: it counts once.
    fn add(&mut self, steps: &[StepRecord]) {
        let mut within = 0;
        for step in steps {
            let length = match step.step {
                StepName::Integrate => step.duration_ms.saturating_sub(std::mem::take(&mut within)),
                _ if is_of_the_queue(step) => {
                    within = step.duration_ms.saturating_add(within);
                    step.duration_ms
                }
                _ => step.duration_ms,
            };
            let phase = match step.step {
                StepName::Implement => &mut self.implement_ms,
                StepName::Verify => &mut self.verify_ms,
                StepName::Review => &mut self.review_ms,
                StepName::Fix => &mut self.fix_ms,
                StepName::Resolve => &mut self.resolve_ms,
                StepName::Integrate => &mut self.integrate_ms,
                StepName::Plan => &mut self.plan_ms,
                StepName::Claim => &mut self.claim_ms,
            };
            *phase = Some(phase.unwrap_or(0).saturating_add(length));
        }
    }
}

/// Whether a gate ran in the merge queue: it has a log of its own there.
fn is_of_the_queue(step: &StepRecord) -> bool {
    step.step == StepName::Verify && step.log.as_deref().is_some_and(|log| log.contains("queue-gate-"))
}

fn is_attempt(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Merged
        | Outcome::NoChange
        | Outcome::AwaitingReview
        | Outcome::VerifyFailed
        | Outcome::Rejected
        | Outcome::Conflict
        | Outcome::AgentError
        | Outcome::Stuck
        | Outcome::Timeout
        | Outcome::NeedsInput
        | Outcome::Replan
        | Outcome::OverBudget => true,
        Outcome::Claimed
        | Outcome::Planned
        | Outcome::RateLimited
        | Outcome::Infra
        | Outcome::Interrupted
        | Outcome::Cancelled
        | Outcome::Done => false,
    }
}

/// Dollars as a person reads them; what is less than a cent is not nothing.
pub fn dollars(usd: f64) -> String {
    if usd > 0.0 && usd < 0.005 { "<$0.01".to_owned() } else { format!("${usd:.2}") }
}

/// What is known of one only is all that is known.
fn sum(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.saturating_add(other)),
        (one, other) => one.or(other),
    }
}

/// The same for dollars, without the dust of binary fractions.
pub(super) fn plus(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(Usd::sum(one, other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::record::StepResult;
    use crate::model::record::tests::{cycle, step};

    fn took(name: StepName, duration_ms: u64, cost_usd: Option<f64>) -> StepRecord {
        StepRecord { step: name, result: StepResult::Ok, duration_ms, cost_usd, ..step() }
    }

    fn in_queue(duration_ms: u64) -> StepRecord {
        StepRecord { log: Some("logs/queue-gate-7.log".to_owned()), ..took(StepName::Verify, duration_ms, None) }
    }

    #[test]
    fn phases_do_not_overlap_and_what_did_not_happen_has_no_length() {
        let steps = vec![
            took(StepName::Implement, 10, Some(0.1)),
            took(StepName::Verify, 20, None),
            in_queue(300),
            in_queue(50),
            took(StepName::Integrate, 1000, None),
            took(StepName::Resolve, 5, Some(0.2)),
            took(StepName::Integrate, 7, None),
        ];
        let sums = Sums::of(&[Cycle { steps, cost_usd: Some(0.3), outcome: Outcome::Merged, ..cycle() }]);
        assert_eq!(sums.times.each(), [Some(10), Some(370), None, None, Some(5), Some(657), None, None]);
        assert_eq!((sums.turns, sums.turns_without_cost, sums.resolves, sums.merged), (2, 0, 1, 1));
    }

    #[test]
    fn unknown_cost_stays_unknown_and_is_counted() {
        let silent = Cycle { steps: vec![took(StepName::Implement, 1, None)], ..cycle() };
        let told = Cycle { steps: vec![took(StepName::Fix, 1, Some(0.1))], cost_usd: Some(0.1), ..cycle() };
        let refused = StepRecord { result: StepResult::CouldNotRun, ..took(StepName::Implement, 1, None) };
        let held_up = Cycle { steps: vec![refused], outcome: Outcome::RateLimited, ..cycle() };
        assert_eq!(Sums::of([&silent]).cost_usd, None);
        let mut all = Sums::of([&silent, &told, &held_up]);
        assert_eq!((all.cost_usd, all.turns, all.turns_without_cost, all.attempts), (Some(0.1), 2, 1, 2));
        all.join(&Sums::of([&told, &told]));
        assert_eq!((all.cost_usd, all.cycles, all.times.fix_ms), (Some(0.3), 5, Some(3)));
    }
}
