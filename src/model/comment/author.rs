//! Who wrote a comment.

use std::fmt;

/// Who wrote a comment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Author {
    /// A person.
    Human,
    /// This program.
    Swarm,
    /// The agent of this name.
    Agent(String),
}

impl Author {
    /// Reads what `Display` prints: `human`, `swarm`, `agent:<name>`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "human" => Some(Self::Human),
            "swarm" => Some(Self::Swarm),
            _ => text.strip_prefix("agent:").filter(|name| !name.is_empty()).map(|name| Self::Agent(name.to_owned())),
        }
    }
}

impl fmt::Display for Author {
    /// A name of several words is printed as one: it has to fit into a heading.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Human => f.write_str("human"),
            Self::Swarm => f.write_str("swarm"),
            Self::Agent(name) => {
                let odd = |char: char| char.is_whitespace() || char.is_control() || matches!(char, '#' | '\u{feff}');
                let name: Vec<&str> = name.split(odd).filter(|word| !word.is_empty()).collect();
                write!(f, "agent:{}", if name.is_empty() { "unknown".to_owned() } else { name.join("-") })
            }
        }
    }
}
