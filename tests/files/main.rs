//! What reads and writes files and bytes: bundles, decoders, dial plans, lint, provisioning,
//! replay and the staged view. Sockets and privileges only where a test says so.

#[path = "../support/mod.rs"]
mod support;

#[path = "../fuzz/decoders.rs"]
mod fuzz_checks;

mod bundle;
mod decoders;
mod dialplan;
mod fuzz;
mod lint;
mod provision;
mod replay;
mod stage;
