//! Child processes: the only door through which the program starts one.
//!
//! [`capture`] runs a short command (git) and keeps what it printed. [`run`] supervises a long one (an agent, a
//! gate): its output goes to a log, clocks and a [`Wake`] may end it, and afterwards nothing it started lives on.
//! [`end_remains`] does the last part for a program that was killed before it could.
//!
//! Every child is spawned with `posix_spawn` into a process group of its own and is watched through a pidfd; a
//! `pre_exec` hook would make each spawn a fork, which takes a hundred times longer in a large process. Nothing
//! here polls: each supervisor sleeps in one `poll(2)` until the child, its pipe, the wake or a deadline has news.
//!
//! The sweep rests on [`become_subreaper`]: orphans become children of this program, and an unknown child is a
//! sure sign of something left behind. So **every child must be started here**; one that is spawned elsewhere is
//! never harmed without evidence, but costs each sweep a look through `/proc`.

mod spec;
mod ending;
mod watch;
mod wake;
mod run;
mod clocks;
mod program;
mod output;
mod log;
mod capture;
mod children;
mod ready;
mod mark;
mod lost;
mod identity;
mod sweep;
mod orphans;
mod evidence;
mod proc_fs;

pub use capture::{Captured, capture};
pub use ending::{Clock, Ending, How, Stray};
pub use identity::Identity;
pub use lost::marks_beside;
pub use mark::Mark;
pub use orphans::become_subreaper;
pub use run::run;
pub use spec::{Clocks, SendTo, Signal, Spec, StopStep};
pub use sweep::end_remains;
pub use wake::Wake;
pub use watch::{Verdict, Watch};

#[cfg(test)]
mod tests;
