//! Tars as plain as firmware has them: POSIX.1-1988 ustar, GNU's and the older form, with
//! regular files and folders and nothing else.

use std::io::{self, Read};

use super::{
    super::{Verdict, archive::MEMBERS_LIMIT, digest::CHUNK},
    Item, Stop, Visit, count_size, flaw,
    path::{Unique, place},
    read_some, refused, too_many,
};

/// Everything in a tar comes in blocks of this many bytes.
const BLOCK: usize = 512;
/// Where the header's own checksum stands.
const CHECKSUM: std::ops::Range<usize> = 148..156;

/// Whether a file begins with a tar's header.
pub(super) fn begins(start: &[u8]) -> bool {
    start
        .first_chunk()
        .is_some_and(|block: &[u8; BLOCK]| block[0] != 0 && checksum_holds(block))
        || start.get(257..262) == Some(b"ustar")
}

/// What one header says.
struct Header {
    path: Vec<u8>,
    size: u64,
    folder: bool,
}

/// Walks the tar up to its end and makes sure that only zeros follow. `most` bounds what
/// any of its sizes may be.
pub(super) fn walk(from: &mut impl Read, most: u64, visit: &mut dyn Visit) -> Result<(), Stop> {
    let mut unique = Unique::default();
    let mut total = 0;
    let mut count = 0;
    let mut buffer = vec![0; CHUNK];
    let mut block = [0; BLOCK];
    loop {
        fill(from, &mut block)?;
        if block == [0; BLOCK] {
            break;
        }
        if count == 0 && !begins(&block) {
            let message = "it is no tar, and no bundle is anything else in a gzip";
            return Err(flaw(Verdict::Foreign, "not-an-archive", None, message));
        }
        let header = header(&block)?;
        count += 1;
        if count > MEMBERS_LIMIT {
            return Err(too_many());
        }
        if header.folder {
            continue;
        }
        let item = Item {
            place: place(&header.path)?,
            size: header.size,
        };
        let path = item.place.path();
        unique.add(&item.place)?;
        count_size(&mut total, item.size, &path)?;
        if item.size > most {
            return Err(cut());
        }
        visit.begin(&item)?;
        let mut left = item.size;
        while left > 0 {
            let room = usize::try_from(left).unwrap_or(usize::MAX).min(CHUNK);
            let read = read_some(from, &mut buffer[..room])?;
            if read == 0 {
                return Err(cut());
            }
            left -= read as u64;
            visit.bytes(&buffer[..read])?;
        }
        visit.end(None)?;
        let padding = item.size.next_multiple_of(BLOCK as u64) - item.size;
        let padding = usize::try_from(padding).expect("less than a block");
        fill(from, &mut block[..padding])?;
    }
    // Two blocks of zeros are the end.
    fill(from, &mut block)?;
    if block != [0; BLOCK] {
        return Err(after_the_end());
    }
    loop {
        let read = read_some(from, &mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        if buffer[..read].iter().any(|byte| *byte != 0) {
            return Err(after_the_end());
        }
    }
}

pub(super) fn after_the_end() -> Stop {
    flaw(
        Verdict::Damaged,
        "archive-damaged",
        None,
        "something other than zeros follows its end",
    )
}

fn cut() -> Stop {
    flaw(
        Verdict::Damaged,
        "archive-truncated",
        None,
        "its tar ends before its last member does",
    )
}

fn fill(from: &mut impl Read, bytes: &mut [u8]) -> Result<(), Stop> {
    from.read_exact(bytes).map_err(|error| match error.kind() {
        // A gzip that was cut says so with the same kind, and an error of its own.
        io::ErrorKind::UnexpectedEof => cut(),
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

fn header(block: &[u8; BLOCK]) -> Result<Header, Stop> {
    if !checksum_holds(block) {
        let message = "a member's header does not hold its own checksum";
        return Err(flaw(Verdict::Damaged, "archive-damaged", None, message));
    }
    let text = |from: usize, to: usize| {
        let field = &block[from..to];
        field.split(|byte| *byte == 0).next().unwrap_or_default()
    };
    let mut path = text(0, 100).to_vec();
    // Only POSIX's form has a prefix there.
    if block[257..263] == *b"ustar\0" && block[345] != 0 {
        path = [text(345, 500), b"/", &path].concat();
    }
    while path.starts_with(b"./") {
        path.drain(..2);
    }
    let shown = String::from_utf8_lossy(&path).into_owned();
    let size = octal(&block[124..136]).ok_or_else(|| {
        refused(
            "over-limit",
            Some(&shown),
            "its size is not a number, or has more than 8 GiB",
        )
    })?;
    let folder = match block[156] {
        b'0' | 0 => path.ends_with(b"/"),
        b'5' => true,
        b'1'..=b'6' => {
            let message = "a link or device; firmware has plain files only";
            return Err(refused("not-a-regular-file", Some(&shown), message));
        }
        other => {
            let message = format!(
                "an extension of tar ({:?}) that firmware does not need; pack it with \
                 `tar --format=ustar`",
                char::from(other)
            );
            return Err(refused("unsupported-archive", Some(&shown), message));
        }
    };
    if folder {
        if size > 0 {
            return Err(refused(
                "not-a-regular-file",
                Some(&shown),
                "a folder with bytes in it",
            ));
        }
        // The root itself has no name left.
        if !path.is_empty() {
            if !path.ends_with(b"/") {
                path.push(b'/');
            }
            place(&path)?;
        }
    }
    Ok(Header { path, size, folder })
}

/// Octal digits, with blanks before and blanks or NULs behind.
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
