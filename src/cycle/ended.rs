//! What the end of an agent's program means, whatever it says about the work: its exit, its clocks, and what its
//! output tells of trouble.

use std::time::Duration;

use super::attend::with_tail;
use crate::model::agent::{Agent, ExitCode, TroubleKind};
use crate::model::answer::{Answer, Trouble};
use crate::os::process::{Clock, How};

/// How an agent's turn ended. The sentences say why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    /// Well: what it says counts.
    Well,
    /// One of its clocks ran out.
    TimedOut(String),
    /// By its own fault.
    Badly(String),
    /// At a limit of its own, turns or money: it may go on in another turn.
    Early(String),
    /// It came to its end and has said nothing.
    Mute(String),
    /// Its provider asks for a pause.
    RateLimited(String),
    /// By a trouble that says nothing about the work: no login, a network that fails, a wrong command line.
    Trouble(String),
    /// The session that it was to go on with is lost.
    NoSession(String),
    /// The model cannot read as much; a new session begins with less.
    TooLong(String),
}

/// Judges the end of an agent's turn. `took` is how long it lasted, `said` the end of what it printed.
pub(super) fn judge_end(agent: &Agent, how: How, took: Duration, answer: &Answer, said: &str) -> Ended {
    // Whatever its program did afterwards, it had come to its end.
    let is_done = answer.done && answer.text.as_ref().is_some_and(|text| !text.trim().is_empty());
    match (how, &answer.trouble) {
        (How::Interrupted, _) => Ended::Badly("the agent was ended from outside".to_owned()),
        (How::Exited(0) | How::TimedOut(_), _) if is_done => Ended::Well,
        (How::Exited(_), _) if is_done && agent.output.exit_code == ExitCode::MeansNothing => Ended::Well,
        (_, Some(trouble)) => in_trouble(trouble),
        (How::Exited(0) | How::TimedOut(Clock::Given), None) if answer.done => Ended::Mute(
            "the agent came to its end without a final message (if `swarm logs` shows one, no rule of its \
                 description sets `text` to it)"
                .to_owned(),
        ),
        (How::TimedOut(clock), None) => Ended::TimedOut(timed_out(clock, took, said)),
        (How::Exited(0), None) if agent.output.tells_its_end() => {
            Ended::Badly(with_tail("the agent ended without saying that it has come to its end".to_owned(), said))
        }
        (How::Exited(0), None) => Ended::Well,
        (How::Exited(code), None) => Ended::Badly(with_tail(format!("the agent failed with exit code {code}"), said)),
        (How::Signalled(signal), None) => {
            Ended::Badly(with_tail(format!("the agent was ended by signal {signal}"), said))
        }
    }
}

fn in_trouble(trouble: &Trouble) -> Ended {
    let words = |what: &str| format!("{what}: {}", trouble.message);
    match trouble.kind {
        TroubleKind::RateLimited => Ended::RateLimited(words("the provider asks for a pause")),
        TroubleKind::NoCredit => Ended::RateLimited(words("the provider's account has no credit")),
        TroubleKind::Auth => Ended::Trouble(words("the provider does not accept the login")),
        TroubleKind::TooLong => Ended::TooLong(words("what the model was to read is too long for it")),
        TroubleKind::Refused => Ended::Badly(words("the model refused")),
        TroubleKind::NoModel => Ended::Trouble(words("the provider has no such model")),
        TroubleKind::BadUsage => Ended::Trouble(words("the agent does not understand its command line")),
        TroubleKind::Transient => Ended::Trouble(words("the provider or the network failed")),
        TroubleKind::BadSession => Ended::NoSession(words("the session cannot be taken up again")),
        TroubleKind::OwnLimit => Ended::Early(words("the agent came to a limit of its own")),
        TroubleKind::Other => Ended::Badly(words("the agent failed")),
    }
}

fn timed_out(clock: Clock, after: Duration, said: &str) -> String {
    let seconds = after.as_secs();
    let what = match clock {
        Clock::StartSilence => format!("the agent printed nothing for {seconds} s and was ended"),
        Clock::Silence => format!("the agent fell silent and was ended after {seconds} s"),
        Clock::Given => format!("the agent did not end by itself, and was ended after {seconds} s"),
        Clock::Total => format!("the agent took longer than it may and was ended after {seconds} s"),
    };
    with_tail(what, said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::agent::Output;

    /// An agent that tells its end, and one that prints text.
    fn agents() -> [Agent; 2] {
        [
            "{argv: [tool], output: {format: jsonl, rules: [{when: {/type: end}, flag: done, set: {text: /text}}]}}",
            "{argv: [tool]}",
        ]
        .map(|yaml| serde_yaml::from_str(yaml).unwrap())
    }

    fn done(text: &str) -> Answer {
        Answer { done: true, text: Some(text.to_owned()), ..Answer::default() }
    }

    fn trouble(kind: TroubleKind) -> Answer {
        Answer { trouble: Some(Trouble { kind, message: "no".to_owned(), status: None }), ..Answer::default() }
    }

    #[test]
    fn an_exit_alone_is_no_success_where_the_agent_tells_its_end() {
        let [telling, printing] = agents();
        let judge = |agent: &Agent, how, answer: &Answer| judge_end(agent, how, Duration::from_secs(3), answer, "tail");
        assert_eq!(judge(&telling, How::Exited(0), &done("well")), Ended::Well);
        assert!(matches!(judge(&telling, How::Exited(0), &done(" \n")), Ended::Mute(_)));
        assert!(matches!(judge(&telling, How::Exited(0), &Answer::default()), Ended::Badly(_)));
        assert_eq!(judge(&printing, How::Exited(0), &Answer::default()), Ended::Well);
        assert!(matches!(judge(&telling, How::Exited(1), &done("well")), Ended::Badly(_)));
        let output = Output { exit_code: ExitCode::MeansNothing, ..telling.output.clone() };
        let erring = Agent { output, ..telling.clone() };
        assert_eq!(judge(&erring, How::Exited(1), &done("well")), Ended::Well);
        assert!(matches!(judge(&erring, How::Exited(1), &Answer::default()), Ended::Badly(_)));
        assert!(matches!(judge(&printing, How::Signalled(9), &Answer::default()), Ended::Badly(_)));
    }

    #[test]
    fn one_that_came_to_its_end_and_would_not_exit_has_done_its_work() {
        let [telling, printing] = agents();
        let judge = |agent: &Agent, answer: &Answer| {
            judge_end(agent, How::TimedOut(Clock::Silence), Duration::from_secs(3), answer, "tail")
        };
        assert_eq!(judge(&telling, &done("well")), Ended::Well);
        let kept = judge_end(&telling, How::TimedOut(Clock::Given), Duration::from_secs(3), &done("well"), "tail");
        assert_eq!(kept, Ended::Well);
        assert!(matches!(judge(&printing, &Answer::default()), Ended::TimedOut(_)));
        assert!(matches!(judge(&telling, &trouble(TroubleKind::RateLimited)), Ended::RateLimited(_)));
    }

    #[test]
    fn trouble_that_says_nothing_about_the_work_is_told_apart() {
        let [telling, _] = agents();
        let judge = |kind| judge_end(&telling, How::Exited(1), Duration::from_secs(3), &trouble(kind), "tail");
        assert!(matches!(judge(TroubleKind::RateLimited), Ended::RateLimited(_)));
        assert!(matches!(judge(TroubleKind::NoCredit), Ended::RateLimited(_)));
        assert!(matches!(judge(TroubleKind::Auth), Ended::Trouble(_)));
        assert!(matches!(judge(TroubleKind::Transient), Ended::Trouble(_)));
        assert!(matches!(judge(TroubleKind::BadUsage), Ended::Trouble(_)));
        assert!(matches!(judge(TroubleKind::NoModel), Ended::Trouble(_)));
        assert!(matches!(judge(TroubleKind::BadSession), Ended::NoSession(_)));
        assert!(matches!(judge(TroubleKind::TooLong), Ended::TooLong(_)));
        assert!(matches!(judge(TroubleKind::Refused), Ended::Badly(_)));
        assert!(matches!(judge(TroubleKind::OwnLimit), Ended::Early(_)));
        assert!(matches!(judge(TroubleKind::Other), Ended::Badly(_)));
    }
}
