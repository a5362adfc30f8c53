//! What an agent is told: templates filled in once, whose values are never expanded again.

mod facts;
mod prompts;
mod script;
#[cfg(test)]
mod tests;

pub use facts::{Claiming, CommentFacts, Facts, Fix, Plan, Refused, Resolve, Resume, Review, Telling, Waiting};
pub use prompts::{BadTemplate, Prompts, Template};
pub use script::script;
