//! A workspace of its own for each test: a repository with a home, settings and an environment that nothing of the
//! machine's user reaches.

use std::cell::Cell;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::programs::SWARM;
use super::{Ended, Running, fake_agent, processes};

/// Every process that works for it is ended when it is dropped, also when the test has failed.
pub(crate) struct Workspace {
    root: PathBuf,
    base: &'static str,
    env: Vec<(OsString, OsString)>,
    files: Cell<u32>,
    temp: TempDir,
}

impl Workspace {
    /// A repository with one commit on the branch `trunk`, after `swarm init`. The folder's name has a blank in it,
    /// the worker is `script`.
    pub(crate) fn new() -> Self {
        let w = Self::without_repository();
        w.git(["init", "-q", "-b", w.base]);
        w.write("README.md", "A small house.\n");
        w.commit("The first commit");
        w.init();
        w
    }

    /// An empty folder, and the environment to make a repository in it.
    pub(crate) fn without_repository() -> Self {
        let temp = tempfile::Builder::new().prefix("swarm-it-").tempdir().expect("make a folder");
        let inside = temp.path().canonicalize().expect("resolve a folder");
        let (root, home, tmp) = (inside.join("work space"), inside.join("home"), inside.join("tmp"));
        for folder in [&root, &home, &tmp] {
            fs::create_dir(folder).expect("make a folder");
        }
        let global = home.join(".gitconfig");
        fs::write(&global, "[user]\n\tname = Ada\n\temail = ada@example.org\n").expect("write the settings of git");
        let path = std::env::var_os("PATH").expect("there is a PATH");
        let env = [
            ("PATH", path),
            ("HOME", home.into()),
            ("TMPDIR", tmp.into()),
            ("LANG", "C.UTF-8".into()),
            ("GIT_CONFIG_GLOBAL", global.into()),
            ("GIT_CONFIG_NOSYSTEM", "1".into()),
        ];
        let env = env.map(|(name, value)| (name.into(), value)).to_vec();
        Self { root, base: "trunk", env, files: Cell::new(0), temp }
    }

    /// `swarm init`, and a worker that needs no model.
    pub(crate) fn init(&self) {
        self.swarm(["init"]).code(0);
        self.config("");
    }

    /// The same tests in another folder: a linked worktree, a clone.
    pub(crate) fn at(mut self, root: PathBuf) -> Self {
        self.root = root;
        self
    }

    /// Lands on another branch than `trunk`.
    pub(crate) fn landing_on(mut self, base: &'static str) -> Self {
        self.base = base;
        self
    }

    /// Another environment variable for all programs.
    pub(crate) fn with_env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.env.retain(|(known, _)| known != name);
        self.env.push((name.into(), value.into()));
        self
    }

    /// The root of the checkout.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A folder beside the checkout that is removed with the workspace.
    pub(crate) fn outside(&self) -> PathBuf {
        self.temp.path().canonicalize().expect("resolve a folder")
    }

    /// A path in the checkout.
    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join(path)
    }

    /// The name of the branch on which work lands.
    pub(crate) fn base_name(&self) -> &'static str {
        self.base
    }

    /// Writes a file of the user's, with the folders it needs.
    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().expect("a path in the checkout")).expect("make a folder");
        fs::write(&path, text).unwrap_or_else(|error| panic!("write {}: {error}", path.display()));
    }

    /// Reads a file in the checkout.
    #[track_caller]
    pub(crate) fn read(&self, path: impl AsRef<Path>) -> String {
        let path = self.root.join(path);
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("read {}: {error}", path.display()));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// These settings, with `script` as the worker unless they name others.
    pub(crate) fn config(&self, text: &str) {
        let workers = if text.contains("workers:") { "" } else { "workers: [{agent: script}]\n" };
        self.write("config/swarm.yaml", format!("{workers}{text}\n"));
    }

    /// An agent that does these steps of `examples/fake_agent.rs`, and is done when it exits with 0.
    pub(crate) fn agent(&self, name: &str, steps: &[&str]) {
        self.agent_with(name, steps, "completion: exit");
    }

    /// The same with these other keys in its description.
    pub(crate) fn agent_with(&self, name: &str, steps: &[&str], keys: &str) {
        let argv: Vec<&str> =
            [fake_agent().to_str().expect("a plain path")].into_iter().chain(steps.iter().copied()).collect();
        let argv = serde_json::to_string(&argv).expect("write JSON");
        self.write(&format!("config/agents/{name}.yaml"), format!("argv: {argv}\n{keys}\n"));
    }

    /// Runs `swarm` to its end.
    #[track_caller]
    pub(crate) fn swarm<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Ended {
        let mut command = self.command(SWARM);
        command.args(args);
        Running::start(self, command).wait()
    }

    /// Runs `swarm start` to its end.
    #[track_caller]
    pub(crate) fn start<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Ended {
        self.start_in_background(args).wait()
    }

    /// Starts `swarm start` and leaves it running. Its events are its standard output.
    pub(crate) fn start_in_background<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Running<'_> {
        let mut command = self.command(SWARM);
        command.args(["start", "--json"]).args(args);
        Running::start(self, command)
    }

    /// Starts any command in the root, in the workspace's environment.
    pub(crate) fn run_in_background(&self, program: impl AsRef<OsStr>, args: &[&str]) -> Running<'_> {
        let mut command = self.command(program);
        command.args(args);
        Running::start(self, command)
    }

    /// Runs git as the user does, and gives what it prints, trimmed; fails if it does.
    #[track_caller]
    pub(crate) fn git<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> String {
        let mut command = self.command("git");
        command.args(args);
        let output = command.stdin(Stdio::null()).output().expect("run git");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command:?} fails with {}: {said}", output.status);
        String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned()
    }

    /// Commits everything in the checkout as the user does; gives the commit.
    #[track_caller]
    pub(crate) fn commit(&self, message: &str) -> String {
        self.git(["add", "-A", "--", ":!config"]);
        self.git(["commit", "-q", "-m", message]);
        self.git(["rev-parse", "HEAD"])
    }

    /// The living processes that work for this workspace: number and command line.
    pub(crate) fn processes(&self) -> Vec<(i32, String)> {
        processes::belonging_to(&self.outside())
    }

    /// A program in the root, in the workspace's environment and nothing else.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).env_clear().envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    /// A name beside the checkout that nobody has used yet.
    pub(super) fn new_file(&self, name: &str) -> PathBuf {
        self.files.set(self.files.get() + 1);
        self.outside().join(format!("{name}-{}", self.files.get()))
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        processes::end_all(&self.outside());
        if std::thread::panicking() && std::env::var_os("SWARM_KEEP").is_some() {
            eprintln!("kept for a look: {}", self.temp.path().display());
            self.temp.disable_cleanup(true);
        }
    }
}
