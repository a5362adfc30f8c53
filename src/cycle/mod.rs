//! One task, from claim to record: **claimed**, given a **checkout**, **worked** on, **verified**,
//! **integrated**, **completed** and **recorded**.
//!
//! The plan (`model::plan`) says what comes next; each file here performs one step and tells the plan what
//! happened.

mod workshop;
mod bench;
mod claim;
mod funds;
mod fund;
mod checkout;
mod setup;
mod begin;
mod brief;
mod turn;
mod ended;
mod ledger;
mod author;
mod product;
mod outbox;
mod attend;
mod run_program;
mod vigil;
mod verify;
mod review;
mod rehearse;
mod integrate;
mod resolve;
mod keep;
mod complete;
mod notes;
mod perform;

pub use bench::Bench;
pub use claim::{Bill, Claim, ClaimRecord, Claimed, GoOn, Home, claim};
pub use fund::tell;
pub use funds::{Funds, Unpaid, settle_dead};
pub use integrate::catch_up;
pub use perform::{Performed, perform};
pub use rehearse::{Rehearsed, Said, rehearse};
pub use workshop::Workshop;
