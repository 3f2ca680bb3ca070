//! The journal of a run: every observation and event, in a file that survives `kill -9`. A later
//! run, a report and a replay read it.
//!
//! The format is JSON Lines; a file is only appended to. The first line is the [`JournalHeader`]: what is
//! served and which phones are expected. The observations follow, from which everything else is
//! computed: [`crate::track::Fleet`] is a pure function of them. docs/journal.md lists all lines.

mod coalesce_acks;
mod disk;
mod error;
mod file;
mod header;
mod limits;
mod line;
mod open_transfers;
mod paths;
mod read;
mod run_time;
mod sessions;
mod write;

pub use coalesce_acks::ACK_INTERVAL;
pub use error::{JournalError, JournalErrorKind};
pub use file::JournalFile;
pub use header::{
    Arguments, Expectations, InputFile, JournalHeader, NamedPhone, Network, RecordedManifest,
    ServedBundle,
};
pub use limits::{END_BYTES, MAX_FILE_BYTES, MAX_LINE_BYTES, REPORTS_BYTES, STRANGERS_BYTES};
pub use line::RunFinished;
pub use paths::{newest_resumable, state_folder, unused_path};
pub use read::{RecordedRun, read, read_from, read_header};
pub use sessions::{Session, Sessions};
pub use write::{COUNTED_INTERVAL, Journal, MAX_UNWRITTEN, SLOW_DISK};

/// The schema of the lines that this program writes. Schema 1, which had other names for some
/// kinds and fields, is still read and continued.
pub const SCHEMA: u32 = 2;

/// The oldest schema that is read.
const OLDEST_SCHEMA: u32 = 1;
