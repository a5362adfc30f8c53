//! Child processes.

mod capture;

pub use capture::{Captured, capture};
