//! Providers that are left alone: one small file each in `.swarm/providers/`, shared by all processes and runs. What stands
//! there holds after a restart too.
//!
//! When a pause is over, one task goes first: whoever asks then holds the kernel lock of the provider until it has been
//! heard, or not, and everybody else goes on waiting. The lock is free the moment its process is dead.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::dirs::Dirs;
use super::lock::{Lock, is_held};
use super::plain_file::{self, Links, Unreadable};
use super::task_folder::Stamp;
use super::turns::Turns;
use super::{clock, files};
use crate::model::provider::Parked;

/// No file of ours is larger, in bytes.
const LARGEST: u64 = 64 * 1024;

/// The longest name of a file, in characters.
const LONGEST_NAME: usize = 100;

/// How long others wait before they look again whether the first has been heard.
const AGAIN: Duration = Duration::from_secs(5);

/// How long one who was let through has time to ask, before another one is.
const TO_ASK: Duration = Duration::from_secs(10);

/// All providers of a workspace, as this process knows them.
pub struct Providers {
    /// How many turns are under way at them.
    pub turns: Turns,
    folder: PathBuf,
    locks: PathBuf,
    inner: Mutex<Inner>,
    changed: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

#[derive(Default)]
struct Inner {
    /// The folder, when it was read last.
    read_at: Option<Stamp>,
    parked: BTreeMap<String, Parked>,
    /// Pauses that could not be written: they hold for this process alone.
    unwritten: BTreeMap<String, Parked>,
    /// Somebody was let through, and has until then to ask.
    let_through: BTreeMap<String, Timestamp>,
}

/// The right to ask a provider.
#[derive(Debug)]
pub enum Pass {
    /// As anybody.
    Free,
    /// As the first one after a pause.
    First(Lock),
}

/// Whether a provider may be asked.
#[derive(Debug)]
pub enum Asking {
    /// Yes.
    Yes(Pass),
    /// It is left alone.
    No(Parked),
}

impl std::fmt::Debug for Providers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Providers").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Providers {
    /// Those of the workspace at `dirs`; nothing is read yet.
    pub fn new(dirs: &Dirs) -> Self {
        Self {
            turns: Turns::new(dirs.locks()),
            folder: dirs.providers(),
            locks: dirs.locks(),
            inner: Mutex::default(),
            changed: OnceLock::new(),
        }
    }

    /// Calls `tell` whenever this process parks a provider or lets it be asked again, and whenever a turn may have ended
    /// at one that is asked a few times at once.
    pub fn on_change(&self, tell: impl Fn() + Clone + Send + Sync + 'static) {
        self.turns.on_change(tell.clone());
        // There is one run in a process.
        let _ = self.changed.set(Box::new(tell));
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self) {
        if let Some(tell) = self.changed.get() {
            tell();
        }
    }

    /// Those that are left alone, by name. A folder that has not changed is not read again.
    pub fn parked(&self) -> BTreeMap<String, Parked> {
        let mut inner = self.lock();
        self.refresh(&mut inner);
        inner.parked.clone()
    }

    /// Which of them nobody may ask now, and when that may be another: when the pause is over; or, where somebody asks
    /// first, when it is worth another look.
    pub fn closed(&self, now: Timestamp) -> BTreeMap<String, Timestamp> {
        let mut inner = self.lock();
        self.refresh(&mut inner);
        let Inner { parked, let_through, .. } = &*inner;
        let closed = parked.iter().filter_map(|(name, parked)| {
            let until = if parked.holds(now) {
                parked.until
            } else if is_held(&self.lock_file(name)).unwrap_or(true) {
                now + AGAIN
            } else {
                *let_through.get(name).filter(|until| **until > now)?
            };
            Some((name.clone(), until))
        });
        closed.collect()
    }

    /// Somebody is about to ask that provider: where he would be the first after a pause, nobody else is let through
    /// meanwhile.
    pub fn let_through(&self, provider: &str) {
        let mut inner = self.lock();
        if inner.parked.contains_key(provider) {
            inner.let_through.insert(provider.to_owned(), clock::now() + TO_ASK);
        }
    }

    /// Asks for the right to ask a provider.
    pub fn ask(&self, provider: &str) -> io::Result<Asking> {
        let Some(parked) = self.pause_of(provider)? else { return Ok(Asking::Yes(Pass::Free)) };
        if parked.holds(clock::now()) {
            return Ok(Asking::No(parked));
        }
        let Some(lock) = Lock::try_exclusive(&self.lock_file(provider))? else {
            return Ok(Asking::No(Parked { until: clock::now() + AGAIN, ..parked }));
        };
        // The first may just have been heard, and the lock been free for that.
        Ok(match self.pause_of(provider)? {
            None => Asking::Yes(Pass::Free),
            Some(parked) if parked.holds(clock::now()) => Asking::No(parked),
            Some(_) => Asking::Yes(Pass::First(lock)),
        })
    }

    /// The provider has answered: everybody may ask it. Gives whether it was left alone before.
    pub fn answered(&self, provider: &str) -> io::Result<bool> {
        let was_parked = match fs::remove_file(self.file(provider)) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(_) if self.lock().unwritten.contains_key(provider) => true,
            Err(error) => return Err(error),
        };
        let mut inner = self.lock();
        let was_parked = inner.unwritten.remove(provider).is_some() || was_parked;
        let was_known = inner.parked.remove(provider).is_some();
        inner.let_through.remove(provider);
        drop(inner);
        if was_parked || was_known {
            self.tell();
        }
        Ok(was_parked)
    }

    /// The provider asks for a pause; gives until when it is left alone, and whether that could be written: where not, it
    /// holds for this process all the same.
    pub fn park(&self, provider: &str, reason: &str, reset: Option<Timestamp>) -> (Parked, io::Result<()>) {
        let now = clock::now();
        let before = self.pause_of(provider).unwrap_or_default();
        // Several that were asking at the same moment hear of one pause: that which ends last.
        let known = before.clone().filter(|before| before.holds(now));
        let counted = match &known {
            Some(known) => Some(Parked { times: known.times.saturating_sub(1), ..known.clone() }),
            None => before,
        };
        let parked = Parked::park(provider, counted.as_ref(), reason, reset, now, fastrand::f64());
        let parked = known.filter(|known| known.until > parked.until).unwrap_or(parked);
        let written = fs::create_dir_all(&self.folder)
            .and_then(|()| files::write_durably(&self.file(provider), &serde_json::to_vec(&parked)?));
        let mut inner = self.lock();
        match &written {
            Ok(()) => inner.unwritten.remove(provider),
            Err(_) => inner.unwritten.insert(provider.to_owned(), parked.clone()),
        };
        inner.parked.insert(provider.to_owned(), parked.clone());
        drop(inner);
        self.tell();
        (parked, written)
    }

    /// What is noted of that provider.
    fn pause_of(&self, provider: &str) -> io::Result<Option<Parked>> {
        let unwritten = self.lock().unwritten.get(provider).cloned();
        match read(&self.file(provider)) {
            // A file that cannot be replaced any more tells of an older one.
            Ok(written) => Ok(written.into_iter().chain(unwritten).max_by_key(|parked| parked.until)),
            Err(error) => unwritten.map(Some).ok_or(error),
        }
    }

    fn refresh(&self, inner: &mut Inner) {
        let stamp = fs::symlink_metadata(&self.folder).ok().map(|meta| Stamp::of(&meta));
        if stamp.is_some() && stamp == inner.read_at {
            return;
        }
        inner.read_at = stamp;
        let files = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let files = files.filter(|file| file.path().extension().is_some_and(|it| it == "json"));
        let named = |path: PathBuf| {
            let parked = self::read(&path).ok().flatten()?;
            // A copy under another name is nobody's.
            (self.file(&parked.provider) == path).then(|| (parked.provider.clone(), parked))
        };
        inner.parked = files.filter_map(|file| named(file.path())).collect();
        let unwritten: Vec<_> = inner.unwritten.clone().into_iter().collect();
        inner.parked.extend(unwritten);
    }

    fn file(&self, provider: &str) -> PathBuf {
        self.folder.join(format!("{}.json", file_name(provider)))
    }

    fn lock_file(&self, provider: &str) -> PathBuf {
        self.locks.join(format!("provider-{}.lock", file_name(provider)))
    }
}

/// A torn or foreign file is as good as none.
fn read(path: &Path) -> io::Result<Option<Parked>> {
    match plain_file::read(path, Links::Refused, LARGEST) {
        Ok((bytes, _)) => Ok(serde_json::from_slice(&bytes).ok()),
        Err(Unreadable::Io(error)) => Err(error),
        Err(_) => Ok(None),
    }
}

/// A provider's name as that of a file. Two names that become one share their pauses, which harms nobody.
pub(super) fn file_name(provider: &str) -> String {
    let keep = |char: char| if char.is_ascii_alphanumeric() || "-_".contains(char) { char } else { '-' };
    provider.chars().take(LONGEST_NAME).map(keep).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::model::config;
    use crate::os::folders;

    fn workspace() -> (tempfile::TempDir, Dirs) {
        let folder = tempfile::tempdir().unwrap();
        let dirs = Dirs::new(&folder.path().canonicalize().unwrap(), &config::Dirs::default());
        folders::create(&dirs).unwrap();
        (folder, dirs)
    }

    /// Ends the pause, as the passing of time would.
    fn pass_time(providers: &Providers, provider: &str) {
        let parked = read(&providers.file(provider)).unwrap().unwrap();
        let over = Parked { until: clock::now(), ..parked };
        files::write(&providers.file(provider), &serde_json::to_vec(&over).unwrap()).unwrap();
    }

    fn may(providers: &Providers, provider: &str) -> &'static str {
        match providers.ask(provider).unwrap() {
            Asking::Yes(Pass::Free) => "free",
            Asking::Yes(Pass::First(_)) => "first",
            Asking::No(_) => "no",
        }
    }

    #[test]
    fn a_pause_holds_for_all_processes_and_after_a_restart_and_ends_with_an_answer() {
        let (_folder, dirs) = workspace();
        let [one, other] = [(); 2].map(|()| Providers::new(&dirs));
        assert_eq!((may(&one, "acme"), one.closed(clock::now()).len()), ("free", 0));
        let until = clock::now() + Duration::from_secs(3600);
        let parked = one.park("acme", "limit", Some(until)).0;
        assert!(parked.until >= until);
        for providers in [&one, &other, &Providers::new(&dirs)] {
            assert_eq!((may(providers, "acme"), may(providers, "else")), ("no", "free"));
            assert_eq!(providers.closed(clock::now()).keys().collect::<Vec<_>>(), ["acme"]);
        }
        assert!(one.answered("acme").unwrap());
        assert!(!one.answered("acme").unwrap());
        assert_eq!(may(&other, "acme"), "free");
    }

    #[test]
    fn after_a_pause_one_goes_first_and_the_others_wait_for_it() {
        let (_folder, dirs) = workspace();
        let [one, other] = [(); 2].map(|()| Providers::new(&dirs));
        one.park("acme", "limit", None).1.unwrap();
        pass_time(&one, "acme");
        let Asking::Yes(first @ Pass::First(_)) = one.ask("acme").unwrap() else { panic!("nobody goes first") };
        assert_eq!((may(&one, "acme"), may(&other, "acme")), ("no", "no"));
        assert_eq!(other.closed(clock::now()).len(), 1);
        // It dies without a word: the next one goes first.
        drop(first);
        assert_eq!(may(&other, "acme"), "first");
        assert_eq!(other.park("acme", "limit", None).0.times, 2);
    }

    #[test]
    fn who_is_let_through_is_followed_by_nobody_until_it_has_asked() {
        let (_folder, dirs) = workspace();
        let providers = Providers::new(&dirs);
        providers.park("acme", "limit", None).1.unwrap();
        pass_time(&providers, "acme");
        let now = clock::now();
        assert_eq!(providers.closed(now).len(), 0);
        providers.let_through("acme");
        assert_eq!(providers.closed(now).len(), 1);
        assert_eq!(providers.closed(now + TO_ASK + TO_ASK).len(), 0);
    }

    #[test]
    fn those_who_asked_at_the_same_moment_hear_of_one_pause() {
        let (_folder, dirs) = workspace();
        let providers = Providers::new(&dirs);
        for _ in 0..4 {
            assert_eq!(providers.park("acme", "limit", None).0.times, 1);
        }
    }

    #[test]
    fn of_two_pauses_at_the_same_moment_the_longer_one_holds() {
        let (_folder, dirs) = workspace();
        let providers = Providers::new(&dirs);
        let until = clock::now() + Duration::from_secs(36_000);
        for reset in [None, Some(until), None] {
            providers.park("acme", "limit", reset).1.unwrap();
        }
        let Asking::No(parked) = providers.ask("acme").unwrap() else { panic!("it may be asked") };
        assert!(parked.until >= until && parked.times == 1, "{parked:?}");
    }

    #[test]
    fn a_pause_that_cannot_be_written_holds_for_this_process() {
        let (_folder, dirs) = workspace();
        let providers = Providers::new(&dirs);
        fs::create_dir_all(providers.file("acme")).unwrap();
        assert!(providers.park("acme", "limit", None).1.is_err());
        assert_eq!((may(&providers, "acme"), providers.closed(clock::now()).len()), ("no", 1));
        assert_eq!(providers.park("acme", "limit", None).0.times, 1);
        assert!(providers.answered("acme").unwrap());
        fs::remove_dir(providers.file("acme")).unwrap();
        assert_eq!(may(&providers, "acme"), "free");
    }

    #[test]
    fn a_pause_that_cannot_be_written_goes_before_an_older_one_that_was() {
        let (_folder, dirs) = workspace();
        let providers = Providers::new(&dirs);
        let (old, _) = providers.park("acme", "limit", None);
        pass_time(&providers, "acme");
        let later = Parked { until: clock::now() + Duration::from_secs(60), ..old };
        providers.lock().unwritten.insert("acme".to_owned(), later);
        assert_eq!(may(&providers, "acme"), "no");
        assert!(providers.answered("acme").unwrap());
        assert_eq!(may(&providers, "acme"), "free");
    }

    #[test]
    fn a_file_of_another_name_or_another_clock_holds_nobody() {
        let (_folder, dirs) = workspace();
        let providers = Providers::new(&dirs);
        let (parked, _) = providers.park("acme", "limit", None);
        let file = providers.file("acme");
        fs::rename(&file, providers.file("other")).unwrap();
        assert_eq!((may(&providers, "acme"), Providers::new(&dirs).closed(clock::now()).len()), ("free", 0));
        let later = Parked { until: "9999-01-01T00:00:00Z".parse().unwrap(), ..parked };
        files::write(&file, &serde_json::to_vec(&later).unwrap()).unwrap();
        assert_eq!(may(&providers, "acme"), "first");
    }

    #[test]
    fn who_waits_is_told_of_every_change() {
        let (_folder, dirs) = workspace();
        let providers = Providers::new(&dirs);
        let told = Arc::new(AtomicU32::new(0));
        let tells = Arc::clone(&told);
        providers.on_change(move || {
            tells.fetch_add(1, Ordering::Relaxed);
        });
        providers.park("acme", "limit", None).1.unwrap();
        providers.answered("acme").unwrap();
        providers.answered("acme").unwrap();
        assert_eq!(told.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn odd_names_and_torn_files_harm_nothing() {
        let (_folder, dirs) = workspace();
        let providers = Providers::new(&dirs);
        for name in ["../../up", "a/b", "", &"x".repeat(400)] {
            providers.park(name, "limit", None).1.unwrap();
            assert_eq!(may(&providers, name), "no", "{name}");
        }
        std::fs::write(providers.file("torn"), "{").unwrap();
        assert_eq!(may(&providers, "torn"), "free");
        assert!(providers.answered("torn").unwrap());
    }
}
