//! One manifest with the files that it names.

use std::collections::BTreeSet;

use super::{
    super::{
        entry::ScannedEntry,
        manifest::ImageEntry,
        signature::{Verification, has_known_key},
        types::Problem,
    },
    faults::{self, Signing, damaged},
    index::{Found, Index},
};

/// What is known about a manifest and its images.
pub(super) struct Judged<'e> {
    pub(super) manifest: usize,
    /// The manifest and its images, as far as they are there.
    pub(super) files: BTreeSet<usize>,
    /// The names of the images in lower case, sorted.
    pub(super) images: BTreeSet<String>,
    pub(super) damage: Vec<Problem>,
    /// The images that are missing.
    pub(super) missing: Vec<&'e ImageEntry>,
    /// Every file has a valid signature.
    pub(super) is_proven: bool,
}

impl<'e> Judged<'e> {
    pub(super) fn of(index: &Index<'e>, manifest: usize) -> Self {
        let entry = &index.entries[manifest];
        let mut judged = Self {
            manifest,
            files: BTreeSet::from([manifest]),
            images: BTreeSet::new(),
            damage: Vec::new(),
            missing: Vec::new(),
            is_proven: false,
        };
        if let Some(Ok(parsed)) = &entry.manifest {
            for image in &parsed.images {
                judged.images.insert(image.name.to_ascii_lowercase());
                judged.add_image(index, entry, image);
            }
        }
        judged.check_loader(index, entry);
        judged.check_files(index, entry);
        judged
    }

    /// Whether nothing is wrong or missing.
    pub(super) fn is_whole(&self) -> bool {
        self.damage.is_empty() && self.missing.is_empty()
    }

    fn add_image(&mut self, index: &Index<'e>, manifest: &ScannedEntry, image: &'e ImageEntry) {
        match index.find(&image.name) {
            Found::File(at) => {
                self.files.insert(at);
                self.check_line(&manifest.name, image, &index.entries[at]);
            }
            Found::Unreadable(why) => self.damage.push(why.clone()),
            Found::Twice => self.damage.push(Problem {
                cure: "Remove the one that does not belong to this release.".to_owned(),
                ..damaged(
                    "duplicate-member",
                    &image.name,
                    "two files have this name, differ in its case only, and have different bytes",
                )
            }),
            Found::Nothing if image.optional => {}
            Found::Nothing => self.missing.push(image),
        }
    }

    /// Compares an image with its line in the manifest.
    fn check_line(&mut self, manifest: &str, image: &ImageEntry, found: &ScannedEntry) {
        let mut report =
            |code, message: String| self.damage.push(damaged(code, &found.name, message));
        match (found.size, image.size) {
            (0, _) => report(
                "empty-image",
                "a manifest names it, but it is empty".to_owned(),
            ),
            // What it is instead says more than its size.
            _ if found.hint.is_some() => {}
            (own, Some(stated)) if stated != own => report(
                "size-mismatch",
                format!("it has {own} bytes; {manifest} states {stated}"),
            ),
            _ => {}
        }
        if let (Some(stated), Some(own)) = (&image.md5, &found.body_md5)
            && !stated.eq_ignore_ascii_case(own)
        {
            report(
                "digest-mismatch",
                format!("its MD5 is {own}; {manifest} states {stated}"),
            );
        }
    }

    /// A 7940 or 7960 fetches and writes the loader whenever its version is not the one in the
    /// manifest: with a loader of another release, at every start.
    fn check_loader(&mut self, index: &Index<'e>, manifest: &ScannedEntry) {
        let Some(Ok(parsed)) = &manifest.manifest else {
            return;
        };
        let Some(stated) = &parsed.loader_version else {
            return;
        };
        for entry in self.files.iter().map(|at| &index.entries[*at]) {
            if let Some(own) = entry.loader_version.as_ref().filter(|own| *own != stated) {
                self.damage.push(Problem {
                    cure: "Use the manifest and the images of one release.".to_owned(),
                    ..damaged(
                        "loader-version",
                        &entry.name,
                        format!(
                            "it is version {own} of the loader; {} states {stated}, so a phone \
                             would fetch and write it at every start",
                            manifest.name
                        ),
                    )
                });
            }
        }
    }

    fn check_files(&mut self, index: &Index<'e>, manifest: &ScannedEntry) {
        let is_valid = |at: &usize| {
            matches!(
                index.entries[*at].verification,
                Some(Verification::Valid(_))
            )
        };
        let valid = self.files.iter().filter(|at| is_valid(at)).count();
        self.is_proven = valid == self.files.len();
        let of_platform = has_known_key(&manifest.name);
        for at in &self.files {
            let entry = &index.entries[*at];
            let signing = if of_platform || has_known_key(&entry.name) {
                Signing::Keyed
            } else if valid > 0 {
                Signing::LikeItsSet
            } else {
                Signing::Unknown
            };
            self.damage.extend(faults::of(entry, signing));
        }
    }
}
