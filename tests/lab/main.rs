//! The whole program in network namespaces, against other servers and clients, and on a real
//! terminal.

#[path = "../support/mod.rs"]
mod support;

mod capture;
mod convert;
mod display;
mod end_to_end;
mod ethernet_fleet;
mod forger;
mod network;
mod preflight;
mod restart;
mod restarts;
mod secrets;
mod terminal;
mod tshark;
mod unreachable;
mod wizard;
