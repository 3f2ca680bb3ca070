//! A tar in a gzip (RFC 1952): one member with nothing after it, and no decompression bomb.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

use super::{
    super::{
        file_part::{FilePart, read_retrying},
        limits::{CHUNK_BYTES, MAX_RATIO, MAX_TOTAL_BYTES},
        stop::{WalkStop, damaged, invalid, refused},
        types::Verdict,
        visitor::Visitor,
    },
    tar,
};

/// The magic and the only compression method.
pub(super) const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
/// Bytes of a tar besides its entries: headers and padding.
const TAR_OVERHEAD: u64 = 4 * 1024 * 1024;
/// Bytes to which the ratio does not apply: a tar is padded to 10 KiB.
const RATIO_ALLOWANCE: u64 = 1024 * 1024;

pub(super) fn walk(packed: FilePart<'_>, visitor: &mut dyn Visitor) -> Result<(), WalkStop> {
    let limit = (packed.length().saturating_mul(MAX_RATIO) + RATIO_ALLOWANCE)
        .min(MAX_TOTAL_BYTES + TAR_OVERHEAD);
    let mut unpacked = Bounded {
        decoder: GzDecoder::new(BufReader::with_capacity(CHUNK_BYTES, packed)),
        left: limit,
        over: false,
    };
    let outcome = tar::walk(&mut unpacked, limit, visitor).and_then(|()| {
        // Zeros may follow the tar. Reading to the end also checks the gzip's CRC.
        let mut buffer = vec![0; CHUNK_BYTES];
        loop {
            let count = read_retrying(&mut unpacked, &mut buffer)?;
            if count == 0 {
                return Ok(());
            }
            if buffer[..count].iter().any(|byte| *byte != 0) {
                return Err(tar::trailing_data());
            }
        }
    });
    if unpacked.over {
        return Err(refused(
            "over-limit",
            None,
            format!("it unpacks to more than {limit} bytes (decompression bomb)"),
        ));
    }
    outcome.map_err(decoder_error)?;
    if !unpacked.decoder.into_inner().fill_buf()?.is_empty() {
        return Err(damaged(
            None,
            "bytes follow the end of its gzip; a bundle is a single gzip",
        ));
    }
    Ok(())
}

/// An error without an OS error number comes from the decoder and concerns the data.
fn decoder_error(stop: WalkStop) -> WalkStop {
    match stop {
        WalkStop::Io(error) if error.raw_os_error().is_none() => {
            let (code, what) = if error.kind() == io::ErrorKind::UnexpectedEof {
                ("archive-truncated", "its gzip is truncated".to_owned())
            } else {
                ("archive-damaged", format!("its gzip is invalid: {error}"))
            };
            invalid(Verdict::Damaged, code, None, what)
        }
        other => other,
    }
}

/// A decoder with an output limit.
struct Bounded<'f> {
    decoder: GzDecoder<BufReader<FilePart<'f>>>,
    left: u64,
    over: bool,
}

impl Read for Bounded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.decoder.read(buffer)?;
        let Some(left) = self.left.checked_sub(count as u64) else {
            self.over = true;
            return Err(io::Error::other("over the limit"));
        };
        self.left = left;
        Ok(count)
    }
}
