//! Says that a run is alive: a kernel lock, and in the locked file who it is.

use std::fs;
use std::io::{Seek, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::error::{Context, Error, Result};
use crate::os::dirs::Dirs;
use crate::os::lock::{Lock, is_held};
use crate::os::process::Identity;

/// No look at a lock lasts longer.
const LONGEST_LOOK: Duration = Duration::from_secs(5);

/// Who a run is: the contents of `.swarm/locks/run-<run_id>.lock`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Alive {
    /// The version of this format.
    pub schema: u32,
    /// The run.
    pub run_id: String,
    /// Its process.
    pub process: Identity,
    /// The machine.
    pub host: String,
}

/// Held for as long as the run lives.
pub(super) struct RunLock {
    _lock: Lock,
}

impl RunLock {
    /// Takes the lock of a new run.
    pub(super) fn take(dirs: &Dirs, run_id: &str) -> Result<Self> {
        let path = dirs.run_lock(run_id);
        // Nobody else has this name, but somebody may just be looking whether the run is alive.
        let since = Instant::now();
        let lock = Lock::exclusive(&path, &|| since.elapsed() > LONGEST_LOOK)
            .context(|| format!("lock {}", path.display()))?;
        let lock = lock.ok_or_else(|| Error::environment(format!("{} is taken by another process", path.display())))?;
        let alive = Alive {
            schema: crate::model::record::SCHEMA,
            run_id: run_id.to_owned(),
            process: Identity::of(std::process::id()).context(|| "look at the own process".to_owned())?,
            host: crate::os::folders::host(),
        };
        let mut file = lock.file();
        let written = serde_json::to_vec(&alive).map_err(std::io::Error::from).and_then(|bytes| {
            file.set_len(0)?;
            file.rewind()?;
            file.write_all(&bytes)
        });
        written.context(|| format!("write {}", path.display()))?;
        Ok(Self { _lock: lock })
    }
}

/// The runs that are alive in a workspace, oldest first.
pub fn alive(dirs: &Dirs) -> Vec<Alive> {
    let mut alive = Vec::new();
    for entry in fs::read_dir(dirs.locks()).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if !name.to_string_lossy().starts_with("run-") {
            continue;
        }
        if matches!(is_held(&path), Ok(true)) {
            alive.extend(read(&path));
        }
    }
    alive.sort_by(|a: &Alive, b: &Alive| a.run_id.cmp(&b.run_id));
    alive
}

fn read(path: &Path) -> Option<Alive> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}
