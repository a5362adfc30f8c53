//! Which prompts all have who get the same template here.

use super::prompt::Place;
use super::setup::Setup;
use crate::model::config::Role;

/// The prompts of those who share a template.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shared {
    /// The paths that all have who have any, in the order of the first.
    pub common: Vec<String>,
    /// The paths that only some of them have.
    pub partial: Vec<String>,
    /// The places in the file of those who have none: they are told the common ones too.
    pub without: Vec<String>,
}

impl Shared {
    /// All paths, whoever has them.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.common.iter().chain(&self.partial).map(String::as_str)
    }
}

impl Setup {
    /// The prompts of all who are told the template of `place`; `counts` says whether a path does.
    pub fn prompts(&self, place: Place, counts: &dyn Fn(&str) -> bool) -> Shared {
        let role = |role: Role| match role {
            Role::Worker => Place::Worker,
            Role::Executor => Place::Executor,
            Role::Planner => Place::Planner,
        };
        let workers = self.workers.iter().filter(|line| role(line.role) == place);
        let workers = workers.map(|line| (line.place.as_str(), &line.prompts));
        let planner = self.planner.iter().filter(|_| place == Place::Planner);
        let planner = planner.map(|planner| ("planner", &planner.prompts));
        let reviewers = self.reviewers.iter().filter(|_| place == Place::Reviewer);
        let reviewers = reviewers.map(|reviewer| ("reviewer", &reviewer.prompts));
        let of_all = planner.chain(workers).chain(reviewers);
        let counted = |paths: &Vec<String>| paths.iter().filter(|path| counts(path)).cloned().collect();
        let of_all: Vec<(&str, Vec<String>)> = of_all.map(|(who, paths)| (who, counted(paths))).collect();
        let (with, without): (Vec<_>, Vec<_>) = of_all.iter().partition(|(_, paths)| !paths.is_empty());
        let mut shared = Shared::default();
        for path in with.iter().flat_map(|(_, paths)| paths) {
            let all = with.iter().all(|(_, paths)| paths.contains(path));
            let kept = if all { &mut shared.common } else { &mut shared.partial };
            if !kept.contains(path) {
                kept.push(path.clone());
            }
        }
        if !shared.common.is_empty() {
            shared.without = without.into_iter().map(|(who, _)| (*who).to_owned()).collect();
        }
        shared
    }
}
