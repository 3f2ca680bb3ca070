//! The wizard on a real terminal: the screen of every page, and whole runs with simulated phones.

mod network;
mod runs;
mod stops;
mod workspace;

const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");
