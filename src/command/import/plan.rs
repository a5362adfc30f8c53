//! What an import comes to, before anything is written.

use std::path::{Path, PathBuf};

use super::source::Source;
use super::{prompts, tasks};
use crate::error::{Context, Result};
use crate::model::import::oompa::{
    DESCRIBED, Datum, Kind, Policy, Remark, Setup, policy, read_edn, read_json, settings, setup,
};
use crate::os::agents::Catalogue;
use crate::os::dirs::{Dirs, config_file};
use crate::os::plain_file::{self, Links, Unreadable};

/// The settings as `swarm init` writes them.
const AS_INIT: &str = include_str!("../../../config/swarm.yaml");

/// The policy of the first versions.
const POLICY: &str = "config/policy.edn";

/// What is to be done about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    /// There is none: it is made.
    Make,
    /// Nobody has touched it since `swarm init`: it is replaced, if it still holds this.
    Replace(Vec<u8>),
    /// It holds exactly this, or its task is in the queue.
    Nothing,
}

/// A file that an import comes to.
#[derive(Debug)]
pub(super) struct Planned {
    /// Where it lies.
    pub(super) path: PathBuf,
    /// What it holds.
    pub(super) text: String,
    /// The file it is from, as it is named from the folder of the import.
    pub(super) from: String,
    /// What is to be done.
    pub(super) act: Act,
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// The files, in the order in which they are written.
    pub(super) files: Vec<Planned>,
    /// What a person is told.
    pub(super) remarks: Vec<Remark>,
}

/// Reads everything in `source`, and decides what comes of it in the workspace `dirs`.
pub(super) fn plan(source: &Source, dirs: &Dirs) -> Result<Plan> {
    let mut plan = Plan::default();
    let setup = read_setup(source, &mut plan);
    let catalogue = Catalogue::read(dirs.root());
    if let Some((setup, path)) = &setup {
        plan_settings(setup, path, source, dirs, catalogue.as_ref().ok(), &mut plan)?;
        prompts::plan(setup, source, dirs, &mut plan)?;
    }
    prompts::look_at_those_in_the_way(dirs, &mut plan)?;
    if let Err(error) = catalogue {
        plan.remarks.push(Remark::new(Kind::Look, "config", format!("nothing can start yet: {}", error.explained())));
    }
    let setup = setup.map(|(setup, _)| setup).unwrap_or_default();
    tasks::plan(&setup, source, dirs, &mut plan);
    plan.remarks.sort_by_key(|remark| remark.kind);
    Ok(plan)
}

fn read_setup(source: &Source, plan: &mut Plan) -> Option<(Setup, &'static str)> {
    let path = source.settings()?;
    let text = match source.text(path) {
        Ok(text) => text?,
        Err(remark) => {
            plan.remarks.push(remark);
            return None;
        }
    };
    match read_json(&text) {
        Ok(config) => {
            let (setup, remarks) = setup(&config, path, &text);
            plan.remarks.extend(remarks);
            matches!(config, Datum::Map(_)).then_some((setup, path))
        }
        Err((line, reason)) => {
            plan.remarks.push(Remark::new(Kind::Refused, path, format!("is no JSON: {reason}")).at(Some(line)));
            None
        }
    }
}

fn read_policy(source: &Source, plan: &mut Plan) -> Policy {
    let text = match source.text(POLICY) {
        Ok(Some(text)) => text,
        Ok(None) => return Policy::default(),
        Err(remark) => {
            plan.remarks.push(remark);
            return Policy::default();
        }
    };
    match read_edn(&text) {
        Ok((datum, _)) => {
            let (policy, remarks) = policy(&datum, POLICY);
            plan.remarks.extend(remarks);
            policy
        }
        Err((line, reason)) => {
            plan.remarks.push(Remark::new(Kind::Refused, POLICY, format!("is no EDN: {reason}")).at(Some(line)));
            Policy::default()
        }
    }
}

fn plan_settings(
    setup: &Setup,
    path: &str,
    source: &Source,
    dirs: &Dirs,
    catalogue: Option<&Catalogue>,
    plan: &mut Plan,
) -> Result<()> {
    let policy = read_policy(source, plan);
    let is_described = |name: &str| match catalogue {
        Some(catalogue) => catalogue.described(name).is_ok(),
        // A mistake in one file, which is told, takes no worker out of the settings.
        None => DESCRIBED.contains(&name) || dirs.root().join(format!("config/agents/{name}.yaml")).is_file(),
    };
    let text = settings(setup, &policy, path, &mut plan.remarks, &is_described);
    let usual = config_file(dirs.root());
    let theirs = bytes(&usual)?;
    let is_untouched =
        theirs.as_deref().is_none_or(|bytes| bytes == AS_INIT.as_bytes() || bytes.trim_ascii().is_empty());
    if is_untouched || theirs.as_deref() == Some(text.as_bytes()) {
        return put(plan, dirs, usual, &text, path, theirs.as_slice());
    }
    let beside = usual.with_file_name("swarm.oompa.yaml");
    let reason = format!("it is yours and stays as it is: the settings from {path} are in config/swarm.oompa.yaml");
    plan.remarks.push(Remark::new(Kind::Look, "config/swarm.yaml", reason));
    put(plan, dirs, beside, &text, path, &[])
}

/// Plans a file. One that is there is replaced only where it holds one of `untouched`; else it stays, and a person is
/// told.
pub(super) fn put(
    plan: &mut Plan,
    dirs: &Dirs,
    path: PathBuf,
    text: &str,
    from: &str,
    untouched: &[Vec<u8>],
) -> Result<()> {
    let act = match bytes(&path)? {
        None => Act::Make,
        Some(theirs) if theirs == text.as_bytes() => Act::Nothing,
        Some(theirs) if untouched.contains(&theirs) => Act::Replace(theirs),
        Some(_) => {
            let reason = "it is there with other contents and stays as it is; move it away to have it made anew";
            plan.remarks.push(Remark::new(Kind::Look, &dirs.shown(&path), reason));
            return Ok(());
        }
    };
    plan.files.push(Planned { path, text: text.to_owned(), from: from.to_owned(), act });
    Ok(())
}

/// The bytes of a file in `config/`; `None` if there is none.
pub(super) fn bytes(path: &Path) -> Result<Option<Vec<u8>>> {
    match plain_file::read(path, Links::Followed, 1024 * 1024) {
        Ok((bytes, _)) => Ok(Some(bytes)),
        Err(Unreadable::Gone) => Ok(None),
        Err(error) => Err(std::io::Error::other(error)).context(|| format!("read {}", path.display())),
    }
}
