//! Validates the structure of a ZIP against the tricks of hostile and broken archives,
//! before a library allocates memory for it.
//!
//! Layout: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.7 (local header), 4.3.12 (central
//! directory) and 4.3.16 (end record). Real firmware archives use the plainest form (no
//! extra fields, stored or deflated), so everything else is rejected.

use std::io::{Read, Seek, SeekFrom};

use super::{
    super::super::{
        entry_path::UniquePaths,
        limits::{MAX_ENTRY_BYTES, MAX_RATIO, MAX_TOTAL_BYTES},
        stop::{WalkStop, damaged, refused},
    },
    end_record, headers,
    read::read_vec,
    zip_entry::ZipEntry,
};

/// The entries of the ZIP of `length` bytes in `file`, in directory order, or the first
/// error in its structure. No entry's data is read.
pub(super) fn entries(
    file: &mut (impl Read + Seek),
    length: u64,
) -> Result<Vec<ZipEntry>, WalkStop> {
    let end = end_record::find(file, length)?;
    file.seek(SeekFrom::Start(end.directory))?;
    let directory = read_vec(file, end.directory_length as usize)?;
    let mut entries = Vec::new();
    let mut rest = directory.as_slice();
    for _ in 0..end.entries {
        let (entry, after) = headers::central(rest)?;
        entries.push(entry);
        rest = after;
    }
    if !rest.is_empty() {
        return Err(damaged(
            None,
            format!(
                "its directory continues after the {} members that it states",
                end.entries
            ),
        ));
    }
    check_sizes(&entries)?;
    check_names(&entries)?;
    let mut ranges = Vec::new();
    for entry in &entries {
        ranges.push((
            entry.offset,
            headers::check_local(file, entry, end.directory)?,
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

fn check_sizes(entries: &[ZipEntry]) -> Result<(), WalkStop> {
    let mut total = 0_u64;
    for entry in entries {
        let over = |what: String| refused("over-limit", Some(&entry.name), what);
        if entry.size > MAX_ENTRY_BYTES {
            return Err(over(format!(
                "{} bytes unpacked; the limit is {MAX_ENTRY_BYTES}",
                entry.size
            )));
        }
        if entry.size > entry.packed.saturating_mul(MAX_RATIO) {
            return Err(over(format!(
                "{} bytes from {}: more than {MAX_RATIO} to 1 (decompression bomb)",
                entry.size, entry.packed
            )));
        }
        total += entry.size;
        if total > MAX_TOTAL_BYTES {
            return Err(over(format!(
                "the members up to this one have {total} bytes unpacked; the limit is \
                 {MAX_TOTAL_BYTES}"
            )));
        }
    }
    Ok(())
}

fn check_names(entries: &[ZipEntry]) -> Result<(), WalkStop> {
    let mut unique = UniquePaths::default();
    entries.iter().try_for_each(|entry| unique.add(&entry.path))
}
