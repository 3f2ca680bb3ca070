//! Simulated phones, alone and in fleets, in virtual time.

#[path = "../support/mod.rs"]
mod support;

mod simulator;
mod truth;
