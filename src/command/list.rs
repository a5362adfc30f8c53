//! `swarm list`: the tasks of some states, the waiting ones in the order in which they would be claimed.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;

use super::costs::{OfTask, OfTasks, UNKNOWN};
use super::paint;
use super::picture::{self, InvalidFile};
use super::status::short;
use super::table::{Table, one_line};
use super::{Desk, age, claims};
use crate::cli::List;
use crate::cycle::ClaimRecord;
use crate::error::Result;
use crate::exit::Exit;
use crate::model::moment;
use crate::model::outcome::Outcome;
use crate::model::pick::{Filter, forecast};
use crate::model::queue::{Aside, Queue};
use crate::model::record::SCHEMA;
use crate::model::state::State;
use crate::model::task::{Kind, Task, TaskId};
use crate::os::dirs::Dirs;
use crate::os::{clock, task_folder};
use crate::swarm::alive;

/// Titles are cut where they would push the rest out of sight.
const WIDEST_TITLE: usize = 50;

#[derive(Debug, Serialize)]
struct Answer {
    schema: u32,
    tasks: Vec<Listed>,
    /// What the complete ones cost together; null where they were not asked for.
    costs: Option<OfTasks>,
    invalid: Vec<InvalidFile>,
}

/// A task, in short.
#[derive(Debug, Serialize)]
struct Listed {
    id: TaskId,
    state: State,
    path: String,
    title: String,
    /// 0 first.
    priority: u8,
    #[serde(rename = "type")]
    kind: Kind,
    attempts: u32,
    /// What keeps a pending task from being claimed.
    hold: Option<String>,
    /// Whether only a person can take that away; null where nothing holds it.
    needs_a_person: Option<bool>,
    /// Whether somebody works on a current one; null for the others.
    has_worker: Option<bool>,
    /// Who, or who did last.
    worker: Option<String>,
    run_id: Option<String>,
    /// How its last cycle ended.
    outcome: Option<Outcome>,
    /// What a task that waits for a person was told last.
    reason: Option<String>,
    commit: Option<String>,
    /// The commit that a person has approved, and nobody has merged yet.
    approved: Option<String>,
    #[serde(serialize_with = "moment::serialize_optional")]
    completed_at: Option<Timestamp>,
    #[serde(flatten)]
    cost: OfTask,
}

pub(super) fn run(desk: &Desk, words: &List) -> Result<Exit> {
    let place = desk.place_or_defaults()?;
    let now = clock::now();
    let board = picture::board(&place, now)?;
    let wanted = |state: State| words.states.is_empty() || words.states.contains(&state);
    let answer = board.with_queue(|queue| {
        let mut answer = Answer { schema: SCHEMA, tasks: Vec::new(), costs: None, invalid: Vec::new() };
        for state in State::ALL.into_iter().filter(|state| wanted(*state)) {
            of_state(&place.dirs, queue, state, &mut answer);
        }
        let invalid = picture::invalid(&place.dirs, queue).into_iter();
        let folders: Vec<String> =
            State::ALL.iter().filter(|state| wanted(**state)).map(|state| prefix(&place.dirs, *state)).collect();
        answer.invalid.extend(invalid.filter(|file| folders.iter().any(|folder| file.path.starts_with(folder))));
        answer.invalid.sort();
        answer.invalid.dedup();
        answer
    });
    if desk.json() {
        desk.print_json(&answer)?;
        return Ok(Exit::Done);
    }
    let costs = answer.costs.as_ref().filter(|_| words.states.contains(&State::Complete));
    desk.print(&text(&answer.tasks, now))?;
    desk.print(&costs.map(OfTasks::text).unwrap_or_default())?;
    if answer.tasks.is_empty() && answer.invalid.is_empty() {
        desk.say(&match words.states.as_slice() {
            [] => "no tasks; `swarm add \"what to do\"` makes one".to_owned(),
            states => {
                let states: Vec<String> = states.iter().map(|state| format!("{state}/")).collect();
                format!("no task lies in {}", states.join(" or "))
            }
        });
    }
    for file in &answer.invalid {
        desk.say(&format!("{}invalid:{:#} {}", paint::RED, paint::RED, file.text()));
    }
    Ok(Exit::Done)
}

fn prefix(dirs: &Dirs, state: State) -> String {
    format!("{}/", dirs.shown(&dirs.state(state)))
}

fn of_state(dirs: &Dirs, queue: &Queue, state: State, answer: &mut Answer) {
    let dead = if state == State::Current { without_worker(dirs, queue) } else { Vec::new() };
    let mut holds = HashMap::new();
    let mut ids: Vec<TaskId> = if state == State::Pending {
        let filter = Filter::default();
        let (claimable, held) = forecast(queue, &filter);
        holds.extend(held.iter().map(|(entry, hold)| (entry.id.clone(), hold.clone())));
        claimable.into_iter().map(|entry| entry.id.clone()).chain(held.iter().map(|(it, _)| it.id.clone())).collect()
    } else {
        queue.ids(state).cloned().collect()
    };
    if state != State::Pending {
        ids.sort();
    }
    let begin = answer.tasks.len();
    for id in ids {
        match task_folder::read(dirs, state, &id) {
            Ok(Some(found)) => {
                let mut listed = listed(dirs, state, &found.task);
                listed.has_worker = (state == State::Current).then(|| !dead.contains(&id));
                if let Some(hold) = holds.get(&id) {
                    listed.hold = Some(hold.to_string());
                    listed.needs_a_person = Some(hold.needs_a_person());
                }
                answer.tasks.push(listed);
            }
            // It has moved on since the scan.
            Ok(None) => {}
            Err(invalid) => answer.invalid.push(InvalidFile {
                path: dirs.shown(&dirs.task(state, &id)),
                line: invalid.line,
                reason: invalid.reason,
            }),
        }
    }
    if state == State::Complete {
        // Newest first; those that do not know when are last.
        answer.costs = Some(OfTasks::of(answer.tasks[begin..].iter().map(|task| &task.cost)));
        answer.tasks[begin..].sort_by(|a, b| b.completed_at.cmp(&a.completed_at).then_with(|| a.id.cmp(&b.id)));
    }
}

fn without_worker(dirs: &Dirs, queue: &Queue) -> Vec<TaskId> {
    let current: Vec<TaskId> = queue.ids(State::Current).cloned().collect();
    let claims: Vec<ClaimRecord> = current.iter().filter_map(|id| ClaimRecord::read(dirs, id)).collect();
    let dead = claims::without_worker(dirs, &current, &claims, &alive(dirs));
    dead.into_iter().map(|it| it.task).collect()
}

fn listed(dirs: &Dirs, state: State, task: &Task) -> Listed {
    let claim = (state == State::Current).then(|| ClaimRecord::read(dirs, &task.id)).flatten();
    let progress = &task.progress;
    Listed {
        id: task.id.clone(),
        state,
        path: dirs.shown(&dirs.task(state, &task.id)),
        title: task.title.clone(),
        priority: task.priority.level(),
        kind: task.kind,
        attempts: progress.attempts,
        hold: None,
        needs_a_person: None,
        has_worker: None,
        worker: claim.as_ref().map(|claim| claim.worker.clone()),
        run_id: claim.map(|claim| claim.run_id),
        outcome: progress.last.as_ref().map(|last| last.outcome),
        reason: reason(state, task),
        commit: progress.commit.clone(),
        approved: progress.kept.as_ref().filter(|kept| kept.approved).map(|kept| kept.commit.clone()),
        completed_at: progress.completed_at,
        cost: OfTask::of(progress),
    }
}

/// Why a task waits for a person.
fn reason(state: State, task: &Task) -> Option<String> {
    match state {
        State::Review | State::Blocked => Aside::of(task).reason.map(|reason| reason.to_string()),
        State::Pending | State::Current | State::Complete => None,
    }
}

fn text(tasks: &[Listed], now: Timestamp) -> String {
    let mut table = Table::new(["ID", "STATE", "PRIORITY", "TITLE", "COST", "NOTE"]);
    for task in tasks {
        let cells = [
            task.id.to_string(),
            task.state.to_string(),
            format!("P{}", task.priority),
            one_line(&task.title, WIDEST_TITLE),
            task.cost.text(),
            note(task, now),
        ];
        table.row(style(task), cells);
    }
    table.without_columns_of(&[UNKNOWN]).text()
}

fn style(task: &Listed) -> anstyle::Style {
    if task.has_worker == Some(false) {
        return paint::RED;
    }
    match task.needs_a_person {
        Some(true) => paint::RED,
        Some(false) => paint::DIM,
        None => paint::of_state(task.state),
    }
}

/// The one thing to know about it.
fn note(task: &Listed, now: Timestamp) -> String {
    match task.state {
        State::Pending => task.hold.clone().unwrap_or_else(|| match (&task.approved, task.attempts, task.outcome) {
            (Some(commit), _, _) => format!("approved as {}", short(commit)),
            (None, 0, _) | (None, _, None) => String::new(),
            (None, 1, Some(outcome)) => format!("after 1 attempt: {outcome}"),
            (None, attempts, Some(outcome)) => format!("after {attempts} attempts, the last one {outcome}"),
        }),
        State::Current if task.has_worker == Some(false) => "no worker: the next start gives it back".to_owned(),
        State::Current => task.worker.as_ref().map(|worker| format!("{worker} works on it")).unwrap_or_default(),
        State::Review | State::Blocked => {
            task.reason.clone().or_else(|| task.outcome.map(|it| it.to_string())).unwrap_or_default()
        }
        State::Complete => {
            let commit = task.commit.as_deref().map_or("no commit", short);
            let when = task.completed_at.map(|at| format!(", {} ago", age::ago(at, now))).unwrap_or_default();
            format!("{commit}{when}")
        }
    }
}
