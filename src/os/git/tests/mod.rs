//! The tests of this room that need more than one of its files, by what the user is promised.

mod open;
mod slots;
mod work;
mod salvage;
mod merge;
mod publish;
mod refusals;
mod odd;
mod cost;
mod cut_off;

use super::Published;

/// Why the base was held back.
fn reason(published: Published) -> String {
    match published {
        Published::HeldBack { reason } => reason,
        other => panic!("{other:?}"),
    }
}
