//! Supervises one agent or gate from its start until nothing of it is left.

use std::fs::{File, Metadata};
use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant};

use super::children::Own;
use super::clocks::Moments;
use super::evidence::Traces;
use super::log::Log;
use super::output::Output;
use super::proc_fs::FileId;
use super::sweep::sweep;
use super::{Clock, Clocks, Ending, How, Identity, Mark, SendTo, Spec, StopStep, Verdict, Wake, Watch};
use super::{program, ready};

/// Why a run is over, before the child's own word on it is known.
enum Cause {
    ItEnded,
    Clock(Clock),
    Asked,
}

/// What one sleep brought.
struct News {
    has_ended: bool,
    must_end: bool,
}

/// Runs `spec` to its end on this thread and then ends whatever it left behind.
///
/// `wake` reaches it from other threads; `watch` hears what happens. If the wake is already ending, nothing is
/// started. Fails if the child cannot be started ([`io::ErrorKind::NotFound`]: there is no such program), or cannot
/// be ended even by a kill. A log that cannot be written is told in the [`Ending`] and harms nobody.
pub fn run(mut spec: Spec, wake: &Wake, watch: &mut dyn Watch) -> io::Result<Ending> {
    if wake.is_ending() {
        return Ok(Ending {
            how: How::Interrupted,
            duration: Duration::ZERO,
            tail: Vec::new(),
            printed_bytes: 0,
            log_error: None,
            strays: Vec::new(),
        });
    }
    let (reader, writer) = io::pipe()?;
    let files = files_of(&spec, &reader)?;
    let folder = spec.folder.canonicalize();
    let child = program::start(&mut spec, writer)?;
    let started = Instant::now();
    let output = Output::new(reader, Log::new(spec.log, spec.log_bytes))?;
    let mut supervisor = Supervisor { child, output, started, given: None };

    let cause = supervisor.watch_over(&spec.clocks, wake, watch)?;
    if !matches!(cause, Cause::ItEnded) {
        supervisor.stop(&spec.stop, watch)?;
    }
    supervisor.finish(&cause, &spec.mark, folder.ok().as_deref(), &files, watch)
}

/// What only this run has open: its pipe, and what it reads if that is a file of its own.
fn files_of(spec: &Spec, pipe: &io::PipeReader) -> io::Result<Vec<FileId>> {
    let mut files = vec![FileId::of(pipe)?];
    if let Some(stdin) = &spec.stdin
        && File::metadata(stdin).as_ref().is_ok_and(Metadata::is_file)
    {
        files.push(FileId::of(stdin)?);
    }
    Ok(files)
}

struct Supervisor {
    child: Own,
    output: Output,
    started: Instant,
    /// Since when it has been given how long to end.
    given: Option<(Instant, Duration)>,
}

impl Supervisor {
    fn watch_over(&mut self, clocks: &Clocks, wake: &Wake, watch: &mut dyn Watch) -> io::Result<Cause> {
        let identity = Identity::of(self.child.pid().as_raw_nonzero().get().unsigned_abs())?;
        if watch.started(&identity) == Verdict::End {
            return Ok(Cause::Asked);
        }
        loop {
            let due = clocks.next(self.moments());
            let news = self.sleep(due.map(|(due, _)| due), Some(wake), watch)?;
            if news.has_ended {
                return Ok(Cause::ItEnded);
            }
            if news.must_end {
                return Ok(Cause::Asked);
            }
            // Asked again, because what it has just printed may have moved the deadline.
            if let Some((due, clock)) = clocks.next(self.moments())
                && Instant::now() >= due
            {
                return Ok(Cause::Clock(clock));
            }
        }
    }

    fn moments(&self) -> Moments {
        let given = self.given.and_then(|(since, within)| since.checked_add(within));
        Moments { started: self.started, spoke: self.output.spoke(), given }
    }

    /// Sleeps until there is news or `until` has come, and takes what was printed.
    fn sleep(&mut self, until: Option<Instant>, wake: Option<&Wake>, watch: &mut dyn Watch) -> io::Result<News> {
        let fds = [Some(self.child.as_fd()), self.output.pipe(), wake.map(AsFd::as_fd)];
        let [has_ended, has_printed, is_woken] = ready::wait(fds, until)?;
        let mut must_end = false;
        if has_printed {
            match self.output.take(watch)? {
                None => {}
                Some(Verdict::GoOn) => self.given = None,
                Some(Verdict::EndWithin(within)) => {
                    let since = self.given.filter(|given| given.1 == within).map_or_else(Instant::now, |given| given.0);
                    self.given = Some((since, within));
                }
                Some(Verdict::End) => must_end = true,
            }
        }
        if let (true, Some(wake)) = (is_woken, wake) {
            // Silenced before the look: what happens during the look rings again.
            wake.hush();
            must_end |= wake.is_ending() || watch.look() == Verdict::End;
        }
        Ok(News { has_ended, must_end })
    }

    /// Asks the child to end, step by step, then makes it.
    fn stop(&mut self, steps: &[StopStep], watch: &mut dyn Watch) -> io::Result<()> {
        for step in steps {
            match step.to {
                SendTo::Group => self.child.signal_group(step.signal),
                SendTo::Pid => self.child.signal(step.signal),
            }
            let until = ready::after(step.wait);
            loop {
                if self.sleep(until, None, watch)?.has_ended {
                    return Ok(());
                }
                if until.is_some_and(|until| Instant::now() >= until) {
                    break;
                }
            }
        }
        self.child.kill()
    }

    fn finish(
        mut self,
        cause: &Cause,
        mark: &Mark,
        folder: Option<&Path>,
        files: &[FileId],
        watch: &mut dyn Watch,
    ) -> io::Result<Ending> {
        let duration = self.started.elapsed();
        let group = Some(self.child.pid().as_raw_nonzero().get());
        let traces = Traces { mark, group, folder, files };
        // The sweep before the child is waited for: until then its number is surely its group's. And before the last
        // of the output is taken: nobody prints any more after it.
        let strays = sweep(&traces)?;
        self.output.take(watch)?;
        let status = self.child.reap()?;
        let (printed_bytes, tail, log_error) = self.output.finish();
        let how = match cause {
            Cause::ItEnded => How::by_itself(status),
            Cause::Clock(clock) => How::TimedOut(*clock),
            Cause::Asked => How::Interrupted,
        };
        Ok(Ending { how, duration, tail, printed_bytes, log_error, strays })
    }
}
