//! The record of a run: every observation and step in a file that survives `kill -9`, and
//! what a later run, a report or a replay reads from it.
//!
//! JSON Lines, appended and never changed. The first line is the [`Header`]: what was
//! served and who was expected. Then come the observations, from which everything else
//! follows, as [`crate::track::Fleet`] is a pure function of them. docs/journal.md has
//! every line.

mod disk;
mod error;
mod header;
mod line;
mod place;
mod read;
mod sittings;
mod thin;
mod write;

pub use error::{Fault, JournalError};
pub use header::{
    Command, Expectations, GivenFile, Header, ManifestRecord, Named, Network, ServedBundle,
};
pub use place::{folder, free_name, newest};
pub use read::{Finished, MAX_FILE_BYTES, MAX_LINE_BYTES, Recorded, read, read_header};
pub use sittings::{Sitting, Sittings};
pub use thin::ACKNOWLEDGED_EVERY;
pub use write::{Journal, LATE, MAX_WAITING};

/// The version of the lines' form. A journal of another one is not read.
pub const SCHEMA: u32 = 1;
