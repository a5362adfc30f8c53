//! `swarm import`: what another program has, here.

mod run;
mod source;
mod plan;
mod prompts;
mod tasks;
mod write;
mod report;

pub(super) use run::run;
