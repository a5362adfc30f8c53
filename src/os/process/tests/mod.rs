//! Real processes that misbehave, and what must hold whatever they do.

mod support;
mod captures;
mod endings;
mod stops;
mod outputs;
mod strays;
mod neighbours;
mod recovery;
