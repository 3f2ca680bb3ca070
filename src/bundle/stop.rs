//! What ends the walk through a container.

use std::io;

use super::{
    limits::{MAX_ENTRIES, MAX_ENTRY_BYTES, MAX_TOTAL_BYTES},
    types::{Problem, Verdict},
};
use crate::diagnose::Severity;

/// What ends a walk early.
#[derive(Debug)]
pub(super) enum WalkStop {
    /// Reading failed.
    Io(io::Error),
    /// The container is invalid, hostile or over a limit.
    Invalid(Verdict, Box<Problem>),
    /// The visitor needs no more entries and knows why.
    Done,
}

impl From<io::Error> for WalkStop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A problem of the container, with the verdict it leads to.
pub(super) fn invalid(
    verdict: Verdict,
    code: &'static str,
    member: Option<&str>,
    message: impl Into<String>,
) -> WalkStop {
    let cure = match verdict {
        Verdict::Refused => refusal_cure(code),
        Verdict::Foreign => "Give the firmware bundle: the file that contains .loads files.",
        _ => "Download the file again and compare its checksum with the published one.",
    };
    WalkStop::Invalid(
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

/// What to do about an archive that is refused. Some are harmless, but not read here.
fn refusal_cure(code: &str) -> &'static str {
    match code {
        "unsupported-archive" | "unsupported-method" => {
            "Unpack it with the program that wrote it, and give the folder with the .loads files."
        }
        "encrypted-member" => {
            "If you have its password, unpack it and give the folder with the .loads files."
        }
        "nested-too-deep" => "Unpack the outermost archive, and give what is in it.",
        "over-limit" => {
            "No firmware bundle is that large. If you know where it is from, copy the .loads files \
             and their images into a folder, and give that."
        }
        _ => "Do not use this file. Get the bundle as published by Cisco and verify that.",
    }
}

pub(super) fn unsupported(member: Option<&str>, message: impl Into<String>) -> WalkStop {
    refused("unsupported-archive", member, message)
}

pub(super) fn refused(
    code: &'static str,
    member: Option<&str>,
    message: impl Into<String>,
) -> WalkStop {
    invalid(Verdict::Refused, code, member, message)
}

/// The same, with another cure.
pub(super) fn with_cure(stop: WalkStop, cure: &str) -> WalkStop {
    match stop {
        WalkStop::Invalid(verdict, mut problem) => {
            cure.clone_into(&mut problem.cure);
            WalkStop::Invalid(verdict, problem)
        }
        other => other,
    }
}

pub(super) fn damaged(member: Option<&str>, message: impl Into<String>) -> WalkStop {
    invalid(Verdict::Damaged, "archive-damaged", member, message)
}

pub(super) fn too_many_entries() -> WalkStop {
    refused(
        "over-limit",
        None,
        format!("more than {MAX_ENTRIES} members (the limit)"),
    )
}

/// Adds the size of an entry to the total and checks both limits.
pub(super) fn add_size(total: &mut u64, size: u64, name: &str) -> Result<(), WalkStop> {
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
