//! How many turns are under way at a provider, where the settings say how many may be: over all threads of this process
//! and all processes of the workspace.
//!
//! A turn holds one of the provider's places, a kernel lock in `.swarm/locks/`, which is free the moment its process is
//! dead. Within a process those who wait stand in line, and are woken when a place gets free. What another process frees
//! is heard from the kernel: whoever holds a place has its file open for writing a second time and never writes, and
//! inotify tells when that is closed. Whoever only tries opens it for reading, so that trying wakes nobody.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use super::lock::{Lock, is_held};
use super::lock_table::LockTable;
use super::process::Wake;
use crate::model::pick::Full;

/// What the names of the places' files begin with.
const PREFIX: &str = "provider-";

/// How long somebody waits before he looks again, should nobody wake him: where the kernel tells nothing.
const AGAIN: Duration = Duration::from_secs(5);

/// The same just after he was woken: a file is closed a moment before its lock is free, where its process was killed.
const SOON: Duration = Duration::from_millis(50);

/// The places at all providers, as this process knows them.
pub struct Turns {
    locks: PathBuf,
    shared: Arc<Shared>,
    watcher: OnceLock<Option<RecommendedWatcher>>,
}

#[derive(Default)]
struct Shared {
    inner: Mutex<Inner>,
    changed: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

/// Who of this process is about to have a turn, by provider; each is known by what wakes him.
#[derive(Default)]
struct Inner {
    /// Those who wait for a place, in order.
    line: Vec<(String, Arc<Wake>)>,
    /// Those who have claimed a task and have not come to their first turn yet.
    promised: Vec<(String, Arc<Wake>)>,
}

/// A place at a provider; free again when it is dropped.
#[must_use = "the place is free again when this is dropped"]
pub struct Place {
    lock: Option<Lock>,
    bell: Option<File>,
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Turns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Turns").field("locks", &self.locks).finish_non_exhaustive()
    }
}

impl Turns {
    /// The places whose locks are in the folder `locks`; nothing is looked at yet.
    pub(super) fn new(locks: PathBuf) -> Self {
        Self { locks, shared: Arc::default(), watcher: OnceLock::new() }
    }

    /// Calls `tell` whenever a place may have got free.
    pub(super) fn on_change(&self, tell: impl Fn() + Send + Sync + 'static) {
        // There is one run in a process.
        let _ = self.shared.changed.set(Box::new(tell));
    }

    /// Everybody looks again: how many may be asked at a time has changed.
    pub fn ring(&self) {
        self.shared.ring();
    }

    /// Whoever is woken by `wake` is about to have a turn there: one less is left for others of this process.
    pub fn promise(&self, provider: &str, wake: &Arc<Wake>) {
        let mut inner = self.shared.lock();
        inner.promised.retain(|(_, other)| !Arc::ptr_eq(other, wake));
        inner.promised.push((provider.to_owned(), Arc::clone(wake)));
    }

    /// He is not any more.
    pub fn forget(&self, wake: &Arc<Wake>) {
        if self.shared.forget(wake).is_some() {
            self.shared.ring();
        }
    }

    /// Those of the providers in `caps`, each with how many turns may be under way at a time, that have no place left for
    /// somebody who is not about to have one. What was promised to whoever is woken by `asker` is his own.
    pub fn full(
        &self,
        caps: &BTreeMap<String, u32>,
        asker: Option<&Arc<Wake>>,
        now: Timestamp,
    ) -> BTreeMap<String, Full> {
        if caps.is_empty() {
            return BTreeMap::new();
        }
        let under_way = self.under_way(caps.keys());
        let inner = self.shared.lock();
        let is_asker = |wake: &Arc<Wake>| asker.is_some_and(|asker| Arc::ptr_eq(asker, wake));
        let full = caps.iter().filter_map(|(provider, most)| {
            let about = inner.line.iter().chain(&inner.promised);
            let about = about.filter(|(other, wake)| other == provider && !is_asker(wake)).count();
            let all = under_way.get(provider).copied().unwrap_or_default().saturating_add(about);
            let full = || Full { provider: provider.clone(), most: *most, again: now + AGAIN };
            (all >= *most as usize).then(|| (provider.clone(), full()))
        });
        full.collect()
    }

    /// How many turns are under way at each of these providers.
    pub fn under_way<'a>(&self, providers: impl Iterator<Item = &'a String>) -> BTreeMap<String, usize> {
        let table = LockTable::read(&self.locks);
        let is_taken = |path: &PathBuf| match &table {
            Some(table) => table.holds(path),
            None => is_held(path).unwrap_or(true),
        };
        let count = |provider: &String| self.files(provider, 1).filter(is_taken).count();
        providers.map(|provider| (provider.clone(), count(provider))).collect()
    }

    /// Waits for a place at that provider, behind all others of this process that wait for one; `most` says how many
    /// there are, nothing where nobody counts. `waits` is told once that there is none; `gives_up` is asked whenever
    /// `wake` has rung. Gives nothing where that said so.
    pub fn enter(
        &self,
        provider: &str,
        wake: &Arc<Wake>,
        most: &dyn Fn() -> Option<u32>,
        waits: &mut dyn FnMut(u32),
        gives_up: &mut dyn FnMut() -> bool,
    ) -> io::Result<Option<Place>> {
        let queued = Queued::join(&self.shared, provider, wake);
        let (mut has_waited, mut pause) = (false, AGAIN);
        loop {
            let Some(most) = most() else {
                return Ok(Some(Place { lock: None, bell: None, shared: Arc::clone(&self.shared) }));
            };
            if queued.is_first()
                && let Some(place) = self.take(provider, most)?
            {
                return Ok(Some(place));
            }
            if gives_up() {
                drop(queued);
                self.shared.ring();
                return Ok(None);
            }
            if !has_waited {
                has_waited = true;
                waits(most);
                self.listen();
                // It may have got free before anybody listened.
                continue;
            }
            pause = if wake.wait(pause)? { SOON } else { AGAIN };
        }
    }

    /// Takes a place, if one is free.
    fn take(&self, provider: &str, most: u32) -> io::Result<Option<Place>> {
        // Turns that began when more were allowed.
        let beyond = self.files(provider, most.saturating_add(1)).filter(|path| is_held(path).unwrap_or(true)).count();
        let mut free = Vec::new();
        for number in 1..=most {
            let path = self.file(provider, number);
            if let Some(lock) = Lock::try_exclusive_on(open(&path)?)? {
                free.push((lock, path));
                if free.len() > beyond {
                    break;
                }
            }
        }
        if free.len() <= beyond {
            return Ok(None);
        }
        let (lock, path) = free.swap_remove(0);
        let bell = OpenOptions::new().write(true).open(path)?;
        Ok(Some(Place { lock: Some(lock), bell: Some(bell), shared: Arc::clone(&self.shared) }))
    }

    /// Hears of places that other processes free, from now on.
    pub fn listen(&self) {
        self.watcher.get_or_init(|| {
            let shared = Arc::clone(&self.shared);
            let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| match event {
                Ok(event) if !event.need_rescan() => {
                    let is_place = |path: &PathBuf| {
                        path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(PREFIX.as_bytes()))
                    };
                    let is_closed = event.kind == EventKind::Access(AccessKind::Close(AccessMode::Write));
                    if is_closed && event.paths.iter().any(is_place) {
                        shared.ring();
                    }
                }
                Ok(_) | Err(_) => shared.ring(),
            });
            // Where it fails, those who wait look again by themselves.
            let mut watcher = watcher.ok()?;
            watcher.watch(&self.locks, RecursiveMode::NonRecursive).ok()?;
            Some(watcher)
        });
    }

    /// The files of the places from that number on; they were made in the order of their numbers.
    fn files(&self, provider: &str, from: u32) -> impl Iterator<Item = PathBuf> {
        let numbers = (from..).map_while(|number| Some(self.file(provider, number)).filter(|path| path.exists()));
        numbers.collect::<Vec<_>>().into_iter()
    }

    fn file(&self, provider: &str, number: u32) -> PathBuf {
        // A name has no dot, so no place is another one's, nor the lock of whoever asks first.
        self.locks.join(format!("{PREFIX}{}.{number}.lock", super::providers::file_name(provider)))
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn poke_the_line(&self) {
        self.lock().line.iter().for_each(|(_, wake)| wake.poke());
    }

    fn ring(&self) {
        self.poke_the_line();
        if let Some(changed) = self.changed.get() {
            changed();
        }
    }

    /// Gives where it was promised something.
    fn forget(&self, wake: &Arc<Wake>) -> Option<String> {
        let promised = &mut self.lock().promised;
        let at = promised.iter().position(|(_, other)| Arc::ptr_eq(other, wake))?;
        Some(promised.remove(at).0)
    }
}

/// Somebody in line; he leaves it when this is dropped.
struct Queued<'a> {
    shared: &'a Shared,
    provider: &'a str,
    wake: &'a Arc<Wake>,
}

impl<'a> Queued<'a> {
    fn join(shared: &'a Shared, provider: &'a str, wake: &'a Arc<Wake>) -> Self {
        // From now on he stands in line instead.
        let promised = shared.forget(wake);
        shared.lock().line.push((provider.to_owned(), Arc::clone(wake)));
        if promised.is_some_and(|promised| promised != provider) {
            shared.ring();
        }
        Self { shared, provider, wake }
    }

    fn is_first(&self) -> bool {
        let inner = self.shared.lock();
        let first = inner.line.iter().find(|(provider, _)| provider == self.provider);
        first.is_some_and(|(_, wake)| Arc::ptr_eq(wake, self.wake))
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.shared.lock().line.retain(|(_, wake)| !Arc::ptr_eq(wake, self.wake));
        // The next one may find another place.
        self.shared.poke_the_line();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let was_counted = self.lock.is_some();
        drop(self.lock.take());
        drop(self.bell.take());
        if was_counted {
            self.shared.ring();
        }
    }
}

/// Opens a place's file for reading, and makes it where there is none.
fn open(path: &Path) -> io::Result<File> {
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
            File::open(path)
        }
        opened => opened,
    }
}

#[cfg(test)]
mod tests;
