//! The settings in force: what the user's `config/` says now. They may be replaced while a run lives; whoever began
//! with some keeps those to its end.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use super::agents::Catalogue;
use super::dirs::config_file;
use super::plain_file::Unreadable;
use super::prices;
use super::settings_file::{self, files_in, mistake};
use super::writers;
use crate::error::{Error, Result};
use crate::model::agent::line_of;
use crate::model::config::{self, Config};
use crate::model::state::State;

/// What `config/` says: `swarm.yaml`, the agents' descriptions, the prices and the prompts, read together.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `config/swarm.yaml`.
    pub config: Arc<Config>,
    /// `config/agents/`, `config/prompts/` and `config/prices.yaml`.
    pub agents: Arc<Catalogue>,
}

impl Settings {
    /// Checks what one file alone cannot say: whether all that is asked for can be done here.
    pub fn check(&self) -> Result<()> {
        self.absent_reviewers().map(drop)
    }

    /// Why some of the reviewers are passed over; an error where all of them are, or one cannot review.
    pub fn absent_reviewers(&self) -> Result<Vec<Error>> {
        let reviewers = self.config.reviewers();
        let mut absent = Vec::new();
        for reviewer in &reviewers {
            if !self.agents.described(&reviewer.agent)?.agent.can_be_told() {
                let message = format!("reviewer: `{reviewer}` cannot review: it runs the task's own script");
                return Err(Error::usage(message).hint("name an agent that is told what to do"));
            }
            absent.extend(self.agents.find(reviewer).err());
        }
        match absent.len() == reviewers.len() && !absent.is_empty() {
            true => Err(absent.swap_remove(0)),
            false => Ok(absent),
        }
    }
}

/// Where a workspace's settings lie.
#[derive(Debug, Clone)]
pub struct Source {
    root: PathBuf,
    file: PathBuf,
    is_named: bool,
}

/// What the files of the settings hold at one moment, nothing where one cannot be read; two that are equal need no
/// second reading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents(BTreeMap<PathBuf, Option<Vec<u8>>>);

impl Source {
    /// Those of the workspace at `root`: `config/`, with the file `named` in place of `config/swarm.yaml`.
    pub fn new(root: &Path, named: Option<&Path>) -> Self {
        // Should the current folder be gone, the words as they are serve too.
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let file = named.map_or_else(|| config_file(root), absolute);
        Self { root: root.to_owned(), file, is_named: named.is_some() }
    }

    /// The file of the settings themselves.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The folders of the agents' descriptions and the prompts, below the one that holds both. None need be there.
    pub fn folders(&self) -> [PathBuf; 3] {
        let config = self.root.join("config");
        [config.join("agents"), config.join("prompts"), config]
    }

    /// Reads the settings themselves; a file that is not there means the defaults, unless it was named.
    pub fn config(&self) -> Result<Config> {
        match settings_file::text(&self.file)? {
            None if self.is_named => Err(mistake(&self.file, None, "is not there")),
            text => self.parse(&text.unwrap_or_default()),
        }
    }

    /// Reads everything; the error names file, line and reason.
    pub fn read(&self) -> Result<Settings> {
        let settings = Settings { config: Arc::new(self.config()?), agents: Arc::new(Catalogue::read(&self.root)?) };
        self.check_names(&settings.config, &settings.agents)?;
        Ok(settings)
    }

    /// Whether all agents that the settings name are described; the error says on which line one is not.
    pub fn check_names(&self, config: &Config, agents: &Catalogue) -> Result<()> {
        let of_workers = config.workers.iter().map(|line| ("workers", line.agent.as_ref()));
        let of_reviewers = config.reviewer.iter().map(|reviewer| ("reviewer", Some(&reviewer.agent)));
        for (number, (key, named)) in of_workers.enumerate().chain(of_reviewers.enumerate()) {
            for (place, name) in named.iter().flat_map(|named| named.names()).enumerate() {
                let Err(error) = agents.described(name) else { continue };
                let text = settings_file::text(&self.file).ok().flatten().unwrap_or_default();
                let line = line_of(&text, &format!("{key}[{number}].agent[{place}]")).map(|(line, _)| line);
                let mistake = mistake(&self.file, line, &format!("{key}: {}", error.chain()));
                return Err(match error.next_move() {
                    Some(hint) => mistake.hint(hint),
                    None => mistake,
                });
            }
        }
        Ok(())
    }

    /// The same for who can go on without them, given where the queue lies. Where there is a mistake, the defaults are
    /// taken, with the folders that the file names all the same, and the mistake is given too. It is the error where
    /// the folders cannot be told either.
    pub fn config_or_defaults(&self) -> Result<(Config, Option<Error>)> {
        let mistake = match self.config() {
            Ok(config) => return Ok((config, None)),
            Err(mistake) => mistake,
        };
        let named = settings_file::text(&self.file).ok().flatten().and_then(|text| config::Dirs::named_in(&text));
        let usual = config::Dirs::default();
        let usual_are_there = self.root.join(&usual.tasks).join(State::Pending.folder()).is_dir();
        match named.or_else(|| usual_are_there.then_some(usual)) {
            Some(dirs) => Ok((Config { dirs, ..Config::default() }, Some(mistake))),
            None => Err(mistake),
        }
    }

    fn parse(&self, text: &str) -> Result<Config> {
        Config::parse(text).map_err(|bad| mistake(&self.file, bad.line, &bad.reason))
    }

    /// What the files hold now.
    pub fn contents(&self) -> Contents {
        let read = |path: PathBuf| match settings_file::bytes(&path) {
            Ok(bytes) => Some((path, Some(bytes))),
            Err(Unreadable::Gone) => None,
            Err(_) => Some((path, None)),
        };
        Contents(self.files().into_iter().filter_map(read).collect())
    }

    /// Whether some process has one of the files open for writing.
    pub fn is_being_written(&self) -> bool {
        // What is no plain file is refused, whoever writes into it.
        let plain = self.files().into_iter().filter(|path| path.is_file());
        let real: HashSet<PathBuf> = plain.filter_map(|path| path.canonicalize().ok()).collect();
        !writers::open_for_writing(&real).is_empty()
    }

    /// Those that there may be. A folder that cannot be listed is told when they are read.
    fn files(&self) -> Vec<PathBuf> {
        let [agents, prompts, _] = &self.folders();
        let below = [(agents, "yaml"), (prompts, "md")];
        let below = below.into_iter().flat_map(|(folder, extension)| files_in(folder, extension).unwrap_or_default());
        below.chain([self.file.clone(), prices::file(&self.root.join("config"))]).collect()
    }
}

impl Contents {
    /// Whether a file is not there, cannot be read, or says nothing at all.
    pub fn is_blank(&self, file: &Path) -> bool {
        self.0.get(file).and_then(Option::as_ref).is_none_or(|bytes| bytes.trim_ascii().is_empty())
    }

    /// The files in which the two differ.
    pub fn differences<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a Path> {
        let ours = self.0.iter().filter(|(path, bytes)| other.0.get(*path) != Some(bytes)).map(|(path, _)| path);
        let theirs = other.0.keys().filter(|path| !self.0.contains_key(*path));
        ours.chain(theirs).map(PathBuf::as_path)
    }
}

/// The settings that threads share.
#[derive(Debug)]
pub struct InForce(RwLock<Arc<Settings>>);

impl InForce {
    /// Begins with `settings`.
    pub fn new(settings: Settings) -> Self {
        Self(RwLock::new(Arc::new(settings)))
    }

    /// Those in force at this moment.
    pub fn now(&self) -> Arc<Settings> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts others in force; who holds the old ones goes on with them.
    pub fn replace(&self, settings: Settings) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn who_began_with_some_settings_keeps_them() {
        let with = |text: &str| Settings {
            config: Arc::new(Config::parse(text).unwrap()),
            agents: Arc::new(Catalogue::default()),
        };
        let settings = InForce::new(with("limits: {attempts: 1}"));
        let held = settings.now();
        settings.replace(with("limits: {attempts: 2}"));
        assert_eq!(held.config.limits.attempts, 1);
        assert_eq!(settings.now().config.limits.attempts, 2);
    }

    #[test]
    fn contents_tell_which_files_have_changed_and_a_touch_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let source = Source::new(&root, None);
        let nothing = source.contents();
        assert!(nothing.is_blank(source.file()));
        fs::create_dir_all(root.join("config/agents")).unwrap();
        fs::write(source.file(), "limits: {attempts: 2}").unwrap();
        let (agent, note) = (root.join("config/agents/a.yaml"), root.join("config/agents/note.txt"));
        fs::write(&agent, "argv: [a]").unwrap();
        fs::write(&note, "not read").unwrap();
        let both = source.contents();
        assert!(!both.is_blank(source.file()));
        assert_eq!(nothing.differences(&both).collect::<Vec<_>>(), [&agent, source.file()]);
        fs::write(&agent, "argv: [a]").unwrap();
        assert_eq!(source.contents(), both);
        fs::remove_file(&agent).unwrap();
        assert_eq!(source.contents().differences(&both).collect::<Vec<_>>(), [&agent]);
    }

    #[test]
    fn what_cannot_be_read_makes_a_difference_and_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let source = Source::new(&root, None);
        fs::create_dir_all(root.join("config/agents")).unwrap();
        fs::create_dir_all(root.join("config/prompts")).unwrap();
        let nothing = source.contents();
        for name in ["swarm.yaml", "agents/odd.yaml", "prompts/odd.md"] {
            let path = root.join("config").join(name);
            std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
            let with = source.contents();
            assert_eq!(nothing.differences(&with).collect::<Vec<_>>(), [&path]);
            assert!(with.is_blank(&path));
            let refused = source.read().unwrap_err().chain();
            assert!(refused.starts_with(&format!("{}: is a device", path.display())), "{refused}");
            fs::remove_file(&path).unwrap();
        }
        // Editors leave links that lead nowhere beside what they change.
        std::os::unix::fs::symlink("ada@machine.7", root.join("config/prompts/.#worker.md")).unwrap();
        assert_eq!(source.contents(), nothing);
        source.read().unwrap();
    }

    #[test]
    fn who_can_go_on_without_settings_gets_the_defaults_and_the_mistake() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let source = Source::new(root, None);
        fs::create_dir(root.join("config")).unwrap();
        fs::write(source.file(), "limits: {attempts: 7}").unwrap();
        let (config, mistake) = source.config_or_defaults().unwrap();
        assert!(config.limits.attempts == 7 && mistake.is_none());
        fs::write(source.file(), "limits: {attempts: 7}\ndirs: {tasks: t}\nverfy: [true]").unwrap();
        let (config, mistake) = source.config_or_defaults().unwrap();
        assert_eq!((config.limits.attempts, config.dirs.tasks.as_str()), (3, "t"));
        assert!(mistake.unwrap().chain().contains("swarm.yaml:3: "));
        fs::write(source.file(), "dirs: {tasks: [t]}").unwrap();
        assert!(source.config_or_defaults().unwrap_err().chain().contains("swarm.yaml:1: "), "where is the queue?");
        fs::create_dir_all(root.join("tasks/pending")).unwrap();
        let (config, mistake) = source.config_or_defaults().unwrap();
        assert!(config.dirs.tasks == "tasks" && mistake.is_some());
    }

    #[test]
    fn an_open_file_is_being_written() {
        let folder = tempfile::tempdir().unwrap();
        let named = folder.path().join("other.yaml");
        let source = Source::new(folder.path(), Some(&named));
        assert!(source.config().is_err(), "a named file must be there");
        let writer = fs::File::create(&named).unwrap();
        assert!(source.is_being_written());
        drop(writer);
        assert!(!source.is_being_written());
        assert_eq!(source.config().unwrap().limits.attempts, 3);
    }
}
