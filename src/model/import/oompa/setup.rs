//! `oompa.json`: who works, who reviews, who plans.

use super::agent::{choice, is_account_of_gemini};
use super::datum::Datum;
use super::remark::{Kind, Remark};
use super::unknown;
use crate::model::choice::Choice;
use crate::model::config::Role;

/// What `oompa.json` says, as far as it has a meaning here.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// The planner that runs before the workers.
    pub planner: Option<Planner>,
    /// The workers.
    pub workers: Vec<WorkerLine>,
    /// Who reviews, in the order in which they are asked.
    pub reviewers: Vec<Reviewer>,
    /// How often a session is taken up again; the most that any worker has.
    pub resumes: Option<u64>,
}

/// The planner.
#[derive(Debug, Clone)]
pub struct Planner {
    /// Who plans.
    pub choice: Choice,
    /// The paths of its prompts.
    pub prompts: Vec<String>,
    /// How many tasks may wait.
    pub max_pending: u64,
}

/// A line of workers.
#[derive(Debug, Clone)]
pub struct WorkerLine {
    /// Its place in the file: `workers[0]`.
    pub place: String,
    /// Who works.
    pub choice: Choice,
    /// What they do.
    pub role: Role,
    /// How many of them.
    pub count: u64,
    /// How long they rest between two cycles, in seconds.
    pub pause_s: Option<u64>,
    /// The paths of their prompts.
    pub prompts: Vec<String>,
    /// The name by which tasks ask for them.
    pub name: Option<String>,
}

/// A reviewer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewer {
    /// Who reviews.
    pub choice: Choice,
    /// The paths of its prompts.
    pub prompts: Vec<String>,
}

/// How many tasks may wait where a planner does not say so.
const USUAL_PENDING: u64 = 10;

/// How many workers, reviewers or prompts one list may name: more than anybody has.
const MOST: usize = 1000;

/// The keys in which reviewers are named; the first that is there counts.
const REVIEWERS: [&str; 4] = ["reviewers", "review_models", "reviewer", "review_model"];

/// Reads the settings, which stood in the file `path` as `text`.
pub fn setup(config: &Datum, path: &str, text: &str) -> (Setup, Vec<Remark>) {
    let mut reading = Reading { path, text, remarks: Vec::new() };
    let mut setup = Setup::default();
    let Datum::Map(entries) = config else {
        reading.tell(Kind::Refused, "", config, "it must be a map with the key `workers`");
        return (setup, reading.remarks);
    };
    if let Some(workers) = config.get("workers") {
        setup.workers = reading.workers(workers, &mut setup.resumes);
    }
    setup.planner = config.get("planner").and_then(|planner| reading.planner(planner));
    setup.reviewers = reading.reviewers(config, "");
    if setup.reviewers.is_empty() {
        setup.reviewers = reading.borrowed_reviewers(config);
    }
    for (key, value) in entries {
        let known = ["workers", "planner", "needs_review"].contains(&key.as_str()) || REVIEWERS.contains(&key.as_str());
        if !known {
            reading.tell(Kind::NoCounterpart, key, value, unknown::STRANGE);
        }
    }
    (setup, reading.remarks)
}

struct Reading<'a> {
    path: &'a str,
    text: &'a str,
    remarks: Vec<Remark>,
}

impl Reading<'_> {
    fn tell(&mut self, kind: Kind, key: &str, value: &Datum, reason: impl Into<String>) {
        let line = line_of(self.text, key.rsplit('.').next().unwrap_or(key), value, &self.remarks);
        let remark = Remark::new(kind, self.path, reason).at(line);
        self.remarks.push(if key.is_empty() { remark } else { remark.about(key) });
    }

    fn workers(&mut self, workers: &Datum, resumes: &mut Option<u64>) -> Vec<WorkerLine> {
        let Datum::List(lines) = workers else {
            self.tell(Kind::Refused, "workers", workers, "it must be a list");
            return Vec::new();
        };
        let lines = self.first_of("workers", lines).iter().enumerate();
        lines.filter_map(|(at, line)| self.worker(&format!("workers[{at}]"), line, resumes)).collect()
    }

    fn worker(&mut self, place: &str, line: &Datum, resumes: &mut Option<u64>) -> Option<WorkerLine> {
        let Datum::Map(entries) = line else {
            self.tell(Kind::Refused, place, line, "it must be a map with the key `model`");
            return None;
        };
        let choice = self.choice(place, line)?;
        let prompts = self.prompts(place, line);
        let mut worker = WorkerLine {
            place: place.to_owned(),
            choice,
            role: Role::Worker,
            count: self.number(place, line, "count").unwrap_or(1),
            pause_s: self.number(place, line, "wait_between").filter(|seconds| *seconds > 0),
            prompts,
            name: None,
        };
        if worker.count == 0 {
            self.tell(Kind::Look, &format!("{place}.count"), &Datum::Number("0".into()), "nobody works on this line");
        }
        for (key, value) in entries.iter().filter(|(_, value)| !value.is_nothing()) {
            let at = format!("{place}.{key}");
            match key.as_str() {
                "model" | "count" | "wait_between" | "prompt" => {}
                "can_plan" if *value == Datum::Truth(false) => worker.role = Role::Executor,
                "can_plan" => {}
                "max_resumes" | "max_working_resumes" => *resumes = (*resumes).max(self.number(place, line, key)),
                "role" | "_role" => worker.name = value.text().map(str::to_owned),
                key => {
                    self.tell(Kind::NoCounterpart, &at, value, unknown::of_a_worker(key).unwrap_or(unknown::STRANGE))
                }
            }
        }
        if worker.role == Role::Worker && worker.prompts.iter().any(|path| stem(path).contains("planner")) {
            worker.role = Role::Planner;
            let reason =
                "its prompt is a planner's, so it plans here and works on no task; with `role: worker` it does both";
            self.tell(Kind::Look, &format!("{place}.prompt"), &Datum::Nothing, reason);
        }
        Some(worker)
    }

    fn planner(&mut self, planner: &Datum) -> Option<Planner> {
        let choice = self.choice("planner", planner)?;
        let prompts = self.prompts("planner", planner);
        let max_pending =
            self.number("planner", planner, "max_pending").filter(|most| *most > 0).unwrap_or(USUAL_PENDING);
        if let Datum::Map(entries) = planner {
            for (key, value) in entries {
                if !["model", "prompt", "max_pending"].contains(&key.as_str()) {
                    self.tell(Kind::NoCounterpart, &format!("planner.{key}"), value, unknown::STRANGE);
                }
            }
        }
        Some(Planner { choice, prompts, max_pending })
    }

    /// Those that a map names, the whole file's or a worker's.
    fn reviewers(&mut self, map: &Datum, place: &str) -> Vec<Reviewer> {
        if map.get("needs_review") == Some(&Datum::Truth(false)) {
            return Vec::new();
        }
        let Some((key, named)) = REVIEWERS.iter().find_map(|key| map.get(key).map(|named| (*key, named))) else {
            return Vec::new();
        };
        let one = [named.clone()];
        let several = match named {
            Datum::List(several) => several.as_slice(),
            Datum::Nothing | Datum::Truth(_) | Datum::Number(_) | Datum::Text(_) | Datum::Map(_) => &one,
        };
        let mut reviewers: Vec<Reviewer> = Vec::new();
        let list = if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") };
        for (at, named) in self.first_of(&list, several).iter().enumerate() {
            let at = if one.as_slice() == several { key.to_owned() } else { format!("{key}[{at}]") };
            let at = if place.is_empty() { at } else { format!("{place}.{at}") };
            let reviewer = match named {
                Datum::Text(words) => Some(Reviewer { choice: self.told(&at, words), prompts: Vec::new() }),
                Datum::Map(_) => {
                    self.choice(&at, named).map(|choice| Reviewer { choice, prompts: self.prompts(&at, named) })
                }
                Datum::Nothing | Datum::Truth(_) | Datum::Number(_) | Datum::List(_) => {
                    self.tell(Kind::Refused, &at, named, "a reviewer is a text or a map with the key `model`");
                    None
                }
            };
            reviewers.extend(reviewer.filter(|new| !reviewers.contains(new)));
        }
        reviewers
    }

    /// Where the file names no reviewer, but workers do: theirs.
    fn borrowed_reviewers(&mut self, config: &Datum) -> Vec<Reviewer> {
        let Some(Datum::List(lines)) = config.get("workers") else { return Vec::new() };
        let mut reviewers: Vec<Reviewer> = Vec::new();
        for (at, line) in lines.iter().take(MOST).enumerate() {
            let place = format!("workers[{at}]");
            for new in self.reviewers(line, &place) {
                if !reviewers.contains(&new) {
                    let reason = format!("the reviewer {} of these workers reads everybody's work here", new.choice);
                    self.tell(Kind::Look, &place, &Datum::Nothing, reason);
                    reviewers.push(new);
                }
            }
        }
        reviewers
    }

    fn choice(&mut self, place: &str, map: &Datum) -> Option<Choice> {
        match map.get("model") {
            Some(Datum::Text(words)) if !words.trim().is_empty() => Some(self.told(&format!("{place}.model"), words)),
            other => {
                let nothing = Datum::Nothing;
                self.tell(
                    Kind::Refused,
                    &format!("{place}.model"),
                    other.unwrap_or(&nothing),
                    "it must be a text such as codex:gpt-5.3-codex:medium",
                );
                None
            }
        }
    }

    fn told(&mut self, place: &str, words: &str) -> Choice {
        let harness = words.split(':').next().unwrap_or_default();
        if is_account_of_gemini(harness) {
            let reason = format!("{harness} is gemini under another account: here it is the agent `gemini`, under one");
            self.tell(Kind::Look, place, &Datum::Text(words.to_owned()), reason);
        }
        choice(words.trim())
    }

    fn prompts(&mut self, place: &str, map: &Datum) -> Vec<String> {
        let Some(prompts) = map.get("prompt") else { return Vec::new() };
        let key = format!("{place}.prompt");
        let Some(paths) = prompts.texts() else {
            self.tell(Kind::Refused, &key, prompts, "it must be a path or a list of paths");
            return Vec::new();
        };
        self.first_of(&key, &paths).to_vec()
    }

    /// What is read of a list; the rest is told of, and left out.
    fn first_of<'a, T>(&mut self, key: &str, list: &'a [T]) -> &'a [T] {
        let Some((first, rest)) = list.split_at_checked(MOST).filter(|(_, rest)| !rest.is_empty()) else { return list };
        let reason = format!("only the first {MOST} are read, and {} more stand here", rest.len());
        self.tell(Kind::Refused, key, &Datum::Nothing, reason);
        first
    }

    fn number(&mut self, place: &str, map: &Datum, key: &str) -> Option<u64> {
        let value = map.get(key)?;
        let number = value.count();
        if number.is_none() {
            self.tell(Kind::Refused, &format!("{place}.{key}"), value, "it must be a whole number, not below 0");
        }
        number
    }
}

/// How many remarks about a file name a line: each is looked for in the whole text, which for very many takes for ever.
const WITH_A_LINE: usize = 200;

/// The line of a text in JSON or EDN on which a key has this value; else the first on which it stands. `None` also where
/// very much is `told` already.
pub(super) fn line_of(text: &str, key: &str, value: &Datum, told: &[Remark]) -> Option<usize> {
    if told.len() >= WITH_A_LINE {
        return None;
    }
    let (quoted, keyword) = (format!("\"{key}\""), format!(":{key}"));
    let names = |line: &str| line.contains(&quoted) || line.split(is_edge).any(|word| word == keyword);
    let shown = value.text().map(str::to_owned).unwrap_or_else(|| value.shown());
    let lines = || text.lines().enumerate().filter(|(_, line)| names(line)).map(|(at, line)| (at + 1, line));
    lines().find(|(_, line)| line.contains(&shown)).or_else(|| lines().next()).map(|(at, _)| at)
}

fn is_edge(char: char) -> bool {
    char.is_whitespace() || "{}[](),\"".contains(char)
}

fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".md").unwrap_or(name)
}
