//! The descriptions, each read together with the ones that it begins from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::super::settings_file::{self, files_in, mistake};
use crate::error::{Error, Result};
use crate::model::agent::{Agent, Base};
use crate::model::yaml::{self, BadYaml};

/// The descriptions that come with the program.
const BUILT_IN: [(&str, &str); 6] = [
    ("claude", include_str!("../../../config/agents/claude.yaml")),
    ("codex", include_str!("../../../config/agents/codex.yaml")),
    ("gemini", include_str!("../../../config/agents/gemini.yaml")),
    ("opencode", include_str!("../../../config/agents/opencode.yaml")),
    ("qwen", include_str!("../../../config/agents/qwen.yaml")),
    ("script", include_str!("../../../config/agents/script.yaml")),
];

/// One of the parts that a description is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layer {
    /// The built-in description of this name.
    BuiltIn(&'static str),
    /// A file of the workspace.
    File(PathBuf),
}

/// A description, and what it was made of, the lowest layer first.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) agent: Agent,
    pub(super) layers: Vec<Layer>,
}

/// All descriptions of a workspace, by name.
pub(super) fn read(folder: &Path) -> Result<BTreeMap<String, Made>> {
    let mut shelf = Shelf::default();
    for path in files_in(folder, "yaml")? {
        if let Some(text) = settings_file::text(&path)? {
            shelf.files.insert(super::stem(&path), (path, text));
        }
    }
    let names: Vec<String> = shelf.known().map(str::to_owned).collect();
    for name in names {
        shelf.make(&name, &mut Vec::new())?;
    }
    Ok(shelf.made)
}

#[derive(Default)]
struct Shelf {
    files: BTreeMap<String, (PathBuf, String)>,
    made: BTreeMap<String, Made>,
}

impl Shelf {
    fn known(&self) -> impl Iterator<Item = &str> {
        BUILT_IN.iter().map(|(name, _)| *name).chain(self.files.keys().map(String::as_str))
    }

    /// Makes the description of a name that is known. `above` are those that begin from it, the outermost first.
    fn make(&mut self, name: &str, above: &mut Vec<String>) -> Result<Made> {
        if let Some(made) = self.made.get(name) {
            return Ok(made.clone());
        }
        let made = match self.files.get(name).cloned() {
            Some((path, text)) => self.read_file(name, path, &text, above)?,
            None => match built_in(name) {
                Some(made) => made?,
                None => return Err(Error::usage(format!("there is no agent `{name}`"))),
            },
        };
        self.made.insert(name.to_owned(), made.clone());
        Ok(made)
    }

    fn read_file(&mut self, name: &str, path: PathBuf, text: &str, above: &mut Vec<String>) -> Result<Made> {
        let bad = |bad: BadYaml| mistake(&path, bad.line, &bad.reason);
        let under = match Base::of(text).map_err(bad)? {
            Base::Nothing => None,
            Base::Unsaid => built_in(name).transpose()?,
            Base::Named(base, line) => {
                let refuse = |reason: String| mistake(&path, line, &format!("base: {reason}"));
                above.push(name.to_owned());
                let under = if base == name {
                    let none = || refuse(format!("`{name}` begins from itself, and there is no built-in `{name}`"));
                    built_in(name).ok_or_else(none)??
                } else if let Some(at) = above.iter().position(|it| *it == base) {
                    return Err(refuse(format!("goes in a circle: {} > {base}", above[at..].join(" > "))));
                } else if self.known().any(|known| known == base) {
                    self.make(&base, above)?
                } else {
                    return Err(refuse(unknown(&base, self.known())));
                };
                above.pop();
                Some(under)
            }
        };
        let agent = Agent::read(text, under.as_ref().map(|under| &under.agent)).map_err(bad)?;
        let mut layers = under.map(|under| under.layers).unwrap_or_default();
        layers.push(Layer::File(path));
        Ok(Made { agent, layers })
    }
}

fn unknown<'a>(base: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.collect();
    match yaml::nearest(base, known.iter().copied()) {
        Some(near) => format!("there is no agent `{base}`; did you mean `{near}`?"),
        None => format!("there is no agent `{base}`; known are {} and none", known.join(", ")),
    }
}

fn built_in(name: &str) -> Option<Result<Made>> {
    let (name, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
    let shown = PathBuf::from(format!("built-in {name}.yaml"));
    let agent = Agent::read(text, None).map_err(|bad| mistake(&shown, bad.line, &bad.reason));
    Some(agent.map(|agent| Made { agent, layers: vec![Layer::BuiltIn(name)] }))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(format!("{name}.yaml")), text).unwrap();
        }
        folder
    }

    fn refused(files: &[(&str, &str)]) -> String {
        let folder = folder(files);
        let said = read(folder.path()).unwrap_err().chain();
        said.replace(&format!("{}/", folder.path().display()), "")
    }

    #[test]
    fn all_that_is_built_in_is_right_and_can_be_installed() {
        let made = read(Path::new("no such folder")).unwrap();
        let names: Vec<&str> = made.keys().map(String::as_str).collect();
        assert_eq!(names, ["claude", "codex", "gemini", "opencode", "qwen", "script"]);
        for (name, Made { agent, layers }) in made.iter().filter(|(name, _)| *name != "script") {
            assert_eq!(layers, &[Layer::BuiltIn(BUILT_IN.iter().find(|it| it.0 == name).unwrap().0)]);
            assert!(agent.install.is_some() && agent.login.is_some() && agent.tested.is_some(), "{name}");
            assert!(!agent.version.argv.is_empty(), "{name}");
        }
    }

    #[test]
    fn a_file_begins_from_the_built_in_one_of_its_name_or_from_the_one_that_it_names() {
        let folder = folder(&[
            ("codex", "env_set: {A: a}"),
            ("claude-work", "base: claude\nenv_set: {CLAUDE_CONFIG_DIR: /work}"),
            ("late", "base: claude-work\ntested: '1'"),
            ("own", "base: own-too\n"),
            ("own-too", "argv: [tool]"),
            ("qwen", "base: none\nargv: [tool]"),
            ("gemini", "base: gemini\ntested: '1'"),
        ]);
        let made = read(folder.path()).unwrap();
        let layers = |name: &str| {
            let shown = |layer: &Layer| match layer {
                Layer::BuiltIn(name) => format!("<{name}>"),
                Layer::File(path) => super::super::stem(path),
            };
            made[name].layers.iter().map(shown).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(layers("codex"), "<codex> codex");
        assert_eq!(layers("claude"), "<claude>");
        assert_eq!(layers("late"), "<claude> claude-work late");
        assert_eq!(layers("own"), "own-too own");
        assert_eq!(layers("qwen"), "qwen");
        assert_eq!(layers("gemini"), "<gemini> gemini");
        assert_eq!(made["codex"].agent.env_set["A"], "a");
        assert!(made["codex"].agent.args.contains_key("model"));
        let late = &made["late"].agent;
        assert_eq!((late.env_set["CLAUDE_CONFIG_DIR"].as_str(), late.tested.as_deref()), ("/work", Some("1")));
        assert_eq!(late.env_set["DISABLE_AUTOUPDATER"], "1");
        assert!(made["qwen"].agent.args.is_empty());
    }

    #[test]
    fn a_base_that_cannot_be_is_refused_with_its_line() {
        for (files, says) in [
            (
                &[("a", "# a\nbase: b"), ("b", "base: c"), ("c", "base: a")][..],
                "c.yaml:1: base: goes in a circle: a > b > c > a",
            ),
            (
                &[("codex", "base: claude"), ("claude", "base: codex")],
                "base: goes in a circle: claude > codex > claude",
            ),
            (&[("a", "# a\nbase: a")], "a.yaml:2: base: `a` begins from itself, and there is no built-in `a`"),
            (&[("a", "base: cluade")], "a.yaml:1: base: there is no agent `cluade`; did you mean `claude`?"),
            (&[("a", "base: zzz")], "a.yaml:1: base: there is no agent `zzz`; known are claude, codex"),
            (&[("a", "tested: '1'")], "a.yaml:1: argv: is needed"),
            (&[("a", "base: codex"), ("codex", "env_pas: []")], "codex.yaml:1: "),
            (&[("codex", "tested: '1'\noutput: {format: text}")], "codex.yaml:2: output.rules"),
        ] {
            let said = refused(files);
            assert!(said.contains(says), "{said}");
        }
    }
}
