//! Cisco's public image keys, as built into phones. Cisco publishes no certificates for them.

use std::sync::LazyLock;

use num_bigint::BigUint;

use super::{
    super::{hex, types::KeyGeneration},
    scheme::SignatureScheme,
};

/// Bytes of a modulus: all keys are RSA-2048.
const MODULUS_BYTES: usize = 256;

/// A public key that Cisco signs images with.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ImageKey {
    /// `7945_7965-primary`.
    pub(super) name: &'static str,
    /// The platform: `7945_7965`, or `common` for all.
    pub(super) platform: &'static str,
    /// `None` if it is not known which of a platform's keys it is.
    pub(super) generation: Option<KeyGeneration>,
    pub(super) scheme: SignatureScheme,
    pub(super) modulus: BigUint,
}

/// All known keys.
pub(super) static IMAGE_KEYS: LazyLock<Vec<ImageKey>> = LazyLock::new(|| {
    include_str!("keys.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| row(line).expect("a test reads every line of the table"))
        .collect()
});

fn row(line: &'static str) -> Option<ImageKey> {
    let mut words = line.split(' ');
    let (name, platform) = (words.next()?, words.next()?);
    let generation = match words.next()? {
        "primary" => Some(KeyGeneration::Primary),
        "secondary" => Some(KeyGeneration::Secondary),
        _ => None,
    };
    let scheme = SignatureScheme::of_name(words.next()?)?;
    let _provenance = words.next()?;
    Some(ImageKey {
        name,
        platform,
        generation,
        scheme,
        modulus: BigUint::from_bytes_be(&hex::decode::<MODULUS_BYTES>(words.next()?)),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sha2::{Digest as _, Sha256};

    use super::*;

    /// The start of the SHA-256 of each modulus, as other tools print it.
    const FINGERPRINTS: [(&str, &str); 29] = [
        ("7906_7911-primary", "4dc97fbcb2212b25"),
        ("7906_7911-secondary", "07910e117b66a567"),
        ("7931-primary", "785c16a265ffed7f"),
        ("7931-secondary", "537a432c771bc991"),
        ("common-primary", "02159fef0d2017de"),
        ("common-secondary", "f8b9b3feaad333b4"),
        ("7970_7971-primary", "fa00e50b8b7fed39"),
        ("7970_7971-secondary", "db0c9701381bd41f"),
        ("7941_7961-primary", "2a4ca6d700f01659"),
        ("7941_7961-secondary", "1fed9583b485d2a7"),
        ("7942_7962-primary", "3e534277b547e4c3"),
        ("7942_7962-secondary", "a05566ae348700a1"),
        ("7945_7965-primary", "08725d1ca919fd52"),
        ("7945_7965-secondary", "6c8db482d7bcef5b"),
        ("7975-primary", "b67a9744cb6b1632"),
        ("7975-secondary", "531547f362999a24"),
        ("6901", "784500bc598efec6"),
        ("6911", "783755e045d7a1d9"),
        ("6945", "9be43e8b1484ca1c"),
        ("894x", "d884821dd7fd7ec9"),
        ("7921", "1a20887acb6b1e66"),
        ("7925", "d940b3c3b5467e41"),
        ("7926", "2ad1b0577a575cdb"),
        ("69xx", "fc03c4167e5865de"),
        ("7940_7960-current", "fdb7a1560e1d60cb"),
        ("7940_7960-previous", "12ebffdb659185b0"),
        ("7910", "fe01efb9f630e261"),
        ("8961", "8a0f8a817b5a9e19"),
        ("88xx", "efef85c0f475a987"),
    ];

    #[test]
    fn every_key_has_its_fingerprint() {
        assert_eq!(IMAGE_KEYS.len(), FINGERPRINTS.len());
        for (key, (name, fingerprint)) in IMAGE_KEYS.iter().zip(FINGERPRINTS) {
            assert_eq!(key.name, name);
            let digest = hex::encode(&Sha256::digest(key.modulus.to_bytes_be()));
            assert!(digest.starts_with(fingerprint), "{name}");
            assert!(name.starts_with(key.platform));
            assert!(key.modulus.bits() == 2048 && key.modulus.bit(0), "{name}");
        }
    }

    #[test]
    fn every_key_states_its_provenance() {
        let provenance: BTreeSet<&str> = include_str!("keys.txt")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split(' ').nth(4))
            .collect();
        let documented = ["boot-image", "loader", "signatures", "signer-table"];
        assert_eq!(provenance, BTreeSet::from(documented));
    }
}
