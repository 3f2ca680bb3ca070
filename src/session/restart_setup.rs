//! What restarts phones in a run, and how.

use tokio::sync::mpsc;

use crate::{discovery::listen::CallManagerEvent, restart::waves::WaveSizes};

/// What the operator agreed to.
#[derive(Debug)]
pub struct RestartSetup {
    /// What phones report, and which of them wait for a verdict.
    pub events: mpsc::Receiver<CallManagerEvent>,
    /// How.
    pub options: RestartOptions,
}

/// How phones are restarted.
#[derive(Debug, Clone, Copy)]
pub struct RestartOptions {
    /// How many phones the waves have.
    pub sizes: WaveSizes,
    /// Phones that wait for their wave stay registered with this program.
    pub hold: bool,
    /// No phone is ordered; it is only noted which ones would be.
    pub dry_run: bool,
    /// Orders are given without a journal: a rehearsal without one, in which nothing is real.
    pub unrecorded: bool,
}
