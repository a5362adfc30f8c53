//! Tests of the pick: by example, and against a slow one that is obviously right.

mod picking;
mod holding;
mod money;
mod brakes;
mod slow;
mod families;
mod properties;
