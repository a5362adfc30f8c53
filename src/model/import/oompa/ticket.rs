//! A task as it stood in a file of oompa's.

use super::datum::Datum;
use super::remark::{Kind, Remark};
use super::setup::line_of;
use crate::model::state::State;

/// A task, its words not yet those of a task here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Its id: what the file says, else the stem of the file's name.
    pub id: String,
    /// The file, as it was named from the folder of the import.
    pub path: String,
    /// Where it goes.
    pub state: State,
    /// One line.
    pub title: Option<String>,
    /// What is to be done, in paragraphs.
    pub words: Vec<String>,
    /// 0 to 4.
    pub priority: Option<u64>,
    /// Whether it is an epic.
    pub is_epic: bool,
    /// Old ids.
    pub depends_on: Vec<String>,
    /// An old id.
    pub parent: Option<String>,
    /// Globs.
    pub files: Vec<String>,
    /// Criteria.
    pub acceptance: Vec<String>,
    /// The name of the workers who should take it.
    pub role: Option<String>,
    /// Whether it takes the machine's graphics processor.
    pub is_heavy: bool,
    /// What has no key here: the key and its value.
    pub notes: Vec<(String, String)>,
    /// What has a key here, but no value that it takes.
    pub wrong: Vec<(String, String)>,
}

/// What a key means. Case, `-` and `_` in it mean nothing: `dependsOn` is `depends_on`.
enum Key {
    Id,
    Title,
    Words,
    Priority,
    Kind,
    DependsOn,
    Parent,
    Files,
    Acceptance,
    Role,
    Heavy,
    Status,
    Note,
}

fn key(name: &str) -> Key {
    let name: String = name.chars().filter(|char| !"-_".contains(*char)).flat_map(char::to_lowercase).collect();
    match name.as_str() {
        "id" => Key::Id,
        "summary" | "title" => Key::Title,
        "description" | "body" | "details" => Key::Words,
        "priority" => Key::Priority,
        "type" | "kind" => Key::Kind,
        "dependson" | "dependencies" | "deps" | "blockedby" => Key::DependsOn,
        "parent" | "epic" => Key::Parent,
        "files" | "targetfiles" | "targets" => Key::Files,
        "acceptance" | "acceptancecriteria" => Key::Acceptance,
        "rolehint" => Key::Role,
        "gpuheavy" => Key::Heavy,
        "status" => Key::Status,
        _ => Key::Note,
    }
}

/// The tasks that the file `path` holds, one or a list of them; `text` is what stood in it. `state` is that of its
/// folder; `None`: a file for all states, in which each task names its own.
pub fn tickets(datum: &Datum, path: &str, text: &str, state: Option<State>) -> (Vec<Ticket>, Vec<Remark>) {
    let mut remarks = Vec::new();
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let tickets = match datum {
        Datum::Map(entries) => vec![ticket(entries, stem, path, text, state, &mut remarks)],
        Datum::List(several) => {
            let several = several.iter().enumerate().filter_map(|(at, one)| match one {
                Datum::Map(entries) => {
                    Some(ticket(entries, &format!("{stem}-{}", at + 1), path, text, state, &mut remarks))
                }
                Datum::Nothing | Datum::Truth(_) | Datum::Number(_) | Datum::Text(_) | Datum::List(_) => {
                    let reason = "a task is a map with keys such as `id` and `summary`";
                    remarks.push(Remark::new(Kind::Refused, path, reason).about(one.shown()));
                    None
                }
            });
            several.collect()
        }
        Datum::Nothing | Datum::Truth(_) | Datum::Number(_) | Datum::Text(_) => {
            let reason = "a task is a map with keys such as `id` and `summary`";
            remarks.push(Remark::new(Kind::Refused, path, reason).at(Some(1)));
            Vec::new()
        }
    };
    (tickets, remarks)
}

fn ticket(
    entries: &[(String, Datum)],
    stem: &str,
    path: &str,
    text: &str,
    state: Option<State>,
    remarks: &mut Vec<Remark>,
) -> Ticket {
    let mut ticket = Ticket {
        id: stem.to_owned(),
        path: path.to_owned(),
        state: state.unwrap_or(State::Pending),
        title: None,
        words: Vec::new(),
        priority: None,
        is_epic: false,
        depends_on: Vec::new(),
        parent: None,
        files: Vec::new(),
        acceptance: Vec::new(),
        role: None,
        is_heavy: false,
        notes: Vec::new(),
        wrong: Vec::new(),
    };
    for (name, value) in entries.iter().filter(|(_, value)| !value.is_nothing()) {
        let use_made = match key(name) {
            Key::Id => put(value.text().filter(|id| !id.trim().is_empty()), |id| ticket.id = id.to_owned(), "a text"),
            // A second one, such as a title beside a summary, is noted.
            Key::Title if ticket.title.is_some() && value.text().is_some() => Use::Noted,
            Key::Title => put(value.text().map(|_| value.shown()), |title| ticket.title = Some(title), "a text"),
            Key::Words => put(value.texts(), |words| ticket.words.extend(words), "a text"),
            Key::Priority => put(priority(value), |level| ticket.priority = Some(level), "a number from 0 to 4"),
            Key::Kind => match value.text() {
                Some("epic") => {
                    ticket.is_epic = true;
                    Use::Taken
                }
                Some("task") => Use::Taken,
                Some(_) | None => Use::Noted,
            },
            Key::DependsOn => put(value.texts(), |ids| ticket.depends_on.extend(ids), "a list of ids"),
            Key::Parent => put(value.text(), |id| ticket.parent = Some(id.to_owned()), "an id"),
            Key::Files => put(value.texts(), |files| ticket.files.extend(files), "a list of paths"),
            Key::Acceptance => {
                put(value.texts(), |texts| ticket.acceptance.extend(criteria(&texts)), "a list of texts")
            }
            Key::Role => put(value.text(), |role| ticket.role = Some(role.to_owned()), "a text"),
            Key::Heavy => {
                ticket.is_heavy = *value == Datum::Truth(true);
                Use::Taken
            }
            Key::Status => match (state, value.text().and_then(named_state)) {
                (None, Some(state)) => {
                    ticket.state = state;
                    Use::Taken
                }
                // The folder says it, or it is no word for one.
                (None | Some(_), _) => Use::Noted,
            },
            Key::Note => Use::Noted,
        };
        match use_made {
            Use::Taken => {}
            Use::Noted => ticket.notes.push((name.clone(), value.shown())),
            Use::Wrong { right } => {
                ticket.wrong.push((name.clone(), value.shown()));
                let reason = format!("it must be {right}; what it says stands in the task's text");
                let line = line_of(text, name, value, remarks);
                remarks.push(Remark::new(Kind::Look, path, reason).about(name).at(line));
            }
        }
    }
    dedup(&mut ticket.files);
    dedup(&mut ticket.depends_on);
    ticket
}

/// What becomes of a value.
enum Use {
    /// It is in the ticket, under a key that a task has here.
    Taken,
    /// It is kept in the task's text.
    Noted,
    /// It is kept there too, but should have been something else.
    Wrong { right: &'static str },
}

/// Takes a value that is what its key takes; else says what would be `right`.
fn put<T>(value: Option<T>, take: impl FnOnce(T), right: &'static str) -> Use {
    match value {
        Some(value) => {
            take(value);
            Use::Taken
        }
        None => Use::Wrong { right },
    }
}

fn priority(value: &Datum) -> Option<u64> {
    let text = value.text()?.to_lowercase();
    match text.as_str() {
        "critical" | "urgent" => Some(0),
        "high" => Some(1),
        "medium" | "normal" => Some(2),
        "low" => Some(3),
        text => text.strip_prefix('p').unwrap_or(text).parse().ok().filter(|level| *level <= 4),
    }
}

/// The state of a task by its `status`, in the words of oompa's first versions.
fn named_state(status: &str) -> Option<State> {
    match status {
        "pending" | "in-progress" | "in_progress" | "current" | "review" | "approved" => Some(State::Pending),
        "merged" | "complete" | "completed" | "done" => Some(State::Complete),
        "blocked" | "failed" => Some(State::Blocked),
        _ => None,
    }
}

/// Criteria: one text may hold several, one in each line, with or without numbers.
fn criteria(texts: &[String]) -> Vec<String> {
    let lines = texts.iter().flat_map(|text| text.lines());
    lines.map(|line| without_number(line.trim()).to_owned()).filter(|line| !line.is_empty()).collect()
}

fn without_number(line: &str) -> &str {
    let rest = line.trim_start_matches(|char: char| char.is_ascii_digit());
    match rest.strip_prefix(['.', ')']).filter(|_| rest.len() < line.len()) {
        Some(words) if words.starts_with(' ') => words.trim_start(),
        Some(_) | None => line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")).unwrap_or(line).trim_start(),
    }
}

fn dedup(texts: &mut Vec<String>) {
    let mut seen = std::collections::BTreeSet::new();
    texts.retain(|text| seen.insert(text.clone()));
}
