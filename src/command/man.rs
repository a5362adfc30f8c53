//! `swarm man`: the manual page.

use clap::CommandFactory;

use super::Desk;
use crate::cli::Cli;
use crate::error::{Context, Result};
use crate::exit::Exit;

pub(super) fn run(desk: &Desk) -> Result<Exit> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page).context(|| "write the manual page".to_owned())?;
    desk.print(&String::from_utf8_lossy(&page))?;
    Ok(Exit::Done)
}
