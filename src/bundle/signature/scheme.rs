//! How a digest is padded before it is signed: one scheme for each format of header.

use jiff::Timestamp;
use num_bigint::BigUint;

/// The shortest padding that PKCS #1 allows (RFC 8017, section 9.2).
const MIN_FILLER: usize = 8;
/// Bytes of the time in [`SignatureScheme::TimeAndDigest`].
const TIME_BYTES: usize = 4;
/// The DER encoding of the algorithm identifier of SHA-256 (RFC 8017, section 9.2, note 1).
const SHA256_PREFIX: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

/// A padding and the exponent that is used with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum SignatureScheme {
    /// The signed header: `00 01`, bytes `ff`, `00`, the time of signing as 32 bits, and the bare
    /// digest without an algorithm identifier. A standard PKCS #1 verifier rejects it.
    TimeAndDigest,
    /// The header of the 88xx, version 4: PKCS #1 v1.5 with SHA-256 (RFC 8017, section 8.2).
    Pkcs1Sha256,
}

/// What a signature says once the public key is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recovered {
    /// It is for this digest. The time of signing, if the scheme has one.
    Valid(Option<Timestamp>),
    /// It was made with this key, for another digest.
    OtherDigest,
    /// It was not made with this key.
    OtherKey,
}

impl SignatureScheme {
    /// The scheme with this name in the table of keys.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        match name {
            "time-and-digest" => Some(Self::TimeAndDigest),
            "pkcs1-sha256" => Some(Self::Pkcs1Sha256),
            _ => None,
        }
    }

    /// The exponent of Cisco's keys.
    pub(super) fn exponent(self) -> BigUint {
        match self {
            Self::TimeAndDigest => BigUint::from(3_u8),
            Self::Pkcs1Sha256 => BigUint::from(65_537_u32),
        }
    }

    /// Reads the message that the public key recovered from a signature. Phones do not check one
    /// byte of the `ff` padding; every byte is checked here.
    pub(super) fn read(self, message: &[u8], digest: &[u8]) -> Recovered {
        let Some((padded, own)) = message
            .len()
            .checked_sub(digest.len())
            .and_then(|at| message.split_at_checked(at))
        else {
            return Recovered::OtherKey;
        };
        let Some((filled, time)) = self.split(padded) else {
            return Recovered::OtherKey;
        };
        let [0, 1, filler @ .., 0] = filled else {
            return Recovered::OtherKey;
        };
        if filler.len() < MIN_FILLER || filler.iter().any(|byte| *byte != 0xff) {
            Recovered::OtherKey
        } else if own == digest {
            Recovered::Valid(time)
        } else {
            Recovered::OtherDigest
        }
    }

    /// What precedes the digest: the padding, and the time of signing.
    fn split(self, padded: &[u8]) -> Option<(&[u8], Option<Timestamp>)> {
        match self {
            Self::TimeAndDigest => {
                let (filled, time) = padded.split_last_chunk::<TIME_BYTES>()?;
                let at = Timestamp::from_second(i64::from(u32::from_be_bytes(*time))).ok()?;
                Some((filled, Some(at)))
            }
            Self::Pkcs1Sha256 => Some((padded.strip_suffix(&SHA256_PREFIX)?, None)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn padded(tail: &[u8]) -> Vec<u8> {
        let mut message = vec![0xff; 256];
        message[..2].copy_from_slice(&[0, 1]);
        let at = message.len() - tail.len();
        message[at - 1] = 0;
        message[at..].copy_from_slice(tail);
        message
    }

    #[test]
    fn every_byte_of_the_padding_counts() {
        let digest = [7; 32];
        let pkcs1 = padded(&[&SHA256_PREFIX[..], &digest].concat());
        let timed = padded(&[&[0x55, 0x37, 0x4c, 0xf6][..], &digest[..20]].concat());
        for (scheme, message, digest, at) in [
            (SignatureScheme::Pkcs1Sha256, pkcs1, &digest[..], None),
            (
                SignatureScheme::TimeAndDigest,
                timed,
                &digest[..20],
                Some(Timestamp::from_second(1_429_687_542).unwrap()),
            ),
        ] {
            assert_eq!(scheme.read(&message, digest), Recovered::Valid(at));
            assert_eq!(scheme.read(&[], digest), Recovered::OtherKey);
            let has_time = scheme == SignatureScheme::TimeAndDigest;
            for at in 0..message.len() {
                let mut other = message.clone();
                other[at] ^= 0x10;
                let expected = match message.len() - at {
                    from_end if from_end <= digest.len() => Recovered::OtherDigest,
                    // Any time is a time.
                    from_end if has_time && from_end <= digest.len() + TIME_BYTES => continue,
                    _ => Recovered::OtherKey,
                };
                assert_eq!(
                    scheme.read(&other, digest),
                    expected,
                    "{scheme:?}, byte {at}"
                );
            }
        }
        let short = [&[0, 1][..], &[0xff; 7], &[0], &SHA256_PREFIX, &digest].concat();
        assert_eq!(
            SignatureScheme::Pkcs1Sha256.read(&short, &digest),
            Recovered::OtherKey
        );
    }
}
