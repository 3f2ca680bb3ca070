//! Verifies signatures: raw RSA with every padding byte checked, over the digest of the signed
//! part of a file. [`SignatureScheme`] describes the paddings.

mod der;
mod keys;
mod pem;
mod platform;
mod scheme;

use jiff::Timestamp;
use num_bigint::BigUint;

pub use pem::{PemError, TrustedKey};
pub(super) use platform::has_known_key;
use platform::{KnownKeys, Platform};
use scheme::Recovered;
pub(super) use scheme::SignatureScheme;

use super::types::KeyGeneration;

/// The result of a signature check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verification {
    /// It was made with this key.
    Valid(Signer),
    /// It was made with this key, but for other content: the file was modified.
    Modified(String),
    /// It was not made with a key of its platform. If it was made with a key of another
    /// platform, the name of that platform.
    Invalid(Option<&'static str>),
    /// It was made with none of the known keys, and its platform may have others.
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

/// The signature of a file, and what it is for.
#[derive(Debug, Clone, Copy)]
pub(super) struct SignedPart<'f> {
    pub(super) scheme: SignatureScheme,
    pub(super) signature: &'f [u8],
    /// The length of the modulus in bytes.
    pub(super) modulus: usize,
    /// The digest of the signed part.
    pub(super) digest: &'f [u8],
}

/// Finds the key that signed the file `name`.
pub(super) fn verify(name: &str, part: SignedPart<'_>, trusted: &[TrustedKey]) -> Verification {
    let exponent = part.scheme.exponent();
    let platform = Platform::of(name);
    let all = || {
        keys::IMAGE_KEYS
            .iter()
            .filter(|key| key.scheme == part.scheme)
    };
    let own = |key: &&keys::ImageKey| match platform {
        Some(Platform { name, keys }) => {
            key.platform == name || keys == KnownKeys::All && key.platform == "common"
        }
        None => true,
    };
    let mut modified = None;
    for key in all().filter(own) {
        match recover(part, &key.modulus, &exponent) {
            Recovered::Valid(at) => {
                return Verification::Valid(Signer {
                    key: key.name.to_owned(),
                    at,
                    generation: key.generation,
                    trusted: false,
                });
            }
            Recovered::OtherDigest => modified = Some(key.name.to_owned()),
            Recovered::OtherKey => {}
        }
    }
    for key in trusted {
        match recover(part, &key.modulus, &key.exponent) {
            Recovered::Valid(at) => {
                return Verification::Valid(Signer {
                    key: key.name.clone(),
                    at,
                    generation: None,
                    trusted: true,
                });
            }
            Recovered::OtherDigest => modified = Some(key.name.clone()),
            Recovered::OtherKey => {}
        }
    }
    if let Some(key) = modified {
        return Verification::Modified(key);
    }
    if !platform.is_some_and(|platform| platform.keys == KnownKeys::All) {
        return Verification::NoMatchingKey;
    }
    let by = |key: &&keys::ImageKey| recover(part, &key.modulus, &exponent) != Recovered::OtherKey;
    Verification::Invalid(all().find(by).map(|key| key.platform))
}

/// Applies a public key.
fn recover(part: SignedPart<'_>, modulus: &BigUint, exponent: &BigUint) -> Recovered {
    let size = usize::try_from(modulus.bits().div_ceil(8)).unwrap_or(usize::MAX);
    let signature = BigUint::from_bytes_be(part.signature);
    // The signature plus the modulus would give the same message.
    if size != part.modulus || signature >= *modulus {
        return Recovered::OtherKey;
    }
    let number = if *exponent == BigUint::from(3_u8) {
        // Two products are faster than a general modular power.
        &signature * &signature % modulus * &signature % modulus
    } else {
        signature.modpow(exponent, modulus)
    };
    let significant = number.to_bytes_be();
    let mut message = vec![0; size.saturating_sub(significant.len())];
    message.extend(significant);
    part.scheme.read(&message, part.digest)
}
