//! Verifies signatures: raw RSA with every padding byte checked, and SHA-1 over the file
//! without its signature field.
//!
//! The scheme is Cisco's own: for a signature s and a modulus n, `s^e mod n` is `00 01`,
//! bytes `ff`, `00`, the time of signing as 32 bits, and the bare digest without an
//! algorithm identifier. A standard PKCS #1 verifier rejects it.

mod der;
mod keys;
mod pem;
mod platform;
mod tried_keys;

use jiff::Timestamp;
use num_bigint::BigUint;

pub use pem::{PemError, TrustedKey};
use platform::Platform;
pub(super) use platform::has_known_key;

use super::{header::SignedHeader, types::KeyGeneration};

/// Bytes of the time in the padded message.
const TIME_BYTES: usize = 4;

/// The result of a signature check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verification {
    /// It was made with this key.
    Valid(Signer),
    /// It was not made with a key of its platform. If it was made with a key of another
    /// platform, the name of that platform.
    Invalid(Option<&'static str>),
    /// No key of its platform is known.
    NoKnownKey,
    /// The name does not show the platform, and it was made with none of the known keys.
    NoMatchingKey,
}

/// The key and time of a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signer {
    pub(super) key: String,
    pub(super) at: Option<Timestamp>,
    pub(super) generation: Option<KeyGeneration>,
    /// The key is one that the user trusts, not Cisco's.
    pub(super) trusted: bool,
}

/// Finds the key that signed the file `name`. `digest` is that of the signed message: the
/// whole file except the signature field.
pub(super) fn verify(
    name: &str,
    header: &SignedHeader,
    digest: &[u8],
    trusted: &[TrustedKey],
) -> Verification {
    let cube = BigUint::from(3_u8);
    let platform = Platform::of(name);
    let by = |key: &keys::ImageKey| {
        let modulus = BigUint::from_bytes_be(&key.modulus);
        recover_time(header, digest, &modulus, &cube).map(|at| Signer {
            key: key.name.to_owned(),
            at: Some(at),
            generation: key.generation,
            trusted: false,
        })
    };
    let all = || keys::IMAGE_KEYS.iter().chain(&tried_keys::TRIED_KEYS);
    let own = |key: &&keys::ImageKey| match platform {
        Platform::Keyed(platform) => key.platform == platform || key.platform == "common",
        Platform::Tried(platform) => key.platform == platform,
        Platform::Unknown => true,
    };
    if let Some(signer) = all().filter(own).find_map(by) {
        return Verification::Valid(signer);
    }
    let by_trusted = |key: &TrustedKey| {
        recover_time(header, digest, &key.modulus, &key.exponent).map(|at| Signer {
            key: key.name.clone(),
            at: Some(at),
            generation: None,
            trusted: true,
        })
    };
    if let Some(signer) = trusted.iter().find_map(by_trusted) {
        return Verification::Valid(signer);
    }
    match platform {
        Platform::Keyed(_) => {
            let other = all().find(|key| by(key).is_some());
            Verification::Invalid(other.map(|key| key.platform))
        }
        Platform::Tried(_) => Verification::NoKnownKey,
        Platform::Unknown => Verification::NoMatchingKey,
    }
}

/// Applies the public key. Returns the time of signing if the signature is valid.
fn recover_time(
    header: &SignedHeader,
    digest: &[u8],
    modulus: &BigUint,
    exponent: &BigUint,
) -> Option<Timestamp> {
    let size = usize::try_from(modulus.bits()).ok()?.div_ceil(8);
    if size != header.modulus {
        return None;
    }
    let signature = BigUint::from_bytes_be(&header.signature);
    // The signature plus the modulus would give the same message.
    if signature >= *modulus {
        return None;
    }
    let message_number = if *exponent == BigUint::from(3_u8) {
        // Two products are faster than a general modular power.
        &signature * &signature % modulus * &signature % modulus
    } else {
        signature.modpow(exponent, modulus)
    };
    let significant = message_number.to_bytes_be();
    let mut message = vec![0; size.checked_sub(significant.len())?];
    message.extend(significant);
    time_of(&message, digest)
}

/// The time in a padded message, if every other byte is as required. Phones do not check
/// the `ff` padding; it is checked here.
fn time_of(message: &[u8], digest: &[u8]) -> Option<Timestamp> {
    let (rest, own) = message.split_at_checked(message.len().checked_sub(digest.len())?)?;
    let (padding, time) = rest.split_last_chunk::<TIME_BYTES>()?;
    let [0, 1, filler @ .., 0] = padding else {
        return None;
    };
    // PKCS #1 requires at least eight; key and digest sizes give many more.
    if own != digest || filler.len() < 8 || filler.iter().any(|byte| *byte != 0xff) {
        return None;
    }
    Timestamp::from_second(i64::from(u32::from_be_bytes(*time))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_padding_byte_is_checked() {
        let digest = [0xab; 20];
        let mut message = vec![0, 1];
        message.extend([0xff; 229]);
        message.push(0);
        message.extend(1_429_687_286_u32.to_be_bytes());
        message.extend(digest);
        assert_eq!(message.len(), 256);
        let time = time_of(&message, &digest).unwrap();
        assert_eq!(time.to_string(), "2015-04-22T07:21:26Z");
        for at in (0..232).chain(236..256) {
            for bit in 0..8 {
                let mut other = message.clone();
                other[at] ^= 1 << bit;
                assert_eq!(time_of(&other, &digest), None, "byte {at}, bit {bit}");
            }
        }
        for short in 0..message.len() {
            assert_eq!(time_of(&message[..short], &digest), None);
        }
    }
}
