//! The runtime and the signals of a command.

use crate::{failure::Failure, session::Signals};

/// A single-threaded runtime for the display, the signals and, in a rehearsal, the phones.
///
/// # Errors
/// The system does not provide what a runtime needs.
pub fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            Failure::new(
                format!("cannot start the async runtime: {error}"),
                "Check that the machine has free memory and file descriptors",
            )
        })
}

/// Catches the signals that end a run. Call it inside a runtime.
///
/// # Errors
/// A signal handler cannot be installed.
pub fn signals() -> Result<Signals, Failure> {
    Signals::catch()
        .map_err(|error| Failure::new(format!("cannot install signal handlers: {error}"), ""))
}
