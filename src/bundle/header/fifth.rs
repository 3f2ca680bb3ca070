//! The header of 78xx and 88xx files: fixed fields, little-endian.
//!
//! Magic, header length, version, payload length, zero, SHA-256 of the payload, length of the
//! name, the name (padded with zeros to a multiple of four), then a signature of 256 bytes. In
//! version 4 (manifests of the 88xx) it is PKCS #1 v1.5 over everything before it; the scheme of
//! version 0 (78xx) is unknown.

use sha2::{Digest as _, Sha256};

/// The first four bytes.
pub(in super::super) const MAGIC: [u8; 4] = [0xcd, 0x34, 0x12, 0xab];
/// The offset of the name.
const NAME: usize = 0x38;
/// Bytes of the signature at the end of the header.
const SIGNATURE: usize = 256;
/// The version whose signature scheme is known.
const SIGNED_VERSION: u32 = 4;
/// The longest accepted header. Known ones have 0x150 to 0x158 bytes.
const MAX_LENGTH: usize = 4096;

/// The header of a fifth-generation file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct FifthHeader {
    /// Bytes before the payload.
    pub(in super::super) length: usize,
    /// The file's name.
    pub(in super::super) name: Vec<u8>,
    /// SHA-256 of the payload.
    pub(in super::super) sha256: [u8; 32],
    /// If the version has a known signature scheme.
    pub(in super::super) signature: Option<FifthSignature>,
}

/// The signature of a header of version 4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct FifthSignature {
    pub(in super::super) bytes: Vec<u8>,
    /// SHA-256 of the header before the signature.
    pub(in super::super) digest: [u8; 32],
}

/// The length field, if it is in range.
pub(super) fn claimed_length(start: &[u8]) -> Option<usize> {
    usize::try_from(u32_at(start, 4)?)
        .ok()
        .filter(|length| (NAME..=MAX_LENGTH).contains(length))
}

impl FifthHeader {
    /// Parses a header. Total: any bytes give a header or the reason why it is invalid.
    pub(super) fn parse(start: &[u8], size: u64) -> Result<Self, &'static str> {
        let length = claimed_length(start).ok_or("its header has an invalid length")?;
        let header = start
            .get(..length)
            .ok_or("its header is longer than the file")?;
        let field = |at| u32_at(header, at).unwrap_or_default();
        if u64::from(field(0x0c)) != size - length as u64 {
            return Err("the payload length in its header is not that of the file");
        }
        let signature = header
            .split_last_chunk::<SIGNATURE>()
            .filter(|(before, _)| field(0x08) == SIGNED_VERSION && before.len() > NAME);
        let named = signature.map_or(header, |(before, _)| before);
        let name = usize::try_from(field(0x34))
            .ok()
            .and_then(|long| named.get(NAME..)?.get(..long))
            .filter(|name| !name.is_empty())
            .ok_or("the name in its header has an invalid length")?;
        let sha256 = header[0x14..0x34].try_into().expect("32 bytes");
        Ok(Self {
            length,
            name: name.to_vec(),
            sha256,
            signature: signature.map(|(before, bytes)| FifthSignature {
                bytes: bytes.to_vec(),
                digest: Sha256::digest(before).into(),
            }),
        })
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let field = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_le_bytes(*field))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(name: &[u8], payload: &[u8]) -> Vec<u8> {
        let length = NAME + name.len().next_multiple_of(4) + SIGNATURE;
        let mut bytes = MAGIC.to_vec();
        bytes.extend(u32::try_from(length).unwrap().to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend(u32::try_from(payload.len()).unwrap().to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend([7; 32]);
        bytes.extend(u32::try_from(name.len()).unwrap().to_le_bytes());
        bytes.extend(name);
        bytes.resize(length, 0);
        bytes.extend(payload);
        bytes
    }

    #[test]
    fn fields_are_parsed_and_invalid_ones_rejected() {
        let whole = file(b"sboot78xx.11-0-1-11.sbn", b"payload");
        let header = FifthHeader::parse(&whole, whole.len() as u64).unwrap();
        assert_eq!((header.length, header.sha256), (0x150, [7; 32]));
        assert_eq!(header.name, b"sboot78xx.11-0-1-11.sbn");
        for cut in 0..whole.len() {
            assert!(
                FifthHeader::parse(&whole[..cut], cut as u64).is_err(),
                "{cut}"
            );
        }
        for (at, value) in [(4, 0xff), (5, 0xff), (0x0c, 6), (0x34, 0xff), (0x34, 0)] {
            let mut lie = whole.clone();
            lie[at] = value;
            if at == 0x34 && value == 0xff {
                lie[at + 1] = 0xff;
            }
            assert!(
                FifthHeader::parse(&lie, lie.len() as u64).is_err(),
                "{at:#x}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_parsed_without_panic(rest in proptest::collection::vec(any::<u8>(), 0..600), size in 0_u64..2_000) {
            let bytes = [&MAGIC[..], &rest].concat();
            if let Ok(header) = FifthHeader::parse(&bytes, size.max(bytes.len() as u64)) {
                prop_assert!(header.length <= bytes.len());
            }
        }
    }
}
