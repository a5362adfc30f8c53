//! A program that runs in the background of a test, in a process group of its own.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::{Ended, Event, Workspace, wait_for};

/// Ended, with its whole group, when it is dropped.
pub(crate) struct Running<'a> {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
    ended: Option<ExitStatus>,
    _workspace: &'a Workspace,
}

impl<'a> Running<'a> {
    /// Starts `command` with its output in files.
    pub(crate) fn start(workspace: &'a Workspace, mut command: Command) -> Self {
        let (stdout, stderr) = (workspace.new_file("stdout"), workspace.new_file("stderr"));
        command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(File::create(&stdout).expect("create a file"))
            .stderr(File::create(&stderr).expect("create a file"));
        let child = command.spawn().expect("start the program");
        Self { child, stdout, stderr, ended: None, _workspace: workspace }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the first event that `wanted` accepts, of all that there have been.
    #[track_caller]
    pub(crate) fn wait_for_event(&mut self, wanted: impl Fn(&Event) -> bool) -> Event {
        let found = wait_for("an event", || {
            let has_ended = self.has_ended();
            let found = self.events().into_iter().find(|event| wanted(event));
            (found.is_some() || has_ended).then_some(found)
        });
        found.unwrap_or_else(|| panic!("it has ended without such an event\n{}", self.so_far()))
    }

    /// The events so far.
    pub(crate) fn events(&self) -> Vec<Event> {
        Event::all_in(&self.printed())
    }

    /// Its standard output so far.
    pub(crate) fn printed(&self) -> String {
        fs::read_to_string(&self.stdout).unwrap_or_default()
    }

    /// Sends a signal to the program alone, as `kill` does.
    pub(crate) fn signal(&self, signal: Signal) {
        // It may have ended by itself.
        let _ = kill_process(self.raw_pid(), signal);
    }

    /// Ends the program alone, at once; what it started lives on.
    pub(crate) fn kill_9(mut self) -> Ended {
        self.signal(Signal::KILL);
        self.reap()
    }

    /// Waits until it has ended.
    #[track_caller]
    pub(crate) fn wait(mut self) -> Ended {
        wait_for("the end of the program", || self.has_ended().then_some(()));
        self.reap()
    }

    /// Whether it has ended by now.
    pub(crate) fn has_ended(&mut self) -> bool {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().expect("look at a child");
        }
        self.ended.is_some()
    }

    fn reap(&mut self) -> Ended {
        let status = self.child.wait().expect("wait for a child");
        self.ended = Some(status);
        let read = |path: &PathBuf| String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned();
        Ended { status, stdout: read(&self.stdout), stderr: read(&self.stderr) }
    }

    fn so_far(&self) -> String {
        let read = |path: &PathBuf| fs::read_to_string(path).unwrap_or_default();
        format!("--- stdout\n{}\n--- stderr\n{}", read(&self.stdout), read(&self.stderr))
    }

    fn raw_pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if self.ended.is_none() {
            let _ = kill_process_group(self.raw_pid(), Signal::KILL);
            let _ = self.child.wait();
        }
    }
}
