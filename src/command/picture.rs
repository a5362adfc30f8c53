//! The queue as it lies there now, for commands that only look.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::paint::YELLOW;
use super::{Desk, base};
use crate::cycle::out_of_reach;
use crate::error::{Context, Result};
use crate::model::crew::crew;
use crate::model::pick::{Brakes, Filter, Reach};
use crate::model::queue::Queue;
use crate::os::agents::Catalogue;
use crate::os::control;
use crate::os::dirs::Dirs;
use crate::os::providers::Providers;
use crate::os::records::Records;
use crate::os::settings::Settings;
use crate::os::workspace::Place;
use crate::swarm::{Board, WhenEmpty};

/// A file that is no valid task.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct InvalidFile {
    /// The file, from the workspace's root.
    pub(super) path: String,
    /// The line, where it is known.
    pub(super) line: Option<usize>,
    /// What is wrong and what to do.
    pub(super) reason: String,
}

impl InvalidFile {
    /// `path:line: reason`, as compilers write it.
    pub(super) fn text(&self) -> String {
        let line = self.line.map(|line| format!(":{line}")).unwrap_or_default();
        format!("{}{line}: {}", self.path, self.reason)
    }
}

/// Reads the queue, with what holds all of it.
pub(super) fn board(place: &Place, now: Timestamp) -> Result<Board> {
    board_for(place, &Filter::default(), now)
}

/// The same, for those tasks that a run is for.
pub(super) fn board_for(place: &Place, filter: &Filter, now: Timestamp) -> Result<Board> {
    let board = Board::new(place.dirs.clone(), filter.clone(), WhenEmpty::End);
    board.heed_budgets(&place.config);
    board.heed_brakes(Brakes { paused: control::paused(&place.dirs), red: base::red(place) });
    board.heed_reach(reach(place, now));
    board.scan().context(|| "read the queue".to_owned())?;
    board.advance(now);
    Ok(board)
}

/// Whom a swarm that is started now could reach. With settings that cannot be read, nobody knows.
fn reach(place: &Place, now: Timestamp) -> Reach {
    let providers = Providers::new(&place.dirs);
    if providers.closed(now).is_empty() && place.config.providers.is_empty() {
        return Reach::default();
    }
    let Ok(agents) = Catalogue::read(place.dirs.root()) else { return Reach::default() };
    let settings = Settings { config: Arc::clone(&place.config), agents: Arc::new(agents) };
    let closed = out_of_reach(&providers, &settings, None, now);
    let crew = crew(&place.config.workers, None, None, &settings.agents.default_agents()).unwrap_or_default();
    let mut own: Vec<String> =
        crew.iter().filter(|it| it.role.has_tasks()).flat_map(|it| it.agents.names()).map(str::to_owned).collect();
    own.dedup();
    Reach { own, closed }
}

/// The files that are no valid tasks.
pub(super) fn invalid(dirs: &Dirs, queue: &Queue) -> Vec<InvalidFile> {
    let all = queue.invalid().map(|(state, name, invalid)| InvalidFile {
        path: dirs.shown(&dirs.state(state).join(name)),
        line: invalid.line,
        reason: invalid.reason.clone(),
    });
    all.collect()
}

/// Says which records could not be read.
pub(super) fn tell_set_aside(desk: &Desk, records: &Records<'_>) {
    for aside in records.set_aside() {
        desk.say(&format!("{YELLOW}set aside:{YELLOW:#} {}: {}", aside.path, aside.reason));
    }
}
