//! What the model answers.

/// The tokens that it counts for each answer; the cached ones are part of the input.
pub(crate) const INPUT: u64 = 1200;
pub(crate) const CACHED: u64 = 1000;
pub(crate) const OUTPUT: u64 = 34;

/// What happens to a request.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// It is answered.
    Answer(Answer),
    /// It is refused: the account may ask again after so many seconds.
    Limited { seconds: u64 },
    /// It is refused: the provider has too much to do.
    Overloaded,
    /// It is refused: the provider does not understand it.
    Refused,
    /// It is refused: there is no such model.
    NoModel,
    /// It is refused: the model cannot read as much.
    TooLong,
    /// Nothing comes.
    Silent,
    /// An answer begins and goes no further.
    FallsSilent,
    /// An answer begins and the connection breaks.
    Breaks,
}

/// Words, a command for the agent's own shell, or both.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    pub(super) words: String,
    pub(super) command: Option<String>,
}

/// Says these words, and nothing is left to do.
pub(crate) fn say(words: &str) -> Step {
    Step::Answer(Answer { words: words.to_owned(), command: None })
}

/// Has the agent run a command.
pub(crate) fn run(command: &str) -> Step {
    say_and_run("", command)
}

/// Says these words, and has the agent run a command.
pub(crate) fn say_and_run(words: &str, command: &str) -> Step {
    Step::Answer(Answer { words: words.to_owned(), command: Some(command.to_owned()) })
}
