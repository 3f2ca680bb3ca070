//! A zip's members' bytes: each is read once, and its size and CRC are checked on the way.

use std::io::{self, BufReader, Read};

use zip::{
    CompressionMethod, ZipArchive,
    read::{ArchiveOffset, Config},
    result::ZipError,
};

use super::{
    Verdict,
    archive::{DEFLATED, Entry},
    container::{At, Stop, flaw},
    digest::CHUNK,
};

/// Why a member's bytes are not all there.
#[derive(Debug)]
pub(super) enum MemberFault {
    /// The file system, or whoever takes the bytes.
    Stop(Stop),
    /// The bytes themselves.
    Data(String),
}

/// A zip of which the members are read.
pub(super) type Library<'f> = ZipArchive<BufReader<At<'f>>>;

/// Opens the archive for reading, and makes sure that the library sees the very members
/// that [`super::archive::layout`] saw.
pub(super) fn open<'f>(file: At<'f>, entries: &[Entry]) -> Result<Library<'f>, Stop> {
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

/// Hands the member's bytes to `out`, piece by piece.
pub(super) fn copy(
    archive: &mut Library<'_>,
    index: usize,
    entry: &Entry,
    mut out: impl FnMut(&[u8]) -> Result<(), Stop>,
) -> Result<(), MemberFault> {
    let mut member = archive.by_index(index).map_err(|error| match error {
        ZipError::Io(error) => read_fault(error),
        error => MemberFault::Data(error.to_string()),
    })?;
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
        out(&buffer[..count]).map_err(MemberFault::Stop)?;
    }
    if size != entry.size {
        let what = if size > entry.size { "more" } else { "less" };
        return Err(MemberFault::Data(format!(
            "it unpacks to {what} than the {} bytes that the directory says",
            entry.size
        )));
    }
    Ok(())
}

/// An error with the operating system's number is the file system's; any other says what
/// is wrong with the bytes.
fn read_fault(error: io::Error) -> MemberFault {
    if error.raw_os_error().is_some() {
        MemberFault::Stop(error.into())
    } else {
        MemberFault::Data(format!("its data does not hold: {error}"))
    }
}
