//! What the files of oompa come to here: its `oompa.json`, its tasks in EDN or JSON, its prompts.
//!
//! Everything is translated, or named with the reason why not; nothing is dropped without a word.

mod datum;
mod remark;
mod agent;
mod setup;
mod unknown;
mod policy;
mod settings;
mod prompt;
mod shared;
mod ticket;
mod names;
mod task_file;
mod yaml_text;
#[cfg(test)]
mod tests;

pub use agent::{DESCRIBED, choice};
pub use datum::{Datum, read_edn, read_json};
pub use names::names;
pub use policy::{Policy, policy};
pub use prompt::{
    Expanded, LARGEST, PLACES, Piece, Place, Room, TooMuch, Translated, expand, template_with, translate,
};
pub use remark::{Kind, Remark};
pub use settings::settings;
pub use setup::{Planner, Reviewer, Setup, WorkerLine, setup};
pub use shared::Shared;
pub use task_file::{Known, MARK, task_file};
pub use ticket::{Ticket, tickets};
