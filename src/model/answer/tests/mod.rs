//! Whole outputs, read: recordings of the real programs, and what no program should print.

mod support;
mod recordings;
mod shown;
mod descriptions;
mod odd;
mod properties;
