//! Task files, for those tasks that are not here yet.

use std::collections::BTreeMap;

use super::plan::{Act, Plan, Planned};
use super::source::{Source, TaskSource};
use crate::model::import::oompa::{
    Kind, Known, MARK, Remark, Setup, Ticket, names, read_edn, read_json, task_file, tickets,
};
use crate::model::state::State;
use crate::model::task::TaskId;
use crate::os::dirs::Dirs;
use crate::os::task_folder;

/// Plans a file for each task.
pub(super) fn plan(setup: &Setup, source: &Source, dirs: &Dirs, plan: &mut Plan) {
    let (sources, remarks) = source.tasks();
    plan.remarks.extend(remarks);
    let mut tickets: BTreeMap<String, Ticket> = BTreeMap::new();
    for file in &sources {
        for ticket in read(source, file, plan) {
            match tickets.get(&ticket.id) {
                Some(first) => {
                    let reason = format!("the task stands in {} too, and that one counts", first.path);
                    plan.remarks.push(Remark::new(Kind::Look, &ticket.path, reason).about(&ticket.id));
                }
                None => drop(tickets.insert(ticket.id.clone(), ticket)),
            }
        }
    }
    let known = Known { names: names(tickets.keys().map(String::as_str)), roles: roles(setup) };
    tell_of_notes(&tickets, plan);
    let hides = dirs.tasks().join(".gitignore");
    if dirs.tasks().is_dir() && !hides.exists() {
        let reason = "git sees the new files, unless you have it ignore this folder: write `*` into its .gitignore, or \
                      commit them";
        plan.remarks.push(Remark::new(Kind::Look, &dirs.shown(dirs.tasks()), reason));
    }
    for ticket in tickets.values() {
        match task_file(ticket, &known) {
            Ok((id, text, remarks)) => {
                if put(ticket, &id, text, dirs, plan) {
                    plan.remarks.extend(remarks);
                }
            }
            Err(remark) => plan.remarks.push(remark),
        }
    }
}

fn read(source: &Source, file: &TaskSource, plan: &mut Plan) -> Vec<Ticket> {
    let path = file.path.as_str();
    let text = match source.text(path) {
        Ok(Some(text)) => text,
        // Somebody has moved it since the folder was listed.
        Ok(None) => return Vec::new(),
        Err(remark) => {
            plan.remarks.push(remark);
            return Vec::new();
        }
    };
    let read = if path.ends_with(".json") { read_json(&text).map(|datum| (datum, None)) } else { read_edn(&text) };
    match read {
        Ok((datum, more)) => {
            if more.is_some() {
                let reason = "only the first value of a file is read, and more stands here";
                plan.remarks.push(Remark::new(Kind::Look, path, reason).at(more));
            }
            let (tickets, remarks) = tickets(&datum, path, &text, file.state);
            plan.remarks.extend(remarks);
            tickets
        }
        Err((line, reason)) => {
            plan.remarks.push(Remark::new(Kind::Refused, path, reason).at(Some(line)));
            Vec::new()
        }
    }
}

/// Who works under a name that tasks ask for; the first of a name counts.
fn roles(setup: &Setup) -> BTreeMap<String, crate::model::choice::Choice> {
    let mut roles = BTreeMap::new();
    for line in &setup.workers {
        if let Some(name) = &line.name {
            roles.entry(name.clone()).or_insert_with(|| line.choice.clone());
        }
    }
    roles
}

/// One line for each key that no task has here, however many tasks have it.
fn tell_of_notes(tickets: &BTreeMap<String, Ticket>, plan: &mut Plan) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (key, _) in tickets.values().flat_map(|ticket| &ticket.notes) {
        *counts.entry(key).or_default() += 1;
    }
    for (key, count) in counts {
        let tasks = if count == 1 { "one task" } else { &format!("{count} tasks") };
        let reason = format!("a task has no such key; it stands in the text of {tasks}, below \"{MARK}\"");
        plan.remarks.push(Remark::new(Kind::NoCounterpart, "tasks", reason).about(key));
    }
    let current = tickets.values().filter(|ticket| ticket.path.starts_with("tasks/current/")).count();
    if current > 0 {
        let reason = "these are pending here and begin afresh: work in a worktree of oompa's is not taken over";
        plan.remarks.push(Remark::new(Kind::Look, "tasks/current", reason));
    }
}

/// Plans the file of a task; false where its name is another task's.
fn put(ticket: &Ticket, id: &TaskId, text: String, dirs: &Dirs, plan: &mut Plan) -> bool {
    let act = match task_folder::find(dirs, id) {
        None => Act::Make,
        Some(state) if is_from(ticket, state, id, dirs) => Act::Nothing,
        Some(state) => {
            let reason = format!("not imported: there is another task {id} in {state}/");
            plan.remarks.push(Remark::new(Kind::Refused, &ticket.path, reason).about(&ticket.id));
            return false;
        }
    };
    let is_new = act == Act::Make;
    plan.files.push(Planned { path: dirs.task(ticket.state, id), text, from: ticket.path.clone(), act });
    is_new
}

/// Whether the task that is here came of this ticket.
fn is_from(ticket: &Ticket, state: State, id: &TaskId, dirs: &Dirs) -> bool {
    let line = format!("- id: {}", ticket.id.split_whitespace().collect::<Vec<_>>().join(" "));
    task_folder::read_plain(&dirs.task(state, id)).is_ok_and(|bytes| {
        let text = String::from_utf8_lossy(&bytes);
        text.lines().skip_while(|known| *known != MARK).any(|known| known == line)
    })
}
