//! Recovery manifests (`termNN.default.loads`): what a phone installs after a factory reset.

use super::{
    super::{
        firmware_set::{FirmwareSet, Recovery, RecoveryState},
        types::Problem,
    },
    index::{Found, Index},
    judged::Judged,
    load_set::LoadSet,
};
use crate::{
    diagnose::Severity,
    phone::{LoadName, Model, Protocol},
};

/// A recovery manifest of the bundle.
pub(super) struct RecoveryManifest<'e> {
    /// The plain model that requests it.
    pub(super) model: &'static Model,
    pub(super) judged: Judged<'e>,
    /// The load whose images it names, if the bundle has its manifest.
    pub(super) installs: Option<LoadName>,
    /// The protocol of its images, as far as their names show it.
    protocol: Option<Protocol>,
}

impl<'e> RecoveryManifest<'e> {
    /// The recovery manifest in this entry, compared with the loads of its family.
    pub(super) fn of(index: &Index<'e>, at: usize, sets: &[LoadSet<'e>]) -> Option<Self> {
        let model = Model::by_recovery_manifest(&index.entries[at].name)?;
        let judged = Judged::of(index, at);
        let installs = sets
            .iter()
            .filter(|set| set.load.family() == Some(model.family))
            .find(|set| {
                set.judged
                    .as_ref()
                    .is_some_and(|own| !own.images.is_empty() && own.images == judged.images)
            })
            .map(|set| set.load.clone());
        let protocol = installs
            .as_ref()
            .and_then(LoadName::protocol)
            .or_else(|| protocol_of(&judged));
        Some(Self {
            model,
            judged,
            installs,
            protocol,
        })
    }

    /// Whether a phone can install what it names.
    pub(super) fn is_usable(&self) -> bool {
        self.judged.is_whole()
    }

    /// Compares it with a load of its family.
    fn state(&self, load: &LoadName) -> RecoveryState {
        let is_other = |own: Protocol| self.protocol.is_some_and(|protocol| protocol != own);
        if !self.is_usable() {
            RecoveryState::Missing
        } else if self.installs.as_ref() == Some(load) {
            RecoveryState::SameLoad
        } else if load.protocol().is_some_and(is_other) {
            RecoveryState::OtherProtocol
        } else {
            RecoveryState::OtherRelease
        }
    }
}

/// The protocol in the names of images: `jar45sip.…`, `cvm45sccp.…`.
fn protocol_of(judged: &Judged<'_>) -> Option<Protocol> {
    let ends = |end: &str| {
        judged.images.iter().any(|image| {
            image
                .split('.')
                .next()
                .is_some_and(|part| part.ends_with(end))
        })
    };
    match (ends("sip"), ends("sccp")) {
        (true, false) => Some(Protocol::Sip),
        (false, true) => Some(Protocol::Sccp),
        _ => None,
    }
}

/// What the models of a load find after a factory reset.
pub(super) fn of_load(
    load: &LoadName,
    models: &[&str],
    found: &[RecoveryManifest<'_>],
) -> Vec<Recovery> {
    let models = models.iter().filter_map(|number| Model::by_number(number));
    models
        .filter_map(|model| {
            let manifest = model.recovery_manifest?;
            let own = found
                .iter()
                .find(|found| found.model.recovery_manifest == Some(manifest));
            Some(Recovery {
                model,
                manifest,
                state: own.map_or(RecoveryState::Missing, |own| own.state(load)),
            })
        })
        .collect()
}

/// A warning for each kind of difference between a load and its recovery manifests.
pub(super) fn warnings(
    set: &FirmwareSet,
    found: &[RecoveryManifest<'_>],
    index: &Index<'_>,
) -> Vec<Problem> {
    let kinds = [
        RecoveryState::Missing,
        RecoveryState::OtherProtocol,
        RecoveryState::OtherRelease,
    ];
    kinds
        .into_iter()
        .filter_map(|state| warning(set, state, found, index))
        .collect()
}

fn warning(
    set: &FirmwareSet,
    state: RecoveryState,
    found: &[RecoveryManifest<'_>],
    index: &Index<'_>,
) -> Option<Problem> {
    let of_kind: Vec<&Recovery> = set
        .recovery
        .iter()
        .filter(|recovery| recovery.state == state)
        .collect();
    let mut manifests: Vec<&str> = of_kind.iter().map(|recovery| recovery.manifest).collect();
    manifests.dedup();
    let first = manifests.first()?;
    let models: Vec<&str> = of_kind
        .iter()
        .map(|recovery| recovery.model.number)
        .collect();
    let (load, models, names) = (&set.load, models.join(" or "), manifests.join(" and "));
    let install = if manifests.len() == 1 {
        "installs"
    } else {
        "install"
    };
    let installed = |manifest: &str| {
        let own = found
            .iter()
            .find(|own| own.model.recovery_manifest == Some(manifest))?;
        own.installs.as_ref()
    };
    let other = installed(first).map_or(String::new(), |load| format!(" ({load})"));
    let (code, message, cure) = match state {
        RecoveryState::SameLoad => return None,
        RecoveryState::Missing => (
            "recovery-missing",
            format!(
                "{}: a {models} that is reset finds no firmware here and stays in its boot \
                 loader; {load} reaches it by its configuration only",
                missing(&manifests, index)
            ),
            "Get the complete bundle as published by Cisco. Without it, do not reset phones: \
             `convert --without-recovery` converts running ones.",
        ),
        RecoveryState::OtherProtocol => (
            "recovery-other-protocol",
            format!(
                "{names} {install} firmware of the other protocol{other}, not {load}: a {models} \
                 that is reset gets that first, and {load} by its configuration only"
            ),
            "Give the bundle with the recovery manifests of this load. Without them, do not \
             reset phones: `convert --without-recovery` converts running ones.",
        ),
        RecoveryState::OtherRelease => (
            "recovery-other-release",
            format!(
                "{names} {install} another release{other}, not {load}: a {models} that is reset \
                 gets that first, and {load} afterwards by its configuration"
            ),
            "Keep one release in a folder: recovery manifests have the same names in every \
             release, and the one copied last replaced the others.",
        ),
    };
    Some(Problem {
        code,
        severity: Severity::Warning,
        member: None,
        message,
        cure: cure.to_owned(),
    })
}

/// Which recovery manifests are missing, and why.
fn missing(manifests: &[&str], index: &Index<'_>) -> String {
    let mut absent = Vec::new();
    let mut reasons = Vec::new();
    for name in manifests {
        match (index.find(name), index.renamed(name)) {
            (Found::File(_), _) => {
                reasons.push(format!(
                    "{name} names images that are not here or not valid"
                ));
            }
            (Found::Twice, _) => {
                reasons.push(format!(
                    "two files have the name {name}, differ in its case only, and have different \
                     bytes"
                ));
            }
            (Found::Unreadable(_), _) => {
                reasons.push(format!("{name} cannot be used"));
            }
            (Found::Nothing, Some(entry)) => {
                reasons.push(format!("{name} has another name here ('{}')", entry.name));
            }
            (Found::Nothing, None) => absent.push(format!("no {name}")),
        }
    }
    if !absent.is_empty() {
        reasons.push(format!("there is {}", absent.join(" and ")));
    }
    reasons.join("; ")
}
