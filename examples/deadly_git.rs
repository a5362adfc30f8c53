//! A `git` that ends the program which calls it, by SIGKILL, at a call that was chosen before.
//!
//! It lies as a link named `git` in a folder that stands first in `PATH`, beside a file `plan`:
//!
//! ```text
//! 7 before /path/of/the/program
//! ```
//!
//! Calls by that program, and by no other, are counted in the file `calls`, one line each. At the seventh the
//! program is ended *before* anything is done, or *after*, or it is *orphan*: the caller is dead already when git
//! begins.

use std::error::Error;
use std::fs::{self, File};
use std::io::{Read, Seek, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, exit};
use std::{env, thread};

use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, Signal, getppid, kill_process};

fn main() -> Result<(), Box<dyn Error>> {
    let own = env::current_exe()?.canonicalize()?;
    let path = env::var_os("PATH").ok_or("no PATH")?;
    let (ours, others): (Vec<PathBuf>, Vec<PathBuf>) = env::split_paths(&path)
        .filter(|folder| folder.join("git").exists())
        .partition(|folder| folder.join("git").canonicalize().is_ok_and(|file| file == own));
    let folder = ours.first().ok_or("not in PATH")?;
    let mut git = Command::new(others.first().ok_or("no real git in PATH")?.join("git"));
    git.args(env::args_os().skip(1));

    let plan = fs::read_to_string(folder.join("plan"))?;
    let [number, when, program] = plan.trim().splitn(3, ' ').collect::<Vec<_>>()[..] else {
        return Err("a plan is a number, a word and a path".into());
    };
    let caller = getppid().ok_or("no parent")?;
    let is_watched = fs::read_link(format!("/proc/{caller}/exe")).is_ok_and(|exe| exe == Path::new(program));
    if !is_watched || count(folder)? != number.parse::<usize>()? {
        return Err(git.exec().into());
    }
    match when {
        "before" => end(caller)?,
        "orphan" => {
            end(caller)?;
            return Err(git.exec().into());
        }
        "after" => {
            git.status()?;
            end(caller)?;
        }
        unknown => return Err(format!("no such moment: {unknown}").into()),
    }
    exit(1)
}

/// Counts this call.
fn count(folder: &Path) -> Result<usize, Box<dyn Error>> {
    let mut calls = File::options().read(true).append(true).create(true).open(folder.join("calls"))?;
    flock(&calls, FlockOperation::LockExclusive)?;
    let words: Vec<String> = env::args().skip(1).collect();
    calls.write_all(format!("{}\n", words.join(" ").replace('\n', " ")).as_bytes())?;
    let mut text = String::new();
    calls.rewind()?;
    calls.read_to_string(&mut text)?;
    Ok(text.lines().count())
}

/// Ends the caller and returns when it is dead.
fn end(caller: Pid) -> Result<(), Box<dyn Error>> {
    kill_process(caller, Signal::KILL)?;
    while getppid() == Some(caller) {
        thread::yield_now();
    }
    Ok(())
}
