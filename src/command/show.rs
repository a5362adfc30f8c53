//! `swarm show`: one task, where it is, what it says and what happened to it.

use std::fs;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::add::parse_id;
use super::paint::{BOLD, DIM, RED};
use super::runs::cycle_rows;
use super::table::one_line;
use super::trail::{self, Step};
use super::{Desk, moves, picture};
use crate::cli::Show;
use crate::error::{Context, Error, Result};
use crate::exit::Exit;
use crate::model::comment::{body_without_comments, comments};
use crate::model::moment;
use crate::model::pick::{self, Filter};
use crate::model::record::{Cycle, Review, SCHEMA};
use crate::model::span;
use crate::model::state::State;
use crate::model::task::{Gates, Task, TaskId};
use crate::os::git::Repo;
use crate::os::records::Records;
use crate::os::workspace::Place;
use crate::os::{clock, task_folder};

/// All that is known of a task.
#[derive(Debug, Serialize)]
struct Answer {
    schema: u32,
    id: TaskId,
    state: State,
    path: String,
    /// The other folder in which a task of that name lies.
    double: Option<State>,
    /// What keeps a pending one from being claimed.
    hold: Option<String>,
    /// Why it is no valid task; then its keys are not known.
    invalid: Option<picture::InvalidFile>,
    /// The keys that are set, as they are understood.
    keys: Map<String, Value>,
    attempts: Option<u32>,
    feedback: Option<String>,
    /// What the program has noted in the file.
    progress: Option<Value>,
    comments: Vec<Said>,
    /// The refs under which work is kept that was not merged.
    salvage: Vec<Kept>,
    cycles: Vec<Cycle>,
    /// Their steps, with the files that they have left.
    steps: Vec<Step>,
    reviews: Vec<Review>,
    /// The file without front matter and comments.
    text: String,
}

#[derive(Debug, Serialize)]
struct Said {
    #[serde(serialize_with = "moment::serialize_optional")]
    at: Option<Timestamp>,
    author: String,
    text: String,
}

#[derive(Debug, Serialize)]
struct Kept {
    reference: String,
    commit: String,
}

pub(super) fn run(desk: &Desk, words: &Show) -> Result<Exit> {
    let place = desk.place_or_defaults()?;
    let id = parse_id(&words.id)?;
    let state = moves::whereabouts(&place.dirs, &id)?;
    let mut records = Records::new(&place.dirs);
    let answer = look(&place, &mut records, id, state)?;
    if desk.json() {
        desk.print_json(&answer)?;
    } else {
        desk.print(&text(&answer, desk.verbose() > 0))?;
    }
    picture::tell_set_aside(desk, &records);
    Ok(if answer.invalid.is_some() { Exit::Failed } else { Exit::Done })
}

fn look(place: &Place, records: &mut Records<'_>, id: TaskId, state: State) -> Result<Answer> {
    let dirs = &place.dirs;
    let path = dirs.task(state, &id);
    let elsewhere = |other: &State| *other != state && task_folder::exists(dirs, *other, &id);
    let mut answer = Answer {
        schema: SCHEMA,
        state,
        path: dirs.shown(&path),
        double: State::ALL.into_iter().find(elsewhere),
        hold: hold(place, &id, state)?,
        invalid: None,
        keys: Map::new(),
        attempts: None,
        feedback: None,
        progress: None,
        comments: Vec::new(),
        salvage: salvaged(place, &id),
        cycles: Vec::new(),
        steps: Vec::new(),
        reviews: Vec::new(),
        text: String::new(),
        id,
    };
    (answer.cycles, answer.reviews) = past(records, &answer.id);
    answer.steps = trail::steps(dirs, &answer.cycles);
    match task_folder::read(dirs, state, &answer.id) {
        Ok(Some(found)) => {
            let task = &found.task;
            answer.keys = keys(task);
            answer.attempts = Some(task.progress.attempts);
            answer.feedback = task.progress.feedback.clone();
            answer.progress = serde_json::to_value(&task.progress).ok();
            answer.comments = comments(&task.body)
                .into_iter()
                .map(|comment| Said { at: comment.at, author: comment.author.to_string(), text: comment.text })
                .collect();
            answer.text = body_without_comments(&task.body).to_owned();
        }
        Ok(None) => {
            return Err(Error::failed(format!("{} has just left {state}/", answer.id)).hint("ask again"));
        }
        Err(invalid) => {
            let path = answer.path.clone();
            answer.invalid = Some(picture::InvalidFile { path, line: invalid.line, reason: invalid.reason });
            // A link or a pipe is not followed: there is nothing to show.
            if fs::symlink_metadata(path_of(place, &answer)).is_ok_and(|meta| meta.is_file()) {
                let bytes = fs::read(path_of(place, &answer)).context(|| format!("read {}", answer.path))?;
                answer.text = String::from_utf8_lossy(&bytes).into_owned();
            }
        }
    }
    Ok(answer)
}

fn path_of(place: &Place, answer: &Answer) -> std::path::PathBuf {
    place.dirs.task(answer.state, &answer.id)
}

fn hold(place: &Place, id: &TaskId, state: State) -> Result<Option<String>> {
    if state != State::Pending {
        return Ok(None);
    }
    let board = picture::board(place, clock::now())?;
    Ok(board.with_queue(|queue| {
        let entry = queue.pending(id)?;
        pick::hold(queue, &Filter::default(), entry).map(|hold| hold.to_string())
    }))
}

/// The task's cycles and reviews in all runs, oldest first.
fn past(records: &mut Records<'_>, id: &TaskId) -> (Vec<Cycle>, Vec<Review>) {
    let (mut cycles, mut reviews) = (Vec::new(), Vec::new());
    for run_id in records.run_ids() {
        cycles.extend(records.cycles(&run_id).into_iter().filter(|cycle| cycle.task.as_ref() == Some(id)));
        reviews.extend(records.reviews(&run_id).into_iter().filter(|review| review.task == *id));
    }
    (cycles, reviews)
}

/// Nothing where the repository cannot be asked: the task is shown all the same.
fn salvaged(place: &Place, id: &TaskId) -> Vec<Kept> {
    let refs = Repo::open(place.dirs.root()).ok().and_then(|repo| repo.salvaged(id.as_str()).ok());
    let kept = |(reference, commit): (String, crate::os::git::Oid)| Kept { reference, commit: commit.to_string() };
    refs.unwrap_or_default().into_iter().map(kept).collect()
}

/// The keys that say something else than the default.
fn keys(task: &Task) -> Map<String, Value> {
    let mut keys = Map::new();
    let mut set = |key: &str, value: Value| {
        let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        if !empty {
            keys.insert(key.to_owned(), value);
        }
    };
    set("title", json!(task.title));
    set("priority", json!(task.priority.level()));
    set("type", unless_default(&task.kind));
    set("parent", json!(task.parent));
    set("depends_on", json!(task.depends_on));
    set("domain", json!(task.domain));
    set("files", json!(task.files));
    set("acceptance", json!(task.acceptance));
    match &task.verify {
        Gates::Added(gates) => set("verify", json!(gates)),
        Gates::None => set("verify", json!("none")),
    }
    set("agent", json!(task.agent));
    set("model", json!(task.model));
    set("effort", json!(task.effort));
    set("timeout", json!(task.timeout.map(span::print)));
    set("attempts", json!(task.attempts));
    set("max_cost_usd", json!(task.max_cost_usd));
    set("not_before", json!(task.not_before.map(|at| moment::whole_seconds(at).to_string())));
    set("review", unless_default(&task.review));
    set("expect", unless_default(&task.expect));
    keys
}

fn unless_default<T: Default + PartialEq + Serialize>(value: &T) -> Value {
    if *value == T::default() { Value::Null } else { json!(value) }
}

fn text(answer: &Answer, whole: bool) -> String {
    let title = answer.keys.get("title").and_then(Value::as_str).unwrap_or(answer.id.as_str());
    let mut text = format!("{BOLD}{}{BOLD:#}\n", one_line(title, 200));
    let mut line = |name: &str, value: &str| text.push_str(&format!("{DIM}{name:<12}{DIM:#} {value}\n"));
    line("file", &answer.path);
    if let Some(double) = answer.double {
        line("also in", &format!("{RED}{double}/: rename or remove one of the two{RED:#}"));
    }
    if let Some(hold) = &answer.hold {
        line("held", hold);
    }
    if let Some(invalid) = &answer.invalid {
        line("invalid", &format!("{RED}{}{RED:#}", invalid.text()));
    }
    for (key, value) in answer.keys.iter().filter(|(key, _)| *key != "title") {
        line(key, &one_line(&plain(value), 400));
    }
    if let Some(progress) = &answer.progress {
        for key in ["attempts", "review_rounds", "infra", "last", "not_before", "commit", "completed_at", "cost_usd"] {
            let value = &progress[key];
            if !value.is_null() {
                line(noted_as(key), &plain(value));
            }
        }
    }
    for kept in &answer.salvage {
        line("salvaged", &format!("git show {} {DIM}({}){DIM:#}", kept.reference, super::status::short(&kept.commit)));
    }
    if !answer.cycles.is_empty() {
        text.push_str(&format!("\n{}", cycle_rows(&answer.cycles, super::runs::By::Run)));
    }
    text.push_str(&trail::text(&answer.steps, &answer.reviews, whole));
    if let Some(feedback) = &answer.feedback {
        text.push_str(&format!("\n{BOLD}Told to the next attempt{BOLD:#}\n{}", indented(feedback)));
    }
    if !answer.text.trim().is_empty() {
        text.push_str(&format!("\n{BOLD}Text{BOLD:#}\n{}", indented(&answer.text)));
    }
    if !answer.comments.is_empty() {
        text.push_str(&format!("\n{BOLD}Comments{BOLD:#}\n"));
    }
    for comment in &answer.comments {
        let at = comment.at.map(|at| format!("{at:.0} ")).unwrap_or_default();
        text.push_str(&format!("{DIM}{at}{}{DIM:#}\n{}", one_line(&comment.author, 60), indented(&comment.text)));
    }
    text
}

/// What a person calls a key of the program's own block; the same words as a user's keys would confuse.
fn noted_as(key: &str) -> &str {
    match key {
        "attempts" => "tried",
        "review_rounds" => "reviewed",
        "not_before" => "pauses until",
        "infra" => "troubles",
        "last" => "last cycle",
        key => key,
    }
}

/// A value as a person would write it into the file.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(map) => match (map.get("outcome"), map.get("run")) {
            // The last cycle; a gate.
            (Some(outcome), Some(run)) => {
                format!("{} ({}-c{} in {})", plain(outcome), plain(&map["worker"]), map["cycle"], plain(run))
            }
            (None, Some(run)) => plain(run),
            (_, None) => value.to_string(),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// A block of text, safe for a terminal.
fn indented(text: &str) -> String {
    let clean = crate::model::clean::clean_text(text);
    clean.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keys_that_say_something_are_shown_and_gates_are_their_commands() {
        let text = "---\npriority: P0\nverify: [cargo test, {run: make, timeout: 5m}]\ntimeout: 90s\n---\n# A title\n";
        let task = Task::parse(TaskId::parse("t").unwrap(), text.as_bytes()).unwrap();
        let keys = keys(&task);
        let names: Vec<&str> = keys.keys().map(String::as_str).collect();
        assert_eq!(names, ["priority", "timeout", "title", "verify"]);
        assert_eq!(plain(&keys["verify"]), "cargo test, make");
        assert_eq!(plain(&keys["timeout"]), "1m 30s");
        let last = json!({"run": "r", "worker": "w0", "cycle": 2, "outcome": "merged"});
        assert_eq!(plain(&last), "merged (w0-c2 in r)");
    }
}
