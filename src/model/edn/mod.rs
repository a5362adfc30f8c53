//! Reads EDN, the notation of Clojure's data, as Clojure's own reader of data takes it: strict, and with the line of a
//! mistake.
//!
//! The crates that read EDN refuse what that reader takes and agents write: `\u00e9` in a text, `42N`, `1.5M`, `##Inf`.

mod value;
mod read;
mod text;
mod number;
#[cfg(test)]
mod tests;

pub use read::{BadEdn, DEEPEST, read};
pub use value::Edn;
