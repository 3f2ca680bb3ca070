//! Keys that the user trusts, from PEM (RFC 7468).

use num_bigint::BigUint;

use super::der;

/// The largest accepted PEM file: 64 KiB. A certificate has about 2 KiB.
const MAX_FILE: usize = 64 * 1024;
/// Key sizes, in bits, that phones accept for a signature.
const SIZES: [u64; 3] = [512, 1024, 2048];

/// An RSA public key whose signatures are valid in addition to those of Cisco's keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedKey {
    pub(super) name: String,
    pub(super) modulus: BigUint,
    pub(super) exponent: BigUint,
}

/// Why a text is not a [`TrustedKey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PemError {
    /// It is too long.
    #[error("more than {MAX_FILE} bytes; a key or certificate has about 2,000")]
    TooLong,
    /// It contains no key or certificate.
    #[error("no PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE block; expected one in PEM format")]
    NoKey,
    /// It contains several keys.
    #[error("more than one key or certificate; expected one")]
    Several,
    /// The content of the block is not base64.
    #[error("the text between the BEGIN and END lines is not base64")]
    Base64,
    /// The block is not an RSA key.
    #[error("the content is not an RSA public key")]
    NotRsa,
    /// Phones do not accept a key of this size.
    #[error("an RSA key of {0} bits; image keys have 512, 1024 or 2048")]
    Size(u64),
    /// The exponent is not one of those in use.
    #[error("an RSA key with an exponent other than 3 or 65537")]
    Exponent,
}

/// Parses one encoding of a key.
type ParseKey = for<'b> fn(&'b [u8]) -> Option<der::Rsa<'b>>;

impl TrustedKey {
    /// Parses a public key (PKCS #1 or X.509) or a certificate. Reports show the key as
    /// `name`.
    ///
    /// # Errors
    ///
    /// The text does not contain exactly one RSA key with a supported size and exponent.
    pub fn from_pem(name: &str, text: &str) -> Result<Self, PemError> {
        const FORMS: [(&str, ParseKey); 3] = [
            ("PUBLIC KEY", der::spki),
            ("RSA PUBLIC KEY", der::pkcs1),
            ("CERTIFICATE", der::certificate),
        ];
        if text.len() > MAX_FILE {
            return Err(PemError::TooLong);
        }
        let mut found = None;
        for (label, read) in FORMS {
            let begin = format!("-----BEGIN {label}-----");
            let end = format!("-----END {label}-----");
            for block in text.split(&begin).skip(1) {
                let (block, _) = block.split_once(&end).ok_or(PemError::Base64)?;
                if found.replace((block, read)).is_some() {
                    return Err(PemError::Several);
                }
            }
        }
        let (block, read) = found.ok_or(PemError::NoKey)?;
        let bytes = base64(block).ok_or(PemError::Base64)?;
        let (modulus, exponent) = read(&bytes).ok_or(PemError::NotRsa)?;
        Self::new(
            name,
            BigUint::from_bytes_be(modulus),
            BigUint::from_bytes_be(exponent),
        )
    }

    /// The key with this modulus and exponent, if phones accept them.
    fn new(name: &str, modulus: BigUint, exponent: BigUint) -> Result<Self, PemError> {
        if !SIZES.contains(&modulus.bits()) || !modulus.bit(0) {
            return Err(PemError::Size(modulus.bits()));
        }
        let usual = [3_u32, 65_537].map(BigUint::from);
        if !usual.contains(&exponent) {
            return Err(PemError::Exponent);
        }
        Ok(Self {
            name: name.to_owned(),
            modulus,
            exponent,
        })
    }
}

/// Base64 (RFC 4648) with padding; white space is ignored.
fn base64(text: &str) -> Option<Vec<u8>> {
    let mut digits: Vec<u8> = text
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    if !digits.len().is_multiple_of(4) {
        return None;
    }
    let padding = digits
        .iter()
        .rev()
        .take_while(|byte| **byte == b'=')
        .count();
    if padding > 2 {
        return None;
    }
    let end = digits.len();
    digits[end - padding..].fill(b'A');
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3);
    for four in digits.chunks(4) {
        let mut bits = 0_u32;
        for digit in four {
            let value = match digit {
                b'A'..=b'Z' => digit - b'A',
                b'a'..=b'z' => digit - b'a' + 26,
                b'0'..=b'9' => digit - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return None,
            };
            bits = bits << 6 | u32::from(value);
        }
        bytes.extend(&bits.to_be_bytes()[1..]);
    }
    bytes.truncate(bytes.len() - padding);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::{TEST_KEY_PEM, test_key};

    /// The test key in each encoding that OpenSSL writes.
    const FORMS: [&str; 3] = [
        TEST_KEY_PEM,
        "\
-----BEGIN RSA PUBLIC KEY-----
MIIBCAKCAQEAydKY1ZJH8idXk3ZHLfsONrSQwZwIsi+RgCbOo4B20YwyA4wc8RbQ
cQXRjNcrFWl3WnMscK789oe5BaC5jLdBkTsWrt8Dp7k9jLOb1oy3bmNWqyC4Ruy4
4yIjgKyD8M0MahzwRuwE+Bd2Dn7f7gAcRyAqCoHSzYH58SQR96CrYIGziqOyPN3B
kdJbcdmrtBipJzolk0fXFHEYMKA40Wo/kWKOUmfTg+QV2edaa/Rnb2cyhGdSv9N2
dhALT2inAS3w+li84FDGMBT8pkC5vFtRBObS5QpuXDa2K3gpeYwr1iuQGCkAxRZA
5Bkn4TLwwvOQ5oNQ0LifBVD2e3PA/BT7nQIBAw==
-----END RSA PUBLIC KEY-----
",
        "\
-----BEGIN CERTIFICATE-----
MIIDDTCCAfWgAwIBAgIUbSF7yO7mIyEUNGZJSMzOroVQ7I0wDQYJKoZIhvcNAQEL
BQAwFzEVMBMGA1UEAwwMcmVmbGFzaC10ZXN0MB4XDTI2MTEyMjIzMDU1NVoXDTI2
MTIwMjIzMDU1NVowFzEVMBMGA1UEAwwMcmVmbGFzaC10ZXN0MIIBIDANBgkqhkiG
9w0BAQEFAAOCAQ0AMIIBCAKCAQEAydKY1ZJH8idXk3ZHLfsONrSQwZwIsi+RgCbO
o4B20YwyA4wc8RbQcQXRjNcrFWl3WnMscK789oe5BaC5jLdBkTsWrt8Dp7k9jLOb
1oy3bmNWqyC4Ruy44yIjgKyD8M0MahzwRuwE+Bd2Dn7f7gAcRyAqCoHSzYH58SQR
96CrYIGziqOyPN3BkdJbcdmrtBipJzolk0fXFHEYMKA40Wo/kWKOUmfTg+QV2eda
a/Rnb2cyhGdSv9N2dhALT2inAS3w+li84FDGMBT8pkC5vFtRBObS5QpuXDa2K3gp
eYwr1iuQGCkAxRZA5Bkn4TLwwvOQ5oNQ0LifBVD2e3PA/BT7nQIBA6NTMFEwHQYD
VR0OBBYEFENEILaZp3OFGGca837hJl5igpDSMB8GA1UdIwQYMBaAFENEILaZp3OF
GGca837hJl5igpDSMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQELBQADggEB
AIHFuGYFIPR5fSOORDcn+cwqVpkzHKIsvaEfmJI0ArSGX1caFwiVih9l/GgBZ5AE
xkb9x8AjY6n3hHOvC/mTkPuSud6KSA6febxJXxgawwtl6WxzMdrcMYIqbnXA4V6V
LDKWeheWK4ucLFttOlo31IY1z9IO9D/H2ClfgvuyASWxv6HmT74Ib09/9zSqE4Gg
MjoLSy3HH/rPeDDk/m6KI1GcleFlh8sLQ/rD787ZUV8XE8DyLU4gPrDJ2paS9qBP
pfppO/KkG6BGUc+82QFPiZNrHsrg9cuJDHBfQlbbTM1Ntxw+ur27hqt21f7bw1VL
5iSyIhHiNRwolykgYHt6rks=
-----END CERTIFICATE-----
",
    ];

    #[test]
    fn every_encoding_gives_the_key() {
        let expected = test_key();
        for pem in FORMS {
            let key = TrustedKey::from_pem("mine", &format!("a comment\n{pem}")).unwrap();
            assert_eq!(
                (&key.modulus, &key.exponent),
                (&expected.modulus, &expected.exponent)
            );
            assert_eq!(key.name, "mine");
            let windows = TrustedKey::from_pem("mine", &pem.replace('\n', "\r\n"));
            assert_eq!(windows.as_ref(), Ok(&key));
        }
    }

    #[test]
    fn invalid_keys_are_rejected_with_a_reason() {
        let [spki, pkcs1, _] = FORMS;
        let cases = [
            (String::new(), PemError::NoKey),
            (spki.replace("PUBLIC", "PRIVATE"), PemError::NoKey),
            (spki.repeat(2), PemError::Several),
            (format!("{spki}{pkcs1}"), PemError::Several),
            (spki.replace("-----END", "-----"), PemError::Base64),
            (spki.replacen("MII", "M!I", 1), PemError::Base64),
            (spki.replacen("MII", "MI", 1), PemError::Base64),
            (spki.replace("PUBLIC KEY", "CERTIFICATE"), PemError::NotRsa),
            (spki.replace("nQIBAw", "nQIBBQ"), PemError::Exponent),
            ("x".repeat(MAX_FILE + 1), PemError::TooLong),
        ];
        for (pem, error) in cases {
            assert_eq!(TrustedKey::from_pem("mine", &pem), Err(error), "{pem:.80}");
        }
        let size = TrustedKey::new("mine", BigUint::from(7_u8), BigUint::from(3_u8));
        assert_eq!(size, Err(PemError::Size(3)));
    }

    #[test]
    fn base64_follows_rfc_4648() {
        for (text, bytes) in [
            ("", &b""[..]),
            ("Zg==", b"f"),
            ("Zm8=", b"fo"),
            ("Zm9v", b"foo"),
            ("Zm9v\nYmE=", b"fooba"),
        ] {
            assert_eq!(base64(text).as_deref(), Some(bytes), "{text}");
        }
        for text in ["Z", "Zg=", "====", "Zg==Zg==", "=Zg=", "Zm8-"] {
            assert_eq!(base64(text), None, "{text}");
        }
    }
}
