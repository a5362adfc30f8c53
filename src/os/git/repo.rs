//! A repository that is fit to be worked on.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::door::Git;
use super::error::GitError;
use super::oid::Oid;
use crate::error::Error;

/// The oldest git that serves: it brought `merge-tree --write-tree`, the merge without a checkout. (The tests
/// also pass with 2.39, which Debian 12 has.)
pub const OLDEST_GIT: (u32, u32) = (2, 38);

/// Who commits in the agents' stead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The name.
    pub name: String,
    /// The mail address, without brackets.
    pub email: String,
}

/// A repository, opened once per run and then only read: where its parts are, and who commits.
#[derive(Debug, Clone)]
pub struct Repo {
    top: PathBuf,
    git_dir: PathBuf,
    common_dir: PathBuf,
    digits: usize,
    identity: Identity,
}

/// Why a folder cannot be worked on. Each says in one line what is needed.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// The version of git is below [`OLDEST_GIT`], or cannot be read.
    #[error("git {}.{} or newer is needed, this is `{found}`", OLDEST_GIT.0, OLDEST_GIT.1)]
    TooOld {
        /// What `git version` said.
        found: String,
    },
    /// No repository here or above.
    #[error("{} is not in a git repository", .0.display())]
    NotARepository(PathBuf),
    /// There is no checkout.
    #[error("{} is a bare repository: a checkout is needed", .0.display())]
    Bare(PathBuf),
    /// There is no commit yet.
    #[error("{} has no commit yet", .0.display())]
    Empty(PathBuf),
    /// git refused or could not be asked.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl From<Unfit> for Error {
    fn from(unfit: Unfit) -> Self {
        let hint = match unfit {
            Unfit::Git(error) => return error.into(),
            Unfit::TooOld { .. } => "install a newer git",
            Unfit::NotARepository(_) => "run `git init` and commit something, or use -C DIR",
            Unfit::Bare(_) => "use `git worktree add` or a clone, and start there",
            Unfit::Empty(_) => "make a first commit: `git commit --allow-empty -m start`",
        };
        Self::environment(unfit.to_string()).hint(hint)
    }
}

impl Repo {
    /// Opens the repository whose checkout `path` lies in. Three processes, once per run.
    pub fn open(path: &Path) -> Result<Self, Unfit> {
        let version = Git::at(path).arg("version").ask()?;
        let version = String::from_utf8_lossy(&version.stdout).trim().to_owned();
        // `-C` fails before the version is printed when there is no such folder.
        if version.is_empty() {
            return Err(Unfit::NotARepository(path.to_owned()));
        }
        if !is_new_enough(&version) {
            return Err(Unfit::TooOld { found: version });
        }
        let Located { top, git_dir, common_dir, head } = locate(path)?;
        let identity = Identity::of(path)?;
        Ok(Self { top, git_dir, common_dir, digits: head.as_str().len(), identity })
    }

    /// The top of the checkout, absolute.
    pub fn top(&self) -> &Path {
        &self.top
    }

    /// The git directory of this checkout, absolute.
    pub fn git_dir(&self) -> &Path {
        &self.git_dir
    }

    /// The git directory that all worktrees share, absolute.
    pub fn common_dir(&self) -> &Path {
        &self.common_dir
    }

    /// Who commits: the user as git knows them, else `swarm <swarm@localhost>`.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The same as environment variables, so that an agent's own commits never fail for want of a name.
    pub fn identity_env(&self) -> [(&'static str, String); 4] {
        let Identity { name, email } = self.identity.clone();
        [
            ("GIT_AUTHOR_NAME", name.clone()),
            ("GIT_AUTHOR_EMAIL", email.clone()),
            ("GIT_COMMITTER_NAME", name),
            ("GIT_COMMITTER_EMAIL", email),
        ]
    }

    /// Whether this checkout is itself a linked worktree of another one.
    pub fn is_linked(&self) -> bool {
        self.git_dir != self.common_dir
    }

    /// The branch that is checked out, without `refs/heads/`; `None` when HEAD is detached. One process.
    pub fn current_branch(&self) -> Result<Option<String>, GitError> {
        let answer = self.git().reading().args(["symbolic-ref", "-q", "HEAD"]).ask()?;
        let name = String::from_utf8_lossy(&answer.stdout);
        Ok(name.trim().strip_prefix("refs/heads/").map(str::to_owned))
    }

    /// The commit that `rev` names, if it names one. One process.
    pub fn resolve(&self, rev: &str) -> Result<Option<Oid>, GitError> {
        let rev = format!("{rev}^{{commit}}");
        let answer = self.git().reading().args(["rev-parse", "-q", "--verify", "--end-of-options", &rev]).ask()?;
        Ok(Oid::from_git(&answer.stdout))
    }

    /// The tree of a commit. One process.
    pub fn tree_of(&self, commit: &Oid) -> Result<Oid, GitError> {
        self.git().reading().args(["rev-parse", "--verify", &format!("{commit}^{{tree}}")]).oid()
    }

    /// How many digits the names of objects have here: 40 or 64.
    pub(super) fn digits(&self) -> usize {
        self.digits
    }

    /// A command on objects and refs, or in the user's checkout where it only looks.
    pub(super) fn git(&self) -> Git {
        Git::of(&self.git_dir, &self.top)
    }

    /// The same, as our [`Identity`].
    pub(super) fn committing(&self) -> Git {
        self.identity_env().into_iter().fold(self.git(), |git, (name, value)| git.env(name, value))
    }
}

impl Identity {
    /// As git would name the committer in `path`. git fails where it has no name and cannot make one up.
    fn of(path: &Path) -> Result<Self, GitError> {
        let answer = Git::at(path).reading().args(["var", "GIT_COMMITTER_IDENT"]).ask()?;
        let ident = String::from_utf8_lossy(&answer.stdout);
        let known = ident.split_once(" <").and_then(|(name, rest)| Some((name, rest.split_once('>')?.0)));
        Ok(match known {
            Some((name, email)) => Self { name: name.to_owned(), email: email.to_owned() },
            None => Self { name: "swarm".into(), email: "swarm@localhost".into() },
        })
    }
}

/// The checkout around a path.
struct Located {
    top: PathBuf,
    git_dir: PathBuf,
    common_dir: PathBuf,
    head: Oid,
}

fn locate(path: &Path) -> Result<Located, Unfit> {
    // One command that prints line by line until it meets what is wrong.
    let asked = ["--is-bare-repository", "--git-common-dir", "--git-dir", "--show-toplevel", "HEAD^{commit}"];
    let answer = Git::at(path).reading().args(["rev-parse", "--path-format=absolute"]).args(asked).ask()?;
    let lines: Vec<&[u8]> = answer.stdout.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).collect();
    let folder = |line: &[u8]| PathBuf::from(OsStr::from_bytes(line));
    match lines.as_slice() {
        [b"true", ..] => Err(Unfit::Bare(path.to_owned())),
        [_, common, git, top, head] if let Some(head) = Oid::from_git(head) => {
            Ok(Located { top: folder(top), git_dir: folder(git), common_dir: folder(common), head })
        }
        [_, _, _, top, ..] if !answer.stderr.contains("error: ") => Err(Unfit::Empty(folder(top))),
        _ if answer.stderr.contains("not a git repository") || answer.stderr.contains("work tree") => {
            Err(Unfit::NotARepository(path.to_owned()))
        }
        // `detected dubious ownership`, a broken config: git's own words are the best there are.
        _ => Err(Unfit::Git(GitError::Failed {
            command: "git rev-parse".into(),
            path: path.to_owned(),
            code: answer.code,
            stderr: answer.stderr,
        })),
    }
}

fn is_new_enough(version: &str) -> bool {
    let numbers = version.strip_prefix("git version ").and_then(|rest| {
        let mut parts = rest.split(['.', ' ', '-']).map(str::parse::<u32>);
        Some((parts.next()?.ok()?, parts.next()?.ok()?))
    });
    numbers.is_some_and(|numbers| numbers >= OLDEST_GIT)
}
