//! Files that are missing, and why they may be.

use std::collections::BTreeMap;

use super::{
    super::{entry::ScannedEntry, entry_path::SkipReason, types::Problem},
    faults::{self, Signing},
    index::Index,
};
use crate::diagnose::Severity;

/// Missing images by the name in the manifest, with the manifests that name each.
pub(super) type MissingImages<'e> = BTreeMap<&'e str, Vec<&'e str>>;

/// One problem for each missing image.
pub(super) fn problems(missing: &MissingImages<'_>, index: &Index<'_>) -> Vec<Problem> {
    missing
        .iter()
        .map(|(image, manifests)| problem(image, manifests, index))
        .collect()
}

fn problem(image: &str, manifests: &[&str], index: &Index<'_>) -> Problem {
    let verb = if manifests.len() == 1 {
        "names"
    } else {
        "name"
    };
    let (cause, cure) = cause(image, index);
    Problem {
        code: "missing-image",
        severity: Severity::Error,
        member: Some(image.to_owned()),
        message: format!("{} {verb} it, but {cause}", manifests.join(", ")),
        cure,
    }
}

/// What is wrong with a file besides its name.
fn fault(entry: &ScannedEntry) -> Option<String> {
    faults::of(entry, Signing::Unknown)
        .into_iter()
        .find(|problem| problem.code != "name-mismatch")
        .map(|problem| problem.message)
}

/// Whether the name is one that browsers and copying programs give to a file before it is
/// complete.
fn is_partial(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    [
        ".part",
        ".partial",
        ".crdownload",
        ".download",
        ".filepart",
        ".tmp",
    ]
    .iter()
    .any(|end| lower.ends_with(end))
}

/// Whether the name is that of a packed file.
fn is_packed(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    [".gz", ".bz2", ".xz", ".z", ".7z", ".rar", ".zst"]
        .iter()
        .any(|end| lower.ends_with(end))
}

/// Why an image is missing, and what to do.
fn cause(image: &str, index: &Index<'_>) -> (String, String) {
    if let Some(found) = index.renamed(image) {
        if let Some(fault) = fault(found) {
            let cure = if is_partial(&found.name) {
                "Its download was not completed: download it again."
            } else {
                "Get the bundle again as published by Cisco."
            };
            return (
                format!(
                    "it has another name here, '{}', and is damaged: {fault}",
                    found.name
                ),
                cure.to_owned(),
            );
        }
        return (
            format!("it has another name here: '{}' is this file", found.name),
            format!("Rename '{}' to '{image}'.", found.name),
        );
    }
    match index.skip_reason(image) {
        Some(SkipReason::Link) => {
            return (
                "the file of that name is a link, and links are not followed".to_owned(),
                "Replace the link by the file itself, or give the folder with the files."
                    .to_owned(),
            );
        }
        Some(SkipReason::Unreadable) => {
            return (
                "this user may not read the file of that name".to_owned(),
                "Make it readable (`chmod a+r FILE`), or run this as a user who may read it."
                    .to_owned(),
            );
        }
        _ => {}
    }
    if let Some(found) = index
        .decorated(image)
        .filter(|found| is_packed(&found.name))
    {
        return (
            format!(
                "it is not in the bundle; '{}' may hold it, packed",
                found.name
            ),
            format!("Unpack '{}'.", found.name),
        );
    }
    if let Some(found) = index.decorated(image) {
        return (
            format!(
                "it is not in the bundle; '{}' may be this file under another name",
                found.name
            ),
            format!("If it is, rename '{}' to '{image}'.", found.name),
        );
    }
    if let Some(found) = index.other_release(image) {
        return (
            format!(
                "it is not in the bundle, which has {} of another release instead",
                found.name
            ),
            "Put manifests and images of one release into one folder: phones take no mixture."
                .to_owned(),
        );
    }
    (
        "it is not in the bundle".to_owned(),
        "Get the complete bundle: a phone that cannot fetch an image stops halfway.".to_owned(),
    )
}
