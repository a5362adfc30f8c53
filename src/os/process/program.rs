//! From a spec to a command that can be spawned, and what it means when it cannot.

use std::ffi::{OsStr, OsString};
use std::io::{self, PipeWriter};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::fs::{Access, access};

use super::children::{self, Own};
use super::{Mark, Spec};

/// Where programs are looked for when the environment has no `PATH`.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Starts the child of `spec`, printing into `output`. [`io::ErrorKind::NotFound`] means the program; a missing
/// folder is [`io::ErrorKind::NotADirectory`].
pub(super) fn start(spec: &mut Spec, output: PipeWriter) -> io::Result<Own> {
    let name = spec.argv.first().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "no program to start"))?;
    if !spec.folder.is_dir() {
        let why = format!("`{}` is not a folder", spec.folder.display());
        return Err(cannot_start(name, io::ErrorKind::NotADirectory, &why));
    }
    let program = resolve(name, path_of(&spec.env)).map_err(|(kind, why)| cannot_start(name, kind, &why))?;
    let stdin = match spec.stdin.take() {
        Some(file) => Stdio::from(file),
        None => Stdio::null(),
    };
    // Some agents work in `$PWD` and not in their folder: a stale one leads them into another checkout.
    let folder = std::path::absolute(&spec.folder)?;
    let mut command = Command::new(&program);
    command
        .args(&spec.argv[1..])
        .current_dir(&folder)
        .env_clear()
        .envs(spec.env.iter().map(|(key, value)| (key, value)))
        .env("PWD", &folder)
        .env(Mark::VARIABLE, spec.mark.value())
        .stdin(stdin)
        .stdout(output.try_clone()?)
        .stderr(output)
        .process_group(0);
    children::spawn(&mut command).map_err(|error| {
        let why = match error.kind() {
            io::ErrorKind::NotFound if folder.join(&program).exists() => {
                "the interpreter or loader it names is missing".to_owned()
            }
            _ => error.to_string(),
        };
        cannot_start(name, error.kind(), &why)
    })
}

fn cannot_start(name: &OsStr, kind: io::ErrorKind, why: &str) -> io::Error {
    io::Error::new(kind, format!("cannot start `{}`: {why}", name.display()))
}

fn path_of(env: &[(OsString, OsString)]) -> &OsStr {
    let path = env.iter().rev().find(|(key, _)| key == "PATH");
    path.map_or(OsStr::new(DEFAULT_PATH), |(_, value)| value)
}

/// The file that `name` means.
///
/// The search is done here and not by the system because a bare name together with a `PATH` of its own makes the
/// standard library fork. Relative entries of `PATH` are passed over: they would mean the folder of the agent's work.
fn resolve(name: &OsStr, path: &OsStr) -> Result<PathBuf, (io::ErrorKind, String)> {
    if name.as_encoded_bytes().contains(&b'/') {
        return Ok(PathBuf::from(name));
    }
    let candidates: Vec<PathBuf> = std::env::split_paths(path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .filter(|file| !name.is_empty() && file.is_file())
        .collect();
    match candidates.iter().find(|file| access(file.as_path(), Access::EXEC_OK).is_ok()) {
        Some(file) => Ok(file.clone()),
        None => Err(match candidates.first().map(PathBuf::as_path).map(Path::display) {
            Some(file) => (io::ErrorKind::PermissionDenied, format!("`{file}` is not executable")),
            None => (io::ErrorKind::NotFound, "it is not on PATH".to_owned()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_first_executable_on_the_path_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        for (name, mode) in [("a", 0o644), ("b", 0o755), ("c", 0o755)] {
            fs::create_dir(folder.path().join(name)).unwrap();
            let file = folder.path().join(name).join("tool");
            fs::write(&file, "").unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        }
        let path = std::env::join_paths(["a", "b", "c"].map(|name| folder.path().join(name))).unwrap();
        assert_eq!(resolve(OsStr::new("tool"), &path).unwrap(), folder.path().join("b/tool"));
        let only_a = folder.path().join("a");
        assert_eq!(resolve(OsStr::new("tool"), only_a.as_os_str()).unwrap_err().0, io::ErrorKind::PermissionDenied);
        assert_eq!(resolve(OsStr::new("other"), &path).unwrap_err().0, io::ErrorKind::NotFound);
        assert_eq!(resolve(OsStr::new(""), &path).unwrap_err().0, io::ErrorKind::NotFound);
    }

    #[test]
    fn neither_a_slash_nor_a_relative_entry_searches_the_path() {
        assert_eq!(resolve(OsStr::new("./tool"), OsStr::new("/bin")).unwrap(), Path::new("./tool"));
        assert_eq!(resolve(OsStr::new("src"), OsStr::new(".::")).unwrap_err().0, io::ErrorKind::NotFound);
    }
}
