//! The signed header: fields of tag (1 byte), length (2 bytes, big-endian) and value.
//!
//! The rules are those of the phones' own verifier, and stricter where a phone is lax.
//! docs/formats.md describes the layout.

use std::ops::Range;

/// The first bytes of a signed header.
pub(in super::super) const MAGIC: [u8; 3] = [1, 0, 2];
/// The shortest header that a phone accepts.
const MIN_LENGTH: usize = 100;
/// The longest signature that a phone accepts.
const MAX_SIGNATURE: usize = 300;

/// The signer, its serial number and its issuer, which are built into phones. They are the
/// same placeholders in every released image and do not identify the key.
const SIGNER: &[u8] = b"CN=someSigner;OU=someOrgUnit;O=someOrg\0";
const SERIAL: &[u8] = &[0x12, 0x34, 0x56, 0x78, 0x90, 0xab, 0xcd, 0xef];
const ISSUER: &[u8] = b"CN=someCA;OU=someOrgUnit;O=someOrg\0";

/// The number of required tags: 1 to 12 and 14, each once.
const REQUIRED_TAGS: usize = 13;
const PADDING: u8 = 0x0d;
/// The last tag with a meaning: after the name come a time and, in encrypted images (`.sebn`), how
/// they are encrypted.
const LAST_TAG: u8 = 0x1c;
const NAME: u8 = 0x0e;

/// The hash of the signed message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum SignedHash {
    /// 0. Not used by any released image.
    Md5,
    /// 1.
    Sha1,
    /// 2 and 3: call manager packages. Phones reject it.
    Newer,
}

/// A signed header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct SignedHeader {
    /// Bytes before the payload.
    pub(in super::super) length: usize,
    /// The file's name, without its NUL.
    pub(in super::super) name: Vec<u8>,
    pub(in super::super) hash: SignedHash,
    /// The range of the signature field, tag and length included: the part that is not
    /// signed.
    pub(in super::super) signature_field: Range<usize>,
    /// The signature.
    pub(in super::super) signature: Vec<u8>,
    /// The length of the modulus in bytes.
    pub(in super::super) modulus: usize,
    /// The signer, serial number and issuer are those that phones expect.
    known_signer: bool,
    /// What phones log a warning about but accept.
    pub(in super::super) oddities: Vec<&'static str>,
}

/// Why a phone would reject a header. Phones log it as "bad envelope".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(in super::super) enum HeaderError {
    #[error("its signed header has an invalid length")]
    Length,
    #[error("its signed header does not begin with version and length")]
    Beginning,
    #[error("field {0:#04x} of its signed header extends past the end of the header")]
    Field(u8),
    #[error("field {0:#04x} of its signed header occurs twice")]
    Twice(u8),
    #[error("its signed header lacks field {0:#04x}")]
    Missing(u8),
    #[error("field {0:#04x} of its signed header has no value")]
    Empty(u8),
    #[error("group {0:#04x} of its signed header does not have the length of its fields")]
    Group(u8),
    #[error("its signed header has a digest that phones do not accept ({0})")]
    Digest(u8),
    #[error("its signed header has a signature algorithm other than RSA ({0})")]
    Algorithm(u8),
    #[error("its signed header has a key size that phones do not accept ({0})")]
    Modulus(u8),
    #[error("its signature has {0} bytes, which does not match the key size")]
    Signature(usize),
    #[error("the name in its signed header is not terminated correctly")]
    Name,
    #[error("its signed header has a signer that phones do not know")]
    Signer,
}

/// The length field, if the file begins like a signed one.
pub(super) fn claimed_length(start: &[u8]) -> Option<usize> {
    match start.get(5..10)? {
        [2, 0, 2, high, low] => Some(usize::from(u16::from_be_bytes([*high, *low]))),
        _ => None,
    }
}

impl SignedHeader {
    /// Parses the header of a firmware file of `size` bytes as strictly as a phone does.
    pub(in super::super) fn parse(start: &[u8], size: u64) -> Result<Self, HeaderError> {
        let header = Self::parse_package(start, size)?;
        if header.hash == SignedHash::Newer {
            return Err(HeaderError::Digest(2));
        }
        if header.modulus > 256 {
            return Err(HeaderError::Modulus(3));
        }
        if !header.known_signer {
            return Err(HeaderError::Signer);
        }
        Ok(header)
    }

    /// Parses the header of a call manager package (`.cop.sgn`), which may have other signers
    /// and newer digests and keys than phones accept.
    pub(in super::super) fn parse_package(start: &[u8], size: u64) -> Result<Self, HeaderError> {
        let length = claimed_length(start).ok_or(HeaderError::Beginning)?;
        if !start.starts_with(&MAGIC) {
            return Err(HeaderError::Beginning);
        }
        if length < MIN_LENGTH || length % 4 != 0 || length as u64 > size {
            return Err(HeaderError::Length);
        }
        let header = start.get(..length).ok_or(HeaderError::Length)?;
        let fields = fields(header)?;
        let value = |tag: u8| {
            let range = fields.of(tag).ok_or(HeaderError::Missing(tag))?;
            if range.is_empty() {
                Err(HeaderError::Empty(tag))
            } else {
                Ok(range)
            }
        };
        for tag in (1..PADDING).chain([NAME]) {
            value(tag)?;
        }
        let long = |tag| value(tag).map(|range| range.len());
        for (group, expected) in [
            (3, long(4)? + long(5)? + long(6)? + 9),
            (7, long(8)? + long(9)? + 6),
            (9, long(10)? + long(11)? + 6),
        ] {
            if long(group)? != expected {
                return Err(HeaderError::Group(group));
            }
        }
        let byte = |tag| match &header[value(tag)?] {
            [byte] => Ok(*byte),
            _ => Err(HeaderError::Field(tag)),
        };
        let hash = match byte(8)? {
            0 => SignedHash::Md5,
            1 => SignedHash::Sha1,
            2 | 3 => SignedHash::Newer,
            other => return Err(HeaderError::Digest(other)),
        };
        if byte(10)? != 0 {
            return Err(HeaderError::Algorithm(byte(10)?));
        }
        let modulus = match byte(11)? {
            size @ 0..=3 => 64 << size,
            other => return Err(HeaderError::Modulus(other)),
        };
        let signature = value(12)?;
        let longest = if modulus > 256 {
            modulus + 1
        } else {
            MAX_SIGNATURE
        };
        if signature.len() > longest || ![modulus, modulus + 1].contains(&signature.len()) {
            return Err(HeaderError::Signature(signature.len()));
        }
        let Some((0, name)) = header[value(NAME)?].split_last() else {
            return Err(HeaderError::Name);
        };
        if name.is_empty() || name.contains(&0) {
            return Err(HeaderError::Name);
        }
        let mut oddities = Vec::new();
        if header[3..5] != [1, 1] {
            oddities.push("its signed header is not version 1.1");
        }
        if length > 4096 {
            oddities.push("its signed header has more than 4,096 bytes");
        }
        if fields.unknown {
            oddities.push("its signed header has unknown fields");
        }
        Ok(Self {
            length,
            name: name.to_vec(),
            hash,
            signature_field: signature.start - 3..signature.end,
            signature: header[signature].to_vec(),
            modulus,
            known_signer: [(4, SIGNER), (5, SERIAL), (6, ISSUER)]
                .into_iter()
                .all(|(tag, known)| value(tag).is_ok_and(|range| header[range] == *known)),
            oddities,
        })
    }
}

/// The range of each field's value. For a group, it is as long as the group claims to be.
struct Fields {
    ranges: [Option<Range<usize>>; NAME as usize + 1],
    unknown: bool,
}

impl Fields {
    fn of(&self, tag: u8) -> Option<Range<usize>> {
        self.ranges[usize::from(tag)].clone()
    }
}

/// Parses the fields up to the first padding byte or until all are found. Phones treat the
/// rest as padding.
fn fields(header: &[u8]) -> Result<Fields, HeaderError> {
    let mut fields = Fields {
        ranges: [const { None }; NAME as usize + 1],
        unknown: false,
    };
    let mut found = 0;
    let mut at = 0;
    while found < REQUIRED_TAGS {
        let Some(&tag) = header.get(at) else { break };
        if tag == PADDING {
            break;
        }
        let Some([high, low]) = header.get(at + 1..at + 3) else {
            return Err(HeaderError::Field(tag));
        };
        let value = at + 3;
        let end = value + usize::from(u16::from_be_bytes([*high, *low]));
        // The fields of a group follow as if there were no group.
        let group = matches!(tag, 3 | 7 | 9);
        if end > header.len() {
            return Err(HeaderError::Field(tag));
        }
        match fields.ranges.get_mut(usize::from(tag)) {
            Some(Some(_)) => return Err(HeaderError::Twice(tag)),
            // Tag 0 is not defined.
            Some(slot) if tag != 0 => {
                *slot = Some(value..end);
                found += 1;
            }
            None if tag <= LAST_TAG => {}
            _ => fields.unknown = true,
        }
        at = if group { value } else { end };
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::simulator::signed_file;

    const FILE: &str = "SIP45.9-3-1SR4-1S.loads";

    fn parse(bytes: &[u8]) -> Result<SignedHeader, HeaderError> {
        SignedHeader::parse(bytes, bytes.len() as u64)
    }

    /// A signed file with these bytes replaced.
    fn with(at: usize, bytes: &[u8]) -> Vec<u8> {
        let mut file = signed_file(FILE, b"payload");
        file[at..at + bytes.len()].copy_from_slice(bytes);
        file
    }

    #[test]
    fn header_of_a_released_image_is_parsed() {
        let file = signed_file(FILE, b"payload");
        let header = parse(&file).unwrap();
        assert_eq!(
            (header.length, header.modulus, header.hash),
            (408, 256, SignedHash::Sha1)
        );
        assert_eq!(header.name, FILE.as_bytes());
        assert_eq!(header.signature_field, 122..381);
        assert_eq!(header.signature, file[125..381]);
        assert!(header.oddities.is_empty());
    }

    #[test]
    fn headers_that_phones_reject_are_rejected_with_a_reason() {
        use HeaderError as F;
        let cases: [(usize, &[u8], F); 20] = [
            (5, &[3], F::Beginning),
            (7, &[3], F::Beginning),
            (8, &[0, 96], F::Length),
            (8, &[1, 153], F::Length),
            (8, &[0xff, 0xfc], F::Length),
            (11, &[0, 90], F::Group(3)),
            (105, &[0, 16], F::Group(7)),
            (112, &[0, 9], F::Group(7)),
            (110, &[2], F::Digest(2)),
            (110, &[9], F::Digest(9)),
            (117, &[1], F::Algorithm(1)),
            (121, &[1], F::Signature(256)),
            (121, &[3], F::Signature(256)),
            (121, &[4], F::Modulus(4)),
            (16, b"X", F::Signer),
            (58, &[0], F::Signer),
            (69, b"X", F::Signer),
            (382, &[0, 23], F::Name),
            (382, &[0x0f, 0xff], F::Field(14)),
            (381, &[0x0d], F::Missing(14)),
        ];
        for (at, bytes, fault) in cases {
            assert_eq!(parse(&with(at, bytes)), Err(fault), "{at}: {bytes:?}");
        }
        assert_eq!(parse(&with(381, &[4])), Err(F::Twice(4)));
        assert_eq!(parse(&with(382, &[0, 0])), Err(F::Empty(14)));
        assert_eq!(parse(&[]), Err(F::Beginning));
    }

    #[test]
    fn oddities_are_accepted() {
        let header = parse(&with(3, &[1, 0])).unwrap();
        assert_eq!(header.oddities.len(), 1);
        // An unknown field before the signature.
        let file = signed_file("abc.sbn", b"");
        let mut odd = [&file[..122], &[0x20, 0, 1, 9], &file[122..]].concat();
        let length = u16::from_be_bytes([odd[8], odd[9]]) + 4;
        odd[8..10].copy_from_slice(&length.to_be_bytes());
        let header = parse(&odd).unwrap();
        assert_eq!(
            (header.signature_field.start, header.oddities.len()),
            (126, 1)
        );
    }

    #[test]
    fn truncated_headers_are_rejected() {
        let file = signed_file(FILE, b"");
        for cut in 0..file.len() {
            assert!(parse(&file[..cut]).is_err(), "{cut}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_parsed_without_panic(
            start in prop_oneof![Just(vec![1, 0, 2, 1, 1, 2, 0, 2]), Just(Vec::new())],
            rest in proptest::collection::vec(prop_oneof![0_u8..16, any::<u8>()], 0..700),
        ) {
            let bytes = [start, rest].concat();
            if let Ok(header) = SignedHeader::parse_package(&bytes, bytes.len() as u64) {
                prop_assert!(header.length <= bytes.len() && header.signature_field.end <= header.length);
            }
        }

        #[test]
        fn modified_header_is_parsed_without_panic(at in 0_usize..408, to in any::<u8>()) {
            let file = with(at, &[to]);
            if let Ok(header) = parse(&file) {
                prop_assert!(header.length <= file.len() && header.signature_field.end <= header.length);
            }
        }
    }
}
