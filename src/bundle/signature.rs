//! Who signed a file: raw RSA, the padding checked byte by byte, and SHA-1 over the file
//! without its signature field.
//!
//! The scheme is Cisco's own: with s the signature and n the key, `s^e mod n` is
//! `00 01`, bytes `ff`, `00`, the time of signing as 32 bits, and the bare digest without
//! the algorithm's name. A standard PKCS #1 verifier refuses it.

mod der;
mod keys;
mod pem;
mod platform;

use jiff::Timestamp;
use num_bigint::BigUint;

pub use pem::{PemError, TrustedKey};
pub(super) use platform::{Platform, keyed};

use super::{KeyGeneration, header::SignedHeader};

/// Bytes of the time within the padded message.
const TIME: usize = 4;

/// What was found out about a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verified {
    /// This key made it.
    Valid(Signer),
    /// It is not by a key of its platform. If it is by another platform's, that one's name.
    Invalid(Option<&'static str>),
    /// No key of its platform is known.
    NoKey,
    /// Its platform is not known from its name, and none of the known keys made it.
    NoneFits,
}

/// The key that made a signature, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signer {
    pub(super) key: String,
    pub(super) at: Option<Timestamp>,
    pub(super) generation: Option<KeyGeneration>,
    /// It is one that the user trusts, not Cisco's.
    pub(super) trusted: bool,
}

/// Finds the key that made the signature of the file called `name`, whose message (all of
/// it but the signature field) has this digest.
pub(super) fn verify(
    name: &str,
    header: &SignedHeader,
    digest: &[u8],
    trusted: &[TrustedKey],
) -> Verified {
    let cube = BigUint::from(3_u8);
    let platform = Platform::of(name);
    let by = |key: &keys::ImageKey| {
        let modulus = BigUint::from_bytes_be(&key.modulus);
        opened(header, digest, &modulus, &cube).map(|at| Signer {
            key: key.name.to_owned(),
            at: Some(at),
            generation: key.generation,
            trusted: false,
        })
    };
    let own = |key: &&keys::ImageKey| match platform {
        Platform::Keyed(platform) => key.platform == platform || key.platform == "common",
        Platform::Keyless => false,
        Platform::Unknown => true,
    };
    if let Some(signer) = keys::IMAGE_KEYS.iter().filter(own).find_map(by) {
        return Verified::Valid(signer);
    }
    let by_trusted = |key: &TrustedKey| {
        opened(header, digest, &key.modulus, &key.exponent).map(|at| Signer {
            key: key.name.clone(),
            at: Some(at),
            generation: None,
            trusted: true,
        })
    };
    if let Some(signer) = trusted.iter().find_map(by_trusted) {
        return Verified::Valid(signer);
    }
    match platform {
        Platform::Keyed(_) => {
            let other = keys::IMAGE_KEYS.iter().find(|key| by(key).is_some());
            Verified::Invalid(other.map(|key| key.platform))
        }
        Platform::Keyless => Verified::NoKey,
        Platform::Unknown => Verified::NoneFits,
    }
}

/// Opens the signature with a key. The time of signing, if it holds.
fn opened(
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
    // The same signature plus the modulus would open to the same message.
    if signature >= *modulus {
        return None;
    }
    let opened = if *exponent == BigUint::from(3_u8) {
        // Two products are less than what a general power prepares.
        &signature * &signature % modulus * &signature % modulus
    } else {
        signature.modpow(exponent, modulus)
    };
    let opened = opened.to_bytes_be();
    let mut message = vec![0; size.checked_sub(opened.len())?];
    message.extend(opened);
    time_of(&message, digest)
}

/// The time in a padded message, if every other byte of it is what it must be. Phones do
/// not look at the `ff` before the `00`; here it counts.
fn time_of(message: &[u8], digest: &[u8]) -> Option<Timestamp> {
    let (rest, own) = message.split_at_checked(message.len().checked_sub(digest.len())?)?;
    let (padding, time) = rest.split_last_chunk::<TIME>()?;
    let [0, 1, filler @ .., 0] = padding else {
        return None;
    };
    // PKCS #1 demands eight at least; the sizes of key and digest give many more.
    if own != digest || filler.len() < 8 || filler.iter().any(|byte| *byte != 0xff) {
        return None;
    }
    Timestamp::from_second(i64::from(u32::from_be_bytes(*time))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_of_the_padding_counts() {
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
