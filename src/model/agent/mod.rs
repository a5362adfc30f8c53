//! An agent is data: how to start its program, how to give it the prompt, what it prints, when it is done and how
//! to end it.
//!
//! The built-in descriptions are the files under `config/agents/`; a user's file has the same form, and says only what
//! is different where it begins from another description.

mod description;
mod prompting;
mod session;
mod output;
mod rule;
mod view;
mod condition;
mod pointer;
mod pattern;
mod classify;
mod reset;
mod stop;
mod upkeep;
mod command_line;
mod check;
mod merge;
mod place;

pub use check::BadDescription;
pub use classify::{Class, TroubleKind};
pub use command_line::{VARIABLES, Variables};
pub(in crate::model) use command_line::{fill_in, variables_of};
pub use condition::{Condition, Scalar};
pub use description::{Agent, Completion};
pub use merge::Base;
pub use output::{ExitCode, Format, Output, Scope, UsageFacts};
pub use pattern::Pattern;
pub use place::line_of;
pub use pointer::Pointer;
pub use prompting::{Content, Prompting, Via};
pub use reset::{ResetText, Unit};
pub use rule::{Append, Clear, Field, Figure, Flag, LineRule, Rule};
pub use session::{MintedBy, Sessions};
pub use stop::{Signal, Stop, Target, default_stop};
pub use upkeep::{LoginQuery, VersionQuery, query_line};
pub use view::{Kind, View};
