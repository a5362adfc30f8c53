//! What is wrong between files: dependencies, names, families.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::finding::{Finding, Valid, Weight};
use crate::model::pick::{self, Filter, Hold};
use crate::model::queue::Queue;
use crate::model::state::State;
use crate::model::task::{Kind, TaskId};
use crate::model::yaml::nearest;
use crate::os::dirs::Dirs;

/// What tasks wait for in vain.
pub(super) fn dependencies(dirs: &Dirs, files: &[Valid], queue: &Queue) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut told = HashSet::new();
    for file in files.iter().filter(|file| matches!(file.state, State::Pending | State::Blocked)) {
        let hold = queue.pending(file.id()).and_then(|entry| pick::hold(queue, &Filter::default(), entry));
        if let Some(Hold::Cycle(circle)) = &hold {
            // The same circle seen from each of its tasks.
            let members: BTreeSet<&TaskId> = circle.ids().collect();
            if told.insert(members.into_iter().cloned().collect::<Vec<_>>()) {
                let reason = format!("{}: take one `depends_on`, or one `parent`, away", Hold::Cycle(circle.clone()));
                findings.push(file.about(dirs, Weight::Error, "depends_on", reason));
            }
        }
        for dependency in &file.task.depends_on {
            match queue.whereabouts(dependency) {
                None if is_invalid(queue, dependency) => {
                    let reason = format!("depends on {dependency}, which is no valid task: mend that first");
                    findings.push(file.about(dirs, Weight::Note, "depends_on", reason));
                }
                None => findings.push(file.about(dirs, Weight::Error, "depends_on", unknown(queue, dependency))),
                Some(State::Blocked | State::Review) if file.state == State::Pending => {
                    let reason = format!("waits for {dependency}, which needs a person");
                    findings.push(file.about(dirs, Weight::Note, "depends_on", reason));
                }
                Some(State::Pending | State::Current | State::Review | State::Blocked | State::Complete) => {}
            }
        }
    }
    findings
}

fn is_invalid(queue: &Queue, id: &TaskId) -> bool {
    queue.invalid().any(|(_, name, _)| name == id.file_name())
}

fn unknown(queue: &Queue, id: &TaskId) -> String {
    let known = State::ALL.into_iter().flat_map(|state| queue.ids(state));
    match nearest(id.as_str(), known.map(TaskId::as_str)) {
        Some(near) => format!("depends on {id}, and no task has that name; did you mean {near}?"),
        None => format!("depends on {id}, and no task has that name: add it, or take the dependency away"),
    }
}

/// Tasks that lie in two folders.
pub(super) fn doubles(dirs: &Dirs, files: &[Valid]) -> Vec<Finding> {
    let mut first: BTreeMap<&TaskId, State> = BTreeMap::new();
    let mut findings = Vec::new();
    for file in files {
        match first.get(file.id()) {
            None => drop(first.insert(file.id(), file.state)),
            Some(state) => {
                let reason = format!("a task of the same name lies in {state}/ too: rename or remove one");
                findings.push(file.finding(dirs, Weight::Error, reason));
            }
        }
    }
    findings
}

/// Epics and their children.
pub(super) fn families(dirs: &Dirs, files: &[Valid]) -> Vec<Finding> {
    let kinds: BTreeMap<&TaskId, Kind> = files.iter().map(|file| (file.id(), file.task.kind)).collect();
    let parents: HashSet<&TaskId> = files.iter().filter_map(|file| file.task.parent.as_ref()).collect();
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.state != State::Complete) {
        let id = file.id();
        if file.task.kind == Kind::Epic && !parents.contains(id) {
            let reason = format!("is an epic without children: give its tasks the key `parent: {id}`");
            findings.push(file.about(dirs, Weight::Note, "type", reason));
        }
        let Some(parent) = &file.task.parent else { continue };
        let reason = match kinds.get(parent) {
            Some(Kind::Epic) => continue,
            Some(Kind::Task) => format!("its parent {parent} is no epic: write `type: epic` there"),
            None => format!("its parent {parent} is not there"),
        };
        findings.push(file.about(dirs, Weight::Note, "parent", reason));
    }
    findings
}
