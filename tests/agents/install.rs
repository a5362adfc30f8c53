//! Installs an agent's program from the npm registry, once for all runs of these tests.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::cli::Cli;

/// Why a program cannot be had on this machine.
pub(crate) struct Missing(pub(crate) String);

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
    for needed in ["node", "npm"] {
        if Command::new(needed).arg("--version").output().is_err() {
            return Err(Missing(format!("{needed} was not found")));
        }
    }
    let (package, version) = cli.package();
    let cache = env::var_os("SWARM_TEST_AGENTS").map_or_else(default_cache, PathBuf::from);
    let folder = cache.join(format!("{}-{version}", cli.name()));
    fs::create_dir_all(&folder).expect("make a folder");
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
        Some(code) => Err(Missing(format!("the npm registry cannot be reached ({code})"))),
        None => panic!("npm cannot install {package}:\n{said}"),
    }
}
