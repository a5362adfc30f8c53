//! What lets a test read like a transcript: a workspace of its own, runs of the program in it, and questions about
//! what they have left.

mod authors;
mod base;
mod deadly_git;
mod ended;
mod event;
mod laws;
mod patience;
mod processes;
mod programs;
mod queue;
mod records;
mod running;
mod signs;
mod snapshot;
mod workspace;

pub(crate) use deadly_git::Moment;
pub(crate) use ended::Ended;
pub(crate) use event::Event;
pub(crate) use patience::{wait_for, wait_until};
pub(crate) use processes::{cpu_ticks, is_alive};
pub(crate) use programs::{fake_agent, program_under_test};
pub(crate) use queue::STATES;
pub(crate) use running::Running;
pub(crate) use workspace::Workspace;
