//! What other programs' files come to here.

pub mod oompa;
