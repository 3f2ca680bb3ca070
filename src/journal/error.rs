//! Why a journal cannot be used, and what to do.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{
    OLDEST_SCHEMA, SCHEMA,
    limits::{MAX_FILE_BYTES, MAX_LINE_BYTES},
};
use crate::text::escape;

/// A journal that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the journal {} {kind}", escape(&path.display().to_string()))]
pub struct JournalError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub kind: JournalErrorKind,
}

/// What is wrong with a journal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalErrorKind {
    /// The system refused.
    #[error("cannot be read: {0}")]
    Read(io::Error),
    /// The system refused.
    #[error("cannot be written: {0}")]
    Write(io::Error),
    /// A new one was to be written.
    #[error("cannot be begun: a file of that name is there already")]
    Exists,
    /// Something else.
    #[error("is no journal of reflash: its first line is no header")]
    Foreign,
    /// There is nothing in it.
    #[error("is empty")]
    Empty,
    /// A folder, a pipe or a device.
    #[error("is a {0}, not a file")]
    NoFile(&'static str),
    /// Written by another version of this program.
    #[error("has schema {0}; this program reads schemas {OLDEST_SCHEMA} to {SCHEMA}")]
    Schema(u64),
    /// A header that does not hold what it should.
    #[error("has a header that cannot be understood: {0}")]
    Header(String),
    /// Another run has it.
    #[error("is being written by a run that goes on")]
    InUse,
    /// A line that is none, and whole ones after it.
    #[error("is damaged at line {line}: {after} more lines follow it")]
    Damaged {
        /// Which, from 1.
        line: usize,
        /// How many whole or broken lines follow.
        after: usize,
    },
    /// Lines that a newer version wrote.
    #[error("has {0} lines that this program does not know")]
    Unknown(usize),
    /// More than is read.
    #[error("is longer than {} MiB, or has a line of more than {} MiB", MAX_FILE_BYTES >> 20, MAX_LINE_BYTES >> 20)]
    TooLong,
}

impl JournalError {
    pub(super) fn new(path: &Path, kind: JournalErrorKind) -> Self {
        Self {
            path: path.to_owned(),
            kind,
        }
    }

    /// What to do next.
    #[must_use]
    pub fn cure(&self) -> String {
        match &self.kind {
            JournalErrorKind::Read(error) if error.kind() == io::ErrorKind::NotFound => {
                "Name a file that exists; where a run's journal is was said when it began"
                    .to_owned()
            }
            JournalErrorKind::Read(_) => "Name a journal that this user may read".to_owned(),
            JournalErrorKind::Write(_) => {
                "Name a file with --journal in a folder that this user may write to, on a disk \
                 with room"
                    .to_owned()
            }
            JournalErrorKind::Exists => {
                "Go on with that run with --resume, or name a file that is not there yet".to_owned()
            }
            JournalErrorKind::NoFile("folder") => {
                "Name one journal in it: a .jsonl file that `reflash convert` wrote".to_owned()
            }
            JournalErrorKind::NoFile(_) => {
                "Write what comes out of it to a file, and name that".to_owned()
            }
            JournalErrorKind::Foreign | JournalErrorKind::Empty => {
                "Name a journal: a .jsonl file that `reflash convert` wrote; its path was said \
                 when the run began. Logs and captures are for `reflash replay`"
                    .to_owned()
            }
            JournalErrorKind::Schema(_) | JournalErrorKind::Unknown(_) => {
                "Use the version of reflash that wrote it, or begin a new run".to_owned()
            }
            JournalErrorKind::Header(_) => {
                "The file was changed by hand. Begin a new run".to_owned()
            }
            JournalErrorKind::InUse => {
                "Wait for that run's end, or stop it; two runs cannot share one journal".to_owned()
            }
            JournalErrorKind::Damaged { line, .. } => format!(
                "The file was changed, or the disk has a fault. What stands before is good: \
                 head -n {} FILE > NEW, then go on with NEW",
                line.saturating_sub(1)
            ),
            JournalErrorKind::TooLong => {
                "No run writes that much. Is it the right file?".to_owned()
            }
        }
    }
}
