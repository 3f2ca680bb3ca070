//! The two headers of an entry: in the central directory, and before its data.

use std::io::{Read, Seek, SeekFrom};

use super::{
    super::super::{
        content_hint::JOIN,
        entry_path::EntryPath,
        stop::{WalkStop, damaged, invalid, refused, unsupported, with_cure},
        types::Verdict,
    },
    read::{read_exact, read_vec, u16_at, u32_at},
    zip_entry::{DEFLATED, STORED, ZipEntry},
};

const CENTRAL_LENGTH: usize = 46;
const LOCAL_LENGTH: usize = 30;
/// Flag bits: encrypted (0), patch data (5), strong encryption (6), masked headers (13).
const FORBIDDEN_FLAGS: u16 = 1 | 1 << 5 | 1 << 6 | 1 << 13;
/// Flag bit 3: sizes and CRC follow the data and are missing in the local header.
const STREAMED: u16 = 1 << 3;
/// MS-DOS attributes: volume label and folder.
const DOS_LABEL: u32 = 0x08;
const DOS_FOLDER: u32 = 0x10;
/// Maximum number of bytes that empty data has when deflated.
const MAX_EMPTY: u32 = 2;
/// The Unix file type in the upper half of the external attributes: mask, regular file,
/// folder.
const UNIX_TYPE: u32 = 0o170_000;
const UNIX_REGULAR: u32 = 0o100_000;
const UNIX_FOLDER: u32 = 0o040_000;

/// Parses one entry of the central directory. Returns it and the bytes that follow.
pub(super) fn central(bytes: &[u8]) -> Result<(ZipEntry, &[u8]), WalkStop> {
    let cut = || {
        damaged(
            None,
            "its directory ends before the number of members that it states",
        )
    };
    if bytes.len() < CENTRAL_LENGTH {
        return Err(cut());
    }
    if !bytes.starts_with(b"PK\x01\x02") {
        return Err(damaged(None, "its directory contains an invalid entry"));
    }
    let [name, extra, comment] = [28, 30, 32].map(|at| usize::from(u16_at(bytes, at)));
    let after = CENTRAL_LENGTH + name + extra + comment;
    if bytes.len() < after {
        return Err(cut());
    }
    let raw = &bytes[CENTRAL_LENGTH..CENTRAL_LENGTH + name];
    // Some programs for Windows separate folders by backslashes.
    let separated: Vec<u8> = raw
        .iter()
        .map(|byte| if *byte == b'\\' { b'/' } else { *byte })
        .collect();
    let path = EntryPath::parse(&separated)?;
    let name = path.full();
    let folder = path.name.is_empty();
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
        || (folder && (sizes.1 != 0 || sizes.0 > MAX_EMPTY))
    {
        return Err(refused(
            "not-a-regular-file",
            Some(&name),
            "a link, a device, or a folder according to its attributes; firmware archives \
             contain regular files only",
        ));
    }
    let entry = ZipEntry {
        flags: u16_at(bytes, 8),
        method: u16_at(bytes, 10),
        crc: u32_at(bytes, 16),
        packed: u64::from(u32_at(bytes, 20)),
        size: u64::from(u32_at(bytes, 24)),
        offset: u64::from(u32_at(bytes, 42)),
        raw: raw.to_vec(),
        name,
        path,
    };
    if entry.flags & FORBIDDEN_FLAGS != 0 {
        let message = "it is encrypted or a patch; firmware archives use neither";
        return Err(refused("encrypted-member", Some(&entry.name), message));
    }
    if entry.method != STORED && entry.method != DEFLATED {
        let message = format!(
            "compression method {}; firmware archives use 0 (stored) and 8 (deflated)",
            entry.method
        );
        return Err(refused("unsupported-method", Some(&entry.name), message));
    }
    if u16_at(bytes, 34) != 0 {
        let message = "it is in another part of a split archive";
        return Err(with_cure(unsupported(Some(&entry.name), message), JOIN));
    }
    if entry.method == STORED && entry.packed != entry.size {
        let message = "it is stored uncompressed, but its two sizes differ";
        return Err(damaged(Some(&entry.name), message));
    }
    Ok((entry, &bytes[after..]))
}

/// Compares an entry's local header with its directory entry. Returns the end offset of its
/// data.
pub(super) fn check_local(
    file: &mut (impl Read + Seek),
    entry: &ZipEntry,
    directory: u64,
) -> Result<u64, WalkStop> {
    let name = Some(entry.name.as_str());
    let outside = || damaged(name, "its data extends past the start of the directory");
    if entry.offset + LOCAL_LENGTH as u64 > directory {
        return Err(outside());
    }
    file.seek(SeekFrom::Start(entry.offset))?;
    let mut header = [0; LOCAL_LENGTH];
    read_exact(file, &mut header)?;
    if !header.starts_with(b"PK\x03\x04") {
        return Err(damaged(
            name,
            "its local header is not at the offset in the directory",
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
    if own_name != entry.raw {
        let message = "its local header and the directory give different names";
        return Err(refused("header-disagreement", name, message));
    }
    let flags = u16_at(&header, 6);
    let own = (
        u32_at(&header, 14),
        u32_at(&header, 18),
        u32_at(&header, 22),
    );
    let listed = (u64::from(entry.crc), entry.packed, entry.size);
    // A streamed entry has zeros here; one prepared for Zip64 has all ones.
    let unset = flags & STREAMED != 0 || (own.1, own.2) == (u32::MAX, u32::MAX);
    let same = (u64::from(own.0), u64::from(own.1), u64::from(own.2)) == listed;
    let blank = unset && [0, u32::MAX].contains(&own.1) && [0, u32::MAX].contains(&own.2);
    if u16_at(&header, 8) != entry.method
        || (flags ^ entry.flags) & (FORBIDDEN_FLAGS | STREAMED) != 0
        || !(same || blank)
    {
        let message = "its local header and the directory disagree on its method, size or CRC";
        return Err(invalid(
            Verdict::Damaged,
            "header-disagreement",
            name,
            message,
        ));
    }
    Ok(end)
}
