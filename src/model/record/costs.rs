//! What the money of some cycles went to. What nobody knows is null, never 0.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Cycle;
use super::sums::plus;
use crate::model::outcome::{Fate, Outcome};
use crate::model::state::State;
use crate::model::task::TaskId;

/// What some cycles cost, and for what.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Costs {
    /// Dollars in all, as far as they are known.
    pub cost_usd: Option<f64>,
    /// The same for each task that was merged; null where none was.
    pub per_merged_usd: Option<f64>,
    /// Dollars of cycles whose work came to nothing.
    pub failed_usd: Option<f64>,
    /// Which part of all dollars that is, from 0 to 1.
    pub failed_share: Option<f64>,
    /// Dollars of cycles whose work is not merged yet, and with which the next attempt goes on.
    pub open_usd: Option<f64>,
    /// Tasks that were merged.
    pub merged: u32,
    /// Cycles in which an agent had its say.
    pub cycles: u32,
    /// As many of them did not tell all that they cost.
    pub cycles_without_cost: u32,
}

/// Looks for what `cycles` were paid, in whatever order they come.
pub fn costs(cycles: &[Cycle]) -> Costs {
    let mut costs = Costs { failed_usd: Some(0.0), open_usd: Some(0.0), ..Costs::default() };
    let (mut failed, mut open) = (Vec::new(), Vec::new());
    for (cycle, fate) in fates(cycles) {
        costs.cost_usd = plus(costs.cost_usd, cycle.cost_usd);
        costs.merged += u32::from(cycle.outcome == Outcome::Merged);
        costs.cycles += u32::from(cycle.steps.iter().any(|step| step.is_turn()));
        costs.cycles_without_cost += u32::from(cycle.is_without_cost());
        match fate {
            Fate::Failed => failed.push(cycle),
            Fate::Open => open.push(cycle),
            Fate::Landed | Fate::Apart => {}
        }
    }
    let Some(all) = costs.cost_usd else { return Costs { failed_usd: None, open_usd: None, ..costs } };
    costs.per_merged_usd = (costs.merged > 0).then(|| all / f64::from(costs.merged));
    (costs.failed_usd, costs.open_usd) = (sum(&failed), sum(&open));
    costs.failed_share = costs.failed_usd.filter(|_| all > 0.0).map(|failed| failed / all);
    costs
}

/// What they cost together: nothing, where they are none or none of them asked anybody.
fn sum(cycles: &[&Cycle]) -> Option<f64> {
    let known = cycles.iter().fold(None, |sum, cycle| plus(sum, cycle.cost_usd));
    known.or_else(|| cycles.iter().all(|cycle| !cycle.is_without_cost()).then_some(0.0))
}

/// What became of the work of each cycle: where a later cycle of its task went on with it, what became of that.
fn fates(cycles: &[Cycle]) -> Vec<(&Cycle, Fate)> {
    let mut latest: Vec<&Cycle> = cycles.iter().collect();
    latest.sort_by_key(|cycle| std::cmp::Reverse(cycle.place()));
    let mut later: BTreeMap<&TaskId, Fate> = BTreeMap::new();
    let fate = |cycle| {
        let own = own_fate(cycle);
        let Some(task) = &cycle.task else { return (cycle, own) };
        let fate = match own {
            Fate::Open => later.get(task).copied().unwrap_or(Fate::Open),
            Fate::Landed | Fate::Failed | Fate::Apart => own,
        };
        later.insert(task, fate);
        (cycle, fate)
    };
    latest.into_iter().map(fate).collect()
}

fn own_fate(cycle: &Cycle) -> Fate {
    match cycle.left_in() {
        Some(State::Complete) => Fate::Landed,
        Some(State::Pending | State::Current | State::Review | State::Blocked) | None => cycle.outcome.fate(),
    }
}

impl Cycle {
    /// Whether nobody knows all that it cost.
    pub fn is_without_cost(&self) -> bool {
        self.steps.iter().any(|step| step.is_without_cost())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::record::tests::{cycle, step};
    use crate::model::record::{CostFrom, StepName, StepRecord, StepResult};

    fn at(task: &str, second: i64, outcome: Outcome, cost_usd: Option<f64>) -> Cycle {
        let started_at = jiff::Timestamp::from_second(second).unwrap();
        let turn = StepRecord { step: StepName::Implement, result: StepResult::Ok, cost_usd, ..step() };
        let task = Some(TaskId::parse(task).unwrap());
        Cycle { task, started_at, ended_at: started_at, outcome, to: None, cost_usd, steps: vec![turn], ..cycle() }
    }

    #[test]
    fn work_that_goes_on_is_paid_for_what_becomes_of_it() {
        let cycles = [
            at("a", 3, Outcome::Merged, Some(1.0)),
            at("a", 2, Outcome::Interrupted, Some(0.25)),
            at("a", 1, Outcome::VerifyFailed, Some(0.5)),
            at("a", 0, Outcome::NeedsInput, Some(0.125)),
            at("b", 1, Outcome::AwaitingReview, Some(2.0)),
            at("c", 1, Outcome::Stuck, Some(0.125)),
            Cycle { task: None, ..at("x", 1, Outcome::Planned, Some(1.0)) },
        ];
        let costs = costs(&cycles);
        assert_eq!((costs.cost_usd, costs.merged, costs.per_merged_usd), (Some(5.0), 1, Some(5.0)));
        assert_eq!((costs.failed_usd, costs.failed_share, costs.open_usd), (Some(0.75), Some(0.15), Some(2.0)));
        assert_eq!((costs.cycles, costs.cycles_without_cost), (7, 0));
    }

    #[test]
    fn what_nobody_knows_is_no_zero_and_is_counted() {
        let silent = at("a", 1, Outcome::Stuck, None);
        let told = at("a", 2, Outcome::Merged, Some(0.5));
        let nothing = costs(std::slice::from_ref(&silent));
        assert_eq!((nothing.cost_usd, nothing.failed_usd, nothing.failed_share), (None, None, None));
        let partly = costs(&[silent.clone(), told.clone()]);
        assert_eq!((partly.cost_usd, partly.failed_usd, partly.failed_share), (Some(0.5), None, None));
        assert_eq!((partly.cycles, partly.cycles_without_cost), (2, 1));
        let free = StepRecord { cost_from: Some(CostFrom::NoModel), ..silent.steps[0].clone() };
        let mixed = costs(&[Cycle { steps: vec![free], ..silent }, told]);
        assert_eq!((mixed.failed_usd, mixed.failed_share, mixed.cycles_without_cost), (Some(0.0), Some(0.0), 0));
        assert_eq!((costs(&[]).per_merged_usd, costs(&[]).cycles), (None, 0));
    }

    #[test]
    fn a_task_that_asked_for_no_change_has_come_to_its_end_with_it() {
        let asked = |to| Cycle { to: Some(to), ..at("a", 1, Outcome::NoChange, Some(1.0)) };
        assert_eq!(costs(&[asked(State::Complete)]).failed_usd, Some(0.0));
        assert_eq!(costs(&[asked(State::Pending)]).failed_usd, Some(1.0));
    }
}
