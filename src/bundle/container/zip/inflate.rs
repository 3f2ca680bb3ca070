//! The data of ZIP entries: each is read once, and its size and CRC are checked.

use std::io::{self, BufReader, Read};

use zip::{
    CompressionMethod, ZipArchive,
    read::{ArchiveOffset, Config},
    result::ZipError,
};

use super::{
    super::super::{
        file_part::FilePart,
        limits::CHUNK_BYTES,
        stop::{WalkStop, damaged, refused},
    },
    zip_entry::{DEFLATED, ZipEntry},
};

/// Why an entry could not be read.
#[derive(Debug)]
pub(super) enum EntryError {
    /// Reading the file failed, or the visitor stopped.
    Stop(WalkStop),
    /// The data is invalid.
    Data(String),
}

/// The library that decompresses entries.
pub(super) type ZipReader<'f> = ZipArchive<BufReader<FilePart<'f>>>;

/// Opens the archive and checks that the library sees the same entries as
/// [`super::structure::entries`].
pub(super) fn open<'f>(
    file: FilePart<'f>,
    entries: &[ZipEntry],
) -> Result<ZipReader<'f>, WalkStop> {
    let config = Config {
        archive_offset: ArchiveOffset::Known(0),
    };
    let mut archive =
        match ZipArchive::with_config(config, BufReader::with_capacity(CHUNK_BYTES, file)) {
            Ok(archive) => archive,
            Err(ZipError::Io(error)) if error.raw_os_error().is_some() => return Err(error.into()),
            Err(error) => {
                let message = format!("its directory cannot be read: {error}");
                return Err(damaged(None, message));
            }
        };
    let mut same = archive.len() == entries.len();
    for (index, entry) in entries.iter().enumerate() {
        same = same
            && archive.by_index_raw(index).is_ok_and(|member| {
                member.name_raw() == entry.raw
                    && member.header_start() == entry.offset
                    && member.compressed_size() == entry.packed
                    && member.size() == entry.size
                    && member.crc32() == entry.crc
                    && (member.compression() == CompressionMethod::Deflated)
                        == (entry.method == DEFLATED)
            });
    }
    if !same {
        return Err(refused(
            "ambiguous-archive",
            None,
            "two parsers find different members in its directory",
        ));
    }
    Ok(archive)
}

/// Passes an entry's unpacked bytes to `out`, chunk by chunk.
pub(super) fn copy(
    archive: &mut ZipReader<'_>,
    index: usize,
    entry: &ZipEntry,
    mut out: impl FnMut(&[u8]) -> Result<(), WalkStop>,
) -> Result<(), EntryError> {
    let mut member = archive.by_index(index).map_err(|error| match error {
        ZipError::Io(error) => read_error(error),
        error => EntryError::Data(error.to_string()),
    })?;
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut size = 0_u64;
    loop {
        // At the end, the library checks the CRC.
        let count = match member.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(read_error(error)),
        };
        size += count as u64;
        if size > entry.size {
            break;
        }
        out(&buffer[..count]).map_err(EntryError::Stop)?;
    }
    if size != entry.size {
        let what = if size > entry.size { "more" } else { "less" };
        return Err(EntryError::Data(format!(
            "it unpacks to {what} than the {} bytes stated in the directory",
            entry.size
        )));
    }
    Ok(())
}

/// An error with an OS error number is a read error; any other concerns the data.
fn read_error(error: io::Error) -> EntryError {
    if error.raw_os_error().is_some() {
        EntryError::Stop(error.into())
    } else {
        EntryError::Data(format!("its data is invalid: {error}"))
    }
}
