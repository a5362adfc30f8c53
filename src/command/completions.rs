//! `swarm completions`: a completion script for a shell.

use clap::CommandFactory;

use super::Desk;
use crate::cli::{Cli, Completions};
use crate::error::Result;
use crate::exit::Exit;

pub(super) fn run(desk: &Desk, words: &Completions) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(words.shell, &mut Cli::command(), "swarm", &mut script);
    desk.print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
