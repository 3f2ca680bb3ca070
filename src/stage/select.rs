//! Which bundles may be staged together.

use std::path::PathBuf;

use crate::{
    bundle::{Bundle, Verdict},
    phone::{LoadName, MODELS, Model, Protocol},
};

/// What a verb or its user accepts beyond verified SIP bundles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AcceptPolicy {
    /// `--accept-unknown`: bundles that are whole, of unproven origin.
    pub unknown: bool,
    /// SCCP bundles: the way back, which `stage` may lay out.
    pub sccp: bool,
}

/// Why a set of bundles is not staged. Nothing was written and nothing is served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SelectionError {
    /// Its verdict forbids it.
    #[error("{} is {}: {}", path.display(), verdict, meaning(*verdict))]
    Verdict {
        /// The bundle.
        path: PathBuf,
        /// What it is held to be.
        verdict: Verdict,
    },
    /// `bundle-is-sccp`: it would put SCCP firmware on the phones.
    #[error(
        "{} holds SCCP firmware ({load}), and a conversion ends with SIP (bundle-is-sccp)",
        path.display()
    )]
    Sccp {
        /// The bundle.
        path: PathBuf,
        /// Its load.
        load: String,
    },
    /// Two bundles are for one model, and a phone can be told of one load only.
    #[error(
        "{} and {} are both for the {model}, and a phone can be told of one load only",
        first.display(), second.display()
    )]
    OneModelTwice {
        /// The model's number.
        model: &'static str,
        /// The one bundle.
        first: PathBuf,
        /// The other.
        second: PathBuf,
        /// Whether both are SIP bundles: then it is a usage error.
        both_sip: bool,
    },
    /// A bridge that no phone of this run could take.
    #[error("{} is for no model that a target bundle is for", path.display())]
    BridgeToNowhere {
        /// The bridge.
        path: PathBuf,
    },
    /// Two bridges are for one model.
    #[error("the bridges {} and {} are both for the {model}", first.display(), second.display())]
    TwoBridges {
        /// The model's number.
        model: &'static str,
        /// The one bridge.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
}

impl SelectionError {
    /// Whether the command line is at fault (exit code 2), not a file (exit code 1).
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::OneModelTwice { both_sip: true, .. }
                | Self::BridgeToNowhere { .. }
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
                "compare its digest with the one on Cisco's download page (--checksum HEX), or take the risk with --accept-unknown"
            }
            Self::Verdict { .. } => "run `reflash verify` on it for every problem and its cure",
            Self::Sccp { .. } => "get the SIP bundle of the same phones: its name has -sip in it",
            Self::OneModelTwice { .. } => "give one bundle for each model",
            Self::BridgeToNowhere { .. } => {
                "give the bridge of the target's own models, usually SCCP 8.5(2): \
                 `reflash verify` says which models a bundle is for"
            }
            Self::TwoBridges { .. } => "give one bridge for each model",
        }
    }
}

fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Known | Verdict::Genuine => "it may be staged",
        Verdict::Intact => "whole, but nothing proves that it is Cisco's",
        Verdict::Incomplete => "a manifest names what is not there",
        Verdict::Damaged => "older loads accept damaged images, and one can kill a phone",
        Verdict::Refused => "it is hostile or over a limit",
        Verdict::Foreign => "it holds no Cisco phone firmware",
    }
}

/// Whether these bundles may be staged together: each of a verdict that may be, none of
/// the wrong protocol, and no two for one model. Called before anything is written,
/// bound or served.
pub fn check_targets(bundles: &[Bundle], accept: AcceptPolicy) -> Result<(), SelectionError> {
    are_fit(bundles, accept)?;
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

/// Whether these bridges may be staged beside `targets`: each of a verdict that may be
/// (SCCP is what a bridge usually is), for a model that a target is for, and no two for
/// one model.
pub fn check_bridges(
    bridges: &[Bundle],
    targets: &[Bundle],
    unknown: bool,
) -> Result<(), SelectionError> {
    let accept = AcceptPolicy {
        unknown,
        sccp: true,
    };
    are_fit(bridges, accept)?;
    for (at, bridge) in bridges.iter().enumerate() {
        let meets = |target| shared_model(bridge, target).is_some();
        if !targets.iter().any(meets) {
            return Err(SelectionError::BridgeToNowhere {
                path: bridge.path.clone(),
            });
        }
        for first in &bridges[..at] {
            if let Some(model) = shared_model(first, bridge) {
                return Err(SelectionError::TwoBridges {
                    model: model.plain_number(),
                    first: first.path.clone(),
                    second: bridge.path.clone(),
                });
            }
        }
    }
    Ok(())
}

fn are_fit(bundles: &[Bundle], accept: AcceptPolicy) -> Result<(), SelectionError> {
    for bundle in bundles {
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
            && let Some(load) = bundle.loads.first()
        {
            return Err(SelectionError::Sccp {
                path: bundle.path.clone(),
                load: load.to_string(),
            });
        }
    }
    Ok(())
}

fn has_sip(bundle: &Bundle) -> bool {
    bundle
        .loads
        .iter()
        .any(|load| load.protocol() == Some(Protocol::Sip))
}

/// Whether the bundle's loads name SCCP and none of them SIP: whoever takes one does not
/// speak SIP afterwards.
#[must_use]
pub fn is_sccp(bundle: &Bundle) -> bool {
    let speaks = |protocol| {
        bundle
            .loads
            .iter()
            .any(|load| load.protocol() == Some(protocol))
    };
    speaks(Protocol::Sccp) && !speaks(Protocol::Sip)
}

fn shared_model(first: &Bundle, second: &Bundle) -> Option<&'static Model> {
    targets(first)
        .into_iter()
        .map(|(model, _)| model)
        .find(|model| targets(second).iter().any(|(other, _)| other == model))
}

/// The load that each model of the bundle is to run, in the model table's order: -GE
/// forms with their plain ones, as they take the same files. Where a bundle holds
/// several loads for a model, SIP goes before SCCP and the newer before the older.
pub(super) fn targets(bundle: &Bundle) -> Vec<(&'static Model, &LoadName)> {
    let named = |model: &Model| {
        bundle
            .models
            .iter()
            .any(|named| named.plain_number() == model.plain_number())
    };
    MODELS
        .iter()
        .filter(|model| named(model))
        .filter_map(|model| {
            let load = bundle
                .loads
                .iter()
                .filter(|load| load.family() == Some(model.family) && !load.is_recovery())
                .max_by_key(|load| (load.protocol(), load.release(), *load))?;
            Some((model, load))
        })
        .collect()
}
