//! The programs that the tests run: the one under test, and the example that plays agents and gates.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;
use std::{env, fs};

/// The program under test.
pub(super) const SWARM: &str = env!("CARGO_BIN_EXE_swarm");

/// The program under test, for a command line that another program runs.
pub(crate) fn program_under_test() -> &'static Path {
    Path::new(SWARM)
}

/// The program that misbehaves on request; its steps stand in `examples/fake_agent.rs`.
pub(crate) fn fake_agent() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| example("fake_agent"))
}

/// An example of this package. `cargo test` builds them all; `cargo test --test it` does not.
pub(super) fn example(name: &str) -> PathBuf {
    let profile = Path::new(SWARM).parent().expect("the program lies in a folder");
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = profile.join("examples").join(name);
    if written(&file) < written(&package.join(format!("examples/{name}.rs"))) {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let kind = profile.file_name().and_then(|name| name.to_str()).expect("a profile's folder");
        let mut build = Command::new(cargo);
        build.current_dir(package).args(["build", "--quiet", "--example", name, "--target-dir"]);
        build.arg(profile.parent().expect("a target folder"));
        build.args(["--profile", if kind == "debug" { "dev" } else { kind }]);
        assert!(build.status().expect("run cargo").success(), "cannot build the example {name}");
    }
    file
}

fn written(file: &Path) -> SystemTime {
    fs::metadata(file).and_then(|metadata| metadata.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
}
