//! `swarm runs`: what the runs came to, and the cycles of one.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use serde::Serialize;

use super::money::Money;
use super::paint::{BOLD, DIM, PLAIN, RED, YELLOW, of_outcome};
use super::status::short;
use super::summary::{Length, summary};
use super::table::Table;
use super::{Desk, age, costs, picture};
use crate::cli::Runs;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::model::budget::Usd;
use crate::model::moment;
use crate::model::outcome::Outcome;
use crate::model::record::{Cycle, SCHEMA, gist};
use crate::os::clock;
use crate::os::dirs::Dirs;
use crate::os::records::Records;
use crate::os::workspace::Workspace;
use crate::swarm::alive;

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Stands {
    /// It has ended and said so.
    Stopped,
    /// Its lock is held.
    Running,
    /// Its lock is free, and it never said that it ended: killed, or a power cut.
    Died,
}

/// A run, in short.
#[derive(Debug, Serialize)]
struct RunLine {
    run_id: String,
    state: Stands,
    #[serde(serialize_with = "moment::serialize_optional")]
    started_at: Option<Timestamp>,
    #[serde(serialize_with = "moment::serialize_optional")]
    stopped_at: Option<Timestamp>,
    /// So far, where it runs; null where nobody knows.
    duration_ms: Option<u64>,
    /// Why it ended.
    reason: Option<String>,
    exit_code: Option<u8>,
    workers: Option<u32>,
    agents: Vec<String>,
    base: Option<String>,
    /// How many cycles have ended.
    cycles: u32,
    /// How many of them how.
    outcomes: BTreeMap<Outcome, u32>,
    /// Dollars, as far as they are known.
    cost_usd: Option<Usd>,
}

pub(super) fn run(desk: &Desk, words: &Runs) -> Result<Exit> {
    let place = desk.place_or_defaults()?;
    let mut records = Records::new(&place.dirs);
    let living: HashSet<String> = alive(&place.dirs).into_iter().map(|run| run.run_id).collect();
    let ids = records.run_ids();
    let money = Money::look(&place.dirs, &place.config, &mut records);
    match &words.run {
        None => list(desk, &mut records, &ids, &living, &money)?,
        Some(wanted) => {
            let run_id = find(&ids, wanted)?;
            let length = if words.all { Length::Whole } else { Length::Short };
            one(desk, &mut records, &place.dirs, (run_id, living.contains(run_id)), length, &money)?;
        }
    }
    picture::tell_set_aside(desk, &records);
    Ok(Exit::Done)
}

/// The run that is meant: its name, a beginning that only it has, or `last`.
pub(super) fn find<'a>(ids: &'a [String], wanted: &str) -> Result<&'a str> {
    let all = || Error::failed(format!("there is no run `{wanted}`")).hint("`swarm runs` lists them");
    if wanted == "last" {
        return ids.last().map(String::as_str).ok_or_else(|| Error::failed("nothing has run here yet"));
    }
    if let Some(id) = ids.iter().find(|id| *id == wanted) {
        return Ok(id);
    }
    let mut found = ids.iter().filter(|id| id.starts_with(wanted));
    match (found.next(), found.next()) {
        (Some(id), None) => Ok(id),
        (Some(first), Some(second)) => {
            Err(Error::usage(format!("several runs begin with `{wanted}`: {first}, {second}, …"))
                .hint("write more of the name"))
        }
        (None, _) => Err(all()),
    }
}

fn list(desk: &Desk, records: &mut Records<'_>, ids: &[String], living: &HashSet<String>, money: &Money) -> Result<()> {
    let runs: Vec<RunLine> = ids.iter().rev().map(|id| line(records, id, living.contains(id), money).0).collect();
    if desk.json() {
        return desk.print_json(&serde_json::json!({"schema": SCHEMA, "runs": runs}));
    }
    if runs.is_empty() {
        desk.say("nothing has run here yet; `swarm start` runs the swarm");
    }
    let mut table = Table::new(["RUN", "STARTED", "DURATION", "WORKERS", "CYCLES", "COST", "OUTCOMES", "END"]);
    for run in &runs {
        let started = run.started_at.map(|at| format!("{at:.0}")).unwrap_or_default();
        let style = match run.state {
            Stands::Stopped => PLAIN,
            Stands::Running => YELLOW,
            Stands::Died => RED,
        };
        table.row(
            style,
            [
                run.run_id.clone(),
                started,
                run.duration_ms.map(age::length_ms).unwrap_or_default(),
                run.workers.map(|workers| workers.to_string()).unwrap_or_default(),
                run.cycles.to_string(),
                cost(run),
                outcomes(&run.outcomes),
                end(run),
            ],
        );
    }
    desk.print(&table.text())
}

fn one(
    desk: &Desk,
    records: &mut Records<'_>,
    dirs: &Dirs,
    (run_id, lives): (&str, bool),
    length: Length,
    money: &Money,
) -> Result<()> {
    let (run, cycles) = line(records, run_id, lives, money);
    let cycles = if run.state == Stands::Stopped { records.cycles(run_id) } else { cycles };
    if desk.json() {
        let summary = summary(dirs, &cycles);
        return desk.print_json(&serde_json::json!({
            "schema": SCHEMA, "run": run, "summary": summary, "cycles": cycles,
        }));
    }
    let each = match length {
        Length::Short => String::new(),
        Length::Whole => cycle_rows(&cycles, By::Worker),
    };
    let gap = if each.is_empty() { "" } else { "\n" };
    desk.print(&format!("{each}{gap}{}{}", headline(&run), tables(dirs, &cycles, length)))
}

/// A run that has ended, for people: in one line, and its tables.
pub(super) fn report(records: &mut Records<'_>, workspace: &Workspace, run_id: &str, cycles: &[Cycle]) -> String {
    let money = Money::look(&workspace.dirs, &workspace.config, records);
    let (run, _) = line(records, run_id, false, &money);
    format!("{}{}", headline(&run), tables(&workspace.dirs, cycles, Length::Short))
}

fn headline(run: &RunLine) -> String {
    let landed = run.base.as_ref().map(|base| format!(" on {base}")).unwrap_or_default();
    let took = run.duration_ms.map(|ms| format!(" in {}", age::length_ms(ms))).unwrap_or_default();
    let cost = run.cost_usd.map(|cost| format!(" for {cost}")).unwrap_or_default();
    let counted = if run.outcomes.is_empty() { String::new() } else { format!(": {}", outcomes(&run.outcomes)) };
    let cycles = if run.cycles == 1 { "1 cycle".to_owned() } else { format!("{} cycles", run.cycles) };
    let run_id = &run.run_id;
    format!("{BOLD}{run_id}{BOLD:#}: {cycles}{took}{cost}{landed}{counted} {DIM}({}){DIM:#}\n", end(run))
}

fn tables(dirs: &Dirs, cycles: &[Cycle], length: Length) -> String {
    if cycles.is_empty() { String::new() } else { format!("\n{}", summary(dirs, cycles).text(length)) }
}

/// A run in short, and the cycles that were read for it: none where it has counted them itself.
fn line(records: &mut Records<'_>, run_id: &str, lives: bool, money: &Money) -> (RunLine, Vec<Cycle>) {
    let run = records.run(run_id);
    let state = match (&run.stopped, lives) {
        // Between its last record and the end of its process.
        (Some(_), _) => Stands::Stopped,
        (None, true) => Stands::Running,
        (None, false) => Stands::Died,
    };
    let cycles = if run.stopped.is_some() { Vec::new() } else { records.cycles(run_id) };
    let started_at = run.started.as_ref().map(|started| started.started_at);
    let so_far = match state {
        Stands::Stopped => None,
        Stands::Running => started_at.map(|began| age::since_ms(began, clock::now())),
        // When it died nobody knows.
        Stands::Died => None,
    };
    let (count, outcomes) = match &run.stopped {
        Some(stopped) => (stopped.cycles, stopped.outcomes.clone()),
        None => (u32::try_from(cycles.len()).unwrap_or(u32::MAX), tally(&cycles)),
    };
    let line = RunLine {
        run_id: run_id.to_owned(),
        state,
        started_at,
        stopped_at: run.stopped.as_ref().map(|stopped| stopped.stopped_at),
        duration_ms: run.stopped.as_ref().map(|stopped| stopped.duration_ms).or(so_far),
        reason: run.stopped.as_ref().map(|stopped| stopped.reason.clone()),
        exit_code: run.stopped.as_ref().map(|stopped| stopped.exit_code),
        workers: run.started.as_ref().map(|started| started.workers),
        agents: run.started.as_ref().map(|started| started.agents.clone()).unwrap_or_default(),
        base: run.started.map(|started| started.base),
        cycles: count,
        outcomes,
        cost_usd: money.of_run(run_id),
    };
    (line, cycles)
}

fn cost(run: &RunLine) -> String {
    run.cost_usd.map(|cost| cost.to_string()).unwrap_or_default()
}

fn tally(cycles: &[Cycle]) -> BTreeMap<Outcome, u32> {
    let mut tally = BTreeMap::new();
    for cycle in cycles {
        *tally.entry(cycle.outcome).or_insert(0) += 1;
    }
    tally
}

fn outcomes(outcomes: &BTreeMap<Outcome, u32>) -> String {
    outcomes.iter().map(|(outcome, count)| format!("{count} {outcome}")).collect::<Vec<_>>().join(", ")
}

fn end(run: &RunLine) -> String {
    match run.state {
        Stands::Stopped => run.reason.clone().unwrap_or_default(),
        Stands::Running => "running".to_owned(),
        Stands::Died => "died".to_owned(),
    }
}

/// What tells the rows of a table of cycles apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// The cycles of one run: by worker and task.
    Worker,
    /// The cycles of one task: by run.
    Run,
}

/// Cycles, one line each.
pub(super) fn cycle_rows(cycles: &[Cycle], by: By) -> String {
    let last = |cycle: &Cycle| {
        [
            cycle.attempt.to_string(),
            cycle.outcome.to_string(),
            age::length_ms(cycle.duration_ms),
            costs::cost(cycle.cost_usd, !cycle.is_without_cost()),
            costs::tokens(&cycle.usage),
            cycle.merged.as_deref().map(short).unwrap_or_default().to_owned(),
            gist(&cycle.reason),
        ]
    };
    let first = match by {
        By::Worker => ["WORKER", "CYCLE", "TASK"],
        By::Run => ["RUN", "WORKER", "CYCLE"],
    };
    let [a, b, c] = first;
    let mut table = Table::new([a, b, c, "ATTEMPT", "OUTCOME", "DURATION", "COST", "TOKENS", "MERGED", "REASON"]);
    for cycle in cycles {
        let task = cycle.task.as_ref().map(ToString::to_string).unwrap_or_default();
        let number = cycle.cycle.to_string();
        let [attempt, outcome, duration, cost, tokens, merged, reason] = last(cycle);
        let [a, b, c] = match by {
            By::Worker => [cycle.worker.clone(), number, task],
            By::Run => [cycle.run_id.clone(), cycle.worker.clone(), number],
        };
        table.row(of_outcome(cycle.outcome), [a, b, c, attempt, outcome, duration, cost, tokens, merged, reason]);
    }
    table.without_columns_of(&[costs::UNKNOWN]).text()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_found_by_its_name_a_unique_beginning_or_last() {
        let ids = ["20261120T220001-aaaa", "20261120T230001-bbbb", "20261121T220001-cccc"].map(str::to_owned);
        assert_eq!(find(&ids, "last").unwrap(), ids[2]);
        assert_eq!(find(&ids, "20261120T23").unwrap(), ids[1]);
        assert_eq!(find(&ids, &ids[0]).unwrap(), ids[0]);
        assert_eq!(find(&ids, "20261120").unwrap_err().exit(), Exit::Usage);
        assert_eq!(find(&ids, "w0").unwrap_err().exit(), Exit::Failed);
        assert_eq!(find(&[], "last").unwrap_err().exit(), Exit::Failed);
    }
}
