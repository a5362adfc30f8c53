//! Where the queue and the records lie: the one part of the settings that hardly any command can do without.

use std::path::{Component, Path};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::yaml::{self, BadYaml};

/// How their part of the settings begins.
const KEY: &str = "dirs:";

/// Names of folders, from the root of the workspace.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Dirs {
    /// The queue.
    pub tasks: String,
    /// The records.
    pub runs: String,
}

impl Default for Dirs {
    fn default() -> Self {
        Self { tasks: "tasks".to_owned(), runs: "runs".to_owned() }
    }
}

impl Dirs {
    /// The folders that a text of settings names, whatever is wrong with the rest of it; `None` where that cannot be
    /// told.
    pub fn named_in(text: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Part {
            dirs: Dirs,
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut lines = text.lines().skip_while(|line| !line.starts_with(KEY));
        let Some(first) = lines.next() else {
            // They may be written in another way.
            let may_name_them = |line: &str| !line.trim_start().starts_with('#') && line.contains("dirs");
            return (!text.lines().any(may_name_them)).then(Self::default);
        };
        let below = lines.take_while(|line| line.is_empty() || line.starts_with([' ', '\t', '#', '-']));
        let part: Vec<&str> = [first].into_iter().chain(below).collect();
        let Part { dirs } = yaml::parse(&part.join("\n")).ok()?;
        dirs.check().ok().map(|()| dirs)
    }

    /// What the types cannot say.
    pub(super) fn check(&self) -> Result<(), BadYaml> {
        let is_normal = |part: Component<'_>| matches!(part, Component::Normal(_));
        for (key, folder) in [("dirs.tasks", &self.tasks), ("dirs.runs", &self.runs)] {
            if folder.is_empty() || !Path::new(folder).components().all(is_normal) {
                return Err(BadYaml::at_key(key, format!("`{folder}` must be a folder below the workspace's root")));
            }
        }
        // As paths, so that a slash at the end makes no difference.
        if Path::new(&self.tasks) == Path::new(&self.runs) {
            return Err(BadYaml::at_key("dirs", "the queue and the records cannot share one folder"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dirs(tasks: &str, runs: &str) -> Option<Dirs> {
        Some(Dirs { tasks: tasks.to_owned(), runs: runs.to_owned() })
    }

    #[test]
    fn the_folders_are_found_whatever_is_wrong_with_the_rest() {
        for (text, named) in [
            ("", dirs("tasks", "runs")),
            ("verfy: [true]\nbase: 'trunk", dirs("tasks", "runs")),
            ("# dirs: {tasks: t, runs: r}\nbase: [", dirs("tasks", "runs")),
            ("verfy: [true]\ndirs: {tasks: t, runs: r}\nbase: 'trunk", dirs("t", "r")),
            ("\u{feff}dirs: {tasks: t}\nverfy: [true]", dirs("t", "runs")),
            ("base: [\ndirs:\r\n  # ours\r\n\r\n  tasks: t\r\n  runs: r\r\nlimits: {", dirs("t", "r")),
        ] {
            assert_eq!(Dirs::named_in(text), named, "{text}");
        }
    }

    #[test]
    fn folders_that_are_named_in_another_way_or_wrongly_are_not_guessed() {
        for text in [
            "{verfy: [true], dirs: {tasks: t}}",
            "'dirs': {tasks: t}\nbase: [",
            "dirs: {tasks: t\nbase: trunk",
            "dirs: {task: t}",
            "dirs: {tasks: ../t}",
            "dirs: {tasks: t, runs: t/}",
            "dirs:\n- tasks",
        ] {
            assert_eq!(Dirs::named_in(text), None, "{text}");
        }
    }
}
