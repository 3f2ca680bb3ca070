//! The journal of a run: any part of it can be read, and a run continues after `kill -9`.

mod commands;
mod cuts;
mod floods;
mod kills;
mod recorder;
mod resume;
mod schema1;
mod site;

const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");
