//! `swarm demo`: a scratch repository, a dozen tasks, four workers, real merges; no model, no network.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Desk, announce, demo_tasks, list};
use crate::cli::{Demo, Global, List};
use crate::error::{Context, Error, Result};
use crate::exit::Exit;
use crate::model::choice::Choice;
use crate::model::pick::Filter;
use crate::os::files;
use crate::os::folders;
use crate::os::git::Repo;
use crate::os::workspace::{Place, Workspace};
use crate::swarm::{Order, Wanted, WhenEmpty, supervise};

/// The branch of the scratch repository.
const BRANCH: &str = "main";
/// The task whose record is shown at the end.
const EXEMPLARY: &str = "index";

pub(super) fn run(desk: &Desk, words: &Demo) -> Result<Exit> {
    let wanted = words.folder.as_ref().map(|folder| Ok::<_, Error>(desk.folder()?.join(folder))).transpose()?;
    let folder = make_folder(wanted.as_deref())?;
    for (name, text) in demo_tasks::FILES {
        write(&folder.join(name), text)?;
    }
    Repo::create(&folder, BRANCH, "An empty cookbook")?;
    let place = Place::at(&folder, None)?;
    folders::create(&place.dirs)?;
    for (name, text) in demo_tasks::TASKS {
        write(&place.dirs.tasks().join("pending").join(format!("{name}.md")), text)?;
    }
    desk.say(&format!(
        "a cookbook in {} with {} tasks; the swarm starts with 4 workers",
        folder.display(),
        demo_tasks::TASKS.len()
    ));
    let workspace = Workspace::open(place)?;
    let order = Order {
        wanted: Wanted {
            total: Some(4),
            instead: Some(Choice { agent: "script".to_owned(), ..Choice::default() }.into()),
        },
        config: None,
        filter: Filter::default(),
        when_empty: WhenEmpty::End,
        each: None,
        cycles: None,
        duration: None,
        arguments: ["start", "-n", "4", "--drain"].map(str::to_owned).to_vec(),
    };
    // One of the tasks fails its gate on purpose, so that the run itself ends with 1.
    supervise(&workspace, order, announce::show(desk), &|_| {})?;
    if !desk.json() {
        report(desk, &workspace)?;
    }
    Ok(Exit::Done)
}

fn make_folder(wanted: Option<&Path>) -> Result<PathBuf> {
    let Some(wanted) = wanted else {
        let folder = tempfile::Builder::new()
            .prefix("swarm-demo-")
            .tempdir()
            .context(|| "make a temporary folder".to_owned())?;
        return folder.keep().canonicalize().context(|| "find the temporary folder".to_owned());
    };
    fs::create_dir_all(wanted).context(|| format!("create {}", wanted.display()))?;
    let used = fs::read_dir(wanted).context(|| format!("read {}", wanted.display()))?.next().is_some();
    if used {
        return Err(Error::usage(format!("{} is not empty", wanted.display())).hint("name a new folder, or none"));
    }
    wanted.canonicalize().context(|| format!("find {}", wanted.display()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).context(|| format!("create {}", folder.display()))?;
    }
    files::write(path, text.as_bytes()).context(|| format!("write {}", path.display()))
}

/// The board, the log and one record: what a person looks at in the morning.
fn report(desk: &Desk, workspace: &Workspace) -> Result<()> {
    let root = workspace.dirs.root();
    let there = Desk::new(Global { directory: Some(root.to_owned()), ..desk.global().clone() });
    desk.print("\nThe board (swarm list):\n\n")?;
    list::run(&there, &List { states: Vec::new() })?;

    let (_, tip) = workspace.base()?;
    desk.print("\nThe base branch (git log --oneline):\n\n")?;
    for (commit, subject) in workspace.repo.recent(&tip, 20)? {
        desk.print(&format!("{} {subject}\n", commit.short()))?;
    }

    if let Some(record) = record_of(workspace, EXEMPLARY) {
        desk.print(&format!("\nThe record of one cycle ({}):\n\n", workspace.dirs.shown(&record)))?;
        desk.print(&fs::read_to_string(&record).context(|| format!("read {}", record.display()))?)?;
    }
    desk.print(&format!("\nLook around: cd {} && git log --stat && swarm show pancakes\n", root.display()))?;
    Ok(())
}

/// The cycle in which a task was worked on.
fn record_of(workspace: &Workspace, task: &str) -> Option<PathBuf> {
    let run =
        fs::read_dir(workspace.dirs.runs()).ok()?.flatten().map(|entry| entry.path()).find(|path| path.is_dir())?;
    let cycles = fs::read_dir(run.join("cycles")).ok()?.flatten().map(|entry| entry.path());
    cycles.into_iter().find(|path| {
        let text = fs::read_to_string(path).unwrap_or_default();
        serde_json::from_str::<serde_json::Value>(&text).is_ok_and(|record| record["task"] == task)
    })
}
