//! The end record: where the directory is, and whether this is a zip at all.

use std::io::{Read, Seek, SeekFrom};

use super::{
    DIRECTORY_LIMIT, MEMBERS_LIMIT, Stop, Verdict, damaged, flaw, read_exact, read_vec, refused,
    u16_at, u32_at,
};

const END_LENGTH: usize = 22;
const COMMENT_LIMIT: usize = 65_535;
const SIGNATURE: &[u8] = b"PK\x05\x06";
/// Bytes of the record that points to a Zip64 end record, right before the plain one.
const LOCATOR_LENGTH: u64 = 20;

/// Where the directory is, and how much of it there is.
pub(super) struct End {
    pub(super) members: usize,
    pub(super) directory: u64,
    pub(super) directory_length: u32,
}

/// The end record: the one that ends exactly where the file ends. A zip within a cut-off
/// zip has one too, some way before the end.
pub(super) fn find_end(file: &mut (impl Read + Seek), length: u64) -> Result<End, Stop> {
    let tail_length = length.min((END_LENGTH + COMMENT_LIMIT) as u64);
    file.seek(SeekFrom::Start(length - tail_length))?;
    let tail_length = usize::try_from(tail_length).expect("the tail is under 64 KiB and a bit");
    let tail = read_vec(file, tail_length)?;
    let mut ends = (0..(tail.len() + 1).saturating_sub(END_LENGTH)).filter(|&at| {
        tail[at..].starts_with(SIGNATURE)
            && at + END_LENGTH + usize::from(u16_at(&tail[at..], 20)) == tail.len()
    });
    let Some(at) = ends.next() else {
        return Err(no_end(file, length)?);
    };
    // Readers look for the record from the end, so one in the comment would be found first.
    let in_comment = tail[at + 4..].windows(4).any(|four| four == SIGNATURE);
    if ends.next().is_some() || in_comment {
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
    if start.starts_with(b"PK\x03\x04") || start.starts_with(SIGNATURE) {
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
    } else {
        ""
    };
    Ok(flaw(
        Verdict::Foreign,
        "not-an-archive",
        None,
        format!("it is no zip, no tar and no package for a call manager{looks}"),
    ))
}
