//! Logs and captures that `logrotate` compressed.

use std::{
    cell::Cell,
    io::{self, BufRead, BufReader, Read},
    rc::Rc,
};

use flate2::bufread::MultiGzDecoder;
use jiff::Timestamp;

/// Maximum size of what a compressed file holds, in bytes. The rest is not read.
const UNPACKED_MAX: u64 = 8 * 1024 * 1024 * 1024;

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Whether a file that begins with `head` is compressed by gzip.
pub(super) fn is_gzip(head: &[u8]) -> bool {
    head.starts_with(&GZIP)
}

/// When the file inside was last written to, if the header of gzip says so (RFC 1952).
pub(super) fn modified(head: &[u8]) -> Option<Timestamp> {
    let seconds = u32::from_le_bytes(head.get(4..8)?.try_into().ok()?);
    (seconds > 0)
        .then(|| Timestamp::from_second(seconds.into()).ok())
        .flatten()
}

/// The contents of a compressed file, and whether its end is missing or damaged once all was read.
pub(super) fn unpacked(input: impl BufRead) -> (impl BufRead, Rc<Cell<bool>>) {
    let damaged = Rc::new(Cell::new(false));
    let gzip = Gzip {
        inside: MultiGzDecoder::new(input).take(UNPACKED_MAX),
        damaged: Rc::clone(&damaged),
    };
    (BufReader::new(gzip), damaged)
}

/// Ends where a file is damaged or was cut off, so that the part before it is read.
struct Gzip<R> {
    inside: io::Take<MultiGzDecoder<R>>,
    damaged: Rc<Cell<bool>>,
}

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.damaged.get() {
            return Ok(0);
        }
        let length = match self.inside.read(to) {
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::UnexpectedEof
                        | io::ErrorKind::InvalidInput
                        | io::ErrorKind::InvalidData
                ) =>
            {
                self.damaged.set(true);
                return Ok(0);
            }
            result => result?,
        };
        if length == 0 && self.inside.limit() == 0 && !to.is_empty() {
            self.damaged.set(true);
        }
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> (Vec<u8>, bool) {
        let (mut input, damaged) = unpacked(bytes);
        let mut text = Vec::new();
        input.read_to_end(&mut text).unwrap();
        (text, damaged.get())
    }

    #[test]
    fn files_one_after_the_other_are_one() {
        let both = [packed(b"a\n"), packed(b"b\n")].concat();
        assert!(is_gzip(&both));
        assert_eq!(read(&both), (b"a\nb\n".to_vec(), false));
    }

    #[test]
    fn the_part_before_the_damage_is_read() {
        let text: Vec<u8> = (0..100_000_u32).flat_map(u32::to_be_bytes).collect();
        let whole = packed(&text);
        let (part, damaged) = read(&whole[..whole.len() / 2]);
        assert!(damaged && !part.is_empty() && text.starts_with(&part));
        assert_eq!(read(&[0x1f, 0x8b, 8, 0]), (Vec::new(), true));
    }

    #[test]
    fn the_header_has_the_time_of_the_file() {
        let mut bytes = packed(b"a");
        assert_eq!(modified(&bytes), None);
        bytes[4..8].copy_from_slice(&1_772_442_000_u32.to_le_bytes());
        let time = modified(&bytes).unwrap().to_string();
        assert_eq!(time, "2026-03-02T09:00:00Z");
        assert_eq!(modified(&bytes[..6]), None);
    }
}
