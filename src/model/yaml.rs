//! What a person reads about a mistake in a YAML file: the line, and the nearest right name.

use serde::de::DeserializeOwned;

/// A mistake in a YAML file of settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct BadYaml {
    /// Counts from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong, and what would be right.
    pub reason: String,
}

impl BadYaml {
    /// A mistake in the value of `key` that the types could not see.
    pub fn at_key(key: &str, reason: impl AsRef<str>) -> Self {
        Self { line: None, reason: format!("{key}: {}", reason.as_ref()) }
    }
}

/// Reads one document; an empty one (or one of comments alone) gives the default.
pub fn parse_or_default<T: DeserializeOwned + Default>(text: &str) -> Result<T, BadYaml> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let blank = text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#') || line == "---");
    if blank { Ok(T::default()) } else { parse(text) }
}

/// Reads one document.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, BadYaml> {
    serde_yaml::from_str(text.strip_prefix('\u{feff}').unwrap_or(text)).map_err(|error| explain(&error, text))
}

/// serde's words, turned into ours.
fn explain(error: &serde_yaml::Error, text: &str) -> BadYaml {
    let place = error.location();
    let said = error.to_string();
    let said = said.split(" at line ").next().unwrap_or(&said);
    let line = unknown_name(said).and_then(|name| line_of_key(text, &name, place.as_ref().map_or(1, |at| at.line())));
    let line = line.or(place.map(|place| place.line()));
    let reason = match said.split_once("unknown field `").or_else(|| said.split_once("unknown variant `")) {
        Some((before, after)) => with_nearest(before, after),
        None if said.contains("mapping values are not allowed") => {
            format!("{said}: quote a value that holds a colon and a space")
        }
        None => said
            .replace("expected u32", "expected a whole number, not below 0")
            .replace("an unsigned duration string", "a duration with a unit, such as 30s or 15m")
            .replace("invalid type: ", "wrong type: "),
    };
    BadYaml { line, reason }
}

fn unknown_name(said: &str) -> Option<String> {
    said.split_once("unknown field `")?.1.split_once('`').map(|(name, _)| name.to_owned())
}

/// serde reports an unknown key where its map begins; the key itself stands on or after that line.
fn line_of_key(text: &str, name: &str, from: usize) -> Option<usize> {
    let opens = |line: &str| {
        let line = line.trim_start_matches([' ', '-', '{', ',']);
        line.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with(':'))
    };
    let inline = |line: &str| line.contains(&format!("{name}:"));
    let lines = || text.lines().enumerate().skip(from.saturating_sub(1));
    lines().find(|(_, line)| opens(line)).or_else(|| lines().find(|(_, line)| inline(line))).map(|(at, _)| at + 1)
}

/// `after` is the wrong name, then, between backquotes, the right ones.
fn with_nearest(before: &str, after: &str) -> String {
    let mut names = after.split('`').step_by(2);
    let wrong = names.next().unwrap_or_default();
    let right: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    match nearest(wrong, right.iter().copied()) {
        Some(near) => format!("{before}unknown name `{wrong}`; did you mean `{near}`?"),
        None => format!("{before}unknown name `{wrong}`; known are {}", right.join(", ")),
    }
}

/// The name among `known` that `wrong` was most likely meant to be.
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(wrong, name), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use crate::model::config::Config;

    #[test]
    fn a_mistake_in_the_settings_is_named_with_line_and_the_nearest_right_name() {
        for (text, line, says) in [
            ("verfy: [cargo test]", Some(1), "did you mean `verify`"),
            ("base: main\nlimits:\n  timeout: 5m\n  atempts: 2\n", Some(4), "did you mean `attempts`"),
            ("limits: {attempts: -1}", Some(1), "not below 0"),
            ("limits: {attempts: many}", Some(1), "whole number"),
            ("limits: {timeout: 30}", Some(1), "write a unit"),
            ("limits: {timeout: '30'}", Some(1), "write a unit"),
            ("limits: {attempts: 0}", None, "limits.attempts"),
            ("base: [main]", Some(1), "base"),
            ("base: fix: it", Some(1), "quote"),
            ("integrate: {strategy: sqash}", Some(1), "did you mean `squash`"),
            ("dirs: {tasks: ../up}", None, "dirs.tasks"),
            ("protected: ['a{']", None, "protected"),
        ] {
            let bad = Config::parse(text).expect_err(text);
            assert!(bad.reason.contains(says), "{text}: {bad:?}");
            assert_eq!(bad.line, line, "{text}: {bad:?}");
        }
    }

    #[test]
    fn an_empty_file_gives_the_defaults() {
        for text in ["", "# nothing\n", "---\n", "\u{feff}# bom\n"] {
            assert_eq!(Config::parse(text).unwrap().limits.attempts, 3);
        }
        assert_eq!(Config::parse("\u{feff}base: trunk").unwrap().base.as_deref(), Some("trunk"));
        assert!(Config::parse("reviewer: none").unwrap().reviewer.is_empty());
    }
}
