//! The task file that a ticket comes to.

use std::collections::BTreeMap;

use globset::Glob;

use super::remark::{Kind, Remark};
use super::ticket::Ticket;
use super::yaml_text::{plain, quoted};
use crate::model::choice::Choice;
use crate::model::task::{Task, TaskId};

/// The heading under which a task tells where it is from.
pub const MARK: &str = "## From oompa";

/// The one domain of the tasks that take the graphics processor.
const HEAVY: &str = "gpu";

/// What is known of the others.
#[derive(Debug, Default)]
pub struct Known {
    /// The names of all tasks by their old ids.
    pub names: BTreeMap<String, TaskId>,
    /// Who works under a name that tasks ask for.
    pub roles: BTreeMap<String, Choice>,
}

/// Writes the file; gives it with what is to be said of it. No task that can be read is left out: what is no value for
/// a key here stands in its text.
///
/// # Errors
/// Why no task can be made of it.
pub fn task_file(ticket: &Ticket, known: &Known) -> Result<(TaskId, String, Vec<Remark>), Remark> {
    let refused = |reason: &str| Remark::new(Kind::Refused, &ticket.path, reason).about(&ticket.id);
    let Some(id) = known.names.get(&ticket.id) else { return Err(refused("there is no name for it")) };
    let mut writing = Writing { ticket, known, keys: String::new(), notes: Vec::new(), remarks: Vec::new() };
    writing.keys();
    let text = writing.text();
    match Task::parse(id.clone(), text.as_bytes()) {
        Ok(_) => Ok((id.clone(), text, writing.remarks)),
        Err(invalid) => Err(refused(&format!("no task can be made of it: {}", invalid.reason))),
    }
}

struct Writing<'a> {
    ticket: &'a Ticket,
    known: &'a Known,
    keys: String,
    notes: Vec<(String, String)>,
    remarks: Vec<Remark>,
}

impl Writing<'_> {
    fn key(&mut self, key: &str, value: impl std::fmt::Display) {
        self.keys.push_str(&format!("{key}: {value}\n"));
    }

    fn look(&mut self, what: &str, reason: impl Into<String>) {
        let remark = Remark::new(Kind::Look, &self.ticket.path, reason).about(what);
        self.remarks.push(remark);
    }

    fn keys(&mut self) {
        let ticket = self.ticket;
        if let Some(title) = ticket.title.as_deref().filter(|title| !title.is_empty()) {
            self.key("title", quoted(title));
        }
        if let Some(level) = ticket.priority {
            self.key("priority", level);
        }
        if ticket.is_epic {
            self.key("type", "epic");
        }
        match ticket.parent.as_ref().map(|old| (old, self.known.names.get(old))) {
            Some((_, Some(parent))) => self.key("parent", plain(parent.as_str())),
            Some((old, None)) => self.notes.push(("parent".to_owned(), old.clone())),
            None => {}
        }
        self.depends_on();
        if ticket.is_heavy {
            self.key("domain", HEAVY);
        }
        self.files();
        self.list("acceptance", &ticket.acceptance);
        if let Some(role) = &ticket.role {
            match self.known.roles.get(role) {
                Some(choice) => self.key("agent", plain(&choice.to_string())),
                None => self.look("role_hint", format!("no worker is called `{role}`, so that any takes it")),
            }
            self.notes.push(("role_hint".to_owned(), role.clone()));
        }
    }

    fn depends_on(&mut self) {
        let ids: Vec<String> = self
            .ticket
            .depends_on
            .iter()
            .filter_map(|old| {
                let name = self.known.names.get(old).cloned().or_else(|| TaskId::parse(old).ok());
                name.map(|id| id.to_string())
            })
            .collect();
        self.list("depends_on", &ids);
        for old in &self.ticket.depends_on {
            if !self.known.names.contains_key(old) {
                let reason = match TaskId::parse(old) {
                    Ok(_) => {
                        format!("there is no task `{old}` in the import; it waits until one of that name is complete")
                    }
                    Err(_) => format!("there is no task `{old}`, so it does not wait for that"),
                };
                self.look("depends_on", reason);
            }
        }
    }

    fn files(&mut self) {
        let is_glob = |path: &&String| !path.trim().is_empty() && Glob::new(path).is_ok();
        let (good, bad): (Vec<_>, Vec<_>) = self.ticket.files.iter().partition(is_glob);
        let good: Vec<String> = good.into_iter().cloned().collect();
        self.list("files", &good);
        for path in bad {
            self.notes.push(("files".to_owned(), path.clone()));
        }
    }

    fn list(&mut self, key: &str, texts: &[String]) {
        if !texts.is_empty() {
            let lines: String = texts.iter().map(|text| format!("  - {}\n", quoted(text))).collect();
            self.keys.push_str(&format!("{key}:\n{lines}"));
        }
    }

    fn text(&self) -> String {
        // Always there, so that nothing in the words can be taken for one.
        let mut text = format!("---\n{}---\n\n", self.keys);
        for words in &self.ticket.words {
            for line in words.trim().lines() {
                // Whatever stands under such a heading would be a comment.
                let is_heading = line.trim_start().trim_start_matches('#').trim() == "Comments" && line.contains('#');
                text.push_str(if is_heading { "\\" } else { "" });
                text.push_str(line);
                text.push('\n');
            }
            text.push('\n');
        }
        text.push_str(&format!("{MARK}\n\n- id: {}\n- file: {}\n", one_line(&self.ticket.id), self.ticket.path));
        for (key, value) in self.ticket.notes.iter().chain(&self.ticket.wrong).chain(&self.notes) {
            text.push_str(&format!("- {}: {}\n", one_line(key), one_line(value)));
        }
        // A task with such a byte counts as torn.
        text.replace('\0', "\u{fffd}")
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
