//! The words for what things cost.

use serde::Serialize;

use super::announce::count;
use super::paint::DIM;
use crate::model::budget::Usd;
use crate::model::record::{Costs, Usage, dollars};
use crate::model::task::Progress;

/// What stands for what nobody knows.
pub(super) const UNKNOWN: &str = "–";

/// Dollars, with a `+` where more was spent than is known.
pub(super) fn cost(usd: Option<f64>, is_all: bool) -> String {
    let more = if is_all { "" } else { "+" };
    usd.map_or(UNKNOWN.to_owned(), |usd| format!("{}{more}", dollars(usd)))
}

/// `12.3k in, 980 out`.
pub(super) fn tokens(usage: &Usage) -> String {
    let read = usage.input_tokens.map(|tokens| format!("{} in", short(tokens)));
    let written = usage.output_tokens.map(|tokens| format!("{} out", short(tokens)));
    let parts: Vec<String> = read.into_iter().chain(written).collect();
    if parts.is_empty() { UNKNOWN.to_owned() } else { parts.join(", ") }
}

/// A count of tokens as a person reads it.
fn short(tokens: u64) -> String {
    let (unit, name) = match tokens {
        0..1_000 => return tokens.to_string(),
        1_000..999_950 => (1_000, "k"),
        _ => (1_000_000, "M"),
    };
    let tenths = (u128::from(tokens) + unit / 20) * 10 / unit;
    format!("{}.{}{name}", tenths / 10, tenths % 10)
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// What a run cost and for what, in a few lines; nothing where no model was asked.
pub(super) fn of_run(costs: &Costs, usage: &Usage) -> String {
    let mut lines = Vec::new();
    if let Some(all) = costs.cost_usd {
        let per_task = match costs.per_merged_usd {
            Some(each) => format!("{} per merged task", dollars(each)),
            None => "nothing was merged".to_owned(),
        };
        let failed = failures(costs.failed_usd, costs.failed_share);
        let open = costs.open_usd.filter(|open| *open > 0.0);
        let open = open.map(|open| format!(", {} on work that is not merged yet", dollars(open))).unwrap_or_default();
        lines.push(format!("cost: {}, {per_task}; {failed}{open}", dollars(all)));
    }
    if usage.input_tokens.or(usage.output_tokens).is_some() {
        let cached = usage.cached_tokens.filter(|cached| *cached > 0);
        let cached = cached.map(|cached| format!(" ({} of them from a cache)", short(cached))).unwrap_or_default();
        lines.push(format!("tokens: {}", tokens(usage).replacen(" in", &format!(" in{cached}"), 1)));
    }
    match (costs.cycles_without_cost, costs.cycles) {
        (0, _) => {}
        (silent, of) if costs.cost_usd.is_none() && silent == of => {
            lines.push(format!("cost: nobody knows, because none of {} told it", count(of, "cycle")));
        }
        (silent, of) => lines.push(format!("{silent} of {} did not tell all that they cost", count(of, "cycle"))),
    }
    lines.into_iter().map(|line| format!("{DIM}{line}{DIM:#}\n")).collect()
}

fn failures(usd: Option<f64>, share: Option<f64>) -> String {
    match (usd, share) {
        (Some(usd), Some(share)) if usd > 0.0 => format!("{} of it on failures ({})", percent(share), dollars(usd)),
        (Some(_), _) => "nothing of it on failures".to_owned(),
        (None, _) => "nobody knows how much of it on failures".to_owned(),
    }
}

/// What a task has cost over all its attempts, as its file tells it.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct OfTask {
    /// Dollars, as far as they are known.
    cost_usd: Option<f64>,
    /// As many of them went to attempts whose work came to nothing.
    failed_usd: Option<f64>,
    /// Cycles that did not tell all that they cost.
    cycles_without_cost: u32,
}

impl OfTask {
    pub(super) fn of(progress: &Progress) -> Self {
        let Progress { cost_usd, failed_usd, cycles_without_cost, .. } = *progress;
        Self { cost_usd, failed_usd, cycles_without_cost }
    }

    /// In a table.
    pub(super) fn text(&self) -> String {
        cost(self.cost_usd, self.cycles_without_cost == 0)
    }
}

/// What some complete tasks cost, over all their attempts.
#[derive(Debug, Default, Serialize)]
pub(super) struct OfTasks {
    /// How many.
    tasks: u32,
    /// As many of them have at least one cycle that did not tell all, or are not known to have cost anything.
    tasks_without_cost: u32,
    /// Dollars in all, as far as they are known.
    cost_usd: Option<f64>,
    /// The same for each task of which some are known.
    per_task_usd: Option<f64>,
    /// Dollars of attempts whose work came to nothing, of the tasks of which that is known.
    failed_usd: Option<f64>,
    /// Which part of what those tasks cost that is, from 0 to 1.
    failed_share: Option<f64>,
}

impl OfTasks {
    /// Sums them up.
    pub(super) fn of<'a>(tasks: impl IntoIterator<Item = &'a OfTask>) -> Self {
        let mut sums = Self::default();
        let (mut known, mut all, mut judged, mut failed) = (0_u32, 0.0, 0.0, None);
        for task in tasks {
            sums.tasks += 1;
            sums.tasks_without_cost += u32::from(task.cost_usd.is_none() || task.cycles_without_cost > 0);
            let Some(usd) = task.cost_usd else { continue };
            (known, all) = (known + 1, Usd::sum(all, usd));
            if let Some(of_it) = task.failed_usd {
                judged = Usd::sum(judged, usd);
                failed = Some(Usd::sum(failed.unwrap_or(0.0), of_it));
            }
        }
        if known > 0 {
            sums.cost_usd = Some(all);
            sums.per_task_usd = Some(Usd::sum(all / f64::from(known), 0.0));
        }
        sums.failed_usd = failed;
        sums.failed_share = failed.filter(|_| judged > 0.0).map(|failed| failed / judged);
        sums
    }

    /// The last line of their list; nothing where nothing is known.
    pub(super) fn text(&self) -> String {
        let (Some(all), Some(each)) = (self.cost_usd, self.per_task_usd) else { return String::new() };
        let failed = failures(self.failed_usd, self.failed_share);
        let silent = match self.tasks_without_cost {
            0 => String::new(),
            silent => format!("; of {silent} it is not known, or not all of it"),
        };
        let tasks = count(self.tasks, "complete task");
        format!("{DIM}{tasks}: {} in all, {} per task; {failed}{silent}{DIM:#}\n", dollars(all), dollars(each))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn tokens_are_short_and_what_nobody_knows_is_left_out() {
        let usage = |read, written| Usage { input_tokens: read, output_tokens: written, ..Usage::default() };
        for (usage, expected) in [
            (usage(Some(999), Some(0)), "999 in, 0 out"),
            (usage(Some(12_345), Some(1_000)), "12.3k in, 1.0k out"),
            (usage(Some(999_949), None), "999.9k in"),
            (usage(Some(999_950), Some(5_250_000)), "1.0M in, 5.3M out"),
            (usage(Some(u64::MAX), None), "18446744073709.6M in"),
            (usage(None, None), "–"),
        ] {
            assert_eq!(tokens(&usage), expected);
        }
    }

    #[test]
    fn a_run_tells_what_a_merged_task_cost_what_failures_did_and_what_nobody_told() {
        let usage = Usage {
            input_tokens: Some(1_234_567),
            output_tokens: Some(35_000),
            cached_tokens: Some(900_000),
            cache_write_tokens: None,
        };
        let costs = Costs {
            cost_usd: Some(10.0),
            per_merged_usd: Some(2.5),
            failed_usd: Some(1.8),
            failed_share: Some(0.18),
            open_usd: Some(0.5),
            merged: 4,
            cycles: 12,
            cycles_without_cost: 3,
        };
        assert_eq!(
            plain(&of_run(&costs, &usage)),
            "cost: $10.00, $2.50 per merged task; 18 % of it on failures ($1.80), $0.50 on work that is not merged yet\n\
             tokens: 1.2M in (900.0k of them from a cache), 35.0k out\n\
             3 of 12 cycles did not tell all that they cost\n"
        );
        let silent = Costs { cycles: 2, cycles_without_cost: 2, ..Costs::default() };
        let told = plain(&of_run(&silent, &Usage::default()));
        assert_eq!(told, "cost: nobody knows, because none of 2 cycles told it\n");
        assert_eq!(of_run(&Costs { cycles: 2, ..Costs::default() }, &Usage::default()), "");
    }

    #[test]
    fn complete_tasks_are_summed_up_as_far_as_they_are_known() {
        let task = |cost_usd, failed_usd, cycles_without_cost| OfTask { cost_usd, failed_usd, cycles_without_cost };
        let known = [task(Some(1.0), Some(0.0), 0), task(Some(3.0), Some(1.0), 0)];
        assert_eq!(
            plain(&OfTasks::of(&known).text()),
            "2 complete tasks: $4.00 in all, $2.00 per task; 25 % of it on failures ($1.00)\n"
        );
        let [one, other] = known;
        let mixed = OfTasks::of(&[one, other, task(Some(2.0), None, 1), task(None, None, 0)]);
        assert_eq!(
            plain(&mixed.text()),
            "4 complete tasks: $6.00 in all, $2.00 per task; 25 % of it on failures ($1.00); of 2 it is not known, or not \
             all of it\n"
        );
        assert_eq!(OfTasks::of(&[task(None, None, 0)]).text(), "");
    }
}
