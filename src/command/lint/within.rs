//! What is wrong within one file.

use std::ffi::OsStr;

use super::finding::{Finding, Valid, Weight};
use super::mend;
use crate::error::{Class, Context, Result};
use crate::model::choices::Choices;
use crate::model::config::Config;
use crate::model::gate::Gate;
use crate::model::state::State;
use crate::model::task::{Gates, Kind, nearest_key};
use crate::model::yaml::nearest;
use crate::os::agents::Catalogue;
use crate::os::dirs::{Dirs, config_file};
use crate::os::task_folder::{self, Name};
use crate::os::workspace::Place;

/// Reads every file of every folder whole: the valid ones, and what is wrong with the others.
pub(super) fn read(dirs: &Dirs) -> Result<(Vec<Valid>, Vec<Finding>)> {
    let (mut files, mut findings) = (Vec::new(), Vec::new());
    for state in State::ALL {
        let mut names = task_folder::list(dirs, state).context(|| format!("read {}", dirs.state(state).display()))?;
        names.sort();
        for name in names {
            match read_one(dirs, state, &name) {
                Ok(file) => files.extend(file),
                Err(finding) => findings.push(finding),
            }
        }
    }
    Ok((files, findings))
}

/// Nothing, where it is none of ours.
fn read_one(dirs: &Dirs, state: State, name: &OsStr) -> Result<Option<Valid>, Finding> {
    let bad = |line, reason| Finding {
        path: dirs.shown(&dirs.state(state).join(name)),
        line,
        // Nobody reads a task again once it is complete.
        severity: if state == State::Complete { Weight::Note } else { Weight::Error },
        reason,
    };
    match task_folder::read_name(name) {
        Name::Foreign if mend::is_meant_as_task(name) => {
            Err(bad(None, "is not seen, because its name does not end in `.md`: `swarm lint --fix` renames it".into()))
        }
        Name::Foreign => Ok(None),
        Name::Impossible(reason) => Err(bad(None, format!("{reason}; `swarm lint --fix` renames it"))),
        Name::Task(id) => match task_folder::read(dirs, state, &id) {
            Ok(found) => Ok(found.map(|found| Valid {
                state,
                task: found.task,
                text: String::from_utf8_lossy(&found.bytes).into_owned(),
            })),
            Err(invalid) => Err(bad(invalid.line, invalid.reason)),
        },
    }
}

/// What the keys of one task ask for in vain.
pub(super) fn keys(dirs: &Dirs, file: &Valid, config: &Config, agents: &Catalogue) -> Vec<Finding> {
    let task = &file.task;
    let mut findings = Vec::new();
    for (key, line) in &task.unknown {
        let reason = match nearest_key(key) {
            Some(near) => format!("the key `{key}` means nothing; did you mean `{near}`?"),
            None => format!("the key `{key}` means nothing; it is kept"),
        };
        findings.push(Finding { line: Some(*line), ..file.finding(dirs, Weight::Note, reason) });
    }
    let named = task.agent.iter().flat_map(Choices::names);
    let unknown: Vec<String> = named.filter_map(|name| unknown_agent(name, agents)).collect();
    let unfit = task.agent.as_ref().filter(|_| unknown.is_empty()).and_then(|named| unfit(named, agents));
    let reasons = unknown.into_iter().chain(unfit);
    findings.extend(reasons.map(|reason| file.about(dirs, Weight::Error, "agent", reason)));
    match &task.verify {
        Gates::None if !config.gates(task.domain.as_deref(), &[]).is_empty() => {
            let reason = "`verify: none` does not switch the workspace's gates off: they run all the same";
            findings.push(file.about(dirs, Weight::Note, "verify", reason));
        }
        Gates::None => {}
        Gates::Added(gates) => {
            let blank = gates.iter().filter(|gate| is_blank(gate));
            findings.extend(blank.map(|gate| file.about(dirs, Weight::Note, "verify", does_nothing(gate))));
        }
    }
    if task.kind == Kind::Task && task.title == task.id.as_str() && task.body.trim().is_empty() {
        let reason = "says nothing but its name: write down what is to be done";
        findings.push(file.finding(dirs, Weight::Note, reason));
    }
    findings
}

/// Why they cannot stand in one list; that a program is not there is no fault of the file's.
fn unfit(named: &Choices, agents: &Catalogue) -> Option<String> {
    agents.find_all(named).err().filter(|error| error.class() == Class::Usage).map(|error| error.explained())
}

fn unknown_agent(name: &str, agents: &Catalogue) -> Option<String> {
    let known: Vec<&str> = agents.all().map(|(name, _)| name).collect();
    if known.contains(&name) {
        return None;
    }
    let all = known.join(", ");
    Some(match nearest(name, known) {
        Some(near) => format!("there is no agent `{name}`; did you mean `{near}`?"),
        None => format!("there is no agent `{name}`: known are {all}; describe it in config/agents/{name}.yaml"),
    })
}

/// A command of comments only.
fn is_blank(gate: &Gate) -> bool {
    gate.run.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with('#'))
}

fn does_nothing(gate: &Gate) -> String {
    format!("the gate `{}` does nothing, so it always succeeds", gate.run.trim())
}

/// The gates of the settings that do nothing.
pub(super) fn gates_of_the_workspace(place: &Place) -> Vec<Finding> {
    let of_domains = place.config.domains.values().flat_map(|domain| &domain.verify);
    let blank = place.config.verify.iter().chain(of_domains).filter(|gate| is_blank(gate));
    let path = place.dirs.shown(&config_file(place.dirs.root()));
    let finding = |gate| Finding { path: path.clone(), line: None, severity: Weight::Note, reason: does_nothing(gate) };
    blank.map(finding).collect()
}
