//! The `--fix` of `swarm lint`: gives files names that a task can have. Their bytes are never touched, and
//! nothing is replaced.

use std::ffi::OsStr;
use std::path::Path;

use serde::Serialize;

use crate::error::{Context, Result};
use crate::model::slug::slug;
use crate::model::state::State;
use crate::model::task::TaskId;
use crate::os::dirs::Dirs;
use crate::os::files::{self, Moved};
use crate::os::task_folder::{self, Name};

/// How many names are tried.
const MOST_NAMESAKES: u32 = 1000;

/// A file that has another name now.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Renamed {
    /// From the workspace's root.
    pub(super) from: String,
    /// The same.
    pub(super) to: String,
}

/// Whether somebody surely meant it as a task: markdown by another spelling of its ending.
pub(super) fn is_meant_as_task(name: &OsStr) -> bool {
    let path = Path::new(name);
    let ending = path.extension().and_then(OsStr::to_str).unwrap_or_default().to_ascii_lowercase();
    let hidden = name.as_encoded_bytes().first() == Some(&b'.');
    !hidden && (ending == "md" || ending == "markdown")
}

/// Renames the plain files whose names no task can have.
pub(super) fn mend(dirs: &Dirs) -> Result<Vec<Renamed>> {
    let mut renamed = Vec::new();
    for state in State::ALL {
        let mut names = task_folder::list(dirs, state).context(|| format!("read {}", dirs.state(state).display()))?;
        names.sort();
        for name in names {
            let wrong = match task_folder::read_name(&name) {
                Name::Task(_) => false,
                Name::Impossible(_) => true,
                Name::Foreign => is_meant_as_task(&name),
            };
            if wrong && task_folder::is_plain_file(dirs, state, &name) {
                renamed.extend(rename(dirs, state, &name)?);
            }
        }
    }
    Ok(renamed)
}

fn rename(dirs: &Dirs, state: State, name: &OsStr) -> Result<Option<Renamed>> {
    let stem = Path::new(name).file_stem().unwrap_or(name).to_string_lossy();
    // A stem that is an id already stays as it is.
    let wanted = TaskId::parse(&stem).map_or_else(|_| slug(&stem), |id| id.to_string());
    let from = dirs.state(state).join(name);
    for number in 1..=MOST_NAMESAKES {
        let text = if number == 1 { wanted.clone() } else { format!("{wanted}-{number}") };
        let Ok(id) = TaskId::parse(&text) else { return Ok(None) };
        if task_folder::find(dirs, &id).is_some() {
            continue;
        }
        let to = dirs.task(state, &id);
        match files::move_file(&from, &to).context(|| format!("rename {}", from.display()))? {
            Moved::Done => {
                files::sync_folder_of(&to).context(|| format!("sync the folder of {}", to.display()))?;
                return Ok(Some(Renamed { from: dirs.shown(&from), to: dirs.shown(&to) }));
            }
            Moved::Taken => {}
            Moved::Gone => return Ok(None),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::model::config;

    #[test]
    fn names_are_mended_and_nothing_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let dirs = Dirs::new(folder.path(), &config::Dirs::default());
        for state in State::ALL {
            fs::create_dir_all(dirs.state(state)).unwrap();
        }
        let files = [
            ("pending/Fix.MD", "Fix"),
            ("pending/My task!.md", "mine"),
            ("pending/my-task.md", "here before"),
            ("blocked/my-task-2.md", "here too"),
            ("pending/fine.md", "fine"),
            ("pending/.hidden.md", "hidden"),
            ("pending/notes.txt", "notes"),
            ("review/ü.markdown", "umlaut"),
        ];
        for (name, text) in files {
            fs::write(dirs.tasks().join(name), text).unwrap();
        }
        fs::create_dir(dirs.tasks().join("pending/a folder.md")).unwrap();
        let renamed: Vec<String> =
            mend(&dirs).unwrap().into_iter().map(|it| format!("{} {}", it.from, it.to)).collect();
        let expected = [
            "tasks/pending/Fix.MD tasks/pending/Fix.md",
            "tasks/pending/My task!.md tasks/pending/my-task-3.md",
            "tasks/review/ü.markdown tasks/review/task.md",
        ];
        assert_eq!(renamed, expected);
        for (name, text) in
            [("pending/my-task-3.md", "mine"), ("pending/my-task.md", "here before"), ("pending/fine.md", "fine")]
        {
            assert_eq!(fs::read_to_string(dirs.tasks().join(name)).unwrap(), text);
        }
        assert_eq!(mend(&dirs).unwrap(), []);
    }
}
