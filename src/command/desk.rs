//! What every command has at hand: the global options, the workspace, and the two streams.

use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;

use crate::cli::Global;
use crate::error::{Context, Error, Result};
use crate::os::workspace::{Place, Workspace};

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

    /// The workspace's folders and settings.
    pub fn place(&self) -> Result<Place> {
        Place::find(&self.folder()?, self.global.config.as_deref())
    }

    /// The workspace with its repository.
    pub fn workspace(&self) -> Result<Workspace> {
        Workspace::open(self.place()?)
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

    /// Prints one line of JSON.
    pub fn print_json_line(&self, value: &impl Serialize) -> Result<()> {
        let text = serde_json::to_string(value).map_err(|error| Error::failed("cannot write JSON").because(error))?;
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
