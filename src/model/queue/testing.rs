//! Queues for tests, written as words.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Aside, Entry, Invalid, Queue};
use crate::model::budget::{Appetite, Usd};
use crate::model::footprint::Footprint;
use crate::model::state::State;
use crate::model::task::{Kind, TaskId};

/// So many seconds into the story.
pub(in crate::model) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(in crate::model) fn id(text: &str) -> TaskId {
    TaskId::parse(text).unwrap()
}

/// A task, such as `b p1 came:3 epic after:a,c domain:x files:src/**,docs parent:e wish:20 pause:30 costs:2`; all but
/// its name may be left out.
pub(in crate::model) fn entry(words: &str) -> Entry {
    let mut words = words.split_whitespace();
    let mut entry = Entry {
        agents: Vec::new(),
        holder: None,
        id: id(words.next().unwrap()),
        priority: 2,
        arrived: at(0),
        kind: Kind::Task,
        parent: None,
        depends_on: Vec::new(),
        domain: None,
        footprint: Arc::default(),
        not_before: None,
        backoff: None,
        appetite: Appetite::default(),
    };
    for word in words {
        let (key, value) = word.split_once(':').unwrap_or((word, ""));
        let seconds = || Some(at(value.parse().unwrap()));
        match key {
            "p0" | "p1" | "p2" | "p3" | "p4" => entry.priority = key[1..].parse().unwrap(),
            "came" => entry.arrived = at(value.parse().unwrap()),
            "epic" => entry.kind = Kind::Epic,
            "after" => entry.depends_on = value.split(',').map(id).collect(),
            "domain" => entry.domain = Some(value.to_owned()),
            "files" => {
                let globs: Vec<String> = value.split(',').map(str::to_owned).collect();
                entry.footprint = Arc::new(Footprint::new(&globs));
            }
            "parent" => entry.parent = Some(id(value)),
            "wish" => entry.not_before = seconds(),
            "pause" => entry.backoff = seconds(),
            "costs" => entry.appetite.limit = Usd::new(value.parse().unwrap()),
            other => panic!("a task has no {other}"),
        }
    }
    entry
}

/// A queue at second 10: a line for each task, after the folder in which it lies (`blocked b because:no_key`), or after
/// `writing` where a waiting one is being written, after `locked` with the second until which it is set aside, or after
/// `broken` where its file in `pending/` cannot be understood.
pub(in crate::model) fn queue(lines: &str) -> Queue {
    let mut queue = Queue::default();
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (place, task) = line.split_once(' ').unwrap();
        match place {
            "pending" => queue.put_pending(entry(task)),
            "current" => queue.put_current(&entry(task).id, Some(entry(task))),
            "writing" => queue.set_open(&id(task), true),
            "locked" => {
                let (name, until) = task.split_once(' ').unwrap();
                queue.defer(&id(name), at(until.parse().unwrap()));
            }
            "broken" => {
                let task = entry(task);
                queue.put_broken(State::Pending, &task.id, task.parent);
                let wrong = Invalid { line: Some(2), reason: "mend it".to_owned() };
                queue.put_invalid(State::Pending, &task.id.file_name(), wrong);
            }
            "complete" => queue.put_complete(&entry(task).id, entry(task).parent.as_ref()),
            folder => {
                let (task, reason) = task.split_once(" because:").map_or((task, None), |(task, it)| (task, Some(it)));
                let task = entry(task);
                let aside = Aside { kind: task.kind, reason: reason.map(Arc::from) };
                queue.put_aside(folder.parse::<State>().unwrap(), &task.id, task.parent.as_ref(), aside);
            }
        }
    }
    queue.advance(at(10));
    queue
}
