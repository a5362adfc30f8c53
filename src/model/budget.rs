//! Money: what was spent, what is set aside, and whether a task's domain can pay for it.
//!
//! Every cycle leaves lines in one ledger: what was set aside before it, what it really cost, what was given back. The
//! balances follow from the lines alone. A cycle's cost counts once, however often it is told, and what was set aside
//! for a cycle that died is settled like any other: so a crash neither loses money nor ties it up for ever.

mod balances;
mod line;
mod purse;
mod reply;
mod usd;

pub use balances::{Account, Balance, Balances, Cost, Untold};
pub use line::{Kind, Line, Spell};
pub use purse::{Appetite, Closed, Purse, Refusal, Short};
pub use reply::{Reply, reply};
pub use usd::Usd;

#[cfg(test)]
mod tests;
