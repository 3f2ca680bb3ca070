//! The wizard on a real terminal: every page as a person sees it, and whole runs with scripted
//! phones.

mod runs;
mod scene;
mod stops;
mod wire;

const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");
