//! What a run came to, as a person reads it in the morning: per worker, per task, and what needs a person, each with
//! its next command. Short however long the night was.

use serde::Serialize;

use super::paint::{BOLD, DIM, PLAIN, RED, YELLOW, of_outcome};
use super::status::short;
use super::table::Table;
use super::{age, costs as words};
use crate::model::outcome::Outcome;
use crate::model::record::{Costs, Cycle, Digest, OfTask, Sums, costs, digest};
use crate::model::state::State;
use crate::model::task::TaskId;
use crate::os::dirs::Dirs;
use crate::os::task_folder;

/// So many tasks of a kind have a line each; the others are summed up.
const MOST: usize = 30;
/// What stands for what nobody knows, and for what there was none of.
const NONE: &str = "–";

/// What a run came to.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    #[serde(flatten)]
    digest: Digest,
    /// What it cost, and for what.
    costs: Costs,
    /// The tasks that its cycles left to a person.
    needs_a_person: Vec<Needy>,
}

/// A task that was left to a person.
#[derive(Debug, Serialize)]
struct Needy {
    task: TaskId,
    /// The folder into which its last cycle put it.
    to: Option<State>,
    /// Where it lies now; null: its file is gone.
    state: Option<State>,
    outcome: Outcome,
    reason: String,
    /// The next command.
    next: String,
}

/// How many lines there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    /// As many as a person reads.
    Short,
    /// One for each task.
    Whole,
}

/// Sums up the cycles of a run; of the files, only where those lie now that need a person is asked.
pub(super) fn summary(dirs: &Dirs, cycles: &[Cycle]) -> Summary {
    let digest = digest(cycles);
    let needy = digest.tasks.iter().filter(|task| task.needs_a_person).map(|task| Needy {
        task: task.task.clone(),
        to: task.to,
        state: task_folder::find(dirs, &task.task),
        outcome: task.outcome,
        reason: task.reason.clone(),
        next: format!("swarm explain {}", task.task),
    });
    let needs_a_person = needy.collect();
    Summary { digest, costs: costs(cycles), needs_a_person }
}

impl Summary {
    /// The tables, and what needs a person.
    pub(super) fn text(&self, length: Length) -> String {
        let Digest { total, workers, tasks } = &self.digest;
        let mut by_worker = Table::new(heads(["WORKER", "MERGED", "CYCLES"]));
        for it in workers {
            let first = [it.worker.clone(), it.sums.merged.to_string(), it.sums.cycles.to_string()];
            by_worker.row(PLAIN, cells(first, &it.sums));
        }
        if workers.len() > 1 {
            by_worker.row(BOLD, cells(["all".to_owned(), total.merged.to_string(), total.cycles.to_string()], total));
        }
        let by_worker = by_worker.without_columns_of(&[NONE, "0"]).text();
        let cost = words::of_run(&self.costs, &total.usage);
        let parts = [by_worker, tasks_text(tasks, length), cost, self.person_text()];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join("\n")
    }

    /// What needs a person, each with its next command; nothing where nothing does.
    pub(super) fn person_text(&self) -> String {
        let mut table = Table::new(["NEEDS A PERSON", "IN", "WHY"]);
        for it in &self.needs_a_person {
            let to = it.to.map_or("", State::folder).to_owned();
            if it.state == it.to {
                table.row(RED, [it.next.clone(), to, format!("{}: {}", it.outcome, it.reason)]);
            } else {
                let now = it.state.map_or("gone".to_owned(), |state| format!("in {state}/"));
                table.row(DIM, [it.next.clone(), to, format!("it is {now} by now ({}: {})", it.outcome, it.reason)]);
            }
        }
        table.text()
    }
}

fn tasks_text(tasks: &[OfTask], length: Length) -> String {
    let mut table = Table::new(heads(["TASK", "END", "COMMIT"]));
    let is_merged = |task: &&OfTask| task.to == Some(State::Complete);
    let (merged, others): (Vec<&OfTask>, Vec<&OfTask>) = tasks.iter().partition(is_merged);
    let (needy, others): (Vec<&OfTask>, Vec<&OfTask>) = others.into_iter().partition(|task| task.needs_a_person);
    for (kind, of_kind) in [("merged", merged), ("not merged yet", others)] {
        let shown = match length {
            Length::Short => of_kind.len().min(MOST),
            Length::Whole => of_kind.len(),
        };
        let (summed, shown) = of_kind.split_at(of_kind.len() - shown);
        if !summed.is_empty() {
            let mut sums = Sums::default();
            summed.iter().for_each(|task| sums.join(&task.sums));
            let first = [format!("{} before these", summed.len()), kind.to_owned(), NONE.to_owned()];
            table.row(DIM, cells(first, &sums));
        }
        shown.iter().for_each(|task| row(&mut table, task));
    }
    needy.iter().for_each(|task| row(&mut table, task));
    table.without_columns_of(&[NONE, "0"]).text()
}

fn row(table: &mut Table, task: &OfTask) {
    let end = match task.to {
        Some(State::Complete) | None => task.outcome.to_string(),
        Some(state) => format!("{} → {state}", task.outcome),
    };
    let style = match (task.needs_a_person, task.to) {
        (true, _) => RED,
        (false, Some(State::Pending)) => YELLOW,
        (false, _) => of_outcome(task.outcome),
    };
    let commit = task.commit.as_deref().map_or(NONE, short).to_owned();
    table.row(style, cells([task.task.to_string(), end, commit], &task.sums));
}

fn heads(first: [&'static str; 3]) -> [&'static str; 16] {
    let [a, b, c] = first;
    [
        a,
        b,
        c,
        "MADE",
        "ATTEMPTS",
        "ROUNDS",
        "RESOLVES",
        "COST",
        "IMPLEMENT",
        "VERIFY",
        "REVIEW",
        "FIX",
        "RESOLVE",
        "INTEGRATE",
        "PLAN",
        "CLAIM",
    ]
}

fn cells(first: [String; 3], sums: &Sums) -> [String; 16] {
    let [a, b, c] = first;
    let [made, d, e, f] =
        [sums.created, sums.attempts, sums.review_rounds, sums.resolves].map(|count| count.to_string());
    let [g, h, i, j, k, l, m, n] = sums.times.each().map(|ms| ms.map_or(NONE.to_owned(), age::length_ms));
    [a, b, c, made, d, e, f, cost(sums), g, h, i, j, k, l, m, n]
}

/// With a `+` where it is known of some turns only.
pub(super) fn cost(sums: &Sums) -> String {
    words::cost(sums.cost_usd, sums.turns_without_cost == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(name: &str, to: State, outcome: Outcome) -> OfTask {
        let times = crate::model::record::Times { implement_ms: Some(61_000), ..Default::default() };
        let sums = Sums { cycles: 1, attempts: 1, turns: 1, cost_usd: Some(0.5), times, ..Sums::default() };
        OfTask {
            task: TaskId::parse(name).unwrap(),
            title: None,
            outcome,
            reason: "why".to_owned(),
            to: Some(to),
            needs_a_person: matches!(to, State::Blocked | State::Review),
            commit: None,
            session_id: None,
            sums,
        }
    }

    fn lines(tasks: &[OfTask], length: Length) -> Vec<String> {
        let text = tasks_text(tasks, length);
        anstream::adapter::strip_str(&text).to_string().lines().map(str::to_owned).collect()
    }

    #[test]
    fn those_that_were_merged_are_summed_up_and_those_that_need_a_person_are_all_there() {
        let mut tasks: Vec<OfTask> =
            (0..900).map(|n| task(&format!("good-{n}"), State::Complete, Outcome::Merged)).collect();
        tasks.extend((0..50).map(|n| task(&format!("bad-{n}"), State::Blocked, Outcome::Stuck)));
        tasks.extend((0..50).map(|n| task(&format!("later-{n}"), State::Pending, Outcome::Interrupted)));
        let short = lines(&tasks, Length::Short);
        assert_eq!(short.len(), 1 + (1 + 30) + (1 + 30) + 50);
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(words(&short[0]), "TASK END ATTEMPTS COST IMPLEMENT");
        assert_eq!(words(&short[1]), "870 before these merged 870 $435.00 14h 44m");
        assert_eq!(words(&short[2]), "good-870 merged 1 $0.50 1m 1s");
        assert_eq!(words(&short[32]), "20 before these not merged yet 20 $10.00 20m 20s");
        assert!(short[112].starts_with("bad-49"), "{}", short[112]);
        assert_eq!(lines(&tasks, Length::Whole).len(), 1001);
    }

    #[test]
    fn unknown_dollars_are_no_zero_and_partly_known_ones_say_so() {
        let sums = |cost_usd, turns_without_cost| Sums { cost_usd, turns_without_cost, ..Sums::default() };
        for (known, expected) in [
            (sums(None, 3), "–"),
            (sums(None, 0), "–"),
            (sums(Some(1.234), 0), "$1.23"),
            (sums(Some(1.234), 2), "$1.23+"),
            (sums(Some(0.001), 0), "<$0.01"),
            (sums(Some(0.0), 0), "$0.00"),
        ] {
            assert_eq!(cost(&known), expected);
        }
    }
}
