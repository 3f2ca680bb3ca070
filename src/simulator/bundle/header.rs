//! The headers of firmware files.

use std::sync::LazyLock;

use num_bigint::BigUint;
use sha1::{Digest as _, Sha1};
use sha2::Sha256;

use crate::bundle::TrustedKey;

/// The length of the header: 385 bytes, the name, and up to three bytes of padding.
pub(super) fn header_length(name: &str) -> usize {
    (385 + name.len()).next_multiple_of(4)
}

/// One field: tag, length, value.
fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    // The longest value is a signature.
    let [high, low] = u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes();
    [&[tag, high, low], value].concat()
}

/// The payload after a signed header as phones expect it: header version 1.1, Cisco's placeholder
/// signer, SHA-1 and RSA-2048, the file name.
pub(super) fn signed(name: &str, payload: &[u8]) -> Vec<u8> {
    let signer = [
        tlv(0x04, b"CN=someSigner;OU=someOrgUnit;O=someOrg\0"),
        tlv(0x05, &[0x12, 0x34, 0x56, 0x78, 0x90, 0xab, 0xcd, 0xef]),
        tlv(0x06, b"CN=someCA;OU=someOrgUnit;O=someOrg\0"),
    ]
    .concat();
    let [high, low] = u16::try_from(header_length(name))
        .unwrap_or(u16::MAX)
        .to_be_bytes();
    // The two containers have the length of the fields that follow them.
    let before = [
        tlv(0x01, &[1, 1]),
        tlv(0x02, &[high, low]),
        container(0x03, signer.len()),
        signer,
        container(0x07, 15),
        tlv(0x08, &[1]),
        container(0x09, 8),
        tlv(0x0a, &[0]),
        tlv(0x0b, &[2]),
    ]
    .concat();
    let mut after = tlv(0x0e, &[name.as_bytes(), b"\0"].concat());
    after.resize(header_length(name) - before.len() - 3 - SIGNATURE, 0x0d);
    let signature = sign(&[&before, &after, payload]);
    [&before[..], &tlv(0x0c, &signature), &after, payload].concat()
}

fn container(tag: u8, length: usize) -> Vec<u8> {
    let [high, low] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
    vec![tag, high, low]
}

/// Bytes of an RSA-2048 signature.
const SIGNATURE: usize = 256;

/// The signing time of synthetic files: 2015-04-22 07:21:26 UTC.
const SIGNED_AT: u32 = 1_429_687_286;

/// The two primes of the simulator's key. It is public by design: it signs only synthetic files, and
/// a verifier accepts it only with `--trust-key`.
const PRIMES: [&str; 2] = [
    "eebafb2842defa3dc08598416a48f4f7f9bed153d929ae5cd92d5fa658e931f3228903a7046665c15869\
    b968be7724d6245dd8b6d99322478b57294a98bb66d64431abcc67746ade491c57b4f4fddf41a479be46\
    13c31f7e9f5b363c57dc64dfe1b35898461ba049bfff87ad5ac9bb127f2801ed5f04e9dad4b920c43360\
    9b6f",
    "d86c2035e872dd4d6d6eb271cbc0c937fbe7ba711758ccc61ca9326af890f458f679869e7c72464d9a03\
    3eecd8654139d572a6bfbaee7146674acca44910c68ab86f14bfe74a6a9fd43af60db142e56f4ae217bb\
    3a8bd1cd7108a929190898bc4f58dc22fa0f5edf06c79c97e2267a47f5708800be5716c1a051a4e8aaaa\
    03b3",
];

/// The key, read once.
struct TestKey {
    /// Prime and private exponent for it, twice.
    halves: [(BigUint, BigUint); 2],
    /// The inverse of the second prime modulo the first.
    inverse: BigUint,
}

static KEY: LazyLock<TestKey> = LazyLock::new(|| {
    let [p, q] = PRIMES.map(|digits| {
        BigUint::parse_bytes(digits.as_bytes(), 16).expect("the primes are written in hex")
    });
    let three = BigUint::from(3_u8);
    let half = |prime: &BigUint| {
        let exponent = three
            .modinv(&(prime - 1_u8))
            .expect("3 divides neither prime less one");
        (prime.clone(), exponent)
    };
    TestKey {
        inverse: q.modinv(&p).expect("two primes have no common divisor"),
        halves: [half(&p), half(&q)],
    }
});

/// The public key of the simulator, as `--trust-key` accepts it.
pub const TEST_KEY_PEM: &str = "\
-----BEGIN PUBLIC KEY-----
MIIBIDANBgkqhkiG9w0BAQEFAAOCAQ0AMIIBCAKCAQEAydKY1ZJH8idXk3ZHLfsO
NrSQwZwIsi+RgCbOo4B20YwyA4wc8RbQcQXRjNcrFWl3WnMscK789oe5BaC5jLdB
kTsWrt8Dp7k9jLOb1oy3bmNWqyC4Ruy44yIjgKyD8M0MahzwRuwE+Bd2Dn7f7gAc
RyAqCoHSzYH58SQR96CrYIGziqOyPN3BkdJbcdmrtBipJzolk0fXFHEYMKA40Wo/
kWKOUmfTg+QV2edaa/Rnb2cyhGdSv9N2dhALT2inAS3w+li84FDGMBT8pkC5vFtR
BObS5QpuXDa2K3gpeYwr1iuQGCkAxRZA5Bkn4TLwwvOQ5oNQ0LifBVD2e3PA/BT7
nQIBAw==
-----END PUBLIC KEY-----
";

/// The key that verifies synthetic bundles.
///
/// # Panics
///
/// Never: the text above is a key, which a test checks.
#[must_use]
pub fn test_key() -> TrustedKey {
    TrustedKey::from_pem("rehearsal", TEST_KEY_PEM).expect("the rehearsal's key is a key")
}

/// A firmware file: the payload after a signed header, signed with the simulator's key.
#[must_use]
pub fn signed_file(name: &str, payload: &[u8]) -> Vec<u8> {
    signed(name, payload)
}

/// A file of the 78xx or 88xx: the payload after a fifth-generation header of this version. Version 4
/// is signed with the simulator's key (PKCS #1 v1.5, SHA-256), any other with zeros.
#[must_use]
pub fn fifth_generation_file(name: &str, version: u32, payload: &[u8]) -> Vec<u8> {
    let long = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
    let padded_name = name.len().next_multiple_of(4);
    let mut header = [
        &0xab12_34cd_u32.to_le_bytes()[..],
        &long(0x38 + padded_name + SIGNATURE),
        &version.to_le_bytes(),
        &long(payload.len()),
        &[0; 4],
        &Sha256::digest(payload),
        &long(name.len()),
        name.as_bytes(),
    ]
    .concat();
    header.resize(0x38 + padded_name, 0);
    let signature = if version == 4 {
        // The algorithm identifier of SHA-256 (RFC 8017, section 9.2, note 1).
        let identifier =
            b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\0\x04\x20";
        encrypt(&[&[0][..], identifier, &Sha256::digest(&header)].concat())
    } else {
        [0; SIGNATURE]
    };
    [&header[..], &signature, payload].concat()
}

/// Cisco's signature scheme over the message, which is the file without its signature
/// field: `00 01`, `ff`, `00`, the time, SHA-1; raised to the private exponent.
fn sign(message: &[&[u8]]) -> [u8; SIGNATURE] {
    let mut digest = Sha1::new();
    for part in message {
        digest.update(part);
    }
    encrypt(&[&[0][..], &SIGNED_AT.to_be_bytes(), &digest.finalize()].concat())
}

/// Raises `00 01`, `ff` and this tail to the private exponent.
fn encrypt(tail: &[u8]) -> [u8; SIGNATURE] {
    let mut padded = [0xff; SIGNATURE];
    padded[..2].copy_from_slice(&[0, 1]);
    padded[SIGNATURE - tail.len()..].copy_from_slice(tail);
    let padded = BigUint::from_bytes_be(&padded);
    // The Chinese remainder theorem makes it four times as fast.
    let [(p, for_p), (q, for_q)] = &KEY.halves;
    let (under_p, under_q) = (padded.modpow(for_p, p), padded.modpow(for_q, q));
    let difference = (p + under_p - &under_q % p) * &KEY.inverse % p;
    let digits = (under_q + difference * q).to_bytes_be();
    let mut signature = [0; SIGNATURE];
    signature[SIGNATURE - digits.len()..].copy_from_slice(&digits);
    signature
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_fields_are_at_their_offsets() {
        let file = signed("SIP45.9-3-1SR4-1S.loads", b"text");
        assert_eq!(file.len(), 408 + 4);
        assert_eq!(&file[..10], [1, 0, 2, 1, 1, 2, 0, 2, 1, 152]);
        let fields = [
            (10, [3, 0, 91]),
            (13, [4, 0, 39]),
            (55, [5, 0, 8]),
            (66, [6, 0, 35]),
            (104, [7, 0, 15]),
            (107, [8, 0, 1]),
            (111, [9, 0, 8]),
            (114, [0x0a, 0, 1]),
            (118, [0x0b, 0, 1]),
            (122, [0x0c, 1, 0]),
            (381, [0x0e, 0, 24]),
        ];
        for (offset, field) in fields {
            assert_eq!(&file[offset..offset + 3], field, "at {offset}");
        }
        assert_eq!(&file[384..408], b"SIP45.9-3-1SR4-1S.loads\0");
        for length in 1..20 {
            let name = "x".repeat(length);
            assert_eq!(signed(&name, b"").len(), header_length(&name));
        }
    }
}
