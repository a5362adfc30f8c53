//! As much of markdown as a task file needs: headings and fenced code.

mod lines;
mod heading;

pub use heading::first_heading;
pub(crate) use heading::{heading, is_setext_underline};
pub(crate) use lines::{Lines, Part};
