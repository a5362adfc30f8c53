//! What every command has at hand: the global options, the workspace, and the two streams.

use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;

use super::paint::YELLOW;
use super::table::one_line;
use crate::cli::Global;
use crate::error::{Context, Error, Result};
use crate::model::config;
use crate::os::dirs::{Dirs, find_root};
use crate::os::workspace::Place;

/// The global options, resolved.
pub struct Desk {
    global: Global,
}

impl Desk {
    /// A desk with the options that were typed.
    pub fn new(global: Global) -> Self {
        Self { global }
    }

    /// Whether results are to be JSON.
    pub fn json(&self) -> bool {
        self.global.json
    }

    /// Whether only what went wrong is to be said.
    pub fn quiet(&self) -> bool {
        self.global.quiet
    }

    /// How much more is to be said.
    pub fn verbose(&self) -> u8 {
        self.global.verbose
    }

    /// The options as they were typed.
    pub fn global(&self) -> &Global {
        &self.global
    }

    /// The folder from which the workspace is looked for; absolute, without links.
    pub fn folder(&self) -> Result<PathBuf> {
        let here = match &self.global.directory {
            Some(folder) => folder.clone(),
            None => std::env::current_dir().context(|| "find the current folder".to_owned())?,
        };
        here.canonicalize().map_err(|error| Error::usage(format!("cannot go to {}", here.display())).because(error))
    }

    /// The workspace's folders and settings: for what would do something else with others.
    pub fn place(&self) -> Result<Place> {
        Place::find(&self.folder()?, self.global.config.as_deref())
    }

    /// The same for what a person must be able to do whatever the settings say, to see and to move tasks: a mistake in
    /// them is told, and the defaults serve.
    pub fn place_or_defaults(&self) -> Result<Place> {
        let (place, mistake) = Place::find_or_defaults(&self.folder()?, self.global.config.as_deref())?;
        if let Some(mistake) = mistake {
            let mistake = one_line(&mistake.chain(), 400);
            self.complain(&format!("{YELLOW}warning:{YELLOW:#} {mistake} (going on with the defaults)"));
        }
        Ok(place)
    }

    /// What the running swarms of the workspace and who speaks to them have in common, which no setting moves: of the
    /// folders, those below `.swarm/`. The settings are not read.
    pub fn machine(&self) -> Result<Dirs> {
        Ok(Dirs::new(&find_root(&self.folder()?)?, &config::Dirs::default()))
    }

    /// Prints a result.
    pub fn print(&self, text: &str) -> Result<()> {
        swallow_closed(anstream::stdout().lock().write_all(text.as_bytes()))
    }

    /// Prints one JSON document, indented for people.
    pub fn print_json(&self, value: &impl Serialize) -> Result<()> {
        let text =
            serde_json::to_string_pretty(value).map_err(|error| Error::failed("cannot write JSON").because(error))?;
        swallow_closed(writeln!(io::stdout().lock(), "{text}"))
    }

    /// Says something that is no result.
    pub fn say(&self, text: &str) {
        if !self.global.quiet {
            self.complain(text);
        }
    }

    /// Says what went wrong; nothing where nothing did.
    pub fn complain(&self, text: &str) {
        if !text.is_empty() {
            // Nobody is left to be told if this fails.
            let _ = writeln!(anstream::stderr().lock(), "{}", text.trim_end_matches('\n'));
        }
    }
}

/// `swarm list | head` closes the pipe early: that is no error.
fn swallow_closed(written: io::Result<()>) -> Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context(|| "write to standard output".to_owned()),
    }
}
