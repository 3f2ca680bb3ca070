//! The loads that phones are to install and the files of each.

use super::{eligibility::targets, error::StageError};
use crate::{
    bundle::{Bundle, Manifest, Member},
    phone::{EarlyFirmware, LoadName, MODELS, Model, load_of_image_79x0, normalized_name},
    track::{ManifestPlan, StagePlan},
};

/// The load of each model, for all bundles, in the order of the model table.
pub(super) fn announced_loads(bundles: &[Bundle]) -> Vec<(&'static Model, &LoadName)> {
    let of_bundles: Vec<_> = bundles.iter().flat_map(targets).collect();
    MODELS
        .iter()
        .filter_map(|model| {
            of_bundles
                .iter()
                .find(|(named, _)| *named == model)
                .copied()
        })
        .collect()
}

/// One plan for each load. Also used for bundles that another server serves.
///
/// # Errors
///
/// A manifest names an image that is not in its bundle.
pub fn stage_plans(bundles: &[Bundle]) -> Result<Vec<StagePlan>, StageError> {
    let mut plans = Vec::new();
    for bundle in bundles {
        let mut of_bundle: Vec<(&LoadName, Vec<&'static Model>)> = Vec::new();
        for (model, load) in targets(bundle) {
            match of_bundle.iter_mut().find(|(known, _)| *known == load) {
                Some((_, models)) => models.push(model),
                None => of_bundle.push((load, vec![model])),
            }
        }
        for (load, models) in of_bundle {
            plans.push(StagePlan {
                load: load.clone(),
                manifests: match EarlyFirmware::of(load) {
                    Some(_) => vec![images_without_manifest(bundle, load)],
                    None => manifests(bundle, load, &models)?,
                },
                models,
            });
        }
    }
    Ok(plans)
}

/// Firmware of a 7940 or 7960 from before the loader, which has no manifest: its images stand under
/// the name of the load, which no phone requests.
fn images_without_manifest(bundle: &Bundle, load: &LoadName) -> ManifestPlan {
    let is_own = |member: &&Member| {
        let own = load_of_image_79x0(&member.name);
        !member.served_as.is_empty() && own.is_some_and(|(own, _)| own == *load)
    };
    let images = bundle.members.iter().filter(is_own);
    ManifestPlan {
        name: load.to_string(),
        images: images
            .map(|member| (member.name.clone(), member.size))
            .collect(),
        hardware: None,
        platforms: Vec::new(),
    }
}

/// The load's own manifest and the recovery manifests of its models.
fn manifests(
    bundle: &Bundle,
    load: &LoadName,
    models: &[&'static Model],
) -> Result<Vec<ManifestPlan>, StageError> {
    // A recovery manifest of another load is served, but does not install this one.
    let wanted = |manifest: &&Manifest| {
        let name = &manifest.name;
        manifest.installs.as_ref() == Some(load)
            && (name.eq_ignore_ascii_case(&load.manifest())
                || models
                    .iter()
                    .filter_map(|model| model.recovery_manifest)
                    .any(|recovery| recovery.eq_ignore_ascii_case(name)))
    };
    bundle
        .manifests
        .iter()
        .filter(wanted)
        .map(|manifest| {
            let images = manifest
                .images
                .iter()
                .map(|image| {
                    let member = bundle
                        .members
                        .iter()
                        .find(|member| normalized_name(&member.name) == normalized_name(image))
                        .ok_or_else(|| StageError::MissingImage {
                            path: bundle.path.clone(),
                            manifest: manifest.name.clone(),
                            image: image.clone(),
                        })?;
                    Ok((image.clone(), member.size))
                })
                .collect::<Result<_, StageError>>()?;
            Ok(ManifestPlan {
                hardware: manifest.hardware,
                platforms: if manifest.platforms.iter().all(|bits| *bits == 0) {
                    Vec::new()
                } else {
                    manifest.platforms.clone()
                },
                name: manifest.name.clone(),
                images,
            })
        })
        .collect()
}
