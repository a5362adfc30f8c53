//! The task: a markdown file, its front matter as types, and the edits the program makes to it.

mod id;
mod choices;
mod definition;
mod read;
mod keys;
mod values;
mod progress;
mod edit;
mod contract;
mod policy;
mod shell;
#[cfg(test)]
mod tests;

pub use crate::model::front_matter::InvalidTask;
pub use choices::{Expect, Gates, Kind, Priority, Review};
pub use definition::Task;
pub use edit::with_progress;
pub use id::{BadId, TaskId};
pub use keys::{known_keys, nearest_key};
pub use policy::Policy;
pub use progress::{Counted, FEEDBACK_BYTES, Kept, Last, Progress, Session};
pub use read::{MAX_BYTES, MAX_BYTES_WITH_OURS};
pub use shell::{ShellBlock, shell_blocks};
