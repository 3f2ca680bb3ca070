//! A tar in a gzip (RFC 1952): one member, nothing behind it, and no bomb.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

use super::{
    super::{
        Verdict,
        archive::{RATIO_LIMIT, TOTAL_LIMIT},
        digest::CHUNK,
    },
    At, Stop, Visit, flaw, read_some, refused, tar,
};

/// Magic and the only compression method that there is.
pub(super) const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
/// Bytes that a tar may have beside its members: their headers, and the end.
const TAR_ROOM: u64 = 4 * 1024 * 1024;
/// What the ratio does not apply to: a tar is padded to 10 KiB, however small its members.
const FREE: u64 = 1024 * 1024;

pub(super) fn walk(packed: At<'_>, visit: &mut dyn Visit) -> Result<(), Stop> {
    let most = (packed.length().saturating_mul(RATIO_LIMIT) + FREE).min(TOTAL_LIMIT + TAR_ROOM);
    let mut unpacked = Bounded {
        decoder: GzDecoder::new(BufReader::with_capacity(CHUNK, packed)),
        left: most,
        over: false,
    };
    let outcome = tar::walk(&mut unpacked, most, visit).and_then(|()| {
        // What follows the tar's end is zeros, and the gzip's checksum behind them.
        let mut buffer = vec![0; CHUNK];
        loop {
            let count = read_some(&mut unpacked, &mut buffer)?;
            if count == 0 {
                return Ok(());
            }
            if buffer[..count].iter().any(|byte| *byte != 0) {
                return Err(tar::after_the_end());
            }
        }
    });
    if unpacked.over {
        return Err(refused(
            "over-limit",
            None,
            format!("it unpacks to more than {most} bytes, as only a bomb does"),
        ));
    }
    outcome.map_err(broken)?;
    if !unpacked.decoder.into_inner().fill_buf()?.is_empty() {
        return Err(flaw(
            Verdict::Damaged,
            "archive-damaged",
            None,
            "bytes follow the end of its gzip; a bundle is one gzip and nothing else",
        ));
    }
    Ok(())
}

/// An error without the operating system's number is what the decoder says of the bytes.
fn broken(stop: Stop) -> Stop {
    match stop {
        Stop::Io(error) if error.raw_os_error().is_none() => {
            let (code, what) = if error.kind() == io::ErrorKind::UnexpectedEof {
                ("archive-truncated", "its gzip was cut off".to_owned())
            } else {
                (
                    "archive-damaged",
                    format!("its gzip does not hold: {error}"),
                )
            };
            flaw(Verdict::Damaged, code, None, what)
        }
        other => other,
    }
}

/// Not more than so many bytes.
struct Bounded<'f> {
    decoder: GzDecoder<BufReader<At<'f>>>,
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
