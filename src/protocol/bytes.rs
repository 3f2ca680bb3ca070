//! Reading untrusted bytes.

use std::net::Ipv4Addr;

/// Maximum size of a text in bytes; longer ones are cut. The longest that phones send, an alarm
/// with two loads, has about 150.
pub const MAX_TEXT: usize = 255;

/// Maximum number of entries in a list (addresses, power levels, policies); others are dropped.
pub const MAX_LIST: usize = 16;

/// The bytes are not a valid message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{format}, byte {offset}: {reason}")]
pub struct Malformed {
    /// The expected format, such as "CDP".
    pub format: &'static str,
    /// Offset, from 0.
    pub offset: usize,
    /// What was expected or found.
    pub reason: &'static str,
}

/// Reads bytes from the front and keeps the offset for errors.
#[derive(Debug, Clone)]
pub(super) struct ByteReader<'a> {
    bytes: &'a [u8],
    at: usize,
    format: &'static str,
}

impl<'a> ByteReader<'a> {
    pub(super) fn new(format: &'static str, bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            format,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn left(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    /// An error at the current offset.
    pub(super) fn fault(&self, reason: &'static str) -> Malformed {
        Malformed {
            format: self.format,
            offset: self.at,
            reason,
        }
    }

    pub(super) fn take(
        &mut self,
        count: usize,
        reason: &'static str,
    ) -> Result<&'a [u8], Malformed> {
        let Some((taken, rest)) = self.bytes.split_at_checked(count) else {
            return Err(self.fault(reason));
        };
        self.bytes = rest;
        self.at += count;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(
        &mut self,
        reason: &'static str,
    ) -> Result<[u8; N], Malformed> {
        let Some((taken, rest)) = self.bytes.split_first_chunk::<N>() else {
            return Err(self.fault(reason));
        };
        self.bytes = rest;
        self.at += N;
        Ok(*taken)
    }

    pub(super) fn u8(&mut self, reason: &'static str) -> Result<u8, Malformed> {
        self.array::<1>(reason).map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self, reason: &'static str) -> Result<u16, Malformed> {
        self.array(reason).map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self, reason: &'static str) -> Result<u32, Malformed> {
        self.array(reason).map(u32::from_be_bytes)
    }

    pub(super) fn address(&mut self, reason: &'static str) -> Result<Ipv4Addr, Malformed> {
        self.array::<4>(reason).map(Ipv4Addr::from)
    }
}

/// The text before the first NUL, with invalid UTF-8 replaced, trimmed, and cut between characters to
/// [`MAX_TEXT`] bytes.
pub(super) fn text(bytes: &[u8]) -> String {
    // A character may begin before the limit and end after it.
    let bytes = &bytes[..bytes.len().min(MAX_TEXT + 3)];
    let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    capped(String::from_utf8_lossy(bytes).trim())
}

/// The text, cut between characters to [`MAX_TEXT`] bytes.
pub(crate) fn capped(text: &str) -> String {
    text[..text.floor_char_boundary(MAX_TEXT)].to_owned()
}

/// As [`text`]; `None` if it is empty.
pub(super) fn some_text(bytes: &[u8]) -> Option<String> {
    Some(text(bytes)).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_between_characters_and_at_the_first_nul() {
        let long = "ä".repeat(40_000);
        let cut = text(long.as_bytes());
        assert_eq!((cut.len(), cut.chars().count()), (254, 127));
        assert_eq!(text(b" SCCP42.8-4-2S \n\0junk"), "SCCP42.8-4-2S");
        assert_eq!(text(b"\xff\xfe"), "\u{fffd}\u{fffd}");
        assert!(text(&vec![0xff; 65_536]).len() <= MAX_TEXT);
        assert_eq!(some_text(b" \0"), None);
    }

    #[test]
    fn an_error_has_its_offset() {
        let mut reader = ByteReader::new("CDP", &[1, 2, 3]);
        assert_eq!(reader.u16(""), Ok(0x0102));
        let fault = reader.u32("4 bytes expected").unwrap_err();
        assert_eq!(fault.to_string(), "CDP, byte 2: 4 bytes expected");
        assert_eq!(reader.rest(), [3], "a failed read consumes nothing");
    }
}
