//! What can be typed: the command line's types, and the words of its help.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

mod helps;
mod words;

pub use words::*;

/// Runs many coding agents on one git repository, unattended, and lands their work safely.
///
/// The queue is a folder: drop a markdown file into tasks/pending and `swarm start` claims it, lets an agent
/// work on it in a git worktree of its own, runs the gates on the result, merges it into the base branch and
/// moves the file to tasks/complete.
#[derive(Debug, Parser)]
#[command(name = "swarm", version, propagate_version = true, max_term_width = 100, after_help = helps::EXIT_CODES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// What applies to every command.
    #[command(flatten)]
    pub global: Global,
}

/// What applies to every command.
#[derive(Debug, Clone, Default, Args)]
pub struct Global {
    /// Look for the workspace from this folder upwards
    #[arg(short = 'C', value_name = "DIR", global = true, help_heading = "Global options")]
    pub directory: Option<PathBuf>,
    /// Read the settings from this file instead of config/swarm.yaml
    #[arg(long, value_name = "FILE", global = true, help_heading = "Global options")]
    pub config: Option<PathBuf>,
    /// Print JSON: one document, or one line each for streams
    #[arg(long, global = true, help_heading = "Global options")]
    pub json: bool,
    /// Say more
    #[arg(short, long, action = clap::ArgAction::Count, global = true, help_heading = "Global options")]
    pub verbose: u8,
    /// Say only what went wrong
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Global options")]
    pub quiet: bool,
    /// When to use colours
    #[arg(long, value_enum, default_value_t, value_name = "WHEN", global = true, help_heading = "Global options")]
    pub color: Color,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Color {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make this repository a workspace: folders, ignore files, commented settings
    Init,
    /// Take over the settings, the tasks and the prompts of another program
    ///
    /// `swarm import oompa` reads oompa.json (or oompa/oompa.json), config/policy.edn, the tasks in tasks/*/*.edn and
    /// *.json and in config/tasks.edn, and the prompts that the settings name. It writes config/swarm.yaml, the
    /// descriptions of the agents in config/agents/, one markdown file for each task, and the prompts as parts of the
    /// templates here. Of the other program nothing is changed or removed; of what is here, only files that are as
    /// `swarm init` wrote them are replaced, and settings of your own get a config/swarm.oompa.yaml beside them. What
    /// has no counterpart is listed with the reason. A second import adds only what has come since.
    #[command(after_help = helps::IMPORT)]
    Import(Import),
    /// Add a task and print its id
    #[command(after_long_help = helps::ADD)]
    Add(Add),
    /// Run the swarm: claim tasks, let agents work, verify, merge
    #[command(after_long_help = helps::START)]
    Start(Start),
    /// Stop the running swarms: finish their cycles first, or end them now
    Stop(Stop),
    /// Claim no more tasks until `swarm resume`; cycles that run are finished
    ///
    /// It holds for all swarms of the workspace, also for one that starts later: `start` says that it is paused, and
    /// waits. With --drain it waits too, unless nothing is left that it could claim. The file .swarm/control/paused
    /// is the pause, and holds the reason: `touch` and `rm` do the same.
    Pause(Pause),
    /// Let tasks be claimed again
    Resume,
    /// Give each running swarm another number of workers
    ///
    /// More begin at once; those who are too many finish their cycles and leave. The lines of `workers` in the
    /// settings share the number out, as with `start -n`, whose place it takes; the next start knows nothing of it.
    /// 0 is refused: that is `swarm pause`.
    Scale(Scale),
    /// Show how the queue, the workers and the base stand
    ///
    /// Changes nothing, waits for nobody, and works while a swarm runs or none does. `stuck` are waiting tasks
    /// that only a person can set free, `no worker` are tasks of a run that was killed.
    #[command(after_help = helps::STATUS)]
    Status,
    /// List tasks, and say what holds those that wait
    ///
    /// Waiting tasks stand in the order in which they would be claimed, complete ones with the newest first.
    #[command(after_help = helps::LIST)]
    List(List),
    /// Show one task: where it is, what it says, what happened to it
    ///
    /// Its keys, its cycles in all runs, the refs under which unmerged work is kept, what the next attempt is
    /// told, its text and its comments.
    Show(Show),
    /// Say why a task is where it is, and what would move it
    ///
    /// Its place in line, or all that holds it, to the end of the chain; who works on it; what it has used up and what
    /// its next failure comes to. Exit code 1: there is no such task, or its file is no valid one.
    #[command(after_help = helps::EXPLAIN)]
    Explain(Explain),
    /// Show what agents and gates printed
    ///
    /// All cycles of a task, or those of a worker in the newest run; the newest comes last. Before each log its
    /// name goes to standard error.
    ///
    /// Of an agent that prints JSON, a line for each message and each call of a tool, cut to the width of a terminal;
    /// -v also shows what the tools gave back. Everything else, and with --raw and --json all of it, is as it was
    /// printed.
    #[command(after_help = helps::LOGS)]
    Logs(Logs),
    /// List the runs, or sum up one: per worker, per task, and what needs a person
    ///
    /// Of many tasks that were merged, and of many that go on by themselves, only the last have a line each; those that
    /// need a person are all there, with the next command. An unknown cost is `–`; a `+` says that some of it is
    /// unknown. The time to integrate holds the wait in the merge queue, without the gates that ran there. A run that `died` was killed, or its machine was; the next start gives its tasks back.
    #[command(after_help = helps::RUNS)]
    Runs(Runs),
    /// Check the task files; exit code 1 if one needs to be mended
    ///
    /// An `error` keeps a task from being done; a `note` is worth a look. --fix renames files whose names no
    /// task can have (`My task.MD` becomes `my-task.md`); it replaces nothing and never touches their contents.
    Lint(Lint),
    /// Check the settings, git, the agents, and the gates on the base
    ///
    /// The gates run as they would for a task: in a worktree of the pool, after `worktree.setup`. Exit code 2: a
    /// mistake in the settings; 3: git, an agent or the machine is not fit; 1: a gate fails on the base.
    Check(Check),
    /// Take the work of tasks that wait in review: it is verified and merged without its agent
    ///
    /// Your word holds for exactly the commit that `swarm show ID` names. Should the base contradict it by now, the
    /// author resolves that, and you are asked again.
    Approve(Ids),
    /// Put tasks back into pending, to be tried again from the beginning of their limits
    Retry(Retry),
    /// Keep waiting tasks from being claimed: move them to blocked
    ///
    /// Only `swarm retry ID` lets them be claimed again. To drop a task for good, remove its file.
    Hold(Ids),
    /// Take tasks out of the queue, also one that is worked on: the attempt is ended and its work kept
    ///
    /// They go to blocked as with `swarm hold`, which ends no attempt. To drop a task for good, remove its file.
    Cancel(Ids),
    /// Write a comment into a task; one that is blocked and waits for an answer goes back to pending
    Comment(Comment),
    /// Try it: a scratch repository, real tasks, real merges, no model
    Demo(Demo),
    /// Print the JSON schema of a format
    Schema(Schema),
    /// Print a completion script for a shell
    Completions(Completions),
    /// Print the manual page of the program, or of one of its commands
    Man(Man),
}

/// Adds a task.
#[derive(Debug, Args)]
pub struct Add {
    /// The task, in words; the first line is the title
    #[arg(value_name = "TEXT", conflicts_with = "file")]
    pub text: Vec<String>,
    /// Take the task's text from a file; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// The task's name; made from the title where none is given
    #[arg(long)]
    pub id: Option<String>,
    /// 0 (first) to 4
    #[arg(long, value_name = "N")]
    pub priority: Option<String>,
    /// A task that must be complete before; can be given several times
    #[arg(long, value_name = "ID")]
    pub after: Vec<String>,
    /// At most one task of a domain is worked on at a time
    #[arg(long)]
    pub domain: Option<String>,
    /// The epic it belongs to
    #[arg(long, value_name = "ID")]
    pub parent: Option<String>,
    /// Who works on it: `agent`, `agent:model` or `agent:model:effort`; of several with commas between them, the next
    /// where those before it cannot be asked
    #[arg(long)]
    pub agent: Option<String>,
    /// Not claimed before this moment, such as 2026-11-20T22:00:00Z
    #[arg(long, value_name = "TIME")]
    pub not_before: Option<String>,
    /// A command that must succeed on the result; can be given several times
    #[arg(long, value_name = "COMMAND")]
    pub verify: Vec<String>,
    /// What must be true of the result, which a reviewer answers; can be given several times
    #[arg(long, value_name = "SENTENCE")]
    pub accept: Vec<String>,
    /// Who reviews the result: `auto`, `none` or `human`
    #[arg(long, value_name = "WHO")]
    pub review: Option<String>,
}

/// Runs the swarm.
#[derive(Debug, Clone, Default, Args)]
pub struct Start {
    /// How many workers
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=999))]
    pub workers: Option<u32>,
    /// Who works: `agent`, `agent:model` or `agent:model:effort`; of several with commas between them, the next where
    /// those before it cannot be asked
    #[arg(long)]
    pub agent: Option<String>,
    /// The model
    #[arg(long)]
    pub model: Option<String>,
    /// End when nothing is left to do (0 if all it claimed was merged, else 1)
    #[arg(long, group = "bound")]
    pub drain: bool,
    /// Each worker does one cycle
    #[arg(long, group = "bound")]
    pub once: bool,
    /// Claim for this long, such as 8h
    #[arg(long = "for", value_name = "DURATION", group = "bound")]
    pub duration: Option<String>,
    /// Do at most so many cycles in all
    #[arg(long, value_name = "N", group = "bound", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_cycles: Option<u32>,
    /// Only this task and what it needs: what it depends on, and an epic's children; can be given several times
    #[arg(long = "task", value_name = "ID")]
    pub tasks: Vec<String>,
    /// Only the children of this epic and what they need
    #[arg(long, value_name = "ID")]
    pub parent: Option<String>,
    /// Only this domain
    #[arg(long)]
    pub domain: Option<String>,
    /// Print what would be claimed, in order, and what holds the rest; change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Go to the background once the swarm is up
    #[arg(long, conflicts_with = "dry_run")]
    pub detach: bool,
    /// The background half of --detach.
    #[arg(long, hide = true)]
    pub detached: bool,
}

/// Stops the running swarms.
#[derive(Debug, Args)]
pub struct Stop {
    /// End the agents, keep what they wrote, give their tasks back
    #[arg(long)]
    pub now: bool,
}

/// Claims no more.
#[derive(Debug, Args)]
pub struct Pause {
    /// Why, for whoever looks at `swarm status`
    #[arg(value_name = "REASON")]
    pub reason: Vec<String>,
}

/// Changes the number of workers.
#[derive(Debug, Args)]
pub struct Scale {
    /// How many workers
    #[arg(value_name = "N")]
    pub workers: u32,
}
