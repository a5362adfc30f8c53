//! Where everything lies in a workspace.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use crate::error::{Error, Result};
use crate::model::config;
use crate::model::state::State;
use crate::model::task::TaskId;

/// The folder for what is local to this machine and disposable.
const MACHINE: &str = ".swarm";

/// The paths of one workspace; all absolute.
#[derive(Debug, Clone)]
pub struct Dirs {
    root: PathBuf,
    tasks: PathBuf,
    runs: PathBuf,
    machine: PathBuf,
}

impl Dirs {
    /// The paths below `root`, with the names that the settings give.
    pub fn new(root: &Path, names: &config::Dirs) -> Self {
        Self {
            root: root.to_owned(),
            tasks: root.join(&names.tasks),
            runs: root.join(&names.runs),
            machine: root.join(MACHINE),
        }
    }

    /// The workspace: the root of the user's checkout.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of the queue.
    pub fn tasks(&self) -> &Path {
        &self.tasks
    }

    /// The folder of a state.
    pub fn state(&self, state: State) -> PathBuf {
        self.tasks.join(state.folder())
    }

    /// The file of a task in a state.
    pub fn task(&self, state: State, id: &TaskId) -> PathBuf {
        self.state(state).join(id.file_name())
    }

    /// The folder of the records.
    pub fn runs(&self) -> &Path {
        &self.runs
    }

    /// The folder of one run.
    pub fn run(&self, run_id: &str) -> PathBuf {
        self.runs.join(run_id)
    }

    /// What was spent, over all runs.
    pub fn ledger(&self) -> PathBuf {
        self.runs.join("ledger.jsonl")
    }

    /// The lock of whoever writes into the ledger.
    pub fn ledger_lock(&self) -> PathBuf {
        self.locks().join("ledger.lock")
    }

    /// The lock of whoever tells the budget command what was spent.
    pub fn telling_lock(&self) -> PathBuf {
        self.locks().join("telling.lock")
    }

    /// What is local to this machine.
    pub fn machine(&self) -> &Path {
        &self.machine
    }

    /// The folder of the locks that are no claims.
    pub fn locks(&self) -> PathBuf {
        self.machine.join("locks")
    }

    /// The folder of what people ask of the running swarms.
    pub fn control(&self) -> PathBuf {
        self.machine.join("control")
    }

    /// The file that, by being there, pauses claiming; it holds the reason.
    pub fn paused(&self) -> PathBuf {
        self.control().join("paused")
    }

    /// The file with the number of workers that the running swarms are to have.
    pub fn wanted_workers(&self) -> PathBuf {
        self.control().join("workers")
    }

    /// The folder of the claims.
    pub fn claims(&self) -> PathBuf {
        self.machine.join("claims")
    }

    /// The lock that makes a claim.
    pub fn claim_lock(&self, id: &TaskId) -> PathBuf {
        self.claims().join(format!("{id}.lock"))
    }

    /// What is known of a claim.
    pub fn claim_record(&self, id: &TaskId) -> PathBuf {
        self.claims().join(format!("{id}.json"))
    }

    /// The folder of the worktrees.
    pub fn slots(&self) -> PathBuf {
        self.machine.join("slots")
    }

    /// A worktree.
    pub fn slot(&self, slot: &str) -> PathBuf {
        self.slots().join(slot)
    }

    /// What is known of a worktree.
    pub fn slot_record(&self, slot: &str) -> PathBuf {
        self.slots().join(format!("{slot}.json"))
    }

    /// What is known of an agent that works in a worktree without a task.
    pub fn errand_record(&self, slot: &str) -> PathBuf {
        self.slots().join(format!("{slot}.errand.json"))
    }

    /// The lock under which a planner plans.
    pub fn planner_lock(&self) -> PathBuf {
        self.locks().join("planner.lock")
    }

    /// The lock of the worker that owns a worktree.
    pub fn slot_lock(&self, slot: &str) -> PathBuf {
        self.locks().join(format!("slot-{slot}.lock"))
    }

    /// The lock of a live run; it says who it is.
    pub fn run_lock(&self, run_id: &str) -> PathBuf {
        self.locks().join(format!("run-{run_id}.lock"))
    }

    /// The lock of a domain.
    pub fn domain_lock(&self, domain: &str) -> PathBuf {
        let safe: String = domain
            .bytes()
            .map(|byte| if byte.is_ascii_alphanumeric() { (byte as char).to_string() } else { format!("%{byte:02x}") })
            .collect();
        self.locks().join(format!("domain-{safe}.lock"))
    }

    /// The lock of the merge queue.
    pub fn queue_lock(&self) -> PathBuf {
        self.locks().join("integrate.lock")
    }

    /// The lock of whoever runs the gates on the base.
    pub fn base_lock(&self) -> PathBuf {
        self.locks().join("base.lock")
    }

    /// What is remembered of verified trees.
    pub fn verified(&self) -> PathBuf {
        self.machine.join("verified")
    }

    /// The providers that are left alone.
    pub fn providers(&self) -> PathBuf {
        self.machine.join("providers")
    }

    /// Scratch space for the programs that are run.
    pub fn scratch(&self) -> PathBuf {
        self.machine.join("tmp")
    }

    /// The same for who makes no folders: the system's where it is not there yet.
    pub fn scratch_or_temp(&self) -> PathBuf {
        Some(self.scratch()).filter(|folder| folder.is_dir()).unwrap_or_else(std::env::temp_dir)
    }

    /// What keeps the programs in a worktree from pushing, and from moving refs.
    pub fn guard(&self, slot: &str) -> PathBuf {
        self.machine.join("guard").join(slot)
    }

    /// The path as a user would write it: from the workspace's root where it lies below it.
    pub fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }
}

/// Where the settings of a workspace lie.
pub fn config_file(root: &Path) -> PathBuf {
    root.join("config").join("swarm.yaml")
}

/// The workspace around `from`: the nearest folder upwards that holds `tasks/pending` or `config/swarm.yaml`.
/// Inside a worktree of ours, it is the workspace that owns it.
pub fn find_root(from: &Path) -> Result<PathBuf> {
    let from = outside_of_slots(from);
    from.ancestors()
        // Whatever lies there: what is no plain file is refused when it is read.
        .find(|folder| config_file(folder).exists() || folder.join("tasks").join("pending").is_dir())
        .map(Path::to_owned)
        .ok_or_else(|| {
            Error::usage(format!("{} is not in a swarm workspace", from.display()))
                .hint("run `swarm init` in the root of a git repository, or name one with -C DIR")
        })
}

/// Cuts the path where a worktree of ours begins: a slot holds copies of tracked files, `config/` among them.
fn outside_of_slots(path: &Path) -> &Path {
    let inside = |folder: &&Path| {
        let mut parts = folder.components().rev();
        parts.next() == Some(Component::Normal(OsStr::new("slots")))
            && parts.next() == Some(Component::Normal(OsStr::new(MACHINE)))
    };
    path.ancestors().find(inside).and_then(|slots| slots.parent()?.parent()).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_is_found_from_below_and_from_inside_a_slot() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for path in ["tasks/pending", "src/deep", ".swarm/slots/01/config", ".swarm/slots/01/src"] {
            std::fs::create_dir_all(root.join(path)).unwrap();
        }
        std::fs::write(root.join(".swarm/slots/01/config/swarm.yaml"), "").unwrap();
        for from in ["", "src/deep", ".swarm/slots/01", ".swarm/slots/01/src", "tasks/pending"] {
            assert_eq!(find_root(&root.join(from)).unwrap(), root, "{from}");
        }
        assert!(find_root(Path::new("/")).is_err());
    }

    #[test]
    fn settings_that_are_no_plain_file_mark_a_workspace_too() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("config")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", config_file(folder.path())).unwrap();
        assert_eq!(find_root(folder.path()).unwrap(), folder.path());
    }

    #[test]
    fn odd_domain_names_make_plain_lock_names() {
        let dirs = Dirs::new(Path::new("/w"), &config::Dirs::default());
        assert_eq!(dirs.domain_lock("a/../b"), Path::new("/w/.swarm/locks/domain-a%2f%2e%2e%2fb.lock"));
    }
}
