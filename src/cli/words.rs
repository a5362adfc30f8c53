//! The words of the commands that read, of those that move tasks by hand, and of the rest.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::model::state::State;

/// Takes over what another program has.
#[derive(Debug, Args)]
pub struct Import {
    /// The program
    #[arg(value_enum)]
    pub program: Program,
    /// The root of its project; the root of this repository where none is given
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// The programs whose files are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Program {
    /// github.com/nbardy/oompa
    Oompa,
}

/// Lists tasks.
#[derive(Debug, Args)]
pub struct List {
    /// Only these states: pending, current, review, blocked, complete
    #[arg(value_name = "STATE")]
    pub states: Vec<State>,
}

/// Shows a task.
#[derive(Debug, Args)]
pub struct Show {
    /// The task
    pub id: String,
}

/// Explains a task.
#[derive(Debug, Args)]
pub struct Explain {
    /// The task
    pub id: String,
}

/// Prints logs.
#[derive(Debug, Args)]
pub struct Logs {
    /// A task or a worker (w0, w1, …)
    #[arg(value_name = "ID|WORKER")]
    pub of: String,
    /// Go on while more comes
    #[arg(short, long)]
    pub follow: bool,
    /// What was printed, byte for byte
    #[arg(long)]
    pub raw: bool,
    /// All of every text, with its lines below each other
    #[arg(long, conflicts_with = "raw")]
    pub whole: bool,
    /// Only this step: implement, verify (also in the merge queue), review, fix, resolve, plan or claim
    #[arg(long)]
    pub step: Option<String>,
}

/// Lists runs.
#[derive(Debug, Args)]
pub struct Runs {
    /// The run to sum up, or the beginning of its name; `last` is the newest
    pub run: Option<String>,
    /// Every task and every cycle of it, however many
    #[arg(long, requires = "run")]
    pub all: bool,
}

/// Checks the task files.
#[derive(Debug, Args)]
pub struct Lint {
    /// Mend what can be mended without guessing
    #[arg(long)]
    pub fix: bool,
}

/// Checks what a run needs.
#[derive(Debug, Args)]
pub struct Check {
    /// Do not run the gates: quick, and changes nothing
    #[arg(long)]
    pub skip_gates: bool,
    /// Ask every agent and model that is configured one tiny question; costs a little money
    #[arg(long)]
    pub probe: bool,
}

/// Puts tasks back.
#[derive(Debug, Args)]
pub struct Retry {
    /// The tasks
    #[arg(value_name = "ID", required_unless_present = "blocked")]
    pub ids: Vec<String>,
    /// All blocked tasks but those held or cancelled by hand
    #[arg(long, conflicts_with = "ids")]
    pub blocked: bool,
}

/// Some tasks.
#[derive(Debug, Args)]
pub struct Ids {
    /// The tasks
    #[arg(value_name = "ID", required = true)]
    pub ids: Vec<String>,
}

/// Writes a comment.
#[derive(Debug, Args)]
pub struct Comment {
    /// The task
    pub id: String,
    /// What to say
    #[arg(required = true)]
    pub text: Vec<String>,
}

/// Tries it.
#[derive(Debug, Args)]
pub struct Demo {
    /// Where to make the scratch repository; a temporary folder where none is given
    // No `directory`: that is the name of -C, which holds for all commands.
    #[arg(value_name = "DIRECTORY")]
    pub folder: Option<PathBuf>,
}

/// Prints a schema.
#[derive(Debug, Args)]
pub struct Schema {
    /// Which format
    #[arg(value_enum)]
    pub format: Format,
}

/// The formats that have a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A cycle: `cycles/<worker>-c<N>.json`
    Cycle,
    /// A review: `reviews/<worker>-c<N>-r<R>.json`
    Review,
    /// A line of events.jsonl
    Event,
    /// A task file's front matter
    Task,
    /// config/swarm.yaml
    Config,
    /// An agent: `config/agents/<name>.yaml`
    Agent,
    /// started.json
    Started,
    /// crew.json
    Crew,
    /// stopped.json
    Stopped,
    /// A line of ledger.jsonl
    Ledger,
}

/// Prints a manual page.
#[derive(Debug, Args)]
pub struct Man {
    /// The command; without one, the program itself
    pub command: Option<String>,
}

/// Prints completions.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}
