//! `swarm schema`: the JSON schemas of the formats, made from the types that write and read them.

use schemars::schema_for;

use super::Desk;
use crate::cli::{Format, Schema};
use crate::error::Result;
use crate::exit::Exit;
use crate::model::agent::Agent;
use crate::model::budget::Line;
use crate::model::config::Config;
use crate::model::record::{Crew, Cycle, EventLine, Review, Started, Stopped};
use crate::model::task::Task;

pub(super) fn run(desk: &Desk, words: &Schema) -> Result<Exit> {
    let schema = match words.format {
        Format::Cycle => schema_for!(Cycle),
        Format::Review => schema_for!(Review),
        Format::Event => schema_for!(EventLine),
        Format::Task => schema_for!(Task),
        Format::Config => schema_for!(Config),
        Format::Agent => schema_for!(Agent),
        Format::Started => schema_for!(Started),
        Format::Crew => schema_for!(Crew),
        Format::Stopped => schema_for!(Stopped),
        Format::Ledger => schema_for!(Line),
    };
    desk.print_json(&schema)?;
    Ok(Exit::Done)
}
