//! Which process it was, in a way that a reused process id cannot fake.

use std::fs;
use std::io;
use std::sync::OnceLock;

use rustix::process::RawPid;
use serde::{Deserialize, Serialize};

use super::proc_fs;

/// A process for good: its id may be given to another one later, but not with the same start in the same boot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The process id; of a supervised child, its process group too.
    pub pid: u32,
    /// When it started, in clock ticks since the boot (field 22 of `/proc/<pid>/stat`).
    pub start_ticks: u64,
    /// Which boot that was.
    pub boot_id: String,
}

impl Identity {
    /// The process that has this id now; [`io::ErrorKind::NotFound`] if none has.
    pub fn of(pid: u32) -> io::Result<Self> {
        let stat = RawPid::try_from(pid).ok().and_then(proc_fs::stat);
        let start_ticks = stat
            .map(|stat| stat.start_ticks)
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("there is no process {pid}")))?;
        Ok(Self { pid, start_ticks, boot_id: boot_id().to_owned() })
    }

    /// Whether this very process runs still. One that has ended and was not yet waited for does not.
    pub fn is_alive(&self) -> bool {
        let stat = RawPid::try_from(self.pid).ok().and_then(proc_fs::stat);
        !self.boot_id.is_empty()
            && self.boot_id == boot_id()
            && stat.is_some_and(|stat| stat.start_ticks == self.start_ticks && !stat.has_ended())
    }
}

/// Names this boot of the machine; empty where the system does not tell.
fn boot_id() -> &'static str {
    static BOOT_ID: OnceLock<String> = OnceLock::new();
    BOOT_ID.get_or_init(|| {
        fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned()).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_itself_and_neither_younger_nor_of_another_boot() {
        let own = Identity::of(std::process::id()).unwrap();
        assert!(own.is_alive());
        assert!(!Identity { start_ticks: own.start_ticks + 1, ..own.clone() }.is_alive());
        assert!(!Identity { boot_id: "another".to_owned(), ..own.clone() }.is_alive());
        assert!(!Identity { boot_id: String::new(), ..own }.is_alive());
    }

    #[test]
    fn an_id_that_nobody_has_is_not_found() {
        for pid in [0, u32::MAX, 4_194_305] {
            assert_eq!(Identity::of(pid).unwrap_err().kind(), io::ErrorKind::NotFound);
        }
    }

    #[test]
    fn an_identity_survives_a_file() {
        let own = Identity::of(std::process::id()).unwrap();
        let json = serde_json::to_string(&own).unwrap();
        assert_eq!(serde_json::from_str::<Identity>(&json).unwrap(), own);
    }
}
