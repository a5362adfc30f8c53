//! `swarm add`: writes a task file and prints its id.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use super::Desk;
use crate::cli::Add;
use crate::error::{Context, Error, Result};
use crate::exit::Exit;
use crate::model::choices::Choices;
use crate::model::slug::slug;
use crate::model::state::State;
use crate::model::task::{Task, TaskId};
use crate::os::agents::Catalogue;
use crate::os::dirs::Dirs;
use crate::os::workspace::Place;
use crate::os::{files, folders, task_folder};

/// The name under which a text is read before it has one.
const TRIAL: &str = "trial";
/// How many names are tried for a title that others have too.
const MOST_NAMESAKES: u32 = 1000;

pub(super) fn run(desk: &Desk, words: &Add) -> Result<Exit> {
    let place = desk.place_or_defaults()?;
    folders::create(&place.dirs)?;
    let text = text(words)?;
    let text = with_keys(&text, words)?;
    // Anything that can be said about the text is said before a file exists.
    let trial = TaskId::parse(TRIAL).map_err(|bad| Error::failed(bad.to_string()))?;
    let task = Task::parse(trial, text.as_bytes()).map_err(|invalid| {
        let place = invalid.line.map(|line| format!("line {line}: ")).unwrap_or_default();
        Error::usage(format!("this is no valid task: {place}{}", invalid.reason)).hint(invalid.advice)
    })?;
    let id = match &words.id {
        Some(id) => {
            let id = parse_id(id)?;
            if !create(&place.dirs, &id, &text)? {
                let state = task_folder::find(&place.dirs, &id).unwrap_or(State::Pending);
                return Err(
                    Error::failed(format!("there is a task {id} already, in {state}/")).hint("choose another --id")
                );
            }
            id
        }
        None => {
            // Without a heading the title is the name, and there is none yet: the first words make it.
            let first = task.body.lines().find(|line| !line.trim().is_empty());
            let title = if task.title == TRIAL { first.unwrap_or_default() } else { task.title.as_str() };
            create_with_free_name(&place.dirs, &slug(title), &text)?
        }
    };
    if desk.json() {
        desk.print_json(&serde_json::json!({"schema": 1, "id": id.as_str(), "path": place.dirs.shown(&place.dirs.task(State::Pending, &id))}))?;
    } else {
        desk.print(&format!("{id}\n"))?;
    }
    for doubt in doubts(&place, &task) {
        desk.say(&format!("{id}: {doubt}"));
    }
    Ok(Exit::Done)
}

/// What the task names that is not there; it may come yet.
fn doubts(place: &Place, task: &Task) -> Vec<String> {
    let is_there = |id: &&TaskId| task_folder::find(&place.dirs, id).is_some();
    let missing = task.depends_on.iter().filter(|id| !is_there(id));
    let mut doubts: Vec<String> =
        missing.map(|id| format!("there is no task {id} yet; this one waits until it is complete")).collect();
    if let Some(agent) = &task.agent
        && let Ok(agents) = Catalogue::read(place.dirs.root())
    {
        let absent = agents.find_all(agent).unwrap_or_else(|error| vec![error]);
        doubts.extend(absent.iter().map(Error::explained));
    }
    doubts
}

/// A task's name as it was typed.
pub(super) fn parse_id(text: &str) -> Result<TaskId> {
    // `tasks/pending/x.md` is what a shell completes.
    let name = Path::new(text).file_name().map_or(text.into(), |name| name.to_string_lossy());
    let stem = name.strip_suffix(".md").unwrap_or(&name);
    TaskId::parse(stem).map_err(|bad| Error::usage(bad.to_string()))
}

fn text(words: &Add) -> Result<String> {
    let bytes = match &words.file {
        Some(path) if path == Path::new("-") => {
            read_all(io::stdin().lock()).context(|| "read standard input".to_owned())?
        }
        Some(path) => {
            fs::read(path).map_err(|error| Error::usage(format!("cannot read {}", path.display())).because(error))?
        }
        None if words.text.iter().all(|text| text.trim().is_empty()) => {
            return Err(
                Error::usage("there is nothing to add").hint("swarm add \"what to do\", or swarm add --file FILE")
            );
        }
        None => format!("{}\n", words.text.join(" ")).into_bytes(),
    };
    let text = String::from_utf8(bytes).map_err(|error| Error::usage("the text is not UTF-8").because(error))?;
    match (&words.file, text.split_once('\n')) {
        // Words on the command line: the first line is the title.
        (None, Some((title, body))) if !title.starts_with('#') && !title.starts_with("---") => {
            let body = body.trim_start_matches('\n');
            Ok(if body.is_empty() { format!("# {title}\n") } else { format!("# {title}\n\n{body}") })
        }
        (_, _) => Ok(text),
    }
}

fn read_all(mut from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Puts the keys that were typed in front of the text.
fn with_keys(text: &str, words: &Add) -> Result<String> {
    let quoted = |value: &str| serde_json::to_string(value).unwrap_or_default();
    let list =
        |values: &[String]| format!("[{}]", values.iter().map(|value| quoted(value)).collect::<Vec<_>>().join(", "));
    let agents = words.agent.as_deref().map(|text| text.parse::<Choices>());
    let agents = agents.transpose().map_err(|reason| Error::usage(format!("--agent: {reason}")))?;
    // What is valid JSON is valid YAML.
    let agent = agents.map(|agents| serde_json::to_string(&agents).unwrap_or_default());
    let mut keys = Vec::new();
    let mut key = |name: &str, value: Option<String>| keys.extend(value.map(|value| format!("{name}: {value}\n")));
    key("priority", words.priority.clone());
    key("depends_on", (!words.after.is_empty()).then(|| list(&words.after)));
    key("domain", words.domain.as_deref().map(quoted));
    key("parent", words.parent.as_deref().map(quoted));
    key("agent", agent);
    key("not_before", words.not_before.as_deref().map(quoted));
    key("verify", (!words.verify.is_empty()).then(|| list(&words.verify)));
    key("acceptance", (!words.accept.is_empty()).then(|| list(&words.accept)));
    key("review", words.review.as_deref().map(quoted));
    if keys.is_empty() {
        return Ok(text.to_owned());
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match text.strip_prefix("---\n").or_else(|| text.strip_prefix("---\r\n")) {
        Some(rest) => Ok(format!("---\n{}{rest}", keys.concat())),
        None => Ok(format!("---\n{}---\n\n{text}", keys.concat())),
    }
}

fn create_with_free_name(dirs: &Dirs, wanted: &str, text: &str) -> Result<TaskId> {
    for number in 1..=MOST_NAMESAKES {
        let name = if number == 1 { wanted.to_owned() } else { format!("{wanted}-{number}") };
        let id = parse_id(&name)?;
        if create(dirs, &id, text)? {
            return Ok(id);
        }
    }
    Err(Error::failed(format!("{MOST_NAMESAKES} tasks are called {wanted}")).hint("choose another --id"))
}

/// Creates the file unless a task of that name lies anywhere.
fn create(dirs: &Dirs, id: &TaskId, text: &str) -> Result<bool> {
    if task_folder::find(dirs, id).is_some() {
        return Ok(false);
    }
    let path = dirs.task(State::Pending, id);
    files::create_durably(&path, text.as_bytes()).context(|| format!("write {}", path.display()))
}
