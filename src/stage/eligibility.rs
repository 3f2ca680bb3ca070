//! Which bundles may be staged, alone and together.

use std::path::PathBuf;

use crate::{
    bundle::{Bundle, FirmwareSet, RecoveryState, Verdict},
    phone::{EarlyFirmware, LoadName, MODELS, Model, Protocol, Unsupported},
};

/// What is accepted besides verified SIP bundles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AcceptPolicy {
    /// `--accept-unknown`: complete bundles of unproven origin.
    pub unknown: bool,
    /// SCCP bundles, which `stage` accepts so that phones can return to SCCP.
    pub sccp: bool,
    /// `--without-recovery`: SIP loads whose phones find no SIP firmware after a factory reset.
    pub no_recovery: bool,
}

/// Why bundles are not staged. Nothing was written or served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SelectionError {
    /// Its verdict does not allow it.
    #[error("{} is {}: {}", path.display(), verdict, meaning(*verdict))]
    Verdict {
        /// The bundle.
        path: PathBuf,
        /// Its verdict.
        verdict: Verdict,
    },
    /// `bundle-is-sccp`: phones would stay on SCCP.
    #[error(
        "{} contains SCCP firmware ({load}); a conversion needs a SIP bundle (bundle-is-sccp)",
        path.display()
    )]
    Sccp {
        /// The bundle.
        path: PathBuf,
        /// Its load.
        load: String,
    },
    /// Firmware of the 7940 and 7960 from before their loader, as a target.
    #[error(
        "{} contains {load}, firmware of the 7940 and 7960 from before their loader; a conversion \
         needs a release with the loader: SIP 7.0 or later", path.display()
    )]
    BeforeLoader {
        /// The bundle.
        path: PathBuf,
        /// Its load.
        load: String,
    },
    /// Its loads are for phones that this program neither converts nor upgrades.
    #[error(
        "{} contains {load} for {models}, which is not converted: {}; expected a SIP load of a phone \
         that `reflash models` lists as converts or upgrades", path.display(), why.text()
    )]
    NotConverted {
        /// The bundle.
        path: PathBuf,
        /// Its first complete load.
        load: String,
        /// The models of that load.
        models: String,
        /// The reason.
        why: Unsupported,
    },
    /// Phones that are reset would find no SIP firmware.
    #[error(
        "{} has no SIP recovery manifest for the {}: such a phone that is reset finds {} \
         and is not converted to {load}", path.display(), models.join(", "), found
    )]
    NoRecovery {
        /// The bundle.
        path: PathBuf,
        /// The load.
        load: String,
        /// The models.
        models: Vec<&'static str>,
        /// What such a phone finds.
        found: &'static str,
    },
    /// Two bundles are for one model, which can have one load only.
    #[error(
        "{} and {} are both for the {model}, which can have one load only",
        first.display(), second.display()
    )]
    OneModelTwice {
        /// The model's number.
        model: &'static str,
        /// The first bundle.
        first: PathBuf,
        /// The second bundle.
        second: PathBuf,
        /// Both are SIP bundles, which is a usage error.
        both_sip: bool,
    },
    /// A bridge for none of the models of the targets.
    #[error("{} is for none of the models of the target bundles", path.display())]
    UnusableBridge {
        /// The bridge.
        path: PathBuf,
    },
    /// A bridge that installs a load of the targets.
    #[error("{} installs {load}, as the target does: it is not a bridge to it", path.display())]
    BridgeIsTarget {
        /// The bridge.
        path: PathBuf,
        /// The load.
        load: String,
    },
    /// A bridge that old phones refuse as they refuse the target.
    #[error(
        "{} is of no use as a bridge: {load} is signed with the key of the target, so phones that \
         refuse the target refuse it too",
        path.display()
    )]
    BridgeWithNewKey {
        /// The bridge.
        path: PathBuf,
        /// Its load.
        load: String,
    },
    /// A bridge of the 7940 and 7960 that firmware from before 5.0 cannot fetch.
    #[error(
        "{} has no {load}.bin: firmware from before 5.0, which needs this bridge, requests the image \
         under this name only",
        path.display()
    )]
    BridgeWithoutBin {
        /// The bridge.
        path: PathBuf,
        /// Its load.
        load: String,
    },
    /// Two bridges are for one model.
    #[error("the bridges {} and {} are both for the {model}", first.display(), second.display())]
    TwoBridges {
        /// The model's number.
        model: &'static str,
        /// The first bridge.
        first: PathBuf,
        /// The second bridge.
        second: PathBuf,
    },
}

impl SelectionError {
    /// Whether it is a usage error (exit code 2) rather than a problem of a file (exit code 1).
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::OneModelTwice { both_sip: true, .. }
                | Self::UnusableBridge { .. }
                | Self::BridgeIsTarget { .. }
                | Self::BridgeWithNewKey { .. }
                | Self::TwoBridges { .. }
        )
    }

    /// What to do next.
    #[must_use]
    pub fn cure(&self) -> &'static str {
        match self {
            Self::Verdict {
                verdict: Verdict::Intact,
                ..
            } => {
                "compare its digest with the one on Cisco's download page (--checksum HEX), or accept the risk with --accept-unknown"
            }
            Self::Verdict { .. } => {
                "run `reflash verify` on it to see every problem and what to do"
            }
            Self::Sccp { .. } => "get the SIP bundle for the same phones: it has -sip in its name",
            Self::BeforeLoader { .. } => {
                "give the bundle of P0S3-8-12-00 as the target, and this one with --bridge: phones \
                 that need it install it first"
            }
            Self::NotConverted { why, .. } => why.cure(),
            Self::NoRecovery { .. } => {
                "get the complete bundle, with its termNN.default.loads files; or convert running \
                 phones by their configuration only, without a reset: --without-recovery"
            }
            Self::OneModelTwice { .. } => "give one bundle for each model",
            Self::UnusableBridge { .. }
            | Self::BridgeIsTarget { .. }
            | Self::BridgeWithNewKey { .. } => {
                "give a bridge for the models of the target, usually SCCP 8.5(2): \
                 `reflash verify` shows the models of a bundle"
            }
            Self::BridgeWithoutBin { .. } => {
                "get the complete bundle of this release as published by Cisco: it has the image as \
                 .bin and as .sbn, and a renamed file is rejected"
            }
            Self::TwoBridges { .. } => {
                "give one bridge for each model; several only for the 7940 and 7960, each with \
                 another load"
            }
        }
    }
}

fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Known | Verdict::Genuine => "it may be staged",
        Verdict::Intact => "it is complete, but nothing proves that it is Cisco's",
        Verdict::Incomplete => "files that phones request are missing",
        Verdict::Damaged => {
            "older loads accept damaged images, and a damaged image can brick a phone"
        }
        Verdict::Refused => "it is hostile, over a limit, or of a form that is not read",
        Verdict::Foreign => "it is not Cisco phone firmware",
    }
}

/// Checks that these bundles may be staged together, before anything is written, bound or
/// served.
///
/// # Errors
///
/// A verdict or protocol is not accepted, or two bundles are for one model.
pub fn check_targets(bundles: &[Bundle], accept: AcceptPolicy) -> Result<(), SelectionError> {
    check_verdicts(bundles, accept)?;
    for (at, second) in bundles.iter().enumerate() {
        for first in &bundles[..at] {
            if let Some(model) = shared_model(first, second) {
                return Err(SelectionError::OneModelTwice {
                    model: model.plain_number(),
                    first: first.path.clone(),
                    second: second.path.clone(),
                    both_sip: has_sip(first) && has_sip(second),
                });
            }
        }
    }
    Ok(())
}

fn is_before_loader(load: &LoadName) -> bool {
    EarlyFirmware::of(load).is_some()
}

pub(super) fn check_verdicts(
    bundles: &[Bundle],
    accept: AcceptPolicy,
) -> Result<(), SelectionError> {
    for bundle in bundles {
        if !accept.sccp
            && let Some(load) = bundle.served_loads().find(|load| is_before_loader(load))
        {
            return Err(SelectionError::BeforeLoader {
                path: bundle.path.clone(),
                load: load.to_string(),
            });
        }
        let fit = match bundle.verdict {
            Verdict::Known | Verdict::Genuine => true,
            Verdict::Intact => accept.unknown,
            _ => false,
        };
        if !fit {
            return Err(SelectionError::Verdict {
                path: bundle.path.clone(),
                verdict: bundle.verdict,
            });
        }
        if !accept.sccp
            && is_sccp(bundle)
            && let Some(load) = bundle.served_loads().next()
        {
            return Err(SelectionError::Sccp {
                path: bundle.path.clone(),
                load: load.to_string(),
            });
        }
        check_support(bundle, accept)?;
        if !accept.no_recovery {
            check_recovery(bundle)?;
        }
    }
    Ok(())
}

/// Checks that phones get a load of the bundle. `stage` also writes what its phones install without a
/// conversion.
fn check_support(bundle: &Bundle, accept: AcceptPolicy) -> Result<(), SelectionError> {
    let is_installed = |set: &FirmwareSet| accept.sccp || set.unsupported().is_none();
    if bundle.served_sets().any(is_installed) {
        return Ok(());
    }
    let mut whole = bundle.sets.iter().filter(|set| set.is_whole());
    let Some((set, why)) = whole.find_map(|set| Some((set, set.unsupported()?))) else {
        return Ok(());
    };
    Err(SelectionError::NotConverted {
        path: bundle.path.clone(),
        load: set.load.to_string(),
        models: set.models_text(),
        why,
    })
}

/// Checks that a reset brings every model of a SIP load to SIP.
fn check_recovery(bundle: &Bundle) -> Result<(), SelectionError> {
    for set in bundle.served_sets() {
        let models = set.models_without_recovery();
        if set.protocol != Some(Protocol::Sip) || models.is_empty() {
            continue;
        }
        let is_sccp = set
            .recovery
            .iter()
            .any(|recovery| recovery.state == RecoveryState::OtherProtocol);
        return Err(SelectionError::NoRecovery {
            path: bundle.path.clone(),
            load: set.load.to_string(),
            models: models.iter().map(|model| model.number).collect(),
            found: if is_sccp {
                "SCCP firmware"
            } else {
                "no firmware"
            },
        });
    }
    Ok(())
}

fn has_sip(bundle: &Bundle) -> bool {
    bundle
        .served_loads()
        .any(|load| load.protocol() == Some(Protocol::Sip))
}

/// Whether phones would be served SCCP loads and no SIP load.
#[must_use]
pub fn is_sccp(bundle: &Bundle) -> bool {
    let speaks = |protocol| {
        bundle
            .served_loads()
            .any(|load| load.protocol() == Some(protocol))
    };
    speaks(Protocol::Sccp) && !speaks(Protocol::Sip)
}

pub(super) fn shared_model(first: &Bundle, second: &Bundle) -> Option<&'static Model> {
    targets(first)
        .into_iter()
        .map(|(model, _)| model)
        .find(|model| targets(second).iter().any(|(other, _)| other == model))
}

/// The load for each model of the bundle, in the order of the model table. -GE variants are
/// included, since they use the files of the plain model.
pub(super) fn targets(bundle: &Bundle) -> Vec<(&'static Model, &LoadName)> {
    MODELS
        .iter()
        .filter_map(|model| {
            let set = bundle
                .served_sets()
                .filter(|set| set.is_for(model))
                .max_by_key(|set| (set.protocol, set.load.release(), &set.load))?;
            Some((model, &set.load))
        })
        .collect()
}
