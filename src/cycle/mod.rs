//! One task, from claim to record: **claimed**, given a **checkout**, **worked** on, **verified**,
//! **integrated**, **completed** and **recorded**.
//!
//! The plan (`model::plan`) says what comes next; each file here performs one step and tells the plan what
//! happened.

mod workshop;
mod bench;
mod claim;
mod terms;
mod funds;
mod fund;
mod checkout;
mod setup;
mod case;
mod begin;
mod brief;
mod courtesy;
mod turn;
mod ended;
mod ledger;
mod author;
mod product;
mod outbox;
mod left_outbox;
mod refused;
mod shared;
mod attend;
mod run_program;
mod sandbox;
mod vigil;
mod lookout;
mod sentry;
mod verify;
mod memory;
mod review;
mod rehearse;
mod probe;
mod held_back;
mod publish;
mod integrate;
mod precedence;
mod land;
mod resolve;
mod keep;
mod complete;
mod notes;
mod mandate;
mod errand_record;
mod errand;
mod planning;
mod choosing;
mod perform;
mod ready_branch;

pub use bench::Bench;
pub use choosing::{Chosen, Grant, Grants, Offer, choose};
pub use claim::{Bill, Claim, ClaimRecord, Claimed, GoOn, Home, claim, stays_held};
pub use courtesy::{let_through, out_of_reach};
pub use errand_record::{break_off_errand, end_lost_errands};
pub use fund::tell;
pub use funds::{Funds, Unpaid, settle_dead};
pub use held_back::HeldBack;
pub use land::{Fate, give_up, land};
pub use left_outbox::take_left_tasks;
pub use lookout::Lookout;
pub use perform::{Performed, Turned, perform, resume};
pub use planning::{Few, PlanOrder, Planned, plan};
pub use precedence::Precedence;
pub use probe::{BaseTurn, Probed, Question, probe};
pub use publish::{catch_up, parted};
pub use ready_branch::ReadyBranch;
pub use rehearse::{Rehearsed, Said, rehearse};
pub use run_program::{passed_to, stop_steps};
pub use sandbox::{Room, preflight, sandboxes, words_before};
pub use sentry::Sentry;
pub use terms::{Terms, ask_about, weakened};
pub use turn::new_session;
pub use workshop::Workshop;
