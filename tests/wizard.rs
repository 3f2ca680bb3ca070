//! The wizard on a real terminal: every page as a person sees it, and whole runs with scripted
//! phones.

mod common;
#[path = "lab/lan.rs"]
mod lan;
#[path = "wizard/runs.rs"]
mod runs;
#[path = "wizard/scene.rs"]
mod scene;
#[path = "wizard/stops.rs"]
mod stops;
#[path = "terminal/mod.rs"]
mod terminal;
#[path = "wizard/wire.rs"]
mod wire;

const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");
