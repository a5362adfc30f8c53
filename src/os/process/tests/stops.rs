//! Clocks that run out and bells that ring.

use std::thread;
use std::time::{Duration, Instant};

use super::super::*;
use super::support::*;

const SHORT: Duration = Duration::from_millis(150);

fn clocks(start_silence: Option<Duration>, silence: Option<Duration>, total: Option<Duration>) -> Clocks {
    Clocks { start_silence, silence, total }
}

#[test]
fn an_agent_that_never_starts_to_talk_is_ended() {
    let clocks = clocks(Some(SHORT), Some(LONG), Some(LONG));
    let ended = agent(&["hang"]).with(|spec| spec.clocks = clocks).run();
    assert_eq!(ended.ending.how, How::TimedOut(Clock::StartSilence));
    assert!(ended.ending.duration >= SHORT && ended.ending.duration < LONG);
}

#[test]
fn an_agent_that_falls_silent_is_ended() {
    let clocks = clocks(Some(LONG), Some(SHORT), Some(LONG));
    let ended = agent(&["say I have finished", "hang"]).with(|spec| spec.clocks = clocks).run();
    assert_eq!(ended.ending.how, How::TimedOut(Clock::Silence));
    assert_eq!(ended.text(), "I have finished\n");
}

#[test]
fn an_agent_that_closes_its_output_is_silent() {
    let clocks = clocks(None, Some(SHORT), Some(LONG));
    let ended = agent(&["close output", "hang"]).with(|spec| spec.clocks = clocks).run();
    assert_eq!(ended.ending.how, How::TimedOut(Clock::Silence));
}

#[test]
fn an_agent_that_talks_for_ever_runs_out_of_its_time() {
    let clocks = clocks(Some(LONG), Some(LONG), Some(SHORT));
    for steps in [["chatter 1"], ["flood 999999999999"]] {
        let ended = agent(&steps).with(|spec| (spec.clocks, spec.log_bytes) = (clocks, 1000)).run();
        assert_eq!(ended.ending.how, How::TimedOut(Clock::Total));
        assert!(ended.ending.printed_bytes > 0);
    }
}

#[test]
fn a_polite_agent_may_still_say_goodbye() {
    let clocks = clocks(None, Some(SHORT), None);
    let stop = vec![StopStep { signal: Signal::INT, to: SendTo::Pid, wait: LONG }];
    let ended = agent(&["polite goodbye"]).with(|spec| (spec.clocks, spec.stop) = (clocks, stop)).run();
    // Its exit code 0 after a signal is not a success.
    assert_eq!(ended.ending.how, How::TimedOut(Clock::Silence));
    assert_eq!(ended.text(), "listening\ngoodbye\n");
    assert!(ended.ending.duration < LONG);
}

#[test]
fn a_deaf_agent_is_killed() {
    let clocks = clocks(None, Some(SHORT), None);
    for stop in [TERM_THEN_KILL.to_vec(), TERM_THEN_KILL[..1].to_vec(), Vec::new()] {
        let ended = agent(&["deaf", "say cannot hear you", "hang"]);
        let ended = ended.with(|spec| (spec.clocks, spec.stop) = (clocks, stop)).run();
        assert_eq!(ended.ending.how, How::TimedOut(Clock::Silence));
        assert!(ended.ending.duration < LONG);
    }
}

#[test]
fn the_wake_ends_a_run_from_another_thread() {
    let wake = Wake::new().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(30));
            wake.end_now();
        });
        let ended = agent(&["hang"]).run_with(&wake, &mut ());
        assert_eq!(ended.ending.how, How::Interrupted);
        assert!(ended.ending.duration < LONG);
    });
}

#[test]
fn a_wake_that_is_ending_starts_nothing_until_it_is_reset() {
    let wake = Wake::new().unwrap();
    wake.end_now();
    let ended = agent(&["write work.txt x"]).run_with(&wake, &mut ());
    assert_eq!(ended.ending.how, How::Interrupted);
    assert!(!ended.folder.path().join("work/work.txt").exists());
    wake.reset();
    assert_eq!(agent(&["exit 5"]).run_with(&wake, &mut ()).ending.how, How::Exited(5));
}

/// Counts the looks and says no at the last.
struct Looks {
    left: usize,
}

impl Watch for Looks {
    fn look(&mut self) -> Verdict {
        self.left -= 1;
        if self.left == 0 { Verdict::End } else { Verdict::GoOn }
    }
}

#[test]
fn a_poke_before_the_start_is_heard() {
    let wake = Wake::new().unwrap();
    wake.poke();
    let ended = agent(&["hang"]).run_with(&wake, &mut Looks { left: 1 });
    assert_eq!(ended.ending.how, How::Interrupted);
}

#[test]
fn every_poke_makes_it_look_again_and_only_the_verdict_ends_it() {
    let wake = Wake::new().unwrap();
    thread::scope(|scope| {
        let running = scope.spawn(|| agent(&["hang"]).run_with(&wake, &mut Looks { left: 3 }));
        wait_until("the third look", || {
            wake.poke();
            running.is_finished()
        });
        assert_eq!(running.join().unwrap().ending.how, How::Interrupted);
    });
}

#[test]
fn what_it_prints_may_end_it() {
    struct Listener(Vec<u8>);
    impl Watch for Listener {
        fn printed(&mut self, bytes: &[u8]) -> Verdict {
            self.0.extend_from_slice(bytes);
            if self.0.ends_with(b"limit reached\n") { Verdict::End } else { Verdict::GoOn }
        }
    }
    let ended = agent(&["say limit reached", "hang"]).run_with(&Wake::new().unwrap(), &mut Listener(Vec::new()));
    assert_eq!(ended.ending.how, How::Interrupted);
}

#[test]
fn one_that_is_given_a_while_to_end_may_do_so_by_itself() {
    struct Listener(Duration);
    impl Watch for Listener {
        fn printed(&mut self, bytes: &[u8]) -> Verdict {
            if bytes.ends_with(b"done\n") { Verdict::EndWithin(self.0) } else { Verdict::GoOn }
        }
    }
    let ended = |steps: &[&str], within, total| {
        let agent = agent(steps).with(|spec| spec.clocks = clocks(None, None, Some(total)));
        agent.run_with(&Wake::new().unwrap(), &mut Listener(within)).ending.how
    };
    assert_eq!(ended(&["say done", "hang"], SHORT, LONG), How::TimedOut(Clock::Given));
    assert_eq!(ended(&["say done"], LONG, LONG), How::Exited(0));
    // It takes its word back.
    assert_eq!(ended(&["say done", "say not yet", "hang"], SHORT, 2 * SHORT), How::TimedOut(Clock::Total));
}

#[test]
fn a_start_that_could_not_be_recorded_ends_it() {
    struct Full;
    impl Watch for Full {
        fn started(&mut self, _: &Identity) -> Verdict {
            Verdict::End
        }
    }
    let begun = Instant::now();
    assert_eq!(agent(&["hang"]).run_with(&Wake::new().unwrap(), &mut Full).ending.how, How::Interrupted);
    assert!(begun.elapsed() < LONG);
}
