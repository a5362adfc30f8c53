//! Finds the mark of a run again when whoever wrote it down has lost it.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;

use super::Mark;
use super::mark;

/// The marks of all processes whose environment says `variable=value`. Processes of other users are passed over.
pub fn marks_beside(variable: &str, value: &OsStr) -> io::Result<Vec<Mark>> {
    let wanted = [variable.as_bytes(), b"=", value.as_bytes()].concat();
    let mut words = BTreeSet::new();
    for process in fs::read_dir("/proc")?.flatten() {
        let Ok(environ) = fs::read(process.path().join("environ")) else { continue };
        if environ.split(|byte| *byte == 0).any(|entry| entry == wanted) {
            words.extend(mark::innermost(&environ));
        }
    }
    Ok(words.into_iter().filter_map(|word| Mark::try_from(word).ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_says_what_nobody_was_told() {
        assert_eq!(marks_beside("SWARM_TASK_FILE", OsStr::new("/no/such/task")).unwrap(), []);
    }
}
