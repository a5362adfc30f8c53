//! The whole program from outside: the real binary, real git and real processes, in temporary folders.

mod harness;

mod cases;
mod first_steps;
mod reading;
