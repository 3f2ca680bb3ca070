//! What bundles come in: zips, tars (plain, or gzip around them), packages for a call
//! manager (a signed header before a gzip) and folders; all walked in the same way.

mod folder;
mod gzip;
mod path;
mod tar;
mod zip;

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

pub(super) use self::path::{Place, place};
use super::{
    Problem, Verdict, archive,
    digest::CHUNK,
    header::{self, SignedHeader},
};
use crate::diagnose::Severity;

/// What is walked.
#[derive(Debug, Clone, Copy)]
pub(super) enum Container<'c> {
    /// A regular file of this many bytes.
    File(&'c File, u64),
    /// A folder.
    Folder(&'c Path),
}

/// A regular file in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) place: Place,
    /// Bytes, as the container says it. Not more than that many follow.
    pub(super) size: u64,
}

/// What ends a walk.
#[derive(Debug)]
pub(super) enum Stop {
    /// The file system, on the reading side.
    Io(io::Error),
    /// The container itself.
    Flaw(Verdict, Box<Problem>),
    /// Whoever is shown the members has seen enough, and knows why.
    Enough,
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Who is shown the members, one after the other.
pub(super) trait Visit {
    /// A member begins.
    fn begin(&mut self, item: &Item) -> Result<(), Stop>;
    /// Its next bytes.
    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Stop>;
    /// It ended; or its bytes do not hold, for this reason.
    fn end(&mut self, fault: Option<String>) -> Result<(), Stop>;
}

/// Shows every regular file in the container. Whatever is hostile, over a limit or broken
/// in the container's structure ends the walk, if possible before any member is shown.
pub(super) fn walk(container: Container<'_>, visit: &mut dyn Visit) -> Result<(), Stop> {
    let (file, length) = match container {
        Container::File(file, length) => (file, length),
        Container::Folder(path) => return folder::walk(path, visit),
    };
    let mut start = Vec::new();
    At::new(file, 0, length)
        .take(CHUNK as u64)
        .read_to_end(&mut start)?;
    if start.starts_with(&gzip::MAGIC) {
        return gzip::walk(At::new(file, 0, length), visit);
    }
    if let Some(body) = package(&start, length)? {
        return gzip::walk(At::new(file, body, length), visit);
    }
    if tar::begins(&start) {
        return tar::walk(&mut At::new(file, 0, length), length, visit);
    }
    zip::walk(file, length, visit)
}

/// Where the gzip begins in a package for a call manager. Its header says it; the bytes
/// that a gzip begins with may also stand in the signature.
fn package(start: &[u8], length: u64) -> Result<Option<u64>, Stop> {
    if !start.starts_with(&header::SIGNED_MAGIC) {
        return Ok(None);
    }
    let broken = |why: String| flaw(Verdict::Damaged, "header-damaged", None, why);
    let header =
        SignedHeader::parse_package(start, length).map_err(|fault| broken(fault.to_string()))?;
    let body = start.get(header.length..).unwrap_or_default();
    if body.starts_with(&gzip::MAGIC) {
        return Ok(Some(header.length as u64));
    }
    if body.is_empty() {
        return Err(broken("it ends after its signed header".to_owned()));
    }
    Err(flaw(
        Verdict::Foreign,
        "not-an-archive",
        None,
        "it is one signed Cisco file (.loads, .sbn), not a bundle of them",
    ))
}

/// An error with the verdict that it brings.
pub(super) fn flaw(
    verdict: Verdict,
    code: &'static str,
    member: Option<&str>,
    message: impl Into<String>,
) -> Stop {
    let cure = match verdict {
        Verdict::Refused => {
            "Do not use this file. Get the bundle as Cisco published it, and verify that."
        }
        Verdict::Foreign => "Name the firmware bundle: one that holds .loads files.",
        _ => "Download the file again, and compare its checksum with the published one.",
    };
    Stop::Flaw(
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

fn refused(code: &'static str, member: Option<&str>, message: impl Into<String>) -> Stop {
    flaw(Verdict::Refused, code, member, message)
}

fn too_many() -> Stop {
    let limit = archive::MEMBERS_LIMIT;
    refused(
        "over-limit",
        None,
        format!("more than {limit} members; that is the limit"),
    )
}

/// Adds a member's size to the total, and holds both against their limits.
fn count_size(total: &mut u64, size: u64, name: &str) -> Result<(), Stop> {
    let over = |what: String| Err(refused("over-limit", Some(name), what));
    if size > archive::MEMBER_LIMIT {
        let limit = archive::MEMBER_LIMIT;
        return over(format!("{size} bytes unpacked; the limit is {limit}"));
    }
    *total += size;
    if *total > archive::TOTAL_LIMIT {
        let limit = archive::TOTAL_LIMIT;
        return over(format!(
            "the members up to this one have {total} bytes unpacked; the limit is {limit}"
        ));
    }
    Ok(())
}

/// Reads up to a buffer's size, however often a signal comes in between.
fn read_some(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match from.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// A part of a file, read without moving the place at which others read it.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'f> {
    file: &'f File,
    start: u64,
    next: u64,
    end: u64,
}

impl<'f> At<'f> {
    pub(super) fn new(file: &'f File, start: u64, end: u64) -> Self {
        Self {
            file,
            start,
            next: start,
            end,
        }
    }

    fn length(&self) -> u64 {
        self.end - self.start
    }
}

impl Read for At<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.next)).unwrap_or(usize::MAX);
        let room = buffer.len().min(left);
        let buffer = &mut buffer[..room];
        #[cfg(unix)]
        let count = std::os::unix::fs::FileExt::read_at(self.file, buffer, self.next)?;
        #[cfg(windows)]
        let count = std::os::windows::fs::FileExt::seek_read(self.file, buffer, self.next)?;
        self.next += count as u64;
        Ok(count)
    }
}

impl Seek for At<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (from, by) = match to {
            SeekFrom::Start(at) => (self.start.checked_add(at), 0),
            SeekFrom::End(by) => (Some(self.end), by),
            SeekFrom::Current(by) => (Some(self.next), by),
        };
        let at = from
            .and_then(|from| from.checked_add_signed(by))
            .filter(|at| *at >= self.start)
            .ok_or(io::ErrorKind::InvalidInput)?;
        self.next = at;
        Ok(at - self.start)
    }
}
