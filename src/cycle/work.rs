//! **Worked** on: an agent is told the task and runs until it ends or must be ended.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{Seek, SeekFrom};
use std::path::PathBuf;
use std::time::Duration;

use super::attend::with_tail;
use super::notes::Notes;
use super::perform::{Cycle, Infra};
use super::run_program::Program;
use crate::error::Class;
use crate::model::agent::{Agent, Completion, Content, Variables, Via};
use crate::model::choice::{Choice, Overrides};
use crate::model::comment::{body_without_comments, comments};
use crate::model::excerpt;
use crate::model::plan::{Event, Work};
use crate::model::prompt::{self, CommentFacts, Facts};
use crate::model::record::{StepName, StepResult};
use crate::model::signal::{Signal, signals};
use crate::model::task::shell_blocks;
use crate::os::lock::Lock;
use crate::os::process::{Clock, Clocks, Ending, How};

/// The longest argument the kernel takes.
const LONGEST_ARGUMENT: usize = 128 * 1024 - 1;

/// Who works on the task: the worker's own agent, unless the task says otherwise.
pub(super) fn choose(own: &Choice, task: &crate::model::task::Task) -> Choice {
    own.overridden_by(&Overrides { agent: task.agent.clone(), model: task.model.clone(), effort: task.effort.clone() })
}

/// Runs the agent once and says how its turn ended.
pub(super) fn implement(cycle: &mut Cycle<'_>, notes: &mut Notes) -> Result<Event, Infra> {
    let agent = match cycle.settings.agents.find(&cycle.choice) {
        Ok(described) => described.agent.clone(),
        // The task names an agent that nobody described: no other attempt would find it.
        Err(error) if error.class() == Class::Usage => {
            notes.because(Infra::from(error).0);
            return Ok(Event::Worked(Work::NeedsInput));
        }
        Err(error) => return Err(error.into()),
    };
    let prompt = tell(cycle, &agent)?;
    let Some(prompt) = prompt else {
        // Another attempt would find the same, so a person is asked at once.
        let agent = &cycle.choice.agent;
        notes.because(format!(
            "the task has no `sh` block, and the agent `{agent}` runs nothing else: write one, or name another agent"
        ));
        return Ok(Event::Worked(Work::NeedsInput));
    };
    let name = format!("{}-c{}-{}", cycle.bench.worker, notes.cycle, StepName::Implement.as_str());
    let path = cycle.shop.journal.folder().join("prompts").join(format!("{name}.md"));
    fs::write(&path, &prompt)?;
    let argv = command_line(cycle, &agent, &prompt, &path)?;
    let mut program = Program::agent(cycle.shop, cycle.bench, &agent, argv, cycle.claim.record.mark.clone());
    program.clocks = clocks(cycle);
    program.stdin = Some(hand_over(&path, agent.prompt.via)?);
    // Known before the agent is: should we die at its first instruction, the lock on its prompt still tells of it.
    cycle.claim.record.prompt = Some(cycle.shop.dirs.shown(&path));
    cycle.claim.record.write(&cycle.shop.dirs)?;
    for (name, value) in told(cycle, notes) {
        program = program.with_env(name, value);
    }

    let command = shown(&program.argv);
    let attended = cycle.attend(notes, StepName::Implement, &name, program, command)?;
    if let Some(halt) = attended.halt {
        cycle.conclude(notes, attended, StepResult::Interrupted);
        return Ok(Event::Halted(halt));
    }
    let work = judge(&agent, &attended.ending, notes);
    let log_error = attended.ending.log_error.as_ref().map(ToString::to_string);
    let result = match work {
        Work::Failed | Work::TimedOut => StepResult::Failed,
        Work::Ready | Work::Silent | Work::NoChange | Work::NeedsInput | Work::Replan | Work::Done => StepResult::Ok,
    };
    cycle.conclude(notes, attended, result);
    match log_error {
        Some(error) => Err(Infra(format!("cannot write the agent's log: {error}"))),
        None => Ok(Event::Worked(work)),
    }
}

/// What the agent is told; `None` if there is nothing that it could be told.
fn tell(cycle: &Cycle<'_>, agent: &Agent) -> Result<Option<String>, Infra> {
    let task = &cycle.claim.found.task;
    let tag = format!("[swarm:{}:{}]", cycle.shop.journal.run_id(), cycle.bench.worker);
    match agent.prompt.content {
        Content::Script => {
            let blocks = shell_blocks(&task.body);
            Ok((!blocks.is_empty()).then(|| prompt::script(&tag, task, &blocks)))
        }
        Content::Template => {
            let comments = comments(&task.body);
            let facts = Facts {
                run: cycle.shop.journal.run_id(),
                worker: &cycle.bench.worker,
                id: task.id.as_str(),
                title: &task.title,
                domain: task.domain.as_deref(),
                body: body_without_comments(&task.body),
                acceptance: &task.acceptance,
                comments: comments.iter().map(CommentFacts::of).collect(),
                feedback: task.progress.feedback.as_deref(),
                attempt: cycle.claim.record.attempt,
                base: &cycle.shop.base,
                base_short: cycle.base.short(),
                gates: cycle.gates().iter().map(|gate| gate.run.as_str()).collect(),
                protected: &cycle.settings.config.protected,
                completion: match agent.completion {
                    Completion::Signal => "signal",
                    Completion::Exit => "exit",
                },
            };
            let template = cycle.settings.agents.prompt("worker").unwrap_or_default();
            prompt::render(template, &facts)
                .map(Some)
                .map_err(|bad| Infra(format!("config/prompts/worker.md:{}: {bad}", bad.line.unwrap_or(0))))
        }
    }
}

/// Opens and locks the prompt for the agent to read: the open file carries the lock into the agent, so that
/// it is held while the worker or the agent lives. An agent that gets its prompt in another way finds the end
/// of the file at once, which cures those that wait for more.
fn hand_over(path: &std::path::Path, via: Via) -> Result<File, Infra> {
    let Some(lock) = Lock::try_exclusive(path)? else {
        return Err(Infra(format!("{} is locked by another process", path.display())));
    };
    let mut file = lock.hand_over()?;
    match via {
        Via::Stdin => {}
        Via::File | Via::Arg => drop(file.seek(SeekFrom::End(0))?),
    }
    Ok(file)
}

fn command_line(
    cycle: &Cycle<'_>,
    agent: &Agent,
    prompt: &str,
    path: &std::path::Path,
) -> Result<Vec<OsString>, Infra> {
    if agent.prompt.via == Via::Arg && prompt.len() > LONGEST_ARGUMENT {
        return Err(Infra(format!(
            "the prompt has {} bytes, and the system passes {LONGEST_ARGUMENT} as an argument: let {} read it from its standard input or a file",
            prompt.len(),
            cycle.choice.agent
        )));
    }
    let path = path.display().to_string();
    let worktree = cycle.bench.slot.path().display().to_string();
    let run_folder = cycle.shop.journal.folder().display().to_string();
    let values = Variables::from([
        ("prompt", prompt),
        ("prompt_file", path.as_str()),
        ("worktree", worktree.as_str()),
        ("model", cycle.choice.model.as_deref().unwrap_or_default()),
        ("effort", cycle.choice.effort.as_deref().unwrap_or_default()),
        ("task", cycle.claim.id.as_str()),
        ("run_dir", run_folder.as_str()),
    ]);
    let mut argv: Vec<OsString> = agent.command_line(&values).into_iter().map(OsString::from).collect();
    // A program that is named by a path is the workspace's own, not the worktree's copy of it.
    if let Some(program) = argv.first_mut()
        && program.as_encoded_bytes().contains(&b'/')
    {
        *program = cycle.shop.dirs.root().join(&program).into_os_string();
    }
    Ok(argv)
}

/// The three clocks; what the task says goes before the settings.
fn clocks(cycle: &Cycle<'_>) -> Clocks {
    let limits = &cycle.settings.config.limits;
    Clocks {
        start_silence: Some(limits.start_silence.unwrap_or(limits.silence)),
        silence: Some(limits.silence),
        total: Some(cycle.claim.found.task.timeout.unwrap_or(limits.timeout)),
    }
}

/// What the agent's environment says about its task.
fn told(cycle: &Cycle<'_>, notes: &Notes) -> [(&'static str, OsString); 5] {
    let file: PathBuf = cycle.shop.dirs.task(crate::model::state::State::Current, &cycle.claim.id);
    [
        ("SWARM_TASK", cycle.claim.id.as_str().into()),
        ("SWARM_TASK_FILE", file.into_os_string()),
        ("SWARM_CYCLE", notes.cycle.to_string().into()),
        ("SWARM_ATTEMPT", notes.attempt.to_string().into()),
        ("SWARM_OUTBOX", super::outbox::folder(cycle.bench).into_os_string()),
    ]
}

/// How the turn ended: the exit code and the clocks first, then what the agent says.
fn judge(agent: &Agent, ending: &Ending, notes: &mut Notes) -> Work {
    let said = String::from_utf8_lossy(&ending.tail);
    match ending.how {
        How::TimedOut(clock) => {
            notes.because(timed_out(clock, ending.duration, &said));
            return Work::TimedOut;
        }
        How::Exited(0) => {}
        How::Exited(code) => {
            notes.because(with_tail(format!("the agent failed with exit code {code}"), &said));
            return Work::Failed;
        }
        How::Signalled(signal) => {
            notes.because(with_tail(format!("the agent was ended by signal {signal}"), &said));
            return Work::Failed;
        }
        How::Interrupted => {
            notes.because("the agent was ended from outside");
            return Work::Failed;
        }
    }
    let found = signals(&said);
    notes.signals = found.iter().map(|signal| signal.word().to_owned()).collect();
    match found.into_iter().next() {
        Some(Signal::Ready) => Work::Ready,
        Some(Signal::NeedsInput(question)) => {
            notes.because(question);
            Work::NeedsInput
        }
        Some(Signal::Replan(reason)) => {
            notes.because(reason);
            Work::Replan
        }
        Some(Signal::NoChange(reason)) => {
            notes.because(format!(
                "the agent says that nothing needs to change: {reason} (where that is right, write `expect: no_change` \
                 into the task)"
            ));
            Work::NoChange
        }
        Some(Signal::Done) => {
            notes.because("the agent has nothing more to do");
            Work::Done
        }
        Some(Signal::Claim(_)) | None => match agent.completion {
            Completion::Exit => Work::Ready,
            Completion::Signal => {
                notes.because(with_tail("the agent ended without saying how the work stands".to_owned(), &said));
                Work::Silent
            }
        },
    }
}

fn timed_out(clock: Clock, after: Duration, said: &str) -> String {
    let seconds = after.as_secs();
    let what = match clock {
        Clock::StartSilence => format!("the agent printed nothing for {seconds} s and was ended"),
        Clock::Silence => format!("the agent fell silent and was ended after {seconds} s"),
        Clock::Total => format!("the agent took longer than it may and was ended after {seconds} s"),
    };
    with_tail(what, said)
}

/// A command line as a person reads it, without the prompt it may carry.
fn shown(argv: &[OsString]) -> String {
    let parts: Vec<String> = argv.iter().map(|part| excerpt::shorten(&part.to_string_lossy(), 200)).collect();
    parts.join(" ")
}
