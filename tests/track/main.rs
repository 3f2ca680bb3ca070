//! The tracker: observations in, states, diagnoses and reports out. No sockets, no files.

#[path = "../support/mod.rs"]
mod support;

mod bridge;
mod conversions;
mod diagnoses;
mod early;
mod episodes;
mod evidence;
mod fleet;
mod forged;
mod forged_requests;
mod forger;
mod identity;
mod lease;
mod limiter;
mod listed;
mod property;
mod registering;
mod renderings;
mod restarts;
mod senders;
mod slots;
mod survey;
mod traces;
mod transfers;
mod unnamed_load;
mod vlan;
mod withheld;
