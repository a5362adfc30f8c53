//! What an answer to the tiny question means for a run.

use std::time::Duration;

use jiff::Zoned;

use super::item::Item;
use super::probe::PATIENCE;
use crate::command::age;
use crate::error::Error;
use crate::model::agent::{Agent, TroubleKind};
use crate::model::answer::{Answer, Trouble};
use crate::model::choice::Choice;
use crate::model::excerpt;
use crate::model::record::{Usage, dollars};
use crate::os::clock;
use crate::os::process::How;

/// How much of a program's last words is told, in bytes.
const TAIL_BYTES: usize = 1024;

/// What came of one question.
#[derive(Debug, Clone)]
pub(super) struct Reply<'a> {
    pub(super) agent: &'a Agent,
    pub(super) choice: &'a Choice,
    /// How its program ended; `None`: it could not be run.
    pub(super) how: Option<How>,
    pub(super) took: Duration,
    pub(super) answer: Answer,
    /// The end of what it printed, or why it could not be run.
    pub(super) tail: String,
}

/// Whether the agent is fit, and what would make it so.
pub(super) fn judge(reply: &Reply<'_>) -> Item {
    judge_at(reply, &clock::now().to_zoned(jiff::tz::TimeZone::system()))
}

fn judge_at(reply: &Reply<'_>, now: &Zoned) -> Item {
    let Reply { agent, choice, how, answer, tail, .. } = reply;
    let unfit = |what: String, hint: Option<String>| {
        let error = Error::environment(format!("{choice}: {what}"));
        Item::failed(
            "probe",
            &match hint {
                Some(hint) => error.hint(hint),
                None => error,
            },
        )
    };
    let has_spoken = answer.text.as_ref().is_some_and(|text| !text.trim().is_empty());
    match (how, &answer.trouble) {
        (None, _) => unfit(tail.clone(), None),
        (Some(How::Interrupted), _) => Item::note("probe", format!("{choice} was interrupted")),
        (Some(How::Exited(0) | How::TimedOut(_)), _) if answer.done && has_spoken => fit(reply),
        (_, Some(trouble)) => {
            let (what, hint) = explain(reply, trouble, now);
            unfit(what, hint)
        }
        (Some(How::TimedOut(_)), None) => unfit(format!("it gave no answer in {} s", PATIENCE.as_secs()), None),
        (Some(How::Exited(0)), None) if !agent.output.tells_its_end() && has_spoken => fit(reply),
        (Some(How::Exited(0)), None) => unfit(with_tail("it ended without an answer", tail), does_not_fit(agent)),
        (Some(How::Exited(code)), None) => unfit(with_tail(&format!("it failed with exit code {code}"), tail), None),
        (Some(How::Signalled(signal)), None) => {
            unfit(with_tail(&format!("it was ended by signal {signal}"), tail), None)
        }
    }
}

fn fit(reply: &Reply<'_>) -> Item {
    let Usage { input_tokens, output_tokens, cached_tokens: _, cache_write_tokens: _ } = reply.answer.usage;
    let counted = |tokens: Option<u64>, way: &str| tokens.map(|tokens| format!("{tokens} tokens {way}"));
    let parts = [
        Some(age::length(reply.took)),
        counted(input_tokens, "in"),
        counted(output_tokens, "out"),
        reply.answer.cost_usd.map(dollars),
    ];
    let figures: Vec<String> = parts.into_iter().flatten().collect();
    Item::ok("probe", format!("{} answers ({})", reply.choice, figures.join(", ")))
}

/// What went wrong, and the next move.
fn explain(reply: &Reply<'_>, trouble: &Trouble, now: &Zoned) -> (String, Option<String>) {
    let agent = reply.agent;
    let words = |what: &str| format!("{what}: {}", trouble.message);
    let login = agent.login.as_ref().map(|login| format!("log in with `{login}`"));
    match trouble.kind {
        TroubleKind::Auth => (words("the provider does not accept the login"), login),
        TroubleKind::RateLimited => {
            let until = reply.answer.limit.and_then(|limit| limit.ends_at(now));
            let hint = until.map(|at| {
                let left = now.timestamp().duration_until(at).unsigned_abs();
                format!("it may go on at {} (in {})", at.strftime("%Y-%m-%dT%H:%M:%SZ"), age::length(left))
            });
            (words("the provider asks for a pause"), hint)
        }
        TroubleKind::NoCredit => (words("the provider's account has no credit"), None),
        TroubleKind::BadUsage => (words("it does not understand its command line"), does_not_fit(agent)),
        TroubleKind::Transient => (words("the provider or the network failed"), Some("try again".to_owned())),
        TroubleKind::OwnLimit => (words("it came to a limit of its own"), None),
        TroubleKind::BadSession => (words("it cannot begin a session"), None),
        TroubleKind::TooLong => (words("the question is too long for it"), None),
        TroubleKind::Refused => (words("it refuses to answer"), None),
        TroubleKind::NoModel => match &reply.choice.model {
            Some(model) => (words(&format!("there is no model `{model}`")), Some("name another `model:`".to_owned())),
            None => (words("its default model is not there"), Some("name one with `model:`".to_owned())),
        },
        TroubleKind::Other => (words("it failed"), None),
    }
}

fn does_not_fit(agent: &Agent) -> Option<String> {
    let tested = agent.tested.as_ref()?;
    Some(format!("its description was tested with {tested}; a file in config/agents/ can override it key by key"))
}

fn with_tail(sentence: &str, printed: &str) -> String {
    match excerpt::tail(printed.trim_end(), TAIL_BYTES) {
        "" => sentence.to_owned(),
        tail => format!("{sentence}\n{tail}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;
    use crate::model::answer::Limit;
    use crate::os::process::Clock;

    /// What is told of an answer, its hint behind it.
    fn told(choice: &str, how: Option<How>, answer: Answer) -> (String, Exit) {
        let agent: Agent = serde_yaml::from_str(
            "{argv: [tool], login: tool login, tested: '1.0',
              output: {format: jsonl, rules: [{when: {/type: end}, flag: done, set: {text: /text}}]}}",
        )
        .unwrap();
        let choice: Choice = choice.parse().unwrap();
        let took = Duration::from_millis(2500);
        let reply = Reply { agent: &agent, choice: &choice, how, took, answer, tail: "last words\n".to_owned() };
        let item = judge_at(&reply, &"2026-11-20T07:05:00[UTC]".parse().unwrap());
        let exit = super::super::item::exit(std::slice::from_ref(&item));
        (format!("{} | {}", item.detail, item.hint.unwrap_or_default()), exit)
    }

    fn trouble(kind: TroubleKind, message: &str) -> Answer {
        let trouble = Trouble { kind, message: message.to_owned(), status: None };
        Answer { trouble: Some(trouble), ..Answer::default() }
    }

    #[test]
    fn an_answer_is_told_with_what_it_took() {
        let usage = Usage { input_tokens: Some(1200), output_tokens: Some(3), ..Usage::default() };
        let answer = Answer { done: true, text: Some("OK".into()), usage, cost_usd: Some(0.02), ..Answer::default() };
        let (said, exit) = told("tool:m", Some(How::Exited(0)), answer.clone());
        assert_eq!(said, "tool:m answers (2.5s, 1200 tokens in, 3 tokens out, $0.02) | ");
        assert_eq!(exit, Exit::Done);
        let poor = Answer { usage: Usage::default(), cost_usd: None, ..answer };
        assert_eq!(told("tool", Some(How::Exited(0)), poor).0, "tool answers (2.5s) | ");
    }

    #[test]
    fn every_trouble_has_its_sentence_and_its_next_move() {
        use TroubleKind::*;
        for (kind, message, says) in [
            (Auth, "401", "the provider does not accept the login: 401 | log in with `tool login`"),
            (NoCredit, "empty", "the provider's account has no credit: empty | "),
            (BadUsage, "--x", "it does not understand its command line: --x | its description was tested with 1.0;"),
            (Transient, "500", "the provider or the network failed: 500 | try again"),
            (Other, "odd", "it failed: odd | "),
            (NoModel, "The model `m` does not exist", "there is no model `m`: The model"),
            (NoModel, "unknown model: m", "there is no model `m`: "),
        ] {
            let (said, exit) = told("tool:m", Some(How::Exited(1)), trouble(kind, message));
            assert!(said.starts_with(&format!("tool:m: {says}")), "{said}");
            assert_eq!(exit, Exit::Environment);
        }
    }

    #[test]
    fn a_limit_is_told_with_its_end() {
        let limit = Some(Limit { retry_after: Some(Duration::from_secs(5400)), ..Limit::default() });
        let answer = Answer { limit, ..trouble(TroubleKind::RateLimited, "slow down") };
        let (said, _) = told("tool", Some(How::Exited(1)), answer);
        let says = "the provider asks for a pause: slow down | it may go on at 2026-11-20T08:35:00Z (in 1h 30m)";
        assert_eq!(said, format!("tool: {says}"));
    }

    #[test]
    fn what_gives_no_answer_is_not_fit() {
        for (how, says) in [
            (Some(How::Exited(0)), "tool: it ended without an answer\nlast words | its description"),
            (Some(How::Exited(7)), "tool: it failed with exit code 7\nlast words | "),
            (Some(How::Signalled(9)), "tool: it was ended by signal 9\nlast words | "),
            (Some(How::TimedOut(Clock::Total)), "tool: it gave no answer in 120 s | "),
            (None, "tool: last words\n | "),
        ] {
            let (said, exit) = told("tool", how, Answer::default());
            assert!(said.starts_with(says), "{said}");
            assert_eq!(exit, Exit::Environment);
        }
        let (said, exit) = told("tool", Some(How::Interrupted), Answer::default());
        assert_eq!((said.as_str(), exit), ("tool was interrupted | ", Exit::Done));
    }
}
