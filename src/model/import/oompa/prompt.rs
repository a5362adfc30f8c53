//! A prompt of oompa's as a part of a template here: its tokens, its includes, and what in it means nothing here.

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

/// Lines of one file, as they are told to an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The file.
    pub path: String,
    /// The number of the first line; counts from 1.
    pub line: usize,
    /// The lines.
    pub text: String,
}

/// A prompt with the files that it includes in their places.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expanded {
    /// What is told, in its order.
    pub pieces: Vec<Piece>,
    /// Paths of includes that were not found, or would go round in a circle.
    pub missing: Vec<String>,
}

/// How deep prompts may include each other.
const DEEPEST: usize = 16;

/// The most that the prompts of one template may come to, in bytes: nothing larger is read from `config/`.
pub const LARGEST: usize = 1024 * 1024;

/// The most files that are put together for one template. Each may include others several times, so that a few small
/// ones come to more than any memory holds.
const MOST_FILES: usize = 1000;

/// What may still be put into the words of one template.
#[derive(Debug)]
pub struct Room {
    bytes: usize,
    files: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self { bytes: LARGEST, files: MOST_FILES }
    }
}

/// There is no room for a file: the prompt is too large, or includes too much.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("with the others for this template it comes to more than 1 MiB or {MOST_FILES} files: {path} was too much")]
pub struct TooMuch {
    /// The file for which there is none.
    pub path: String,
}

impl Room {
    /// Takes the room for a file; one that is not there counts too, as it is looked for.
    fn take(&mut self, path: &str, bytes: usize) -> Result<(), TooMuch> {
        let left = (self.files.checked_sub(1), self.bytes.checked_sub(bytes));
        let (Some(files), Some(bytes)) = left else { return Err(TooMuch { path: path.to_owned() }) };
        *self = Self { bytes, files };
        Ok(())
    }
}

/// Puts included files in their places; `read` gives the text of a path, from the folder of the import or from that
/// of the file that names it. `Ok(None)`: the prompt itself is not there.
///
/// # Errors
/// It takes more than there is `room` for.
pub fn expand(
    path: &str,
    read: &mut dyn FnMut(&str) -> Option<String>,
    room: &mut Room,
) -> Result<Option<Expanded>, TooMuch> {
    let Some(text) = read(path) else { return Ok(None) };
    room.take(path, text.len())?;
    let mut expanding = Expanding { read, room, expanded: Expanded::default() };
    expanding.add(path, &text, 0)?;
    Ok(Some(expanding.expanded))
}

struct Expanding<'a> {
    read: &'a mut dyn FnMut(&str) -> Option<String>,
    room: &'a mut Room,
    expanded: Expanded,
}

impl Expanding<'_> {
    /// Adds the lines of a file, for which room is taken already.
    fn add(&mut self, path: &str, text: &str, depth: usize) -> Result<(), TooMuch> {
        let piece = |line| Piece { path: path.to_owned(), line, text: String::new() };
        let mut own = piece(1);
        for (at, line) in text.lines().enumerate() {
            let Some(named) = included(line) else {
                own.text.push_str(line);
                own.text.push('\n');
                continue;
            };
            self.expanded.pieces.push(std::mem::replace(&mut own, piece(at + 2)));
            let found = if depth < DEEPEST { self.find(path, named) } else { None };
            match found {
                Some((path, text)) => {
                    self.room.take(&path, text.len())?;
                    self.add(&path, &text, depth + 1)?;
                }
                None => {
                    self.room.take(named, 0)?;
                    self.expanded.missing.push(named.to_owned());
                }
            }
        }
        self.expanded.pieces.push(own);
        Ok(())
    }

    /// The file that `from` names: one beside it, or one below the folder of the import.
    fn find(&mut self, from: &str, named: &str) -> Option<(String, String)> {
        let beside = from.rsplit_once('/').map_or_else(|| named.to_owned(), |(folder, _)| format!("{folder}/{named}"));
        [beside, named.to_owned()].into_iter().find_map(|path| (self.read)(&path).map(|text| (path, text)))
    }
}

/// The path that a line includes, if it includes one.
fn included(line: &str) -> Option<&str> {
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
const ONLY: &str = "only a planner is told of the queue, and only a reviewer of the change";
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

/// Makes a prompt a part of the template of `place`.
pub fn translate(prompt: &Expanded, place: Place) -> Translated {
    let mut translated = Translated { text: String::new(), remarks: Vec::new() };
    for piece in &prompt.pieces {
        for (at, line) in piece.text.lines().enumerate() {
            let number = piece.line + at;
            let left = translate_line(line, place, &mut translated.text);
            translated.text.push('\n');
            let remarks = left.into_iter().map(|name| {
                let reason = LEFT.iter().find(|(known, _)| *known == name).map_or(ONLY, |(_, reason)| *reason);
                Remark::new(Kind::NoCounterpart, &piece.path, reason).about(format!("{{{name}}}")).at(Some(number))
            });
            translated.remarks.extend(remarks);
            if let Some((word, reason)) = FOREIGN.iter().find(|(word, _)| line.contains(word)) {
                translated.remarks.push(Remark::new(Kind::Look, &piece.path, *reason).about(*word).at(Some(number)));
            }
        }
    }
    let trimmed = translated.text.trim();
    translated.text = trimmed.to_owned();
    translated
}

/// Translates a line; gives the tokens of oompa's that stay as they are.
fn translate_line<'a>(line: &'a str, place: Place, done: &mut String) -> Vec<&'a str> {
    let mut left = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find('{') {
        done.push_str(&rest[..at]);
        rest = &rest[at..];
        let found = token(rest).filter(|(name, _)| is_known(name));
        let taken = match found.map(|(name, length)| (name, length, translation(name, place))) {
            Some((_, length, Some(words))) => {
                done.push_str(words);
                length
            }
            Some((name, length, None)) => {
                left.push(name);
                done.push_str(&format!("{{{name}}}"));
                length
            }
            // In a template these three would begin something.
            None => match ["{{", "{%", "{#"].into_iter().find(|opening| rest.starts_with(opening)) {
                Some(opening) => {
                    done.push_str(&format!("{{{{ \"{opening}\" }}}}"));
                    opening.len()
                }
                None => {
                    done.push('{');
                    1
                }
            },
        };
        rest = &rest[taken..];
    }
    done.push_str(rest);
    left
}

/// Whether oompa puts something in the place of this token.
fn is_known(name: &str) -> bool {
    LEFT.iter().any(|(known, _)| *known == name) || PLACES.into_iter().any(|place| translation(name, place).is_some())
}

/// The token at the beginning, `{name}` or `{{name}}`: its name and its length in bytes.
fn token(text: &str) -> Option<(&str, usize)> {
    let (open, close) = if text.starts_with("{{") { ("{{", "}}") } else { ("{", "}") };
    let inner = text.strip_prefix(open)?;
    let end = inner.find(|char: char| !char.is_ascii_alphabetic() && char != '_')?;
    let name = &inner[..end];
    let is_closed = !name.is_empty() && inner[end..].starts_with(close);
    is_closed.then_some((name, open.len() + end + close.len()))
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
