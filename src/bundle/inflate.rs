//! Members' bytes: each is read once, and its size, CRC and SHA-256 are checked on the way.

use std::{
    fs::File,
    io::{self, BufReader, Read},
};

use sha2::{Digest as _, Sha256};
use zip::{
    CompressionMethod, ZipArchive,
    read::{ArchiveOffset, Config},
    result::ZipError,
};

use super::{
    Verdict,
    archive::{DEFLATED, Entry, Stop, flaw},
    digest::{CHUNK, hex},
};

/// Why a member's bytes are not all there.
#[derive(Debug)]
pub(super) enum MemberFault {
    /// The file system, on the archive's side.
    Read(io::Error),
    /// The file system, on the side that takes the bytes.
    Write(io::Error),
    /// The bytes themselves.
    Data(String),
}

/// Opens the archive for reading, and makes sure that the library sees the very members
/// that [`super::archive::layout`] saw.
pub(super) fn open<'f>(
    file: &'f File,
    entries: &[Entry],
) -> Result<ZipArchive<BufReader<&'f File>>, Stop> {
    let config = Config {
        archive_offset: ArchiveOffset::Known(0),
    };
    let mut archive = match ZipArchive::with_config(config, BufReader::with_capacity(CHUNK, file)) {
        Ok(archive) => archive,
        Err(ZipError::Io(error)) if error.raw_os_error().is_some() => return Err(error.into()),
        Err(error) => {
            let message = format!("its directory cannot be read: {error}");
            return Err(flaw(Verdict::Damaged, "archive-damaged", None, message));
        }
    };
    let mut same = archive.len() == entries.len();
    for (index, entry) in entries.iter().enumerate() {
        same = same
            && archive.by_index_raw(index).is_ok_and(|member| {
                member.name_raw() == entry.name.as_bytes()
                    && member.name().is_ok_and(|name| name == entry.name)
                    && member.header_start() == entry.offset
                    && member.compressed_size() == entry.packed
                    && member.size() == entry.size
                    && member.crc32() == entry.crc
                    && (member.compression() == CompressionMethod::Deflated)
                        == (entry.method == DEFLATED)
            });
    }
    if !same {
        return Err(flaw(
            Verdict::Refused,
            "ambiguous-archive",
            None,
            "two ways to read its directory give different members",
        ));
    }
    Ok(archive)
}

/// Hands the member's bytes to `out`, piece by piece, and gives their SHA-256.
pub(super) fn copy(
    archive: &mut ZipArchive<BufReader<&File>>,
    index: usize,
    entry: &Entry,
    mut out: impl FnMut(&[u8]) -> io::Result<()>,
) -> Result<String, MemberFault> {
    let mut member = archive.by_index(index).map_err(|error| match error {
        ZipError::Io(error) => read_fault(error),
        error => MemberFault::Data(error.to_string()),
    })?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; CHUNK];
    let mut size = 0_u64;
    loop {
        // The library checks the CRC when it comes to the end.
        let count = match member.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(read_fault(error)),
        };
        size += count as u64;
        if size > entry.size {
            break;
        }
        hash.update(&buffer[..count]);
        out(&buffer[..count]).map_err(MemberFault::Write)?;
    }
    if size != entry.size {
        let what = if size > entry.size { "more" } else { "less" };
        return Err(MemberFault::Data(format!(
            "it unpacks to {what} than the {} bytes that the directory says",
            entry.size
        )));
    }
    Ok(hex(&hash.finalize()))
}

/// An error with the operating system's number is the file system's; any other says what
/// is wrong with the bytes.
fn read_fault(error: io::Error) -> MemberFault {
    if error.raw_os_error().is_some() {
        MemberFault::Read(error)
    } else {
        MemberFault::Data(format!("its data does not hold: {error}"))
    }
}
