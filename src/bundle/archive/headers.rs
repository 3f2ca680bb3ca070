//! A member's two headers: the directory's entry and the one before its data.

use std::io::{Read, Seek, SeekFrom};

use super::{
    super::container::place, DEFLATED, Entry, STORED, Stop, Verdict, damaged, flaw, read_exact,
    read_vec, refused, u16_at, u32_at,
};

const CENTRAL_LENGTH: usize = 46;
const LOCAL_LENGTH: usize = 30;
/// Flag bits: encrypted (0), patch data (5), strong encryption (6), masked headers (13).
const FORBIDDEN_FLAGS: u16 = 1 | 1 << 5 | 1 << 6 | 1 << 13;
/// Flag bit 3: sizes and CRC follow the data, and the local header has none.
const STREAMED: u16 = 1 << 3;
/// The MS-DOS attributes of a volume label and of a folder.
const DOS_LABEL: u32 = 0x08;
const DOS_FOLDER: u32 = 0x10;
/// Bytes that nothing has at most when it is deflated.
const EMPTY: u32 = 2;
/// Where Unix keeps a file's type in the upper half of the external attributes, and the
/// types of a regular file and of a folder.
const UNIX_TYPE: u32 = 0o170_000;
const UNIX_REGULAR: u32 = 0o100_000;
const UNIX_FOLDER: u32 = 0o040_000;

/// One entry of the central directory, and what follows it.
pub(super) fn central(bytes: &[u8]) -> Result<(Entry, &[u8]), Stop> {
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
    let place = place(&bytes[CENTRAL_LENGTH..CENTRAL_LENGTH + name])?;
    let name = place.path();
    let folder = place.name.is_empty();
    let attributes = u32_at(bytes, 38);
    let unix_type = attributes >> 16 & UNIX_TYPE;
    let (unix, dos) = if folder {
        (UNIX_FOLDER, DOS_LABEL)
    } else {
        (UNIX_REGULAR, DOS_LABEL | DOS_FOLDER)
    };
    let sizes = (u32_at(bytes, 20), u32_at(bytes, 24));
    if attributes & dos != 0
        || (unix_type != 0 && unix_type != unix)
        || (folder && (sizes.1 != 0 || sizes.0 > EMPTY))
    {
        return Err(refused(
            "not-a-regular-file",
            Some(&name),
            "a link or device, or no file but a folder by its attributes; firmware zips hold plain \
             files only",
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
        place,
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

/// Holds a member's local header against its directory entry, and gives where its data
/// ends.
pub(super) fn local(
    file: &mut (impl Read + Seek),
    entry: &Entry,
    directory: u64,
) -> Result<u64, Stop> {
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
