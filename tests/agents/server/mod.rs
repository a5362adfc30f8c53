//! A model on loopback that says what a test has written for it, in the words of four providers.
//!
//! It knows nothing of the conversation: the n-th request that offers a shell gets the n-th answer, and when there are
//! no more the last one again. Other requests, which ask for a title or the like, get a word.

mod answer;
mod chat;
mod dialect;
mod gemini;
mod http;
mod listen;
mod messages;
mod responses;

pub(crate) use answer::{CACHED, INPUT, OUTPUT, Step, run, say, say_and_run};
pub(crate) use listen::Server;
