//! `swarm man`: the manual pages.

use clap::CommandFactory;

use super::Desk;
use crate::cli::{Cli, Man};
use crate::error::{Context, Error, Result};
use crate::exit::Exit;

pub(super) fn run(desk: &Desk, words: &Man) -> Result<Exit> {
    let mut program = Cli::command();
    program.build();
    let page = match &words.command {
        None => program,
        Some(name) => {
            let unknown = || Error::usage(format!("there is no command `{name}`")).hint("swarm help");
            let found = program.find_subcommand(name).cloned().ok_or_else(unknown)?;
            // As the other pages refer to it: swarm-add(1).
            found.display_name(format!("swarm-{name}"))
        }
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text).context(|| "write the manual page".to_owned())?;
    desk.print(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Done)
}
