//! The tracker: observations in, states, diagnoses and reports out. No sockets, no files.

#[path = "../support/mod.rs"]
mod support;

mod conversations;
mod fleet;
mod lease;
mod property;
mod registering;
mod renderings;
mod survey;
mod traces;
mod trouble;
mod vlan;
mod witness;
