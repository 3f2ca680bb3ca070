//! The end record: where the directory is, and whether the file is a ZIP at all.

use std::io::{Read, Seek, SeekFrom};

use super::{
    super::super::{
        content_hint::{JOIN, foreign_archive},
        limits::{MAX_DIRECTORY_BYTES, MAX_ENTRIES},
        stop::{WalkStop, damaged, invalid, refused, unsupported, with_cure},
        types::Verdict,
    },
    read::{read_exact, read_vec, u16_at, u32_at},
};

const END_LENGTH: usize = 22;
const MAX_COMMENT: usize = 65_535;
const SIGNATURE: &[u8] = b"PK\x05\x06";
/// Bytes of the Zip64 locator, which precedes the end record.
const LOCATOR_LENGTH: u64 = 20;

/// The content of the end record.
pub(super) struct EndRecord {
    pub(super) entries: usize,
    /// The offset of the directory.
    pub(super) directory: u64,
    /// The length of the directory in bytes.
    pub(super) directory_length: u32,
}

/// Finds the end record that ends exactly at the end of the file. A truncated ZIP with a
/// ZIP inside has one earlier.
pub(super) fn find(file: &mut (impl Read + Seek), length: u64) -> Result<EndRecord, WalkStop> {
    let tail_length = length.min((END_LENGTH + MAX_COMMENT) as u64);
    file.seek(SeekFrom::Start(length - tail_length))?;
    let tail_length = usize::try_from(tail_length).expect("at most 65,557 bytes");
    let tail = read_vec(file, tail_length)?;
    let mut ends = (0..(tail.len() + 1).saturating_sub(END_LENGTH)).filter(|&at| {
        tail[at..].starts_with(SIGNATURE)
            && at + END_LENGTH + usize::from(u16_at(&tail[at..], 20)) == tail.len()
    });
    let Some(at) = ends.next() else {
        return Err(no_end_record(file, length)?);
    };
    // Other readers search from the end, so a record in the comment would be found first.
    let in_comment = tail[at + 4..].windows(4).any(|four| four == SIGNATURE);
    if ends.next().is_some() || in_comment {
        return Err(refused(
            "ambiguous-archive",
            None,
            "it has two end records, so different programs see different files in it",
        ));
    }
    let record = &tail[at..];
    let position = length - (tail.len() - at) as u64;
    let (entries, directory_length, directory) =
        (u16_at(record, 10), u32_at(record, 12), u32_at(record, 16));
    let mut locator = [0; 4];
    if position >= LOCATOR_LENGTH {
        file.seek(SeekFrom::Start(position - LOCATOR_LENGTH))?;
        read_exact(file, &mut locator)?;
    }
    if locator == *b"PK\x06\x07" || entries == u16::MAX || directory == u32::MAX {
        return Err(unsupported(
            None,
            "it is a Zip64 archive, which is only needed for more than 65,535 members or 4 GiB",
        ));
    }
    if u32_at(record, 4) != 0 || u16_at(record, 8) != entries {
        let message = "it is the last part of a split archive";
        return Err(with_cure(unsupported(None, message), JOIN));
    }
    if usize::from(entries) > MAX_ENTRIES || directory_length > MAX_DIRECTORY_BYTES {
        return Err(refused(
            "over-limit",
            None,
            format!(
                "{entries} members and a directory of {directory_length} bytes; the limits are \
                 {MAX_ENTRIES} members and {MAX_DIRECTORY_BYTES} bytes"
            ),
        ));
    }
    if u64::from(directory) + u64::from(directory_length) != position {
        if starts_with(file, b"MZ")? {
            return Err(no_end_record(file, length)?);
        }
        return Err(damaged(
            None,
            "its directory is not at the offset in its end record: bytes are missing or were added",
        ));
    }
    Ok(EndRecord {
        entries: usize::from(entries),
        directory: u64::from(directory),
        directory_length,
    })
}

fn starts_with(file: &mut (impl Read + Seek), magic: &[u8]) -> Result<bool, WalkStop> {
    file.seek(SeekFrom::Start(0))?;
    Ok(read_vec(file, magic.len())? == magic)
}

/// Why there is no end record: the file is truncated, or is not a ZIP.
fn no_end_record(file: &mut (impl Read + Seek), length: u64) -> Result<WalkStop, WalkStop> {
    file.seek(SeekFrom::Start(0))?;
    let start = read_vec(file, usize::try_from(length.min(512)).expect("at most 512"))?;
    if start.starts_with(b"PK\x03\x04") || start.starts_with(SIGNATURE) {
        let stop = invalid(
            Verdict::Damaged,
            "archive-truncated",
            None,
            "it begins like a ZIP but has no end record at its end: it was truncated, bytes were \
             appended, or it is one part of a split archive",
        );
        let cure = "Download the file again and compare its checksum with the published one. Of a \
                    split archive, put all parts into one folder and join them (`cat` for .001, \
                    .002, …).";
        return Ok(with_cure(stop, cure));
    }
    let known = foreign_archive(&start);
    let hint = known.map_or(String::new(), |(what, _)| format!("; it is {what}"));
    let stop = invalid(
        Verdict::Foreign,
        "not-an-archive",
        None,
        format!("it is not a ZIP, a tar or a call manager package{hint}"),
    );
    Ok(match known {
        Some((_, cure)) => with_cure(stop, cure),
        None => stop,
    })
}
