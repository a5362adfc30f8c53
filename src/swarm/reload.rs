//! The settings of a live run, read again when their files have changed. A mistake in them changes nothing: the last
//! good ones stay, and the mistake is told once.

use std::path::Path;
use std::sync::Arc;

use super::muster::{Wanted, muster};
use crate::cycle::Workshop;
use crate::error::{Error, Result};
use crate::model::config::Config;
use crate::model::crew::Member;
use crate::model::record::Event;
use crate::os::journal::Who;
use crate::os::settings::{Contents, Settings, Source};

/// What is known of the files of the settings.
pub(super) struct Reload {
    source: Source,
    /// Of the settings in force.
    good: Contents,
    /// As they were last seen, and what was wrong with them.
    seen: Contents,
    mistake: Option<String>,
}

impl Reload {
    /// Reads the settings with which a run begins.
    pub(super) fn begin(source: Source) -> Result<(Self, Settings)> {
        // Taken before: what is written meanwhile makes a difference, and is read again.
        let contents = source.contents();
        let settings = source.read()?;
        Ok((Self { source, good: contents.clone(), seen: contents, mistake: None }, settings))
    }

    /// Where the settings lie.
    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    /// Puts changed settings in force, and says so; gives who is to work from now on. `None`: nothing has changed,
    /// or nothing may.
    pub(super) fn look(&mut self, shop: &Workshop, wanted: &Wanted) -> Option<Vec<Member>> {
        let contents = self.source.contents();
        if contents == self.seen && self.mistake.is_none() {
            return None;
        }
        let say = |event| shop.journal.event(&Who::default(), event);
        let (mut settings, workers) = match self.read(&contents, wanted) {
            Ok(read) => read,
            Err(error) => {
                let mistake = error.explained();
                if contents != self.seen || self.mistake.as_ref() != Some(&mistake) {
                    say(Event::Warning { message: format!("{mistake}; the last good settings stay in force") });
                }
                (self.seen, self.mistake) = (contents, Some(mistake));
                return None;
            }
        };
        let changed = self.good.differences(&contents).chain(self.seen.differences(&contents));
        let mut files: Vec<String> = changed.map(|path| shop.dirs.shown(path)).collect();
        files.sort();
        files.dedup();
        let kept = keep_what_cannot_change(Arc::make_mut(&mut settings.config), &shop.settings().config, &shop.base);
        (self.good, self.seen, self.mistake) = (contents.clone(), contents, None);
        shop.in_force.replace(settings);
        // Another number of turns may be allowed now.
        shop.providers.turns.ring();
        say(Event::SettingsRead { files });
        for message in kept {
            say(Event::Warning { message: format!("{}: {message}", shop.dirs.shown(self.source.file())) });
        }
        Some(workers)
    }

    fn read(&self, contents: &Contents, wanted: &Wanted) -> Result<(Settings, Vec<Member>)> {
        let file = self.source.file();
        // An editor may take it away for a moment, and a full disk empties it. Without it there would be no gates.
        if contents.is_blank(file) && !self.good.is_blank(file) {
            // One that is there and cannot be read says why.
            return Err(self.source.config().err().unwrap_or_else(|| gone(file)));
        }
        let settings = self.source.read()?;
        let workers = muster(&settings, wanted)?;
        Ok((settings, workers))
    }
}

fn gone(file: &Path) -> Error {
    Error::usage(format!("{} is gone or empty", file.display())).hint("to run with the defaults, start again")
}

/// What a run has built on stays as it was; gives what there is to say of it.
fn keep_what_cannot_change(new: &mut Config, old: &Config, base: &str) -> Vec<String> {
    let mut said = Vec::new();
    if new.base != old.base && new.base.as_deref() != Some(base) {
        said.push(format!(
            "`base` cannot change while a swarm runs: this one lands on {base} until it is started again"
        ));
    }
    let same = |a: &str, b: &str| Path::new(a) == Path::new(b);
    if !same(&new.dirs.tasks, &old.dirs.tasks) || !same(&new.dirs.runs, &old.dirs.runs) {
        said.push(format!(
            "`dirs` cannot change while a swarm runs: this one has its tasks in {} and its records in {} until it is \
             started again",
            old.dirs.tasks, old.dirs.runs
        ));
    }
    new.base.clone_from(&old.base);
    new.dirs = old.dirs.clone();
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_and_the_folders_of_a_run_stay_and_this_is_said() {
        let parse = |text: &str| Config::parse(text).unwrap();
        let old = parse("dirs: {tasks: t, runs: r}");
        let mut same = parse("base: main\ndirs: {tasks: t/, runs: r}\nlimits: {attempts: 7}");
        assert!(keep_what_cannot_change(&mut same, &old, "main").is_empty(), "it lands there anyway");
        assert_eq!(same.limits.attempts, 7);

        let mut other = parse("base: other\ndirs: {tasks: elsewhere}");
        let said = keep_what_cannot_change(&mut other, &old, "main").join("\n");
        assert!(said.contains("`base`") && said.contains("lands on main"), "{said}");
        assert!(said.contains("`dirs`") && said.contains("in t and its records in r"), "{said}");
        assert_eq!((other.base, other.dirs.tasks.as_str()), (None, "t"));
    }
}
