//! How the entries of a container are passed on, and what ends a walk.

use std::io;

use super::{
    entry_path::EntryPath,
    limits::{MAX_ENTRIES, MAX_ENTRY_BYTES, MAX_TOTAL_BYTES},
    types::{Problem, Verdict},
};
use crate::diagnose::Severity;

/// A regular file in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EntryInfo {
    pub(super) path: EntryPath,
    /// Unpacked bytes, as the container states them. At most this many follow.
    pub(super) size: u64,
}

/// What ends a walk early.
#[derive(Debug)]
pub(super) enum Stop {
    /// Reading failed.
    Io(io::Error),
    /// The container is invalid, hostile or over a limit.
    Invalid(Verdict, Box<Problem>),
    /// The visitor needs no more entries and knows why.
    Done,
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Receives the entries of a container, one after the other.
pub(super) trait Visitor {
    /// An entry begins.
    fn begin(&mut self, entry: &EntryInfo) -> Result<(), Stop>;
    /// The next bytes of the entry.
    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Stop>;
    /// The entry ended. `error`: why its bytes are not valid.
    fn end(&mut self, error: Option<String>) -> Result<(), Stop>;
}

/// A problem of the container, with the verdict it leads to.
pub(super) fn invalid(
    verdict: Verdict,
    code: &'static str,
    member: Option<&str>,
    message: impl Into<String>,
) -> Stop {
    let cure = match verdict {
        Verdict::Refused => {
            "Do not use this file. Get the bundle as published by Cisco and verify that."
        }
        Verdict::Foreign => "Give the firmware bundle: the file that contains .loads files.",
        _ => "Download the file again and compare its checksum with the published one.",
    };
    Stop::Invalid(
        verdict,
        Box::new(Problem {
            code,
            severity: Severity::Error,
            member: member.map(str::to_owned),
            message: message.into(),
            cure: cure.to_owned(),
        }),
    )
}

pub(super) fn refused(
    code: &'static str,
    member: Option<&str>,
    message: impl Into<String>,
) -> Stop {
    invalid(Verdict::Refused, code, member, message)
}

pub(super) fn damaged(member: Option<&str>, message: impl Into<String>) -> Stop {
    invalid(Verdict::Damaged, "archive-damaged", member, message)
}

pub(super) fn too_many_entries() -> Stop {
    refused(
        "over-limit",
        None,
        format!("more than {MAX_ENTRIES} members (the limit)"),
    )
}

/// Adds the size of an entry to the total and checks both limits.
pub(super) fn add_size(total: &mut u64, size: u64, name: &str) -> Result<(), Stop> {
    let over = |what: String| Err(refused("over-limit", Some(name), what));
    if size > MAX_ENTRY_BYTES {
        return over(format!(
            "{size} bytes unpacked; the limit is {MAX_ENTRY_BYTES}"
        ));
    }
    *total += size;
    if *total > MAX_TOTAL_BYTES {
        return over(format!(
            "the members up to this one have {total} bytes unpacked; the limit is \
             {MAX_TOTAL_BYTES}"
        ));
    }
    Ok(())
}
