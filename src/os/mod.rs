//! The doors to the machine. Each file knows one fact about the operating system or git, and writes the
//! races down beside the code. Nothing here decides what happens to a task.

pub mod lock;
pub mod process;
pub mod git;
