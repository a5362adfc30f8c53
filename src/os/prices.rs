//! The prices of models: those that come with the program, and over them the workspace's own.

use std::path::{Path, PathBuf};

use super::settings_file::{self, mistake};
use crate::error::Result;
use crate::model::price::Prices;

/// The table that comes with the program.
const BUILT_IN: &str = include_str!("../../config/prices.yaml");

/// Where the workspace's own prices stand, given its `config/`.
pub(super) fn file(config: &Path) -> PathBuf {
    config.join("prices.yaml")
}

/// All prices, given the workspace's `config/`; a mistake is an error that names file and line.
pub(super) fn read(config: &Path) -> Result<Prices> {
    let parse = |path: &Path, text: &str| Prices::parse(text).map_err(|bad| mistake(path, bad.line, &bad.reason));
    let built_in = parse(Path::new("built-in prices.yaml"), BUILT_IN)?;
    let path = file(config);
    Ok(match settings_file::text(&path)? {
        Some(text) => built_in.overridden_by(parse(&path, &text)?),
        None => built_in,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_workspace_adds_prices_to_those_that_come_with_the_program() {
        let folder = tempfile::tempdir().unwrap();
        let built_in = read(folder.path()).unwrap();
        assert!(built_in.of("gpt-5-codex").is_some() && built_in.of("own").is_none());
        let path = file(folder.path());
        fs::write(&path, "as_of: 2026-11-20\nmodels: {own: {input: 1, output: 2}}\n").unwrap();
        let both = read(folder.path()).unwrap();
        assert!(both.of("gpt-5-codex").is_some() && both.of("own").is_some());
        fs::write(&path, "as_of: 2026-11-20\nmodls: {}\n").unwrap();
        let refused = read(folder.path()).unwrap_err().chain();
        assert_eq!(refused, format!("{}:2: unknown name `modls`; did you mean `models`?", path.display()));
    }
}
