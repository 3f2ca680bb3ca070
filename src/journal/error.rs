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
    /// The journal.
    pub path: PathBuf,
    /// What is wrong with it.
    pub kind: JournalErrorKind,
}

/// What is wrong with a journal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalErrorKind {
    /// The file cannot be read.
    #[error("cannot be read: {0}")]
    Read(io::Error),
    /// The file cannot be written.
    #[error("cannot be written: {0}")]
    Write(io::Error),
    /// A new journal needs a new file.
    #[error("cannot be created: the file exists already")]
    Exists,
    /// The file is not a journal.
    #[error("is not a journal of reflash: its first line is not a header")]
    Foreign,
    /// The file is what a run printed with `--json`; the journal that its record `started` names.
    #[error("is the output of --json, not a journal")]
    RunOutput(Option<PathBuf>),
    /// The file is empty.
    #[error("is empty")]
    Empty,
    /// It is a folder, a pipe or a device.
    #[error("is a {0}, not a file")]
    NoFile(&'static str),
    /// A newer version of this program wrote it.
    #[error("has schema {0}; this program reads schemas {OLDEST_SCHEMA} to {SCHEMA}")]
    Schema(u64),
    /// The header lacks a field or has a wrong one.
    #[error("has an invalid header: {0}")]
    Header(String),
    /// A running program has it locked.
    #[error("is in use by a run that is still active")]
    InUse,
    /// A line is invalid, and more lines follow it.
    #[error("is damaged at line {line}; {after} more lines follow")]
    Damaged {
        /// The number of the line, from 1.
        line: usize,
        /// How many lines follow it.
        after: usize,
    },
    /// A newer version of this program wrote some lines.
    #[error("has {0} lines of a newer version of reflash")]
    Unknown(usize),
    /// The file or a line is too long.
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
                "Name an existing file. A run prints the path of its journal when it starts"
                    .to_owned()
            }
            JournalErrorKind::Read(_) => "Name a journal that this user can read".to_owned(),
            JournalErrorKind::Write(_) => {
                "Name a file with --journal in a folder that this user can write to, on a disk \
                 with free space"
                    .to_owned()
            }
            JournalErrorKind::Exists => {
                "Continue that run with --resume, or name a new file".to_owned()
            }
            JournalErrorKind::NoFile("folder") => {
                "Name one journal in the folder: a .jsonl file that `reflash convert` wrote"
                    .to_owned()
            }
            JournalErrorKind::NoFile(_) => {
                "Save its output to a file, and name that file".to_owned()
            }
            JournalErrorKind::Foreign | JournalErrorKind::Empty => {
                "Name a journal: a .jsonl file that `reflash convert` wrote. A run prints the path \
                 of its journal when it starts. For logs and captures use `reflash replay`"
                    .to_owned()
            }
            JournalErrorKind::RunOutput(Some(journal)) => format!(
                "Name the journal of that run, which the record `started` in this output names: {}",
                escape(&journal.display().to_string())
            ),
            JournalErrorKind::RunOutput(None) => {
                "No record `started` in it names a journal. Its last line, `finished`, has the \
                 report of the run; record the next run with --journal FILE"
                    .to_owned()
            }
            JournalErrorKind::Schema(_) | JournalErrorKind::Unknown(_) => {
                "Use the version of reflash that wrote it, or start a new run".to_owned()
            }
            JournalErrorKind::Header(_) => "The file was edited. Start a new run".to_owned(),
            JournalErrorKind::InUse => {
                "Wait until that run ends, or stop it. Two runs cannot share a journal".to_owned()
            }
            JournalErrorKind::Damaged { line, .. } => format!(
                "The file was edited, or the disk is faulty. The lines before are good: \
                 head -n {} FILE > NEW, then continue with NEW",
                line.saturating_sub(1)
            ),
            JournalErrorKind::TooLong => {
                "Check the file name: this version writes no such journal. Of one that an earlier version \
                 wrote, read the beginning: head -c 500M FILE > NEW, then report NEW"
                    .to_owned()
            }
        }
    }
}
