//! What an agent prints, and where the things that matter stand in it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Class, Field, Figure, Flag, Kind, LineRule, ResetText, Rule};

/// What the agent prints.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Output {
    /// In which form.
    pub format: Format,
    /// What its exit code says of a turn that came to its end.
    pub exit_code: ExitCode,
    /// What its JSON records say.
    pub rules: Vec<Rule>,
    /// What its lines of plain text say.
    pub lines: Vec<LineRule>,
    /// What its figures mean.
    pub usage: UsageFacts,
    /// What an error means; asked in order, before the ones that are known for all agents.
    pub classify: Vec<Class>,
    /// When a limit ends, read from the words of the error; asked before the ones that are known for all agents.
    pub reset_from_text: Vec<ResetText>,
}

/// The form of an agent's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Text; its end is the final message.
    #[default]
    Text,
    /// JSON objects, one on each line; other lines may stand between them.
    Jsonl,
}

/// What the exit code of an agent says of a turn whose record of a good end was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExitCode {
    /// With any other than 0 the turn has failed all the same.
    #[default]
    Counts,
    /// Nothing: some speak of errors that they got over.
    MeansNothing,
}

/// What an agent's figures mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UsageFacts {
    /// Whether the tokens that were read from a cache are part of `usage.input`.
    pub input_includes_cached: bool,
    /// What its tokens count.
    pub scope: Scope,
    /// What its costs count.
    pub cost_scope: Scope,
}

impl Default for UsageFacts {
    fn default() -> Self {
        Self { input_includes_cached: true, scope: Scope::Run, cost_scope: Scope::Run }
    }
}

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// This run of the program alone.
    #[default]
    Run,
    /// All runs of the session up to now.
    Session,
}

impl Output {
    /// Whether some rule reads `field`.
    pub fn sets(&self, field: Field) -> bool {
        self.rules.iter().any(|rule| rule.set.contains_key(&field))
            || self.lines.iter().any(|rule| rule.set.contains_key(&field))
    }

    /// Whether some rule says what a person is shown of its records.
    pub fn shows(&self) -> bool {
        self.rules.iter().any(|rule| !rule.show.is_empty())
    }

    /// Whether some rule knows a call of a tool.
    pub fn shows_tools(&self) -> bool {
        self.rules.iter().flat_map(|rule| &rule.show).any(|view| view.kind == Kind::Tool)
    }

    /// Whether it tells how many tokens were read and written, and never what they cost.
    pub fn tells_tokens_only(&self) -> bool {
        let adds = |figure: Figure| self.rules.iter().any(|rule| rule.add.contains_key(&figure));
        let reads = self.sets(Field::UsageInput) || adds(Figure::UsageInput);
        let writes = self.sets(Field::UsageOutput) || self.sets(Field::UsageTotal) || adds(Figure::UsageOutput);
        reads && writes && !self.sets(Field::CostUsd) && !adds(Figure::CostUsd)
    }

    /// What the dollars of a turn count: those that it tells, else those that its tokens cost.
    pub fn dollars_scope(&self) -> Scope {
        if self.tells_tokens_only() { self.usage.scope } else { self.usage.cost_scope }
    }

    /// Whether a turn that went well ends with a record that says so. Where it does, an exit without it is no success.
    pub fn tells_its_end(&self) -> bool {
        let flags = self.rules.iter().map(|rule| rule.flag).chain(self.lines.iter().map(|rule| rule.flag));
        flags.flatten().any(|flag| flag == Flag::Done)
    }
}
