//! tar as used for firmware: POSIX.1-1988 ustar, GNU, pax and pre-POSIX headers, with regular
//! files and folders only.

mod extension;

use std::io::{self, Read};

use super::super::{
    entry_path::{EntryPath, UniquePaths},
    file_part::read_retrying,
    limits::{CHUNK_BYTES, MAX_ENTRIES},
    stop::{
        WalkStop, add_size, damaged, invalid, refused, too_many_entries, unsupported, with_cure,
    },
    types::Verdict,
    visitor::{EntryInfo, Visitor},
};
use extension::{Extension, Kind};

/// The block size: headers take one block, and data is padded to whole blocks.
const BLOCK: usize = 512;
/// Headers that extend another one. A member has at most three (a name and a target of GNU, and
/// a pax header).
const MAX_EXTENSIONS: usize = 3 * MAX_ENTRIES;
/// The checksum field of a header.
const CHECKSUM: std::ops::Range<usize> = 148..156;

/// Whether a file begins with a tar header.
pub(super) fn begins(start: &[u8]) -> bool {
    start
        .first_chunk()
        .is_some_and(|block: &[u8; BLOCK]| block[0] != 0 && checksum_holds(block))
        || start.get(257..262) == Some(b"ustar")
}

/// The content of one header.
struct TarHeader {
    path: Vec<u8>,
    size: u64,
    folder: bool,
}

/// Walks the tar to its end and checks that only zeros follow. No size may exceed `limit`.
pub(super) fn walk(
    from: &mut impl Read,
    limit: u64,
    visitor: &mut dyn Visitor,
) -> Result<(), WalkStop> {
    let mut unique = UniquePaths::default();
    let mut total = 0;
    let (mut count, mut extensions) = (0, 0);
    let mut extension = Extension::default();
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut block = [0; BLOCK];
    loop {
        fill(from, &mut block)?;
        if block == [0; BLOCK] {
            if extension.is_pending {
                return Err(damaged(None, "it ends between a member's two headers"));
            }
            break;
        }
        if count == 0 && extensions == 0 && !begins(&block) {
            let message = "its gzip does not contain a tar";
            return Err(with_cure(
                invalid(Verdict::Foreign, "not-an-archive", None, message),
                "Unpack it (`gunzip FILE`). If that gives an archive, give that; if it is one file \
                 of a bundle, give the folder that has all.",
            ));
        }
        if !checksum_holds(&block) {
            return Err(damaged(None, "the checksum of a member's header is wrong"));
        }
        if let Some(kind) = Kind::of(block[156]) {
            extensions += 1;
            if extensions > MAX_EXTENSIONS {
                return Err(too_many_entries());
            }
            let size = extension::checked_size(size_of(&block, None)?)?;
            let padded = size.next_multiple_of(BLOCK);
            let mut data = vec![0; padded];
            fill(from, &mut data)?;
            extension.add(kind, &data[..size])?;
            continue;
        }
        let header = header(&block, std::mem::take(&mut extension))?;
        count += 1;
        if count > MAX_ENTRIES {
            return Err(too_many_entries());
        }
        if header.folder {
            continue;
        }
        let entry = EntryInfo {
            path: EntryPath::parse(&header.path)?,
            size: header.size,
        };
        unique.add(&entry.path)?;
        add_size(&mut total, entry.size, &entry.path.full())?;
        if entry.size > limit {
            return Err(truncated());
        }
        visitor.begin(&entry)?;
        let mut left = entry.size;
        while left > 0 {
            let room = usize::try_from(left).unwrap_or(usize::MAX).min(CHUNK_BYTES);
            let read = read_retrying(from, &mut buffer[..room])?;
            if read == 0 {
                return Err(truncated());
            }
            left -= read as u64;
            visitor.bytes(&buffer[..read])?;
        }
        visitor.end(None)?;
        let padding = entry.size.next_multiple_of(BLOCK as u64) - entry.size;
        let padding = usize::try_from(padding).expect("less than a block");
        fill(from, &mut block[..padding])?;
    }
    // Two zero blocks mark the end.
    fill(from, &mut block)?;
    if block != [0; BLOCK] {
        return Err(trailing_data());
    }
    loop {
        let read = read_retrying(from, &mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        if buffer[..read].iter().any(|byte| *byte != 0) {
            return Err(trailing_data());
        }
    }
}

pub(super) fn trailing_data() -> WalkStop {
    damaged(None, "data other than zeros follows its end")
}

fn truncated() -> WalkStop {
    invalid(
        Verdict::Damaged,
        "archive-truncated",
        None,
        "its tar ends before its last member does",
    )
}

fn fill(from: &mut impl Read, bytes: &mut [u8]) -> Result<(), WalkStop> {
    from.read_exact(bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => truncated(),
        _ => error.into(),
    })
}

fn checksum_holds(block: &[u8; BLOCK]) -> bool {
    let sum: u64 = block
        .iter()
        .enumerate()
        .map(|(at, byte)| u64::from(if CHECKSUM.contains(&at) { b' ' } else { *byte }))
        .sum();
    octal(&block[CHECKSUM]) == Some(sum)
}

fn size_of(block: &[u8; BLOCK], name: Option<&str>) -> Result<u64, WalkStop> {
    octal(&block[124..136]).ok_or_else(|| {
        let message = "its size is not a number or exceeds 8 GiB";
        refused("over-limit", name, message)
    })
}

/// A member's header, whose checksum holds.
fn header(block: &[u8; BLOCK], mut extension: Extension) -> Result<TarHeader, WalkStop> {
    let text = |from: usize, to: usize| {
        let field = &block[from..to];
        field.split(|byte| *byte == 0).next().unwrap_or_default()
    };
    let mut path = text(0, 100).to_vec();
    // Only the POSIX format has a prefix field there.
    if block[257..263] == *b"ustar\0" && block[345] != 0 {
        path = [text(345, 500), b"/", &path].concat();
    }
    if let Some(extended) = extension.take_path() {
        path = extended;
    }
    while path.starts_with(b"./") {
        path.drain(..2);
    }
    let shown = String::from_utf8_lossy(&path).into_owned();
    let size = match extension.size {
        Some(size) => size,
        None => size_of(block, Some(&shown))?,
    };
    let folder = match block[156] {
        b'0' | 0 => path.ends_with(b"/"),
        b'5' => true,
        b'1'..=b'6' => {
            let message = "a link or device; firmware archives contain regular files only";
            return Err(refused("not-a-regular-file", Some(&shown), message));
        }
        other => {
            let message = format!("an unsupported tar extension ({:?})", char::from(other));
            let member = Some(shown.as_str()).filter(|name| !name.is_empty());
            return Err(unsupported(member, message));
        }
    };
    if folder {
        if size > 0 {
            return Err(refused(
                "not-a-regular-file",
                Some(&shown),
                "a folder that has data",
            ));
        }
        // The root itself (`./`) has an empty name by now.
        if !path.is_empty() {
            if !path.ends_with(b"/") {
                path.push(b'/');
            }
            EntryPath::parse(&path)?;
        }
    }
    Ok(TarHeader { path, size, folder })
}

/// Octal digits, with leading spaces and trailing spaces or NULs.
fn octal(field: &[u8]) -> Option<u64> {
    let start = field.iter().position(|byte| *byte != b' ')?;
    let digits: Vec<u8> = field[start..]
        .iter()
        .copied()
        .take_while(|byte| !matches!(byte, 0 | b' '))
        .collect();
    let text = std::str::from_utf8(&digits).ok()?;
    if text.is_empty() || !text.bytes().all(|byte| matches!(byte, b'0'..=b'7')) {
        return None;
    }
    u64::from_str_radix(text, 8).ok()
}
