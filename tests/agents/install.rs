//! Installs an agent's program from the npm registry, once for all runs of these tests.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use crate::cli::Cli;

/// Why a program is not there.
#[derive(Debug, Clone)]
pub(crate) enum Missing {
    /// This machine cannot have it: it has no node, or does not reach the registry.
    Here(String),
    /// The registry was reached, and it could not be installed all the same.
    Anywhere(String),
}

/// Failures of npm that say something about the machine's network, not about the package.
const UNREACHABLE: [&str; 10] = [
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ECONNRESET",
    "ETIMEDOUT",
    "ENETUNREACH",
    "EHOSTUNREACH",
    "ERR_SOCKET_TIMEOUT",
    "E403",
    "E503",
];

/// The folder with its programs, for PATH. Whoever asks first installs it; the others wait.
pub(crate) fn programs_of(cli: Cli) -> Result<PathBuf, Missing> {
    static FOUND: [OnceLock<Result<PathBuf, Missing>>; Cli::ALL.len()] = [const { OnceLock::new() }; Cli::ALL.len()];
    FOUND[cli as usize].get_or_init(|| find_or_install(cli)).clone()
}

fn find_or_install(cli: Cli) -> Result<PathBuf, Missing> {
    for needed in ["node", "npm"] {
        if Command::new(needed).arg("--version").output().is_err() {
            return Err(Missing::Here(format!("{needed} was not found")));
        }
    }
    let (package, version) = cli.package();
    let cache = env::var_os("SWARM_TEST_AGENTS").map_or_else(default_cache, PathBuf::from);
    let folder = cache.join(format!("{}-{version}", cli.name()));
    fs::create_dir_all(&folder).expect("make a folder");
    // Other runs of these tests may use the same folder.
    let lock = File::create(folder.join("lock")).expect("create a file");
    lock.lock().expect("lock a file");
    let installed = folder.join("installed");
    if !installed.exists() {
        install(&folder, &format!("{package}@{version}"))?;
        fs::write(&installed, "").expect("write a file");
    }
    Ok(folder.join("node_modules/.bin"))
}

/// `target/agents`, beside the profile's folder.
fn default_cache() -> PathBuf {
    let profile = crate::harness::program_under_test().parent().expect("the program lies in a folder");
    profile.parent().expect("a target folder").join("agents")
}

fn install(folder: &Path, package: &str) -> Result<(), Missing> {
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--no-update-notifier", "--fetch-retries", "1"]);
    npm.arg("--prefix").arg(folder).arg(package).current_dir(folder);
    let Output { status, stdout, stderr } = npm.output().expect("run npm");
    let said = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    if status.success() {
        return Ok(());
    }
    match UNREACHABLE.iter().find(|code| said.contains(&format!("code {code}"))) {
        Some(code) => Err(Missing::Here(format!("the npm registry cannot be reached ({code})"))),
        None => Err(Missing::Anywhere(format!("npm cannot install {package}:\n{said}"))),
    }
}
