//! A line of `events.jsonl`.

use serde_json::Value;

/// One event, as the program wrote it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event(pub(crate) Value);

impl Event {
    /// The events in `text`; a last line that is still being written is left out.
    pub(crate) fn all_in(text: &str) -> Vec<Event> {
        let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
        whole.lines().map(|line| Event(serde_json::from_str(line).expect(line))).collect()
    }

    /// Whether it is of that kind.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.text("event") == name
    }

    /// Whether it is of that kind and about that task.
    pub(crate) fn is_of(&self, name: &str, task: &str) -> bool {
        self.is(name) && self.task() == task
    }

    /// Whether that step of that task has begun.
    pub(crate) fn begins(&self, step: &str, task: &str) -> bool {
        self.is_of("step_started", task) && self.text("step") == step
    }

    /// Whether that task has gone there.
    pub(crate) fn moves(&self, task: &str, to: &str) -> bool {
        self.is_of("task_moved", task) && self.text("to") == to
    }

    /// The task's id; empty where there is none.
    pub(crate) fn task(&self) -> &str {
        self.text("task")
    }

    /// A text; empty where there is none.
    pub(crate) fn text(&self, key: &str) -> &str {
        self.0[key].as_str().unwrap_or_default()
    }

    /// Milliseconds since the run began.
    pub(crate) fn t_ms(&self) -> u64 {
        self.0["t_ms"].as_u64().expect("t_ms is a number")
    }
}
