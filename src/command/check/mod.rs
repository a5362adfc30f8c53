//! `swarm check`: whether everything that a run needs is there, before it is needed at night.

mod run;
mod item;
mod settings;
mod crew;
mod agents;
mod prices;
mod query;
mod seen;
mod probe;
mod reply;
mod repository;
mod room;
mod machine;
mod gates;

pub(super) use run::run;
