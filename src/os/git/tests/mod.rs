//! The tests of this room that need more than one of its files, by what the user is promised.

mod open;
mod slots;
mod work;
mod salvage;
mod merge;
mod publish;
mod odd;
