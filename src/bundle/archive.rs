//! A zip's structure, held against what hostile and broken archives do before any library
//! allocates by it.
//!
//! Layout: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.7 (local header), 4.3.12 (central
//! directory) and 4.3.16 (end record). Real firmware zips are as plain as zips can be (flat,
//! no extra fields, stored or deflated), so whatever is not plain is turned away.

use std::{
    collections::HashSet,
    io::{self, Read, Seek, SeekFrom},
};

use super::{Problem, Verdict};
use crate::diagnose::Severity;

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
/// Characters of a member's name.
pub(super) const NAME_LIMIT: usize = 200;

const END_LENGTH: usize = 22;
const COMMENT_LIMIT: usize = 65_535;
const CENTRAL_LENGTH: usize = 46;
const LOCAL_LENGTH: usize = 30;
const LOCATOR_LENGTH: u64 = 20;

pub(super) const STORED: u16 = 0;
pub(super) const DEFLATED: u16 = 8;
/// Flag bits: encrypted (0), patch data (5), strong encryption (6), masked headers (13).
const FORBIDDEN_FLAGS: u16 = 1 | 1 << 5 | 1 << 6 | 1 << 13;
/// Flag bit 3: sizes and CRC follow the data, and the local header has none.
const STREAMED: u16 = 1 << 3;
/// The MS-DOS attributes of a volume label and of a folder.
const DOS_NOT_A_FILE: u32 = 0x08 | 0x10;
/// Where Unix keeps a file's type in the upper half of the external attributes, and the
/// type of a regular file.
const UNIX_TYPE: u32 = 0o170_000;
const UNIX_REGULAR: u32 = 0o100_000;

/// One member as both of its headers describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) method: u16,
    pub(super) crc: u32,
    pub(super) packed: u64,
    pub(super) size: u64,
    /// Where its local header stands.
    pub(super) offset: u64,
    flags: u16,
}

/// What ends the reading of an archive.
#[derive(Debug)]
pub(super) enum Stop {
    /// The file system.
    Io(io::Error),
    /// The archive itself.
    Flaw(Verdict, Box<Problem>),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
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
        Verdict::Foreign => "Name the firmware bundle: a .zip that holds .loads files.",
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

fn damaged(member: Option<&str>, message: impl Into<String>) -> Stop {
    flaw(Verdict::Damaged, "archive-damaged", member, message)
}

/// The members of the zip of `length` bytes in `file`, in the directory's order, or the
/// first thing that is wrong with its structure. No member's data is read.
pub(super) fn layout(file: &mut (impl Read + Seek), length: u64) -> Result<Vec<Entry>, Stop> {
    let end = find_end(file, length)?;
    file.seek(SeekFrom::Start(end.directory))?;
    let directory = read_vec(file, end.directory_length as usize)?;
    let mut entries = Vec::new();
    let mut rest = directory.as_slice();
    for _ in 0..end.members {
        let (entry, after) = central(rest)?;
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
            local(file, entry, end.directory)?,
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

struct End {
    members: usize,
    directory: u64,
    directory_length: u32,
}

/// The end record: the one that ends exactly where the file ends. A zip within a cut-off
/// zip has one too, some way before the end.
fn find_end(file: &mut (impl Read + Seek), length: u64) -> Result<End, Stop> {
    let tail_length = length.min((END_LENGTH + COMMENT_LIMIT) as u64);
    file.seek(SeekFrom::Start(length - tail_length))?;
    let tail_length = usize::try_from(tail_length).expect("the tail is under 64 KiB and a bit");
    let tail = read_vec(file, tail_length)?;
    let mut ends = (0..(tail.len() + 1).saturating_sub(END_LENGTH)).filter(|&at| {
        tail[at..].starts_with(b"PK\x05\x06")
            && at + END_LENGTH + usize::from(u16_at(&tail[at..], 20)) == tail.len()
    });
    let Some(at) = ends.next() else {
        return Err(no_end(file, length)?);
    };
    if ends.next().is_some() {
        return Err(refused(
            "ambiguous-archive",
            None,
            "it has two end records, so that different programs see different files in it",
        ));
    }
    let record = &tail[at..];
    let position = length - (tail.len() - at) as u64;
    let (members, directory_length, directory) =
        (u16_at(record, 10), u32_at(record, 12), u32_at(record, 16));
    let mut locator = [0; 4];
    if position >= LOCATOR_LENGTH {
        file.seek(SeekFrom::Start(position - LOCATOR_LENGTH))?;
        read_exact(file, &mut locator)?;
    }
    if locator == *b"PK\x06\x07" || members == u16::MAX || directory == u32::MAX {
        return Err(refused(
            "unsupported-archive",
            None,
            "it is a Zip64 archive, which is for more than 65,535 members or 4 GiB",
        ));
    }
    if u32_at(record, 4) != 0 || u16_at(record, 8) != members {
        return Err(refused(
            "unsupported-archive",
            None,
            "it is one part of an archive that was split over several files",
        ));
    }
    if usize::from(members) > MEMBERS_LIMIT || directory_length > DIRECTORY_LIMIT {
        return Err(refused(
            "over-limit",
            None,
            format!(
                "{members} members and a directory of {directory_length} bytes; the limits are \
                 {MEMBERS_LIMIT} members and {DIRECTORY_LIMIT} bytes"
            ),
        ));
    }
    if u64::from(directory) + u64::from(directory_length) != position {
        return Err(damaged(
            None,
            "its directory is not where its end record says: bytes are missing, or were added",
        ));
    }
    Ok(End {
        members: usize::from(members),
        directory: u64::from(directory),
        directory_length,
    })
}

/// Why there is no end record: cut off, or no zip at all?
fn no_end(file: &mut (impl Read + Seek), length: u64) -> Result<Stop, Stop> {
    file.seek(SeekFrom::Start(0))?;
    let start = read_vec(file, usize::try_from(length.min(512)).expect("at most 512"))?;
    if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
        return Ok(flaw(
            Verdict::Damaged,
            "archive-truncated",
            None,
            "it begins like a zip and has no end record at its end: it was cut off, or bytes \
             were added",
        ));
    }
    let looks = if start.trim_ascii_start().starts_with(b"<") {
        ": it begins like a web page, so what was saved may be a log-in page"
    } else if start.starts_with(&[0x1f, 0x8b]) {
        ": it begins like a gzip file (.tar.gz, .tgz), which is not read yet"
    } else if start.get(257..262) == Some(b"ustar") {
        ": it begins like a tar archive, which is not read yet"
    } else if start.starts_with(&[1, 0, 2]) {
        ": it begins like one signed Cisco file (.loads, .sbn, .cop.sgn), not a bundle of them"
    } else {
        ""
    };
    Ok(flaw(
        Verdict::Foreign,
        "not-a-zip",
        None,
        format!("it is no zip archive{looks}"),
    ))
}

/// One entry of the central directory, and what follows it.
fn central(bytes: &[u8]) -> Result<(Entry, &[u8]), Stop> {
    let cut = || {
        damaged(
            None,
            "its directory ends before the last member that it counts",
        )
    };
    if bytes.len() < CENTRAL_LENGTH {
        return Err(cut());
    }
    if !bytes.starts_with(b"PK\x01\x02") {
        return Err(damaged(
            None,
            "its directory holds something that is no member",
        ));
    }
    let [name, extra, comment] = [28, 30, 32].map(|at| usize::from(u16_at(bytes, at)));
    let after = CENTRAL_LENGTH + name + extra + comment;
    if bytes.len() < after {
        return Err(cut());
    }
    let name = safe_name(&bytes[CENTRAL_LENGTH..CENTRAL_LENGTH + name])?;
    let attributes = u32_at(bytes, 38);
    let unix_type = attributes >> 16 & UNIX_TYPE;
    if attributes & DOS_NOT_A_FILE != 0 || (unix_type != 0 && unix_type != UNIX_REGULAR) {
        return Err(refused(
            "not-a-regular-file",
            Some(&name),
            "a folder, link or device; firmware zips hold plain files only",
        ));
    }
    let entry = Entry {
        flags: u16_at(bytes, 8),
        method: u16_at(bytes, 10),
        crc: u32_at(bytes, 16),
        packed: u64::from(u32_at(bytes, 20)),
        size: u64::from(u32_at(bytes, 24)),
        offset: u64::from(u32_at(bytes, 42)),
        name,
    };
    if entry.flags & FORBIDDEN_FLAGS != 0 {
        let message = "it is encrypted or a patch; firmware zips are neither";
        return Err(refused("encrypted-member", Some(&entry.name), message));
    }
    if entry.method != STORED && entry.method != DEFLATED {
        let message = format!(
            "compression method {}; firmware zips use 0 (stored) and 8 (deflated)",
            entry.method
        );
        return Err(refused("unsupported-method", Some(&entry.name), message));
    }
    if u16_at(bytes, 34) != 0 {
        let message = "it lies in another part of a split archive";
        return Err(refused("unsupported-archive", Some(&entry.name), message));
    }
    if entry.method == STORED && entry.packed != entry.size {
        let message = "it is stored as it is, and its two sizes differ";
        return Err(damaged(Some(&entry.name), message));
    }
    Ok((entry, &bytes[after..]))
}

/// A name that is one plain file name on every system, and nothing else.
fn safe_name(bytes: &[u8]) -> Result<String, Stop> {
    let shown = String::from_utf8_lossy(bytes);
    let unsafe_name = |why: String| {
        let shown: String = shown.chars().take(NAME_LIMIT).collect();
        refused("unsafe-name", Some(&shown), why)
    };
    if bytes.len() > NAME_LIMIT {
        return Err(unsafe_name(format!(
            "its name has {} characters; the limit is {NAME_LIMIT}",
            bytes.len()
        )));
    }
    if let Some(odd) = shown
        .chars()
        .find(|&c| !(c.is_ascii_alphanumeric() || "._-+() ".contains(c)))
    {
        return Err(unsafe_name(format!(
            "its name holds {odd:?}; firmware zips are flat, with letters, digits and ._-+() in \
             names"
        )));
    }
    if bytes.is_empty()
        || bytes.starts_with(b".")
        || bytes.starts_with(b"-")
        || bytes.starts_with(b" ")
        || bytes.ends_with(b".")
        || bytes.ends_with(b" ")
    {
        return Err(unsafe_name(
            "its name is empty, or begins or ends with a dot, dash or blank".to_owned(),
        ));
    }
    Ok(shown.into_owned())
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

/// Holds a member's local header against its directory entry, and gives where its data
/// ends.
fn local(file: &mut (impl Read + Seek), entry: &Entry, directory: u64) -> Result<u64, Stop> {
    let name = Some(entry.name.as_str());
    let outside = || damaged(name, "its data reaches past the end of the archive's data");
    if entry.offset + LOCAL_LENGTH as u64 > directory {
        return Err(outside());
    }
    file.seek(SeekFrom::Start(entry.offset))?;
    let mut header = [0; LOCAL_LENGTH];
    read_exact(file, &mut header)?;
    if !header.starts_with(b"PK\x03\x04") {
        return Err(damaged(
            name,
            "its own header is not where the directory says",
        ));
    }
    let name_length = u16_at(&header, 26);
    let data = entry.offset
        + LOCAL_LENGTH as u64
        + u64::from(name_length)
        + u64::from(u16_at(&header, 28));
    let end = data + entry.packed;
    if end > directory {
        return Err(outside());
    }
    let own_name = read_vec(file, usize::from(name_length))?;
    if own_name != entry.name.as_bytes() {
        let message = "its own header gives it another name than the directory does";
        return Err(refused("header-disagreement", name, message));
    }
    let flags = u16_at(&header, 6);
    let own = (
        u32_at(&header, 14),
        u32_at(&header, 18),
        u32_at(&header, 22),
    );
    let listed = (u64::from(entry.crc), entry.packed, entry.size);
    // A streamed member has zeros here, and one written with room to grow has all ones.
    let says_nothing = flags & STREAMED != 0 || (own.1, own.2) == (u32::MAX, u32::MAX);
    let same = (u64::from(own.0), u64::from(own.1), u64::from(own.2)) == listed;
    let blank = says_nothing && [0, u32::MAX].contains(&own.1) && [0, u32::MAX].contains(&own.2);
    if u16_at(&header, 8) != entry.method
        || (flags ^ entry.flags) & (FORBIDDEN_FLAGS | STREAMED) != 0
        || !(same || blank)
    {
        let message = "its own header and the directory disagree on its method, size or CRC";
        return Err(flaw(Verdict::Damaged, "header-disagreement", name, message));
    }
    Ok(end)
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
