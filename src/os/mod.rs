//! The doors to the machine. Each file knows one fact about the operating system or git, and writes the
//! races down beside the code. Nothing here decides what happens to a task.

pub mod clock;
pub mod terminal;
pub mod dirs;
pub mod folders;
pub mod files;
pub mod plain_file;
pub mod removal;
pub mod lock;
pub mod lock_table;
pub mod task_folder;
pub mod writers;
pub mod watch;
pub mod ref_watch;
pub mod bell;
pub mod signals;
pub mod stop;
pub mod turns;
pub mod turnstile;
pub mod process;
pub mod git;
pub mod judgements;
mod settings_file;
mod prices;
pub mod agents;
pub mod settings;
pub mod control;
pub mod providers;
pub mod journal;
pub mod records;
pub mod ledger;
pub mod hook;
pub mod workspace;
