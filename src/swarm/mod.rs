//! A running swarm: a supervisor, its workers, and what they share.

mod supervisor;
mod worker;
mod board;
mod picture;
mod recover;
mod budget;
mod notify;
mod run_lock;

pub use board::{Board, WhenEmpty};
pub use run_lock::{Alive, alive};
pub use supervisor::{Order, supervise};
