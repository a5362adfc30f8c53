//! git, through one door.
//!
//! [`Repo`] is the user's repository, [`Slot`] a worktree of ours in it. The work of an agent goes through
//! here in this order: a slot is reset, its state is read, what is uncommitted is committed, the result is
//! merged in memory, published by compare-and-swap, and found again in the history. What does not get that far
//! is salvaged. No command of ours changes anything in the user's checkout but a fast-forward that git itself
//! accepts.

mod door;
mod error;
mod oid;
mod repo;
mod worktrees;
mod slot;
mod reset;
mod unfinished;
mod index;
mod status;
mod sight;
mod commit;
mod conflict;
mod objects;
mod loose;
mod message;
mod merge;
mod replay;
mod base;
mod loose_refs;
mod publish;
mod cut_off;
mod expected;
mod ahead;
mod ahead_note;
mod durable;
mod history;
mod shared;
mod guard;
mod questions;
mod create;
mod salvage;
mod abandoned;
mod trespass;
mod snapshot;
mod nested;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use ahead::CaughtUp;
pub use ahead_note::PutBack;
pub use base::Tips;
pub use commit::Committed;
pub use conflict::Resolution;
pub use error::GitError;
pub use guard::{Guard, Kept, KnownGit, PARAMETERS, UsersGit, parameters, rehearse_guard};
pub use loose_refs::LooseRefs;
pub use merge::{Merge, Strategy};
pub use message::{Message, with_trailers};
pub use oid::{NotAnOid, Oid};
pub use publish::Published;
pub use repo::{Identity, OLDEST_GIT, Repo, Unfit};
pub use reset::Clean;
pub use salvage::Salvaged;
pub use shared::Shared;
pub use sight::Sight;
pub use slot::Slot;
pub use status::SlotState;
pub use trespass::Restored;
