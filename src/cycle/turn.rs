//! One turn of an agent: it is told something, runs in the worktree until it ends or must be ended, and has said
//! something.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::attend::Attended;
use super::case::Cycle;
use super::claim::{Later, OpenTurn};
use super::courtesy::Unasked;
use super::ended::{Ended, judge_end};
use super::listener::Listener;
use super::mandate::Stage;
use super::notes::{Notes, Rest, Spent};
use super::perform::{Infra, sentence};
use super::run_program::{Program, settings_of_hooks};
use crate::model::agent::{Agent, Format, MintedBy, Scope, Variables, Via};
use crate::model::answer::{Answer, Reader};
use crate::model::choice::Choice;
use crate::model::plan::Halt;
use crate::model::record::{StepName, StepResult};
use crate::os::lock::Lock;
use crate::os::process::{Clocks, Ending};

/// The longest argument the kernel takes.
const LONGEST_ARGUMENT: usize = 128 * 1024 - 1;

/// Who is told what.
pub(super) struct Turn<'a> {
    /// For which step.
    pub(super) step: StepName,
    /// Who.
    pub(super) choice: &'a Choice,
    /// Its description.
    pub(super) agent: &'a Agent,
    /// What.
    pub(super) prompt: String,
    /// In which session.
    pub(super) talk: Talk,
    /// What its environment says beyond what every agent's does.
    pub(super) env: Vec<(&'static str, OsString)>,
}

impl Turn<'_> {
    /// Whether the task goes on with its session later: it is the author's.
    fn is_kept(&self) -> bool {
        match self.step {
            StepName::Implement | StepName::Fix | StepName::Resolve => self.agent.has_sessions(),
            StepName::Verify | StepName::Review | StepName::Integrate | StepName::Plan | StepName::Claim => false,
        }
    }

    /// What is noted of it while it runs; `None`: it asks no model, so there is nothing to pay.
    fn open(&self) -> Option<OpenTurn> {
        if !self.agent.can_be_told() {
            return None;
        }
        let later = match self.agent.output.dollars_scope() {
            Scope::Session if self.is_kept() => Later::Session,
            Scope::Session | Scope::Run => Later::Nobody,
        };
        Some(OpenTurn { step: self.step, later })
    }
}

/// In which session an agent is addressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Talk {
    /// In one that it names itself, if it has sessions.
    Once,
    /// In a new one of this name.
    Begin(String),
    /// In the one of this name.
    GoOn(String),
}

impl Talk {
    /// The first turn of a session, where the agent has sessions.
    pub(super) fn new(agent: &Agent) -> Self {
        match agent.session.minted_by {
            MintedBy::Us if agent.has_sessions() => Talk::Begin(new_session()),
            MintedBy::Us | MintedBy::Agent => Talk::Once,
        }
    }

    /// The session's name, where it is known before the turn.
    pub(super) fn session(&self) -> Option<&str> {
        match self {
            Talk::Once => None,
            Talk::Begin(id) | Talk::GoOn(id) => Some(id),
        }
    }
}

/// A random name in the form of a version 4 UUID, which is what agents ask for.
pub fn new_session() -> String {
    let bits = (fastrand::u128(..) & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// A turn that has ended; its step has not.
pub(super) struct Reply {
    /// What was run; nothing, where it was not asked at all.
    attended: Option<Attended>,
    /// Why it was ended from outside, if it was.
    pub(super) halt: Option<Halt>,
    /// What its end means.
    pub(super) ended: Ended,
    /// The final message.
    pub(super) said: String,
    /// Its beginning is not there: the agent prints text, and more than is kept of it.
    pub(super) is_cut: bool,
    /// Its model has said something, as far as its records tell.
    pub(super) was_heard: bool,
    /// The session in which it spoke, where that can be taken up again.
    pub(super) session: Option<String>,
    spent: Spent,
}

impl Reply {
    /// Whether the agent was asked at all.
    pub(super) fn was_asked(&self) -> bool {
        self.attended.is_some()
    }

    /// Of an agent that is not asked now: its provider is left alone, or there is a reason to halt.
    fn unasked(talk: &Talk, why: String, halt: Option<Halt>) -> Self {
        let session = match talk {
            Talk::GoOn(id) => Some(id.clone()),
            // It has not begun.
            Talk::Once | Talk::Begin(_) => None,
        };
        Self {
            attended: None,
            halt,
            ended: Ended::RateLimited(why),
            said: String::new(),
            is_cut: false,
            was_heard: false,
            session,
            spent: Spent::default(),
        }
    }
}

/// What an agent is told, as it was written down.
struct Prompt {
    /// Of its file, and of the turn's log.
    name: String,
    path: PathBuf,
    text: String,
}

impl Stage<'_> {
    /// Lets an agent have its turn.
    pub(super) fn ask(&mut self, notes: &mut Notes, turn: Turn<'_>) -> Result<Reply, Infra> {
        let mut courtesy = match self.courtesy(&notes.who, turn.agent.provider_of(&turn.choice.agent))? {
            Ok(courtesy) => courtesy,
            Err(Unasked::Parked(parked)) => {
                notes.rest = Rest::WithItsProvider(parked.until);
                return Ok(Reply::unasked(&turn.talk, parked.sentence(), None));
            }
            Err(Unasked::Halted(halt)) => {
                return Ok(Reply::unasked(&turn.talk, sentence(halt).to_owned(), Some(halt)));
            }
        };
        let prompt = self.write_prompt(notes, &turn)?;
        let program = self.program(notes, &turn, &prompt)?;
        let began = self.shop.lookout.begin(self.shop);
        self.shop.sentry.begin(self.shop, &notes.who, self.bench);
        let mut listener = Listener {
            reader: Reader::new(&turn.agent.output),
            courtesy: &mut courtesy,
            who: notes.who.clone(),
            dirs: &self.shop.dirs,
            agent: &turn.choice.agent,
            noted: turn.talk.session().map(str::to_owned),
            is_kept: turn.is_kept(),
            facts: &turn.agent.output.usage,
            limits: &self.settings.config.limits,
        };
        let attended =
            self.attend(notes, turn.step, &prompt.name, program, &mut |bytes, mandate| listener.hear(bytes, mandate));
        let reader = listener.reader;
        self.shop.lookout.end(self.shop, &notes.who, began);
        let trespass = self.shop.sentry.end(self.shop, self.bench);
        let attended = attended?;
        // Nobody can tell of one that prints text.
        let was_heard = reader.has_heard() || turn.agent.output.format == Format::Text;
        let answer = reader.finish(&attended.ending.tail);
        let Ending { how, duration, tail, .. } = &attended.ending;
        let ended = judge_end(turn.agent, *how, *duration, &answer, &String::from_utf8_lossy(tail));
        courtesy.end(notes, &ended, &answer);
        let ended = trespass.map_or(ended, Ended::Badly);
        Ok(self.reply(&turn, &prompt, attended, ended, answer, was_heard))
    }

    /// Writes what the agent is told where it stays for people to read.
    fn write_prompt(&self, notes: &Notes, turn: &Turn<'_>) -> Result<Prompt, Infra> {
        let round = notes.round(turn.step);
        let mut name = format!("{}-c{}-{}", self.bench.worker, notes.cycle, turn.step.as_str());
        if round > 1 {
            name.push_str(&format!("-{round}"));
        }
        let path = self.shop.journal.folder().join("prompts").join(format!("{name}.md"));
        let text = turn.agent.prompt.guarded(&turn.prompt).into_owned();
        fs::write(&path, text.as_bytes())?;
        Ok(Prompt { name, path, text })
    }

    /// The agent's program, ready to run.
    fn program(&mut self, notes: &Notes, turn: &Turn<'_>, prompt: &Prompt) -> Result<Program, Infra> {
        self.bench.slot.guard_hooks(settings_of_hooks(self.shop, self.bench)?);
        let argv = command_line(self, turn, &prompt.text, &prompt.path)?;
        let (config, mark) = (&self.settings.config, self.mandate.mark().clone());
        let mut program = Program::agent(self.shop, config, self.bench, turn.agent, argv, mark);
        program.agent = Some(turn.choice.agent.clone());
        program.clocks = clocks(self);
        program.stdin = Some(hand_over(&prompt.path, turn.agent.prompt.via)?);
        // Known before the agent is: should we die at its first instruction, the lock on its prompt still tells of it.
        self.mandate.note_prompt(&self.shop.dirs, self.shop.dirs.shown(&prompt.path), turn.open())?;
        let env = self.mandate.env(&self.shop.dirs, notes).into_iter().chain(turn.env.iter().cloned());
        Ok(env.fold(program, |program, (name, value)| program.with_env(name, value)))
    }

    /// What the turn came to.
    fn reply(
        &mut self,
        turn: &Turn<'_>,
        prompt: &Prompt,
        mut attended: Attended,
        ended: Ended,
        answer: Answer,
        was_heard: bool,
    ) -> Reply {
        let session = answer.session.clone().or_else(|| turn.talk.session().map(str::to_owned));
        let prices = self.settings.agents.prices();
        let spent = match turn.agent.can_be_told() {
            true => self.ledger.spent(turn.choice, &turn.talk, session.as_deref(), &answer, prices),
            false => Spent::without_model(),
        };
        let session =
            session.filter(|_| turn.agent.has_sessions() && !matches!(ended, Ended::NoSession(_) | Ended::TooLong(_)));
        let said = answer.text.unwrap_or_default();
        let said = if turn.agent.can_be_told() { without_echo(&said, &prompt.text) } else { said };
        let is_cut = turn.agent.output.format == Format::Text
            && attended.ending.printed_bytes > attended.ending.tail.len() as u64;
        attended.tool_calls = answer.tool_calls;
        attended.was_heard = was_heard && turn.agent.can_be_told() && attended.ending.printed_bytes > 0;
        Reply { halt: attended.halt, attended: Some(attended), ended, said, is_cut, was_heard, session, spent }
    }

    /// Ends the step of a turn; an agent whose words could not be kept has said nothing that counts.
    pub(super) fn end_turn(&mut self, notes: &mut Notes, reply: Reply, result: StepResult) -> Result<(), Infra> {
        let Some(attended) = reply.attended else { return Ok(()) };
        let log_error = attended.ending.log_error.as_ref().map(ToString::to_string);
        self.conclude_with(notes, attended, result, reply.spent);
        self.mandate.note_bill(&self.shop.dirs, notes.bill());
        match log_error {
            Some(error) => Err(Infra(format!("cannot write the agent's log: {error}"))),
            None => Ok(()),
        }
    }
}

impl Cycle<'_> {
    /// Lets an agent have its turn on the cycle's task.
    pub(super) fn ask(&mut self, notes: &mut Notes, turn: Turn<'_>) -> Result<Reply, Infra> {
        self.stage().ask(notes, turn)
    }

    /// Ends the step of a turn; see [`Stage::end_turn`].
    pub(super) fn end_turn(&mut self, notes: &mut Notes, reply: Reply, result: StepResult) -> Result<(), Infra> {
        self.stage().end_turn(notes, reply, result)
    }
}

/// What an agent said, without the prompt where it repeats that word for word: nothing in there is its own.
fn without_echo(said: &str, prompt: &str) -> String {
    match prompt.trim() {
        "" => said.to_owned(),
        prompt => said.replace(prompt, ""),
    }
}

/// Opens and locks the prompt for the agent to read: the open file carries the lock into the agent, so that
/// it is held while the worker or the agent lives. An agent that gets its prompt in another way finds the end
/// of the file at once, which cures those that wait for more.
fn hand_over(path: &Path, via: Via) -> Result<File, Infra> {
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

fn command_line(stage: &Stage<'_>, turn: &Turn<'_>, prompt: &str, path: &Path) -> Result<Vec<OsString>, Infra> {
    let Turn { agent, choice, talk, .. } = turn;
    if agent.prompt.via == Via::Arg && prompt.len() > LONGEST_ARGUMENT {
        return Err(Infra(format!(
            "the prompt has {} bytes, and the system passes {LONGEST_ARGUMENT} as an argument: let {} read it from its standard input or a file",
            prompt.len(),
            choice.agent
        )));
    }
    let path = path.display().to_string();
    let worktree = stage.bench.slot.path().display().to_string();
    let run_folder = stage.shop.journal.folder().display().to_string();
    let (new_session, session) = match talk {
        Talk::Once => ("", ""),
        Talk::Begin(id) => (id.as_str(), ""),
        Talk::GoOn(id) => ("", id.as_str()),
    };
    let values = Variables::from([
        ("prompt", prompt),
        ("prompt_file", path.as_str()),
        ("worktree", worktree.as_str()),
        ("model", choice.model.as_deref().unwrap_or_default()),
        ("effort", choice.effort.as_deref().unwrap_or_default()),
        ("session", session),
        ("new_session", new_session),
        ("task", stage.mandate.task()),
        ("run_dir", run_folder.as_str()),
    ]);
    let mut argv: Vec<OsString> = agent.command_line(&values).into_iter().map(OsString::from).collect();
    // A program that is named by a path is the workspace's own, not the worktree's copy of it.
    if let Some(program) = argv.first_mut()
        && program.as_encoded_bytes().contains(&b'/')
    {
        *program = stage.shop.dirs.root().join(&program).into_os_string();
    }
    Ok(argv)
}

/// The clocks; what the task says goes before the settings.
fn clocks(stage: &Stage<'_>) -> Clocks {
    let limits = &stage.settings.config.limits;
    Clocks {
        start_silence: Some(limits.start_silence.unwrap_or(limits.silence)),
        silence: Some(limits.silence),
        total: Some(stage.mandate.timeout().unwrap_or(limits.timeout)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_the_prompt_is_not_said() {
        assert_eq!(without_echo("> do it\nlike so\nwell, done", "do it\nlike so\n\n"), "> \nwell, done");
        assert_eq!(without_echo("do it, like so", "do it\nlike so"), "do it, like so");
        assert_eq!(without_echo("done", "\n"), "done");
    }

    #[test]
    fn a_new_session_has_the_name_of_a_random_uuid() {
        let (one, other) = (new_session(), new_session());
        assert_ne!(one, other);
        let parts: Vec<usize> = one.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
        assert!(one[14..].starts_with('4') && matches!(&one[19..20], "8" | "9" | "a" | "b"), "{one}");
    }
}
