//! A running swarm: a supervisor, its workers, and what they share.

mod supervisor;
mod steering;
mod reload;
mod muster;
mod crew;
mod seat;
mod worker;
mod tally;
mod choosing;
mod planner;
mod news;
mod titles;
mod merge_queue;
mod keeper;
mod answers;
mod board;
mod rest;
mod picture;
mod attendance;
mod admission;
mod base_health;
mod repair;
mod epics;
mod stuck;
mod recover;
mod budget;
mod notify;
mod run_lock;
mod books;
#[cfg(test)]
mod testing;

pub use board::{Board, WhenEmpty};
pub use muster::{Wanted, muster};
pub use run_lock::{Alive, alive};
pub use supervisor::{Order, supervise};
