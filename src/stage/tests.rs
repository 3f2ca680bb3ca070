//! Stages of synthetic bundles.

mod failures;
mod roots;
mod selection;

use std::{
    cell::Cell,
    fs, io,
    net::{IpAddr, Ipv4Addr},
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::Arc,
};

use super::*;
use crate::{
    bundle::{
        Bundle, BundleError, BundleLocation, FirmwareSet, Manifest, Member, MemberKind, Signature,
        Verdict,
    },
    phone::{LoadName, Model},
    track::View,
};

pub(super) const CALL_MANAGER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 10));

/// A bundle for `models`. The bytes of every member contain the load, so that a name has different
/// bytes in two loads.
pub(super) fn bundle(path: &str, load: &str, models: &[&str]) -> Bundle {
    let load = LoadName::new(load);
    let models: Vec<&'static Model> = models
        .iter()
        .map(|number| Model::by_number(number).unwrap())
        .collect();
    let digits = models[0].family.models().next().unwrap().number;
    let images: Vec<String> = ["jar", "cnu", "apps", "dsp", "cvm"]
        .iter()
        .map(|part| format!("{part}{digits}.9.sbn"))
        .collect();
    let mut names: Vec<(String, MemberKind)> = vec![(load.manifest(), MemberKind::Manifest)];
    for model in &models {
        let recovery = model.recovery_manifest.unwrap().to_owned();
        names.push((recovery, MemberKind::Manifest));
    }
    let manifests = names
        .iter()
        .map(|(name, _)| Manifest {
            name: name.clone(),
            installs: Some(load.clone()),
            // As real manifests do, it differs from the member in case.
            images: images.iter().map(|image| image.to_uppercase()).collect(),
            hardware: None,
            platforms: vec![0; images.len()],
        })
        .collect();
    names.extend(images.into_iter().map(|image| (image, MemberKind::Image)));
    let members = names
        .into_iter()
        .map(|(name, kind)| {
            let bytes = content(&load, &name);
            Member {
                size: bytes.len() as u64,
                sha256: staged_file::sha256(&bytes),
                served_as: vec![name.clone()],
                name,
                kind,
                signature: Signature::Valid,
                key: None,
                signed_at: None,
            }
        })
        .collect();
    Bundle {
        path: path.into(),
        verdict: Verdict::Known,
        digests: None,
        catalogue: None,
        protocol: None,
        sets: vec![FirmwareSet {
            protocol: load.protocol(),
            verdict: Verdict::Known,
            models: with_variants(&models),
            is_served: true,
            recovery: Vec::new(),
            load: load.clone(),
        }],
        loads: vec![load],
        models,
        members,
        manifests,
        key_generation: None,
        uses_trusted_key: false,
        location: BundleLocation::default(),
        problems: Vec::new(),
    }
}

/// The numbers of these models and of their -GE variants.
fn with_variants(models: &[&'static Model]) -> Vec<&'static str> {
    let is_named = |model: &&Model| {
        models
            .iter()
            .any(|own| own.plain_number() == model.plain_number())
    };
    let all = crate::phone::MODELS.iter().filter(is_named);
    all.map(|model| model.number).collect()
}

pub(super) fn content(load: &LoadName, name: &str) -> Vec<u8> {
    format!("{load} {name}").into_bytes()
}

pub(super) fn unpack(bundle: &Bundle, folder: &Path) -> Result<(), BundleError> {
    for member in &bundle.members {
        let path = folder.join(&member.name);
        fs::write(&path, content(&bundle.loads[0], &member.name))
            .map_err(|source| BundleError::Io { path, source })?;
    }
    Ok(())
}

pub(super) fn sip45() -> Bundle {
    bundle("sip45.zip", "SIP45.9-3-1SR4-1S", &["7945", "7965"])
}

pub(super) fn sources<'a>(
    bundles: &'a [Bundle],
    bridges: &'a [Bundle],
) -> inspect::LayoutSources<'a> {
    inspect::LayoutSources {
        bundles,
        bridges,
        extra: &[],
    }
}

fn temporary(base: &Path, bundles: &[Bundle]) -> Result<Stage, StageError> {
    layout::temporary(base, sources(bundles, &[]), CALL_MANAGER, &unpack)
}

fn persistent(folder: &Path, bundles: &[Bundle]) -> Result<Stage, StageError> {
    layout::persistent(folder, bundles, &[], CALL_MANAGER, &unpack)
}

pub(super) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
