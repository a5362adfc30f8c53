//! Asks every agent and model that is configured one tiny question, in the way in which a turn asks.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::agents::Known;
use super::crew::Post;
use super::item::Item;
use super::reply::{Reply, judge};
use super::seen::Scratch;
use crate::command::Desk;
use crate::cycle::{Room, new_session, stop_steps, words_before};
use crate::error::{Context, Error, Result};
use crate::model::agent::{Agent, MintedBy, Variables, Via};
use crate::model::answer::Reader;
use crate::model::choice::Choice;
use crate::os::agents::Described;
use crate::os::git::Repo;
use crate::os::process::{self, Clocks, Ending, How, Mark, Spec, Verdict, Wake, Watch, become_subreaper};
use crate::os::signals;
use crate::os::workspace::Place;

const QUESTION: &str = "Answer with the word OK, and do nothing else: change no file and use no tool.\n";

/// How long an answer may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);

/// How long it may take to leave when it has answered.
const GRACE: Duration = Duration::from_secs(5);

/// What a log of an answer keeps, in bytes.
const LOG_BYTES: u64 = 1024 * 1024;

/// Where something else is to be mended first.
pub(super) fn not_asked() -> Item {
    Item::note("probe", "nobody was asked: mend what is above first")
}

/// Asks them all. The other half of the answer: whether that was interrupted.
pub(super) fn run(desk: &Desk, place: &Place, known: &Known) -> (Vec<Item>, bool) {
    // One whose program is missing has been told, and one that runs scripts has nothing to answer.
    let able = |described: &&Described| described.program.is_some() && described.agent.can_be_told();
    let of = |post: &Post| known.catalogue.all().find(|(name, _)| *name == post.agent).map(|(_, described)| described);
    let asked: Vec<Asked<'_>> = known.posts.iter().filter_map(|post| Some((post, of(post).filter(able)?))).collect();
    if asked.is_empty() {
        return (vec![Item::ok("probe", "no agent that is configured has a model to ask")], false);
    }
    match all(desk, place, asked) {
        Ok(replies) => {
            let interrupted = replies.iter().any(|reply| reply.how == Some(How::Interrupted));
            (replies.iter().map(judge).collect(), interrupted)
        }
        Err(error) => (vec![Item::failed("probe", &error)], false),
    }
}

/// One whose models are asked.
type Asked<'a> = (&'a Post, &'a Described);

fn all<'a>(desk: &Desk, place: &Place, asked: Vec<Asked<'a>>) -> Result<Vec<Reply<'a>>> {
    let names: Vec<String> = asked.iter().flat_map(|(post, _)| &post.choices).map(ToString::to_string).collect();
    desk.say(&format!("asking {} (each may take {} s)", names.join(", "), PATIENCE.as_secs()));
    become_subreaper().context(|| "become the parent of orphaned processes".to_owned())?;
    let wakes = asked.iter().map(|_| Wake::new().map(Arc::new)).collect::<io::Result<Vec<_>>>();
    let wakes = wakes.context(|| "make an event descriptor".to_owned())?;
    let ringing = wakes.clone();
    signals::listen(move |_| ringing.iter().for_each(|wake| wake.end_now()))
        .context(|| "listen to signals".to_owned())?;
    let git_dir = Repo::open(place.dirs.root()).map_err(Error::from)?.common_dir().to_owned();
    let git_dir = git_dir.as_path();
    Ok(thread::scope(|scope| {
        // One question at a time for each agent: some cannot be started twice at once in a new home.
        let one_by_one = |(post, described): Asked<'a>, wake: Arc<Wake>| {
            move || post.choices.iter().map(|choice| ask(place, git_dir, described, choice, &wake)).collect::<Vec<_>>()
        };
        let threads: Vec<_> =
            asked.into_iter().zip(wakes).map(|(one, wake)| scope.spawn(one_by_one(one, wake))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
    }))
}

/// Hears what the agent prints.
struct Ear(Reader);

impl Watch for Ear {
    fn printed(&mut self, bytes: &[u8]) -> Verdict {
        self.0.feed(bytes);
        if self.0.is_final() { Verdict::EndWithin(GRACE) } else { Verdict::GoOn }
    }
}

fn ask<'a>(place: &Place, git_dir: &Path, described: &'a Described, choice: &'a Choice, wake: &Wake) -> Reply<'a> {
    let agent = &described.agent;
    let mut ear = Ear(Reader::new(&agent.output));
    match converse(place, git_dir, agent, choice, wake, &mut ear) {
        Ok(ending) => {
            let answer = ear.0.finish(&ending.tail);
            Reply { agent, choice, how: Some(ending.how), took: ending.duration, answer, tail: text(&ending.tail) }
        }
        Err(error) => {
            let answer = ear.0.finish(&[]);
            Reply { agent, choice, how: None, took: Duration::ZERO, answer, tail: error.explained() }
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn converse(
    place: &Place,
    git_dir: &Path,
    agent: &Agent,
    choice: &Choice,
    wake: &Wake,
    ear: &mut Ear,
) -> Result<Ending> {
    let scratch = Scratch::new().context(|| "make a folder to work in".to_owned())?;
    let prompt = agent.prompt.guarded(QUESTION);
    let file = scratch.root().join("prompt.md");
    let log = scratch.root().join("log");
    let hand_over = || -> io::Result<(File, File)> {
        fs::write(&file, prompt.as_bytes())?;
        let mut stdin = File::open(&file)?;
        match agent.prompt.via {
            Via::Stdin => {}
            Via::File | Via::Arg => drop(stdin.seek(SeekFrom::End(0))?),
        }
        Ok((stdin, File::create(&log)?))
    };
    let (stdin, log) = hand_over().context(|| format!("write to {}", scratch.root().display()))?;
    let (root, work, tmp) = (place.dirs.root(), scratch.work(), scratch.tmp());
    let room = Room { dirs: &place.dirs, git_dir, worktree: &work, scratch: &tmp, run: scratch.root() };
    let words = words_before(place.config.sandbox_of(agent), &room);
    let spec = Spec {
        argv: [words, command_line(root, agent, choice, &prompt, &file, &scratch)].concat(),
        folder: scratch.work(),
        env: scratch.env(agent),
        stdin: Some(stdin),
        log,
        log_bytes: LOG_BYTES,
        clocks: Clocks { total: Some(PATIENCE), ..Clocks::default() },
        stop: stop_steps(&agent.stop),
        mark: Mark::new(),
    };
    let mark = spec.mark.clone();
    process::run(spec, wake, ear).map_err(|error| {
        // Its supervision broke off: what it may have started is ended by its mark.
        let _ = process::end_remains(&mark, None);
        Error::environment(error.to_string())
    })
}

fn command_line(
    root: &Path,
    agent: &Agent,
    choice: &Choice,
    prompt: &str,
    file: &Path,
    scratch: &Scratch,
) -> Vec<OsString> {
    let (file, work, folder) =
        (file.display().to_string(), scratch.work().display().to_string(), scratch.root().display().to_string());
    let new_session = match agent.session.minted_by {
        MintedBy::Us if agent.has_sessions() => new_session(),
        MintedBy::Us | MintedBy::Agent => String::new(),
    };
    let values = Variables::from([
        ("prompt", prompt),
        ("prompt_file", file.as_str()),
        ("worktree", work.as_str()),
        ("model", choice.model.as_deref().unwrap_or_default()),
        ("effort", choice.effort.as_deref().unwrap_or_default()),
        ("new_session", new_session.as_str()),
        ("task", "probe"),
        ("run_dir", folder.as_str()),
    ]);
    let mut argv: Vec<OsString> = agent.command_line(&values).into_iter().map(OsString::from).collect();
    if let Some(program) = argv.first_mut()
        && program.as_encoded_bytes().contains(&b'/')
    {
        *program = root.join(&program).into_os_string();
    }
    argv
}
