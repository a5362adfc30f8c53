//! The whole program from outside: the real binary, real git and real processes, in temporary folders.

mod harness;

mod cases;
mod first_steps;
mod surviving_git;
mod background;
mod outcomes;
mod workspaces;
mod forged;
mod records;
mod reading;
