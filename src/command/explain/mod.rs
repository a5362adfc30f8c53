//! `swarm explain`: why a task is where it is, and what would move it.

mod run;
mod facts;
mod answer;

pub(super) use run::run;
