//! The templates of a workspace: checked before anybody is told anything, then filled in.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::{AutoEscape, Environment, UndefinedBehavior};

use super::facts::{Claiming, Facts, Fix, Plan, Resolve, Resume, Review, Telling};
use crate::model::yaml::nearest;

/// The turns that have a template of their own. A template may include others by their file names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Template {
    /// The first turn on a task.
    Worker,
    /// The same, for one who makes no tasks.
    Executor,
    /// One who makes tasks.
    Planner,
    /// One who chooses tasks, or is told which he got.
    Claim,
    /// One who judges the work.
    Reviewer,
    /// The session is taken up again.
    Resume,
    /// The same for the last time.
    Nudge,
    /// The author mends what a reviewer has found.
    Fix,
    /// The author resolves a conflict with the base.
    Resolve,
}

impl Template {
    /// All of them.
    pub const ALL: [Template; 9] = [
        Template::Worker,
        Template::Executor,
        Template::Planner,
        Template::Claim,
        Template::Reviewer,
        Template::Resume,
        Template::Nudge,
        Template::Fix,
        Template::Resolve,
    ];

    /// The stem of its file's name.
    pub fn name(self) -> &'static str {
        match self {
            Template::Worker => "worker",
            Template::Executor => "executor",
            Template::Planner => "planner",
            Template::Claim => "claim",
            Template::Reviewer => "reviewer",
            Template::Resume => "resume",
            Template::Nudge => "nudge",
            Template::Fix => "fix",
            Template::Resolve => "resolve",
        }
    }

    /// What it is told, all of it empty: the names it may use.
    fn nothing(self) -> Facts<'static> {
        let telling = match self {
            Template::Worker | Template::Executor | Template::Nudge => Telling::Work,
            Template::Planner => Telling::Plan(Plan::default()),
            Template::Claim => Telling::Claim(Claiming::default()),
            Template::Reviewer => Telling::Review(Review::default()),
            Template::Resume => Telling::Resume(Resume::default()),
            Template::Fix => Telling::Fix(Fix::default()),
            Template::Resolve => Telling::Resolve(Resolve::default()),
        };
        Facts { telling, ..Facts::default() }
    }

    fn names(self) -> BTreeSet<String> {
        match serde_json::to_value(self.nothing()) {
            Ok(serde_json::Value::Object(map)) => map.keys().cloned().collect(),
            Ok(_) | Err(_) => BTreeSet::new(),
        }
    }
}

/// A template that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct BadTemplate {
    /// The stem of its file's name: where the mistake stands, which may be in one that was included.
    pub name: String,
    /// Counts from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong, and what would be right.
    pub reason: String,
}

/// The templates, by the stems of their files' names.
#[derive(Debug, Clone, Default)]
pub struct Prompts {
    texts: BTreeMap<String, String>,
}

impl Prompts {
    /// Adds one, or puts it in place of another.
    pub fn put(&mut self, name: impl Into<String>, text: impl Into<String>) {
        self.texts.insert(name.into(), text.into());
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().map(String::as_str)
    }

    /// Fills in a template; an unknown name is an error, and what the task says is never read as a template.
    pub fn render(&self, template: Template, facts: &Facts<'_>) -> Result<String, BadTemplate> {
        let environment = self.environment()?;
        let name = template.name();
        environment.get_template(&file(name)).and_then(|found| found.render(facts)).map_err(|error| bad(name, &error))
    }

    /// Checks all templates before anybody is told anything: their form, that they include only what there is, and
    /// that they name only what they are told.
    pub fn check(&self) -> Result<(), BadTemplate> {
        let environment = self.environment()?;
        let anywhere: BTreeSet<String> = Template::ALL.into_iter().flat_map(Template::names).collect();
        for (name, text) in &self.texts {
            let kind = Template::ALL.into_iter().find(|kind| kind.name() == name);
            let known = kind.map_or_else(|| anywhere.clone(), Template::names);
            check_names(&environment, name, text, &known)?;
            if let Some(kind) = kind {
                self.render(kind, &kind.nothing())?;
            }
        }
        Ok(())
    }

    fn environment(&self) -> Result<Environment<'_>, BadTemplate> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_trim_blocks(true);
        environment.set_lstrip_blocks(true);
        environment.set_keep_trailing_newline(true);
        for (name, text) in &self.texts {
            environment.add_template_owned(file(name), text.as_str()).map_err(|error| bad(name, &error))?;
        }
        Ok(environment)
    }
}

/// As it is included.
fn file(name: &str) -> String {
    format!("{name}.md")
}

fn bad(name: &str, error: &minijinja::Error) -> BadTemplate {
    // The innermost place: an error in an included template is reported by each that includes it.
    let mut innermost = error;
    while let Some(inner) = std::error::Error::source(innermost).and_then(|inner| inner.downcast_ref()) {
        innermost = inner;
    }
    let name = innermost.name().and_then(|file| file.strip_suffix(".md")).unwrap_or(name).to_owned();
    let reason = innermost.detail().map_or_else(|| innermost.kind().to_string(), str::to_owned);
    BadTemplate { name, line: innermost.line(), reason }
}

fn check_names(
    environment: &Environment<'_>,
    name: &str,
    text: &str,
    known: &BTreeSet<String>,
) -> Result<(), BadTemplate> {
    let parsed = environment.get_template(&file(name)).map_err(|error| bad(name, &error))?;
    let is_known = |word: &String| known.contains(word) || environment.globals().any(|(global, _)| global == word);
    let unknown: BTreeSet<String> =
        parsed.undeclared_variables(false).into_iter().filter(|word| !is_known(word)).collect();
    let Some(word) = unknown.first() else { return Ok(()) };
    let reason = match nearest(word, known.iter().map(String::as_str)) {
        Some(near) => format!("unknown name `{word}`; did you mean `{near}`?"),
        None => {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            format!("unknown name `{word}`; known are {}", known.join(", "))
        }
    };
    Err(BadTemplate { name: name.to_owned(), line: line_of(text, word), reason })
}

/// The line on which a template first names `word`: whole, inside of a tag.
fn line_of(template: &str, word: &str) -> Option<usize> {
    let is_word = |char: char| char.is_alphanumeric() || matches!(char, '_' | '.');
    let last = |text: &str, ends: [&str; 2]| ends.iter().filter_map(|end| text.rfind(end)).max();
    let named = template.match_indices(word).find(|(at, _)| {
        let (before, after) = (&template[..*at], &template[at + word.len()..]);
        let is_whole = !before.ends_with(is_word) && !after.starts_with(|char| char != '.' && is_word(char));
        is_whole && last(before, ["{{", "{%"]) > last(before, ["}}", "%}"])
    });
    named.map(|(at, _)| template[..at].matches('\n').count() + 1)
}
