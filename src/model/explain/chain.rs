//! The way from a task to the one for which it waits in the end, link by link.

use std::collections::HashSet;

use jiff::Timestamp;

use crate::model::pick::{Filter, Hold, hold};
use crate::model::queue::Queue;
use crate::model::state::State;
use crate::model::task::TaskId;

/// No longer way is told.
const MOST_LINKS: usize = 20;

/// A task on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its name.
    pub id: TaskId,
    /// Where it is; `None`: no valid task has that name.
    pub state: Option<State>,
    /// What holds it, in words.
    pub reason: String,
    /// When that ends by itself, where it does.
    pub until: Option<Timestamp>,
}

/// The way that begins at a waiting task, which is its first link. One that waits for no other gives a way of one.
pub fn links(queue: &Queue, id: &TaskId) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    let mut seen = HashSet::new();
    let mut next = Some(id.clone());
    while let Some(id) = next.take() {
        if links.len() == MOST_LINKS {
            let reason = "… and so on".to_owned();
            links.push(Link { id, state: Some(State::Pending), reason, until: None });
            break;
        }
        if !seen.insert(id.clone()) {
            break;
        }
        let held = queue.pending(&id).map(|entry| hold(queue, &Filter::default(), entry));
        if let Some(Some(Hold::Dependency(chain) | Hold::Epic(chain))) = &held {
            next = chain.ids.first().cloned();
        }
        links.push(link(queue, id, held, next.as_ref()));
    }
    links
}

fn link(queue: &Queue, id: TaskId, held: Option<Option<Hold>>, next: Option<&TaskId>) -> Link {
    let state = queue.whereabouts(&id);
    let until = held.as_ref().and_then(|held| held.as_ref()?.until());
    let reason = match (held, next) {
        (Some(_), Some(next)) => format!("waits for {next}"),
        (Some(Some(hold)), None) => hold.to_string(),
        (Some(None), None) => "can be claimed now".to_owned(),
        (None, _) => elsewhere(queue, &id, state),
    };
    Link { id, state, reason, until }
}

fn elsewhere(queue: &Queue, id: &TaskId, state: Option<State>) -> String {
    let Some(state) = state else {
        return match queue.invalid_file(id) {
            Some((state, invalid)) => {
                let line = invalid.line.map(|line| format!(":{line}")).unwrap_or_default();
                format!("{state}/{id}.md{line} is no valid task: {}", invalid.reason)
            }
            None => "no task has that name".to_owned(),
        };
    };
    match state {
        State::Pending => "waits".to_owned(),
        State::Current => "is being worked on".to_owned(),
        State::Review | State::Blocked => {
            let reason = queue.aside(state, id).and_then(|aside| aside.reason.as_deref());
            reason.map_or("waits for a person".to_owned(), str::to_owned)
        }
        State::Complete => "is complete".to_owned(),
    }
}
