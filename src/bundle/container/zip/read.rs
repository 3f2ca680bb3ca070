//! Bounded reads and little-endian fields.

use std::io::{self, Read};

use super::super::super::stop::{WalkStop, damaged};

/// Reads exactly `length` bytes, which the caller has bounded. A premature end means that
/// the file was truncated while it was read.
pub(super) fn read_vec(file: &mut impl Read, length: usize) -> Result<Vec<u8>, WalkStop> {
    let mut bytes = vec![0; length];
    read_exact(file, &mut bytes)?;
    Ok(bytes)
}

pub(super) fn read_exact(file: &mut impl Read, bytes: &mut [u8]) -> Result<(), WalkStop> {
    file.read_exact(bytes).map_err(|error| {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            damaged(None, "it ends prematurely")
        } else {
            WalkStop::Io(error)
        }
    })
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
