//! A file's bytes become a task, or the reason why not.

use super::definition::Task;
use super::id::TaskId;
use super::keys;
use super::progress::Progress;
use crate::model::comment::body_without_comments;
use crate::model::front_matter::{Head, InvalidTask, Parts, SWARM, decode, said, split};
use crate::model::markdown::first_heading;

/// The most that a user may write into one file, in bytes.
pub const MAX_BYTES: usize = 1024 * 1024;
/// The most that a file may have together with our block and the comments, in bytes. A reader need not read more.
pub const MAX_BYTES_WITH_OURS: usize = 2 * MAX_BYTES;

impl Task {
    /// Reads a task file.
    ///
    /// # Errors
    /// The first thing that is wrong with it, with the line and what to do. A file that was read can also be edited by
    /// [`with_progress`](super::with_progress).
    pub fn parse(id: TaskId, bytes: &[u8]) -> Result<Self, InvalidTask> {
        if bytes.len() > MAX_BYTES_WITH_OURS {
            return Err(too_long(bytes.len()));
        }
        let parts = split(decode(bytes)?)?;
        let head = Head::read(&parts)?;
        let own_words = own_bytes(&parts, &head);
        if own_words > MAX_BYTES {
            return Err(too_long(own_words));
        }
        refuse_late_front_matter(&parts)?;
        let mut task = Self::blank(id);
        keys::read(&head, &mut task)?;
        task.progress = progress(&head)?;
        task.body = parts.body().to_owned();
        task.body_line = parts.line(parts.body);
        if task.title.trim().is_empty() {
            let heading = first_heading(body_without_comments(&task.body));
            task.title = heading.map_or_else(|| task.id.to_string(), str::to_owned);
        }
        Ok(task)
    }
}

/// Reads our own block; without one, nothing has happened yet.
pub(super) fn progress(head: &Head<'_>) -> Result<Progress, InvalidTask> {
    let Some(entry) = &head.swarm else {
        return Ok(Progress::default());
    };
    let first = head.line(entry.span.start);
    let bad = |line, reason| InvalidTask::at(line, reason, keys::advice(SWARM));
    let block: Block = serde_yaml::from_str(&head.yaml[entry.span.clone()]).map_err(|error| {
        let above = first - head.line(0);
        let said = said(&error);
        let reason = if said.starts_with(SWARM) { said } else { format!("{SWARM}: {said}") };
        bad(head.line_of_error(&error, above).unwrap_or(first), reason)
    })?;
    let progress = block.swarm.unwrap_or_default();
    match progress.cost_usd {
        Some(cost) if !cost.is_finite() || cost < 0.0 => {
            Err(bad(first, format!("{SWARM}.cost_usd: {cost} is no amount of money")))
        }
        Some(_) | None => Ok(progress),
    }
}

#[derive(serde::Deserialize)]
struct Block {
    swarm: Option<Progress>,
}

/// What the user wrote: all but our block and the comments.
fn own_bytes(parts: &Parts<'_>, head: &Head<'_>) -> usize {
    let body = parts.body();
    let comments = body.len() - body_without_comments(body).len();
    head.yaml.len() + body.len() - comments - head.swarm.as_ref().map_or(0, |entry| entry.span.len())
}

fn too_long(bytes: usize) -> InvalidTask {
    let reason = format!("the file has {bytes} bytes; at most {MAX_BYTES} are read");
    InvalidTask::new(None, reason, "shorten it, or put the long part into a file of the repository")
}

/// A front matter below empty lines would be taken for text, and its wishes silently ignored.
fn refuse_late_front_matter(parts: &Parts<'_>) -> Result<(), InvalidTask> {
    let body = parts.body();
    let rest = body.trim_start();
    if parts.yaml.is_some() || rest.len() == body.len() || !rest.starts_with("---") {
        return Ok(());
    }
    let late = split(rest).and_then(|parts| Head::read(&parts).map(|head| head.entries));
    let known = |key: &str| keys::known_keys().any(|known| known == key);
    if late.is_ok_and(|entries| entries.iter().any(|entry| known(&entry.key))) {
        let line = parts.line(parts.text.len() - rest.len());
        return Err(InvalidTask::at(
            line,
            "the front matter does not begin on the first line",
            "delete what is above it",
        ));
    }
    Ok(())
}
