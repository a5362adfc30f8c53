//! The whole program from outside: the real binary, real git and real processes, in temporary folders.

#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

mod harness;

mod caps;
mod cases;
mod chaos;
mod containers;
mod fallback;
mod first_steps;
mod import;
mod spoilers;
mod unreadable_settings;
mod settings_of_a_cycle;
mod leftovers;
mod walked_away;
mod surviving_git;
mod background;
mod control;
mod outcomes;
mod parking;
mod merge_queue;
mod people;
mod sessions;
mod reviews;
mod roles;
mod planners;
mod choosing;
mod conflicts;
mod budgets;
mod costs;
mod notify;
mod workspaces;
mod flakes;
mod forged;
mod cleanroom;
mod regressions;
mod records;
mod reading;
mod logs;
mod morning;
mod epics;
mod explain;
mod agents_check;
