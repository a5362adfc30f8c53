//! Looks after what all worktrees of a repository share, and an agent may have changed: its settings and its hooks.

use super::Workshop;
use super::notes::Notes;
use crate::model::record::Event;
use crate::os::git::Shared;

/// Says what was changed, while an agent worked, of what all worktrees share.
pub(super) fn report_shared(shop: &Workshop, notes: &Notes, before: &Shared) {
    for path in before.changed(&shop.repo.shared()) {
        let path = shop.dirs.shown(&path);
        let message =
            format!("{path} was changed while the agent worked: it applies to all tasks, and to you; look at it");
        shop.journal.event(&notes.who, Event::Warning { message });
    }
}
