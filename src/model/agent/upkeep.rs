//! What is known of an agent's program beside its turns: how to ask for its version and its login, and how a person
//! installs it and logs in.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Pattern;

/// What stands, as the first part of a command line here, for the agent's own program.
pub(super) const OWN_PROGRAM: &str = "{program}";

/// How the program is asked for its version.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VersionQuery {
    /// The command line; `{program}` as its first part stands for the agent's own. Empty: it is not asked.
    pub argv: Vec<String>,
    /// Where the version stands in what it prints: the first group, or all that matches. The last word of the first
    /// line where there is no expression.
    pub re: Option<Pattern>,
}

/// How the program is asked whether a person has logged in; it must cost nothing and need no network.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LoginQuery {
    /// The command line; `{program}` as its first part stands for the agent's own. Empty: it is not asked.
    pub argv: Vec<String>,
    /// What it prints where nobody has logged in.
    pub missing: Option<Pattern>,
    /// Variables of the environment that take the place of a login; where one is set, it is not asked.
    pub unless_env: Vec<String>,
}

impl VersionQuery {
    /// The version in what was printed; `None` if it cannot be found there.
    pub fn version_in(&self, printed: &str) -> Option<String> {
        let found = match &self.re {
            Some(re) => {
                let groups = re.captures(printed)?;
                groups.get(1).or_else(|| groups.get(0))?.as_str()
            }
            None => printed.lines().find(|line| !line.trim().is_empty())?.split_whitespace().last()?,
        };
        Some(found.trim().to_owned()).filter(|version| !version.is_empty())
    }
}

/// The command line `argv` of a query about the program `program`.
pub fn query_line<'a>(argv: &'a [String], program: &'a str) -> Vec<&'a str> {
    let fill = |(at, part): (usize, &'a String)| if at == 0 && part == OWN_PROGRAM { program } else { part };
    argv.iter().enumerate().map(fill).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_the_group_the_match_or_the_last_word() {
        let found = |yaml: &str, printed: &str| serde_yaml::from_str::<VersionQuery>(yaml).unwrap().version_in(printed);
        let warned = "WARNING: x\ncodex-cli 0.169.0\n";
        assert_eq!(found(r"{re: 'codex-cli (\S+)'}", warned).as_deref(), Some("0.169.0"));
        assert_eq!(found(r"{re: '\d+\.\d+'}", warned).as_deref(), Some("0.169"));
        assert_eq!(found("{}", "\ntool version 1.2\nmore\n").as_deref(), Some("1.2"));
        assert_eq!(found("{re: v(.*)}", "v \n"), None);
        assert_eq!(found("{re: nothing}", warned), None);
        assert_eq!(found("{}", " \n"), None);
    }

    #[test]
    fn a_query_is_about_the_agents_own_program_where_it_says_so() {
        let line = |argv: &[&str]| {
            let argv: Vec<String> = argv.iter().map(|part| (*part).to_owned()).collect();
            query_line(&argv, "/opt/tool").join(" ")
        };
        assert_eq!(line(&["{program}", "--version"]), "/opt/tool --version");
        assert_eq!(line(&["npx", "{program}"]), "npx {program}");
    }
}
