//! Conclusions from all files of a bundle: its loads, the verdict on each, what phones are
//! served, and what does not belong to any of them.

mod faults;
mod findings;
mod index;
mod judged;
mod load_set;
mod missing;
mod recovery;
mod served;
mod skips;

use std::collections::BTreeSet;

use super::{
    catalogue::files::{self, FileIdentity, FileSet},
    collect::CollectedFolder,
    entry::ScannedEntry,
    entry_path::SkipReason,
    file_kinds::is_image,
    firmware_set::FirmwareSet,
    header::ImageHeader,
    purpose,
    signature::Verification,
    standalone,
    types::{KeyGeneration, Manifest, Member, MemberKind, Problem, Signature, Verdict},
};
use crate::phone::{LoadName, Model};
use findings::Findings;
use index::{Index, served_name};
use load_set::Loads;
use recovery::RecoveryManifest;
use served::Served;
pub(super) use skips::of_skipped as skip_notes;

/// The contents of a bundle.
#[derive(Debug)]
pub(super) struct Contents {
    pub(super) members: Vec<Member>,
    pub(super) manifests: Vec<Manifest>,
    /// All loads, sorted.
    pub(super) sets: Vec<FirmwareSet>,
    pub(super) models: Vec<&'static Model>,
    pub(super) problems: Vec<Problem>,
    /// What is not served, and for which phones this program does nothing.
    pub(super) notes: Vec<Problem>,
    pub(super) verdict: Verdict,
    /// The generation of the signing keys, if all served files have the same one.
    pub(super) key_generation: Option<KeyGeneration>,
    /// A signature of a served file is valid only with a key that the user trusts.
    pub(super) uses_trusted_key: bool,
    /// The set of catalogued files that contains all served files.
    pub(super) set: Option<&'static FileSet>,
}

/// Draws the conclusions. `known`: the digest of the whole file is known.
pub(super) fn conclude(
    folder: &CollectedFolder,
    skipped: &[(String, SkipReason)],
    known: bool,
) -> Contents {
    let CollectedFolder { entries, damaged } = folder;
    let index = Index::new(entries, damaged, skipped);
    let loads = Loads::of(&index, damaged);
    let recovery: Vec<_> = loads
        .recovery
        .iter()
        .filter_map(|at| RecoveryManifest::of(&index, *at, &loads.sets))
        .collect();
    let mut sets: Vec<FirmwareSet> = loads
        .sets
        .iter()
        .map(|set| firmware_set(set, &recovery, known))
        .collect();
    served::select(&mut sets);
    let served = Served::of(&index, &loads.sets, &sets, &recovery);
    let set = set_of(&served, entries).filter(|_| !known);
    if set.is_some_and(|set| set.bundle.is_some()) {
        for set in sets.iter_mut().filter(|set| set.is_served) {
            set.verdict = Verdict::Known;
        }
    }
    let mut found = Findings::new(&index, &loads, &sets, &recovery);
    let verdict = found.report(damaged);
    let (problems, notes) = (found.problems, found.notes);
    let (key_generation, uses_trusted_key) = signers(&served, &loads, &sets, entries);
    Contents {
        members: entries
            .iter()
            .enumerate()
            .map(|(at, entry)| member(entry, &loads, &recovery, at, &served))
            .collect(),
        manifests: manifests(entries, &loads, &recovery, &sets),
        models: models(&sets, &recovery),
        sets,
        problems,
        notes,
        verdict,
        key_generation,
        uses_trusted_key,
        set,
    }
}

/// The verdict on one load.
fn firmware_set(
    set: &load_set::LoadSet<'_>,
    recovery: &[RecoveryManifest<'_>],
    known: bool,
) -> FirmwareSet {
    let models = match set.models {
        Some(models) => models.to_vec(),
        None => purpose::models_of(&set.load),
    };
    let of_family = |found: &&RecoveryManifest<'_>| {
        Some(found.model.family) == set.load.family() && models.contains(&found.model.number)
    };
    let mut own = recovery.iter().filter(of_family);
    let is_proven = set.judged.as_ref().is_some_and(|judged| judged.is_proven)
        && own
            .clone()
            .filter(|found| found.installs.as_ref() == Some(&set.load))
            .all(|found| found.judged.is_proven);
    let verdict = match set.verdict {
        Some(verdict) => verdict,
        // A damaged recovery manifest has the name that phones of this load request.
        None if own.any(|found| !found.judged.damage.is_empty()) => Verdict::Damaged,
        None if known => Verdict::Known,
        None if is_proven => Verdict::Genuine,
        None => Verdict::Intact,
    };
    FirmwareSet {
        load: set.load.clone(),
        verdict,
        protocol: standalone::protocol(&set.load),
        recovery: recovery::of_load(&set.load, &models, recovery),
        models,
        is_served: false,
    }
}

fn set_of(served: &Served, entries: &[ScannedEntry]) -> Option<&'static FileSet> {
    let names: Vec<(usize, String)> = served
        .files()
        .map(|at| (at, served_name(&entries[at])))
        .collect();
    let identities: Vec<_> = names
        .iter()
        .map(|(at, name)| FileIdentity {
            name,
            size: entries[*at].size,
            sha256: &entries[*at].sha256,
            sha1: entries[*at].sha1.as_deref(),
        })
        .collect();
    files::set_of(&identities)
}

/// Who signed what is served, or would be.
fn signers(
    served: &Served,
    loads: &Loads<'_>,
    sets: &[FirmwareSet],
    entries: &[ScannedEntry],
) -> (Option<KeyGeneration>, bool) {
    let mut generations = BTreeSet::new();
    let mut trusted = false;
    let mut files: BTreeSet<usize> = served.files().collect();
    if files.is_empty() {
        // Firmware that no configuration can name: its own files.
        let whole = |load: &LoadName| sets.iter().any(|set| set.load == *load && set.is_whole());
        let own = loads.sets.iter().filter(|set| whole(&set.load));
        let judged = own.filter_map(|set| set.judged.as_ref());
        files = judged
            .flat_map(|judged| judged.files.iter().copied())
            .collect();
    }
    for at in files {
        if let Some(Verification::Valid(signer)) = &entries[at].verification {
            trusted |= signer.trusted;
            generations.insert(signer.generation);
        }
    }
    let mut generations = generations.into_iter();
    match (generations.next(), generations.next()) {
        (Some(one), None) => (one, trusted),
        _ => (None, trusted),
    }
}

/// The models that the bundle is for: those of the served loads, or else of all.
fn models(sets: &[FirmwareSet], recovery: &[RecoveryManifest<'_>]) -> Vec<&'static Model> {
    let of = |sets: &mut dyn Iterator<Item = &FirmwareSet>| -> BTreeSet<&'static str> {
        sets.flat_map(|set| set.models.iter().copied()).collect()
    };
    let mut numbers = of(&mut sets.iter().filter(|set| set.is_served));
    if numbers.is_empty() {
        numbers = of(&mut sets.iter());
    }
    if numbers.is_empty() {
        let named = recovery.iter().map(|found| found.model.recovery_manifest);
        let named: Vec<_> = named.collect();
        let models = crate::phone::MODELS.iter();
        let own = models.filter(|model| named.contains(&model.recovery_manifest));
        numbers = own.map(|model| model.number).collect();
    }
    let known = numbers.iter().filter_map(|number| Model::by_number(number));
    known.collect()
}

/// The manifests that phones are served.
fn manifests(
    entries: &[ScannedEntry],
    loads: &Loads<'_>,
    recovery: &[RecoveryManifest<'_>],
    sets: &[FirmwareSet],
) -> Vec<Manifest> {
    let installs = |load: &LoadName| {
        let whole = sets.iter().find(|set| set.load == *load && set.is_whole());
        whole.map(|set| set.load.clone())
    };
    let of_loads = loads.sets.iter().filter_map(|set| {
        let at = set.judged.as_ref()?.manifest;
        Some((at, installs(&set.load)))
    });
    let of_recovery = recovery.iter().map(|found| {
        let load = found.installs.as_ref().filter(|_| found.is_usable());
        (found.judged.manifest, load.and_then(installs))
    });
    let mut all: Vec<(usize, Option<LoadName>)> = of_loads.chain(of_recovery).collect();
    all.sort_by_key(|(at, _)| *at);
    all.into_iter()
        .filter_map(|(at, installs)| {
            let entry = &entries[at];
            let Some(Ok(parsed)) = &entry.manifest else {
                return None;
            };
            let images = parsed.images.iter().filter(|image| {
                let is = |other: &ScannedEntry| other.name.eq_ignore_ascii_case(&image.name);
                !image.optional || entries.iter().any(is)
            });
            let (images, platforms) = images
                .map(|image| (image.name.clone(), image.platforms))
                .unzip();
            Some(Manifest {
                name: served_name(entry),
                installs,
                images,
                platforms,
                hardware: parsed.hardware,
            })
        })
        .collect()
}

fn member(
    entry: &ScannedEntry,
    loads: &Loads<'_>,
    recovery: &[RecoveryManifest<'_>],
    at: usize,
    served: &Served,
) -> Member {
    let judged = loads.sets.iter().filter_map(|set| set.judged.as_ref());
    let is_named = judged
        .chain(recovery.iter().map(|found| &found.judged))
        .any(|judged| judged.files.contains(&at));
    let judged = loads.sets.iter().filter_map(|set| set.judged.as_ref());
    let damage = judged
        .chain(recovery.iter().map(|found| &found.judged))
        .flat_map(|judged| &judged.damage);
    let damage: Vec<&Problem> = damage.collect();
    let is_reported = |name: &str, code: &str| {
        let is =
            |problem: &&Problem| problem.code == code && problem.member.as_deref() == Some(name);
        damage.iter().any(is)
    };
    let image = is_named || is_image(&entry.name);
    let (signature, signer) = match (&entry.verification, &entry.header) {
        (Some(Verification::Valid(signer)), _) => (Signature::Valid, Some(signer)),
        (Some(Verification::Invalid(_) | Verification::Modified(_)), _) => {
            (Signature::Invalid, None)
        }
        (None, ImageHeader::Broken(_)) if image || entry.manifest.is_some() => {
            (Signature::Invalid, None)
        }
        _ if is_reported(&entry.name, "signature-invalid") => (Signature::Invalid, None),
        // A broken header of a file that is not firmware may be a signed configuration.
        (Some(Verification::NoMatchingKey), _)
        | (None, ImageHeader::FifthGeneration(_) | ImageHeader::Broken(_)) => {
            (Signature::Unchecked, None)
        }
        (None, _) => (Signature::None, None),
    };
    Member {
        kind: match entry.manifest {
            Some(_) => MemberKind::Manifest,
            None if image => MemberKind::Image,
            None => MemberKind::Other,
        },
        signature,
        signed_at: signer.and_then(|signer| signer.at),
        key: signer.map(|signer| signer.key.clone()),
        name: entry.name.clone(),
        size: entry.size,
        sha256: entry.sha256.clone(),
        served_as: served.names(at),
    }
}

#[cfg(test)]
mod tests;
