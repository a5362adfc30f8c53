//! Places at providers, with real locks, threads and processes.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use super::*;

fn wake() -> Arc<Wake> {
    Arc::new(Wake::new().unwrap())
}

fn turns(folder: &Path) -> Turns {
    Turns::new(folder.to_owned())
}

fn enter(turns: &Turns, most: u32) -> Place {
    turns.enter("acme", &wake(), &|| Some(most), &mut |_| {}, &mut || false).unwrap().unwrap()
}

/// Tries once.
fn try_enter(turns: &Turns, most: u32) -> Option<Place> {
    turns.enter("acme", &wake(), &|| Some(most), &mut |_| {}, &mut || true).unwrap()
}

fn is_full(turns: &Turns, most: u32, asker: Option<&Arc<Wake>>) -> bool {
    !turns.full(&BTreeMap::from([("acme".to_owned(), most)]), asker, Timestamp::UNIX_EPOCH).is_empty()
}

#[test]
fn there_are_as_many_places_as_may_be_and_each_is_free_again_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let [one, other] = [(); 2].map(|()| turns(folder.path()));
    let first = enter(&one, 2);
    assert!(!is_full(&other, 2, None));
    let second = enter(&other, 2);
    assert!(is_full(&one, 2, None) && is_full(&other, 2, None));
    assert!(try_enter(&one, 2).is_none() && try_enter(&other, 2).is_none());
    assert_eq!(one.under_way([&"acme".to_owned(), &"else".to_owned()].into_iter())["acme"], 2);
    drop(first);
    assert!(!is_full(&other, 2, None));
    let third = try_enter(&other, 2);
    assert!(third.is_some() && try_enter(&one, 2).is_none());
    drop((second, third));
}

#[test]
fn turns_that_began_when_more_were_allowed_count_and_nobody_counts_where_there_is_no_cap() {
    let folder = tempfile::tempdir().unwrap();
    let turns = turns(folder.path());
    let mut places = [(); 3].map(|()| Some(enter(&turns, 3)));
    for (freed, is_free) in [(0, false), (2, false), (1, true)] {
        places[freed] = None;
        assert_eq!(try_enter(&turns, 1).is_some(), is_free, "{freed}");
    }
    let held = enter(&turns, 1);
    assert!(turns.enter("acme", &wake(), &|| None, &mut |_| {}, &mut || true).unwrap().is_some());
    drop(held);
}

#[test]
fn who_waits_is_woken_when_a_place_gets_free_here_or_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    for elsewhere in [false, true] {
        let here = turns(folder.path());
        let there = turns(folder.path());
        let held = enter(if elsewhere { &there } else { &here }, 1);
        let (tell, hear) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                let waits = &mut |most| tell.send(Err(most)).unwrap();
                let place = here.enter("acme", &wake(), &|| Some(1), waits, &mut || false).unwrap();
                tell.send(Ok(place.is_some())).unwrap();
            });
            assert_eq!(hear.recv().unwrap(), Err(1));
            // It listens before it looks the last time, so wherever it is now, it finds the place.
            let began = Instant::now();
            drop(held);
            assert_eq!(hear.recv().unwrap(), Ok(true));
            assert!(began.elapsed() < AGAIN, "it was not told");
        });
    }
}

#[test]
fn a_place_is_free_when_its_process_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let turns = turns(folder.path());
    drop(enter(&turns, 1));
    let file = folder.path().join("provider-acme.1.lock");
    // As a process of ours holds it: locked, and open for writing.
    let mut holder = Command::new("flock")
        .args([file.as_os_str(), "sh".as_ref(), "-c".as_ref()])
        .arg(format!("exec 9>>'{}'; echo held; exec sleep 1000", file.display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(holder.stdout.take().unwrap()), &mut said).unwrap();
    assert!(is_full(&turns, 1, None) && try_enter(&turns, 1).is_none());
    let (tell, hear) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(|| {
            let waits = &mut |_| tell.send(()).unwrap();
            drop(turns.enter("acme", &wake(), &|| Some(1), waits, &mut || false).unwrap());
            tell.send(()).unwrap();
        });
        hear.recv().unwrap();
        let began = Instant::now();
        // `flock` waits for its child, and both hold the lock.
        let child = format!("/proc/{0}/task/{0}/children", holder.id());
        for pid in std::fs::read_to_string(child).unwrap().split_whitespace() {
            let pid = rustix::process::Pid::from_raw(pid.parse().unwrap()).unwrap();
            rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        }
        holder.kill().unwrap();
        holder.wait().unwrap();
        hear.recv().unwrap();
        assert!(began.elapsed() < AGAIN, "nobody was told");
    });
}

#[test]
fn those_who_wait_get_their_places_in_order_and_never_more_than_there_are() {
    let folder = tempfile::tempdir().unwrap();
    let processes = [(); 2].map(|()| turns(folder.path()));
    let (inside, most, done) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for turns in processes.iter().cycle().take(8) {
            scope.spawn(|| {
                for _ in 0..10 {
                    let place = enter(turns, 2);
                    most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    thread::yield_now();
                    inside.fetch_sub(1, Ordering::SeqCst);
                    drop(place);
                    done.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    });
    assert_eq!(done.into_inner(), 80);
    assert!(most.into_inner() <= 2);
    assert!(!is_full(&processes[0], 1, None));
}

#[test]
fn who_gives_up_leaves_the_line_to_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let turns = turns(folder.path());
    let held = enter(&turns, 1);
    let (first, stops) = (wake(), AtomicBool::new(false));
    let (tell, hear) = mpsc::channel();
    thread::scope(|scope| {
        let (turns, first, stops, gone) = (&turns, &first, &stops, tell.clone());
        scope.spawn(move || {
            let waits = &mut |_| gone.send("first waits").unwrap();
            let place = turns.enter("acme", first, &|| Some(1), waits, &mut || stops.load(Ordering::SeqCst)).unwrap();
            assert!(place.is_none());
            gone.send("first has gone").unwrap();
        });
        assert_eq!(hear.recv().unwrap(), "first waits");
        scope.spawn(move || {
            let waits = &mut |_| tell.send("second waits").unwrap();
            let place = turns.enter("acme", &wake(), &|| Some(1), waits, &mut || false).unwrap();
            assert!(place.is_some());
            tell.send("second has it").unwrap();
        });
        assert_eq!(hear.recv().unwrap(), "second waits");
        stops.store(true, Ordering::SeqCst);
        first.poke();
        assert_eq!(hear.recv().unwrap(), "first has gone");
        drop(held);
        assert_eq!(hear.recv().unwrap(), "second has it");
    });
}

#[test]
fn what_is_promised_to_one_is_not_left_for_another() {
    let folder = tempfile::tempdir().unwrap();
    let turns = turns(folder.path());
    let told = Arc::new(AtomicUsize::new(0));
    let tells = Arc::clone(&told);
    turns.on_change(move || {
        tells.fetch_add(1, Ordering::SeqCst);
    });
    let (one, other) = (wake(), wake());
    turns.promise("acme", &one);
    turns.promise("acme", &one);
    assert!(is_full(&turns, 1, Some(&other)) && is_full(&turns, 1, None));
    assert!(!is_full(&turns, 1, Some(&one)) && !is_full(&turns, 2, Some(&other)));
    turns.forget(&one);
    turns.forget(&one);
    assert!(!is_full(&turns, 1, Some(&other)));
    assert_eq!(told.load(Ordering::SeqCst), 1);
    turns.promise("acme", &one);
    let place = turns.enter("acme", &one, &|| Some(1), &mut |_| {}, &mut || true).unwrap();
    drop(place);
    assert!(!is_full(&turns, 1, Some(&other)), "it has had its turn");
}
