//! The wizard on a real terminal: every page as a person sees it, and whole runs with scripted
//! phones.

mod network;
mod runs;
mod stops;
mod workspace;

const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");
