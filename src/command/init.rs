//! `swarm init`: makes a repository a workspace, and never overwrites.

use std::fs;
use std::path::Path;

use super::Desk;
use crate::error::{Context, Error, Result};
use crate::exit::Exit;
use crate::os::agents::PROMPTS;
use crate::os::dirs::config_file;
use crate::os::files;
use crate::os::folders;
use crate::os::git::Repo;
use crate::os::workspace::Place;

/// What a person does next. Until an agent is described, only `script` works, which needs commands.
const NEXT: &str = "\
next: put a task into tasks/pending, a markdown file such as

    # Say hello

    ```sh
    echo hello > hello.txt
    ```

then `swarm start --drain`. The built-in agent `script` runs a task's `sh` blocks. Name another one under `workers` in
config/swarm.yaml: claude, codex, gemini, opencode and qwen are built in, and `swarm check` says what they lack.";

/// The settings, all commented out: the defaults serve.
const CONFIG: &str = include_str!("../../config/swarm.yaml");

pub(super) fn run(desk: &Desk) -> Result<Exit> {
    let folder = desk.folder()?;
    let root = Repo::find_top(&folder)?;
    let mut made = Vec::new();
    write_new(&config_file(&root), CONFIG, &mut made)?;
    for (name, text) in PROMPTS {
        write_new(&root.join("config").join("prompts").join(format!("{name}.md")), text, &mut made)?;
    }
    let place = Place::at(&root, desk.global().config.as_deref())?;
    made.extend(folders::create(&place.dirs)?);
    if desk.json() {
        let made: Vec<String> = made.iter().map(|path| place.dirs.shown(path)).collect();
        desk.print_json(&serde_json::json!({"schema": 1, "root": root, "made": made}))?;
        return Ok(Exit::Done);
    }
    if made.is_empty() {
        desk.say("nothing to do: this is a workspace already");
    }
    for path in &made {
        desk.print(&format!("made {}\n", place.dirs.shown(path)))?;
    }
    if let Err(unfit) = Repo::open(&root) {
        desk.say(&format!("before it can start: {}", Error::from(unfit).explained()));
    }
    desk.say(NEXT);
    Ok(Exit::Done)
}

fn write_new(path: &Path, text: &str, made: &mut Vec<std::path::PathBuf>) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).context(|| format!("create {}", folder.display()))?;
    }
    match files::create_durably(path, text.as_bytes()) {
        Ok(true) => made.push(path.to_owned()),
        Ok(false) => {}
        Err(error) => return Err(Error::environment(format!("cannot write {}", path.display())).because(error)),
    }
    Ok(())
}
