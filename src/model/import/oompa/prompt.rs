//! A prompt of oompa's as a part of a template here: its tokens, its includes, and what in it means nothing here.

use std::collections::BTreeSet;

use super::remark::{Kind, Remark};

/// The turns that can have words of one's own, by the names of their templates.
pub const PLACES: [Place; 4] = [Place::Worker, Place::Executor, Place::Planner, Place::Reviewer];

/// Whose prompt it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A worker's.
    Worker,
    /// Of one that makes no tasks.
    Executor,
    /// A planner's.
    Planner,
    /// A reviewer's.
    Reviewer,
}

impl Place {
    /// The name of its template.
    pub fn name(self) -> &'static str {
        match self {
            Place::Worker => "worker",
            Place::Executor => "executor",
            Place::Planner => "planner",
            Place::Reviewer => "reviewer",
        }
    }

    /// The name of the part that holds the translated words.
    pub fn part(self) -> String {
        format!("oompa-{}", self.name())
    }
}

/// A prompt with the files that it includes in their places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expanded {
    /// The text.
    pub text: String,
    /// Paths of includes that were not found, or would go round in a circle.
    pub missing: Vec<String>,
}

/// How deep prompts may include each other.
const DEEPEST: usize = 16;

/// Puts included files in their places; `read` gives the text of a path, from the folder of the import or from that
/// of the file that names it.
pub fn expand(path: &str, read: &mut dyn FnMut(&str) -> Option<String>) -> Option<Expanded> {
    let text = read(path)?;
    let mut missing = Vec::new();
    let text = expanded(path, &text, read, &mut missing, 0);
    Some(Expanded { text, missing })
}

fn expanded(
    path: &str,
    text: &str,
    read: &mut dyn FnMut(&str) -> Option<String>,
    missing: &mut Vec<String>,
    depth: usize,
) -> String {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut whole = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let Some(named) = parts_of(line) else {
            whole.push_str(line);
            continue;
        };
        let beside = if folder.is_empty() { named.to_owned() } else { format!("{folder}/{named}") };
        let found = [beside, named.to_owned()].into_iter().find_map(|path| read(&path).map(|text| (path, text)));
        match found.filter(|_| depth < DEEPEST) {
            Some((path, text)) => {
                let inner = expanded(&path, &text, read, missing, depth + 1);
                whole.push_str(inner.trim_end_matches('\n'));
                whole.push('\n');
            }
            None => missing.push(named.to_owned()),
        }
    }
    whole
}

/// The path that a line includes, if it includes one.
pub fn parts_of(line: &str) -> Option<&str> {
    let rest = line.trim().strip_prefix("#oompa_directive:include_file")?;
    rest.trim().strip_prefix('"')?.strip_suffix('"').filter(|path| !path.is_empty())
}

/// A translated prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translated {
    /// A part of a template.
    pub text: String,
    /// What in it means nothing here.
    pub remarks: Vec<Remark>,
}

const GATHERED: &str = "swarm does not gather it: say in the prompt where the agent can look for itself";
const FOLDERS: &str = "an agent here has nothing to do with the folders of the queue";

/// Tokens without a translation, and why.
const LEFT: [(&str, &str); 10] = [
    ("TASK_ROOT", FOLDERS),
    ("TASKS_ROOT", FOLDERS),
    ("task_status", "a planner is told of what waits, others of their own task"),
    ("complete_count", "nobody is told how much is done"),
    ("context_header", GATHERED),
    ("queue_md", GATHERED),
    ("next_work_md", GATHERED),
    ("recent_files_md", GATHERED),
    ("diffstat_md", GATHERED),
    ("approval_token", "a verdict is a line of the reviewer's last message"),
];

/// What in a line speaks of how oompa works, and why that must go.
const FOREIGN: [(&str, &str); 6] = [
    ("tasks/pending", MOVES),
    ("tasks/current", MOVES),
    ("tasks/complete", MOVES),
    ("CLAIM(", "the task is given; only with `claim: agent` does an agent choose"),
    ("NEEDS_FOLLOWUP", "write NEEDS_INPUT: and the question"),
    (".edn", "a new task is a markdown file in $SWARM_OUTBOX"),
];
const MOVES: &str = "the program moves the files of tasks; new ones go into $SWARM_OUTBOX";

/// Makes a prompt, which stood in the file `path`, a part of the template of `place`.
pub fn translate(text: &str, path: &str, place: Place) -> Translated {
    let mut remarks = Vec::new();
    let mut told = BTreeSet::new();
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        done.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some((name, length)) = token(rest) else {
            // `{{`, `{%` and `{#` would begin something in a template.
            let opening = ["{{", "{%", "{#"].into_iter().find(|opening| rest.starts_with(opening));
            match opening {
                Some(opening) => done.push_str(&format!("{{{{ \"{opening}\" }}}}")),
                None => done.push('{'),
            }
            rest = &rest[opening.map_or(1, str::len)..];
            continue;
        };
        match translation(name, place) {
            Some(words) => done.push_str(words),
            None => {
                if told.insert(name) {
                    let known = LEFT.iter().find(|(known, _)| *known == name).map(|(_, reason)| *reason);
                    let only = matches!(name, "pending_tasks" | "pending_count" | "current_count" | "diff_content");
                    let reason = match known {
                        Some(reason) => reason,
                        None if only => "only a planner is told of the queue, only a reviewer of the change",
                        None => "oompa has no such token, so it stands as it is",
                    };
                    let line = text[..text.len() - rest.len()].matches('\n').count() + 1;
                    remarks.push(
                        Remark::new(Kind::NoCounterpart, path, reason).about(format!("{{{name}}}")).at(Some(line)),
                    );
                }
                done.push_str(&format!("{{{name}}}"));
            }
        }
        rest = &rest[length..];
    }
    done.push_str(rest);
    for (at, line) in text.lines().enumerate() {
        if let Some((word, reason)) = FOREIGN.iter().find(|(word, _)| line.contains(word)) {
            remarks.push(Remark::new(Kind::Look, path, *reason).about(*word).at(Some(at + 1)));
        }
    }
    Translated { text: done, remarks }
}

/// The token at the beginning, `{name}` or `{{name}}`: its name and its length in bytes.
fn token(text: &str) -> Option<(&str, usize)> {
    let (open, close) = if text.starts_with("{{") { ("{{", "}}") } else { ("{", "}") };
    let inner = text.strip_prefix(open)?;
    let end = inner.find(close)?;
    let name = &inner[..end];
    let is_name = !name.is_empty() && name.chars().all(|char| char.is_ascii_alphabetic() || char == '_');
    is_name.then_some((name, open.len() + end + close.len()))
}

fn translation(name: &str, place: Place) -> Option<&'static str> {
    match (name, place) {
        // These had the same value for everybody.
        ("mode_hint", _) => Some("propose"),
        ("targets", _) => Some("*"),
        ("recent_sec", _) => Some("180"),
        ("pending_tasks", Place::Planner) => {
            Some("{% for task in waiting %}\n- {{ task.id }}: {{ task.title }}\n{% endfor %}\n")
        }
        ("pending_count", Place::Planner) => Some("{{ waiting_count }}"),
        ("current_count", Place::Planner) => Some("{{ current_count }}"),
        ("diff_content", Place::Reviewer) => Some("{{ diff }}"),
        (_, Place::Worker | Place::Executor | Place::Planner | Place::Reviewer) => None,
    }
}

/// A template of the program's with a part of one's own after its first line, which names run and worker.
pub fn template_with(built_in: &str, part: &str) -> String {
    let (first, rest) = built_in.split_once('\n').unwrap_or((built_in, ""));
    format!("{first}\n\n{{% include \"{part}.md\" %}}\n{rest}")
}
