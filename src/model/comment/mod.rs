//! The comments at the end of a task file: the talk between people, the program and the agents.

mod author;
mod section;
mod write;
#[cfg(test)]
mod tests;

pub use author::Author;
pub use section::{Comment, body_without_comments, comments};
pub use write::with_comment;
