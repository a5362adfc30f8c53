//! `swarm lint`: what is wrong in the task files, and what to do. With `--fix` it mends what needs no guess.

mod run;
mod finding;
mod within;
mod between;
mod mend;
#[cfg(test)]
mod tests;

pub(super) use run::run;
