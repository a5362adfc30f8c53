//! `swarm status`: how the queue, the workers and the base stand. Changes nothing and waits for nobody.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::base::{self, BaseNow};
use super::claims::{self, NoWorker};
use super::day::Day;
use super::live::LiveTask;
use super::live_run::{self, RunNow, Seen};
use super::money::Money;
use super::paint::{BOLD, DIM, GREEN, PLAIN, RED, YELLOW};
use super::picture::{self, InvalidFile};
use super::table::one_line;
use super::workers::WorkerNow;
use super::{Desk, age, announce, doing};
use crate::error::Result;
use crate::exit::Exit;
use crate::model::moment;
use crate::model::pick::{self, Filter, forecast};
use crate::model::queue::Queue;
use crate::model::record::SCHEMA;
use crate::model::state::State;
use crate::model::task::TaskId;
use crate::os::agents::Catalogue;
use crate::os::providers::Providers;
use crate::os::records::Records;
use crate::os::workspace::Place;
use crate::os::{clock, control};
use crate::swarm::alive;

/// The whole answer.
#[derive(Debug, Serialize)]
struct Status {
    schema: u32,
    counts: Counts,
    /// How many of the pending tasks could be claimed now.
    claimable: usize,
    /// Claiming is paused by hand; null: it is not.
    paused: Option<PausedNow>,
    runs: Vec<RunNow>,
    workers: Vec<WorkerNow>,
    /// Tasks that are worked on, or wait in the merge queue.
    live: Vec<LiveTask>,
    /// What the last 24 hours came to.
    day: Day,
    /// Tasks in `current/` that nobody works on.
    without_worker: Vec<NoWorker>,
    providers: Vec<Provider>,
    money: Money,
    invalid: Vec<InvalidFile>,
    /// Pending tasks that only a person can set free.
    stuck: Vec<Stuck>,
    base: BaseNow,
}

/// How many valid tasks lie in each folder.
#[derive(Debug, Serialize)]
struct Counts {
    pending: usize,
    current: usize,
    review: usize,
    blocked: usize,
    complete: usize,
}

#[derive(Debug, Serialize)]
struct PausedNow {
    /// Empty where nobody has said why.
    reason: String,
    #[serde(serialize_with = "crate::model::moment::serialize_optional")]
    since: Option<Timestamp>,
    #[serde(skip)]
    sentence: String,
}

/// A provider that is left alone, or at which turns are counted.
#[derive(Debug, Default, Serialize)]
struct Provider {
    /// Nobody asks it before; null: it is not left alone.
    #[serde(serialize_with = "moment::serialize_optional")]
    until: Option<Timestamp>,
    provider: String,
    parked: bool,
    /// Turns that are under way; null: nobody counts them.
    under_way: Option<usize>,
    /// How many may be.
    most: Option<u32>,
    /// How it stands.
    reason: String,
}

#[derive(Debug, Serialize)]
struct Stuck {
    id: TaskId,
    reason: String,
}

pub(super) fn run(desk: &Desk) -> Result<Exit> {
    let place = desk.place_or_defaults()?;
    let mut records = Records::new(&place.dirs);
    let status = look(&place, &mut records)?;
    if desk.json() {
        desk.print_json(&status)?;
    } else {
        desk.print(&text(&status))?;
    }
    picture::tell_set_aside(desk, &records);
    Ok(Exit::Done)
}

fn look(place: &Place, records: &mut Records<'_>) -> Result<Status> {
    let now = clock::now();
    let dirs = &place.dirs;
    let board = picture::board(place, now)?;
    let (counts, claimable, current, invalid, stuck) = board.with_queue(|queue| {
        let mut current: Vec<TaskId> = queue.ids(State::Current).cloned().collect();
        current.sort();
        let claimable = forecast(queue, &Filter::default()).0.len();
        (counts(queue), claimable, current, picture::invalid(dirs, queue), stuck(queue))
    });
    let alive = alive(dirs);
    let claims = claims::read(records, dirs, &current);
    let (mut runs, mut working, mut living) = (Vec::new(), Vec::new(), Vec::new());
    for run in &alive {
        let Seen { run, workers, live } = live_run::look(records, dirs, run, &claims, now);
        runs.push(run);
        working.extend(workers);
        living.extend(live);
    }
    Ok(Status {
        schema: SCHEMA,
        counts,
        claimable,
        paused: control::paused(dirs).map(|paused| PausedNow {
            sentence: paused.sentence(),
            reason: paused.reason,
            since: paused.since,
        }),
        providers: providers(place),
        money: Money::look(dirs, &place.config, records),
        without_worker: claims::without_worker(dirs, &current, &claims, &alive),
        runs,
        workers: working,
        live: living,
        day: Day::look(records, now),
        invalid,
        stuck,
        base: base::look(place),
    })
}

fn counts(queue: &Queue) -> Counts {
    Counts {
        pending: queue.count(State::Pending),
        current: queue.count(State::Current),
        review: queue.count(State::Review),
        blocked: queue.count(State::Blocked),
        complete: queue.count(State::Complete),
    }
}

fn stuck(queue: &Queue) -> Vec<Stuck> {
    let stuck = pick::stuck(queue, &Filter::default(), queue.all_pending()).into_iter();
    stuck.map(|(entry, hold)| Stuck { id: entry.id.clone(), reason: hold.to_string() }).collect()
}

fn providers(place: &Place) -> Vec<Provider> {
    let known = Providers::new(&place.dirs);
    let mut all: BTreeMap<String, Provider> = BTreeMap::new();
    if !place.config.providers.is_empty()
        && let Ok(agents) = Catalogue::read(place.dirs.root())
    {
        let caps = agents.caps(&place.config.providers);
        let mut under_way = known.turns.under_way(caps.keys());
        for (provider, most) in caps {
            let count = under_way.remove(&provider).unwrap_or_default();
            let reason = format!("{count} of {} under way", announce::count(most, "turn"));
            all.insert(
                provider.clone(),
                Provider { provider, under_way: Some(count), most: Some(most), reason, ..Provider::default() },
            );
        }
    }
    for (name, parked) in known.parked() {
        let reason = format!("not asked {}", parked.told());
        let capped = all.remove(&name).unwrap_or_default();
        all.insert(
            name,
            Provider { provider: parked.provider, parked: true, until: Some(parked.until), reason, ..capped },
        );
    }
    all.into_values().collect()
}

fn text(status: &Status) -> String {
    let mut text = base_line(&status.base);
    let Counts { pending, current, review, blocked, complete } = status.counts;
    let claimable = match (pending, status.claimable) {
        (0, _) => String::new(),
        (_, claimable) => format!(" ({claimable} claimable)"),
    };
    let loud = |count: usize| if count > 0 { RED } else { PLAIN };
    let (of_review, of_blocked) = (loud(review), loud(blocked));
    text.push_str(&format!(
        "{pending} pending{claimable}, {current} current, {of_review}{review} review{of_review:#}, \
         {of_blocked}{blocked} blocked{of_blocked:#}, {GREEN}{complete} complete{GREEN:#}\n",
    ));
    let told = status.paused.as_ref().map(|paused| paused.sentence.as_str());
    if let Some(paused) = &status.paused {
        let since = paused.since.map(|at| format!(" (paused {} ago)", age::ago(at, clock::now()))).unwrap_or_default();
        text.push_str(&format!("{YELLOW}{}{since}{YELLOW:#}\n", paused.sentence));
    }
    if status.runs.is_empty() {
        text.push_str(&format!("\n{DIM}no swarm is running{DIM:#}\n"));
    }
    for run in &status.runs {
        text.push_str(&run_text(run, status, told));
    }
    text.push_str(&status.day.text());
    let no_worker = status.without_worker.iter().map(|it| {
        let whose = match (&it.worker, &it.run_id) {
            (Some(worker), Some(run)) => format!("its worker {worker} of run {run} is dead"),
            (_, _) => "nobody has claimed it".to_owned(),
        };
        format!("{}: {whose}; a running swarm gives it back within a minute, the next start at once", it.task)
    });
    section(&mut text, "no worker", no_worker);
    if !status.money.domains.is_empty() {
        text.push_str(&format!("\n{BOLD}money{BOLD:#}\n"));
    }
    for domain in &status.money.domains {
        let style = if domain.is_used_up() { RED } else { PLAIN };
        text.push_str(&format!("  {style}{}{style:#}\n", domain.text()));
    }
    let (parked, counted): (Vec<_>, Vec<_>) = status.providers.iter().partition(|it| it.parked);
    let told = |it: &&Provider| format!("{}: {}", it.provider, it.reason);
    section(&mut text, "turns", counted.iter().map(told));
    section(&mut text, "parked", parked.iter().map(told));
    section(&mut text, "stuck", status.stuck.iter().map(|it| format!("{}: {}", it.id, it.reason)));
    section(&mut text, "invalid", status.invalid.iter().map(InvalidFile::text));
    if review + blocked > 0 {
        text.push_str(&format!("\n{DIM}why tasks wait: swarm list{DIM:#}\n"));
    }
    text
}

fn base_line(base: &BaseNow) -> String {
    let mut text = match (&base.branch, &base.head) {
        (Some(branch), Some(head)) => {
            let green = match base.green {
                Some(true) => format!(", {GREEN}green{GREEN:#}"),
                Some(false) => format!(", {RED}red{RED:#}"),
                None => String::new(),
            };
            format!("{BOLD}{branch}{BOLD:#} at {}{green}\n", short(head))
        }
        (_, _) => String::new(),
    };
    if let Some(reason) = &base.reason {
        let repair = base.repair.as_ref();
        let repair = repair.map(|it| format!("; {} in {}/ is to mend it, before anything else", it.task, it.state));
        text.push_str(&format!("{RED}red:{RED:#} {}{}\n", one_line(reason, 400), repair.unwrap_or_default()));
    }
    if let Some(problem) = &base.problem {
        text.push_str(&format!("{RED}the repository is not fit:{RED:#} {}\n", one_line(problem, 400)));
    }
    if let Some(ahead) = &base.ahead {
        let reason = ahead.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        text.push_str(&format!(
            "{YELLOW}finished work waits on {} at {}{YELLOW:#} until the base can move{reason}\n",
            ahead.branch,
            short(&ahead.head)
        ));
    }
    text
}

fn run_text(run: &RunNow, status: &Status, told: Option<&str>) -> String {
    let since = run.duration_ms.map(|ms| format!(", running for {}", age::length_ms(ms))).unwrap_or_default();
    let base = run.base.as_deref().map(|base| format!(", lands on {base}")).unwrap_or_default();
    let cost = status.money.of_run(&run.run_id).map(|cost| format!(", has cost {cost}")).unwrap_or_default();
    let paused = run.paused.as_deref().filter(|reason| Some(*reason) != told);
    let paused = paused.map(|reason| format!("{YELLOW}{reason}{YELLOW:#}\n")).unwrap_or_default();
    let workers = status.workers.iter().filter(|worker| worker.run_id == run.run_id);
    let live: Vec<&LiveTask> = status.live.iter().filter(|task| task.run_id == run.run_id).collect();
    let tables = doing::tables(workers, &live, clock::now());
    format!("\n{BOLD}{}{BOLD:#}{since}{base}{cost} {DIM}(process {}){DIM:#}\n{paused}{tables}", run.run_id, run.pid)
}

fn section(text: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.map(|line| format!("  {}\n", one_line(&line, 400))).collect();
    if !lines.is_empty() {
        text.push_str(&format!("\n{RED}{title}{RED:#}\n{}", lines.concat()));
    }
}

/// The beginning of a commit's name.
pub(super) fn short(oid: &str) -> &str {
    oid.get(..10).unwrap_or(oid)
}
