//! The live page: its server, what it tells, and what a browser makes of it.

#[path = "../common/mod.rs"]
mod common;
#[path = "../process/mod.rs"]
mod process;

mod browser;
mod live;
mod verbs;
mod wire;
