//! Whole outputs, read.
