//! A zip's structure, held against what hostile and broken archives do before any library
//! allocates by it.
//!
//! Layout: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.7 (local header), 4.3.12 (central
//! directory) and 4.3.16 (end record). Real firmware zips are as plain as zips can be (no
//! extra fields, stored or deflated), so whatever is not plain is turned away.

mod end;
mod headers;

use std::{
    collections::HashSet,
    io::{self, Read, Seek, SeekFrom},
};

use super::{
    Verdict,
    container::{Place, Stop, flaw},
};

/// The largest bundle that is read: 1 GiB. The largest known one has 200 MB.
pub(super) const FILE_LIMIT: u64 = 1 << 30;
/// Members of an archive. The largest known bundle has 16.
pub(super) const MEMBERS_LIMIT: usize = 1_000;
/// Bytes of a central directory: what [`MEMBERS_LIMIT`] plain members need, and as much
/// again.
const DIRECTORY_LIMIT: u32 = 512 * 1024;
/// Bytes of one member, unpacked. The largest known image has 78 MB.
pub(super) const MEMBER_LIMIT: u64 = 256 * 1024 * 1024;
/// Bytes of all members together, unpacked.
pub(super) const TOTAL_LIMIT: u64 = 512 * 1024 * 1024;
/// Unpacked bytes for each packed one. Images are compressed already and stay near 1;
/// manifests stay below 3.
pub(super) const RATIO_LIMIT: u64 = 200;

pub(super) const STORED: u16 = 0;
pub(super) const DEFLATED: u16 = 8;
/// One member as both of its headers describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// With its folders.
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) method: u16,
    pub(super) crc: u32,
    pub(super) packed: u64,
    pub(super) size: u64,
    /// Where its local header stands.
    pub(super) offset: u64,
    flags: u16,
}

fn refused(code: &'static str, member: Option<&str>, message: impl Into<String>) -> Stop {
    flaw(Verdict::Refused, code, member, message)
}

fn damaged(member: Option<&str>, message: impl Into<String>) -> Stop {
    flaw(Verdict::Damaged, "archive-damaged", member, message)
}

impl Entry {
    /// Folders have entries of their own, which say nothing.
    pub(super) fn is_folder(&self) -> bool {
        self.place.name.is_empty()
    }
}

/// The members of the zip of `length` bytes in `file`, in the directory's order, or the
/// first thing that is wrong with its structure. No member's data is read.
pub(super) fn layout(file: &mut (impl Read + Seek), length: u64) -> Result<Vec<Entry>, Stop> {
    let end = end::find_end(file, length)?;
    file.seek(SeekFrom::Start(end.directory))?;
    let directory = read_vec(file, end.directory_length as usize)?;
    let mut entries = Vec::new();
    let mut rest = directory.as_slice();
    for _ in 0..end.members {
        let (entry, after) = headers::central(rest)?;
        entries.push(entry);
        rest = after;
    }
    if !rest.is_empty() {
        return Err(damaged(
            None,
            format!(
                "its directory goes on after the {} members it counts",
                end.members
            ),
        ));
    }
    sizes(&entries)?;
    names_are_unique(&entries)?;
    let mut ranges = Vec::new();
    for entry in &entries {
        ranges.push((
            entry.offset,
            headers::local(file, entry, end.directory)?,
            &entry.name,
        ));
    }
    ranges.sort_unstable();
    for pair in ranges.windows(2) {
        if pair[1].0 < pair[0].1 {
            let message = format!("its data overlaps that of {}", pair[0].2);
            return Err(refused("overlapping-members", Some(pair[1].2), message));
        }
    }
    Ok(entries)
}

fn sizes(entries: &[Entry]) -> Result<(), Stop> {
    let mut total = 0_u64;
    for entry in entries {
        let over = |what: String| refused("over-limit", Some(&entry.name), what);
        if entry.size > MEMBER_LIMIT {
            return Err(over(format!(
                "{} bytes unpacked; the limit is {MEMBER_LIMIT}",
                entry.size
            )));
        }
        if entry.size > entry.packed.saturating_mul(RATIO_LIMIT) {
            return Err(over(format!(
                "{} bytes out of {}: more than {RATIO_LIMIT} to 1, as only a bomb has it",
                entry.size, entry.packed
            )));
        }
        total += entry.size;
        if total > TOTAL_LIMIT {
            return Err(over(format!(
                "the members up to this one have {total} bytes unpacked; the limit is {TOTAL_LIMIT}"
            )));
        }
    }
    Ok(())
}

fn names_are_unique(entries: &[Entry]) -> Result<(), Stop> {
    let mut seen = HashSet::new();
    for entry in entries {
        if !seen.insert(entry.name.to_ascii_lowercase()) {
            let message = "two members have this name, or names that differ only in case";
            return Err(refused("duplicate-member", Some(&entry.name), message));
        }
    }
    Ok(())
}

/// Reads exactly `length` bytes, which the caller has bounded. A file that ends before
/// was cut while it was read.
fn read_vec(file: &mut impl Read, length: usize) -> Result<Vec<u8>, Stop> {
    let mut bytes = vec![0; length];
    read_exact(file, &mut bytes)?;
    Ok(bytes)
}

fn read_exact(file: &mut impl Read, bytes: &mut [u8]) -> Result<(), Stop> {
    file.read_exact(bytes).map_err(|error| {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            damaged(None, "it ends sooner than it should")
        } else {
            Stop::Io(error)
        }
    })
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
