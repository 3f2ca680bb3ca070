//! Flags about bundles: how they are verified, and bridges.

use std::path::PathBuf;

use super::heading;
use crate::{bundle::Checksum, inputs::bundles::Trust};

/// What a bundle is compared with, and whether an unproven one is accepted.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct TrustArgs {
    /// Digest that one of the bundles must have (repeatable)
    ///
    /// 32 (MD5), 40 (SHA-1), 64 (SHA-256) or 128 (SHA-512) hex digits.
    #[arg(long = "checksum", value_name = "HEX", help_heading = heading::BUNDLES)]
    checksums: Vec<Checksum>,
    /// Also trust signatures of this RSA key (repeatable)
    ///
    /// A public key or certificate in PEM, trusted in addition to Cisco's keys. For bundles
    /// that you made yourself.
    #[arg(long = "trust-key", value_name = "PEM", help_heading = heading::BUNDLES)]
    trust_keys: Vec<PathBuf>,
    /// Accept a complete bundle of unproven origin
    #[arg(long, help_heading = heading::BUNDLES)]
    accept_unknown: bool,
}

impl TrustArgs {
    pub(crate) fn trust(&self) -> Trust {
        Trust {
            checksums: self.checksums.clone(),
            keys: self.trust_keys.clone(),
            accept_unknown: self.accept_unknown,
            without_recovery: false,
        }
    }
}

/// Consent to a conversion without factory resets.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct RecoveryArgs {
    /// Convert without factory resets
    ///
    /// Running phones are converted by their configuration only. For SIP bundles without SIP recovery manifests (termNN.default.loads). A phone that is reset
    /// finds no SIP firmware.
    #[arg(long, help_heading = heading::BUNDLES)]
    pub(crate) without_recovery: bool,
}

/// Bridges.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct BridgeArgs {
    /// Bridge for phones too old for the target (repeatable)
    ///
    /// A bundle for phones that cannot take the target directly: SCCP 8.5(2) for the same models,
    /// one for each model; or the steps of a 7940 or 7960 to its loader, in any order. Such a
    /// phone gets the bridges first, then the target.
    #[arg(long = "bridge", value_name = "BUNDLE", help_heading = heading::BUNDLES)]
    pub(crate) bridges: Vec<PathBuf>,
}
