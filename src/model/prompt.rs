//! What an agent is told: a template filled in once, whose values are never expanded again.

use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

use super::comment::Comment;
use super::task::{ShellBlock, Task};

/// A template that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct BadTemplate {
    /// Counts from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong, and what would be right.
    pub reason: String,
}

/// Everything that a template may name.
#[derive(Debug, Clone, Serialize)]
pub struct Facts<'a> {
    /// The run.
    pub run: &'a str,
    /// The worker.
    pub worker: &'a str,
    /// The task's name.
    pub id: &'a str,
    /// Its title.
    pub title: &'a str,
    /// Its domain.
    pub domain: Option<&'a str>,
    /// Its text, without the comments.
    pub body: &'a str,
    /// What must hold in the end.
    pub acceptance: &'a [String],
    /// What was said about it.
    pub comments: Vec<CommentFacts<'a>>,
    /// What the attempt before left to say.
    pub feedback: Option<&'a str>,
    /// Counts from 1.
    pub attempt: u32,
    /// The branch it lands on.
    pub base: &'a str,
    /// Where that branch stands.
    pub base_short: &'a str,
    /// The commands that must succeed.
    pub gates: Vec<&'a str>,
    /// The paths in which a change needs somebody's word.
    pub protected: &'a [String],
    /// What says that the work is done: `signal` or `exit`.
    pub completion: &'static str,
}

/// A comment, as a template names its parts.
#[derive(Debug, Clone, Serialize)]
pub struct CommentFacts<'a> {
    /// When.
    pub at: String,
    /// Who.
    pub author: String,
    /// What.
    pub text: &'a str,
}

impl<'a> CommentFacts<'a> {
    /// The parts of `comment`.
    pub fn of(comment: &'a Comment) -> Self {
        Self {
            at: comment.at.map(|at| format!("{at:.0}")).unwrap_or_default(),
            author: comment.author.to_string(),
            text: &comment.text,
        }
    }
}

/// Fills in a template; an unknown name is an error, and what the task says is never read as a template.
pub fn render(template: &str, facts: &Facts<'_>) -> Result<String, BadTemplate> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_keep_trailing_newline(true);
    environment.render_str(template, facts).map_err(|error| BadTemplate {
        line: error.line(),
        reason: error.detail().map_or_else(|| error.kind().to_string(), str::to_owned),
    })
}

/// Checks a template before anybody is told anything: its form, and that it names only what there is.
pub fn check(template: &str) -> Result<(), BadTemplate> {
    let environment = Environment::new();
    let parsed = environment.template_from_str(template).map_err(|error| BadTemplate {
        line: error.line(),
        reason: error.detail().map_or_else(|| error.kind().to_string(), str::to_owned),
    })?;
    let known = names();
    let is_known = |name: &String| known.contains(name) || environment.globals().any(|(global, _)| global == name);
    let mut unknown: Vec<String> =
        parsed.undeclared_variables(false).into_iter().filter(|name| !is_known(name)).collect();
    unknown.sort();
    let Some(name) = unknown.first() else { return Ok(()) };
    let line = line_of(template, name);
    let reason = match super::yaml::nearest(name, known.iter().map(String::as_str)) {
        Some(near) => format!("unknown name `{name}`; did you mean `{near}`?"),
        None => format!("unknown name `{name}`; known are {}", known.join(", ")),
    };
    Err(BadTemplate { line, reason })
}

/// The line on which a template first names `name`: as a whole word, inside of a tag.
fn line_of(template: &str, name: &str) -> Option<usize> {
    let is_word = |char: char| char.is_alphanumeric() || matches!(char, '_' | '.');
    let last = |text: &str, ends: [&str; 2]| ends.iter().filter_map(|end| text.rfind(end)).max();
    let named = template.match_indices(name).find(|(at, _)| {
        let (before, after) = (&template[..*at], &template[at + name.len()..]);
        let is_whole = !before.ends_with(is_word) && !after.starts_with(|char| char != '.' && is_word(char));
        is_whole && last(before, ["{{", "{%"]) > last(before, ["}}", "%}"])
    });
    named.map(|(at, _)| template[..at].matches('\n').count() + 1)
}

/// The names that [`Facts`] offers.
fn names() -> Vec<String> {
    let empty = Facts {
        run: "",
        worker: "",
        id: "",
        title: "",
        domain: None,
        body: "",
        acceptance: &[],
        comments: Vec::new(),
        feedback: None,
        attempt: 0,
        base: "",
        base_short: "",
        gates: Vec::new(),
        protected: &[],
        completion: "",
    };
    match serde_json::to_value(&empty) {
        Ok(serde_json::Value::Object(map)) => map.keys().cloned().collect(),
        Ok(_) | Err(_) => Vec::new(),
    }
}

/// The prompt of an agent that is told the task's own shell blocks: one script.
pub fn script(tag: &str, task: &Task, blocks: &[ShellBlock]) -> String {
    let mut script = format!("# {tag} {}\n", task.id);
    for block in blocks {
        script.push_str(&block.text);
        if !block.text.ends_with('\n') {
            script.push('\n');
        }
    }
    script
}

#[cfg(test)]
mod tests;
