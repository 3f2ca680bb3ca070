//! Compares the manifests with the files they name, and each file with its own header.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::{
    entry::ScannedEntry,
    file_kinds::{is_firmware, is_image},
    header::ImageHeader,
    manifest::ImageEntry,
    signature::{Verification, has_known_key},
    types::{KeyGeneration, Problem},
};
use crate::diagnose::Severity;

/// The findings.
#[derive(Default)]
pub(super) struct CrossCheck {
    /// What is wrong.
    pub(super) damage: Vec<Problem>,
    /// What is missing, each file once.
    pub(super) missing: Vec<Problem>,
    /// Notes that do not prevent use of the bundle.
    pub(super) remarks: Vec<Problem>,
    /// Every name in a manifest, in lower case.
    pub(super) named: BTreeSet<String>,
    pub(super) proven: bool,
    pub(super) key_generation: Option<KeyGeneration>,
    pub(super) uses_trusted_key: bool,
    /// The names in manifests of platforms whose keys are known.
    named_by_keyed: BTreeSet<String>,
}

impl CrossCheck {
    pub(super) fn of(entries: &[ScannedEntry]) -> Self {
        let mut check = Self::default();
        let by_name: HashMap<String, &ScannedEntry> = entries
            .iter()
            .map(|entry| (entry.name.to_ascii_lowercase(), entry))
            .collect();
        let mut missing: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for entry in entries {
            let Some(Ok(parsed)) = &entry.manifest else {
                continue;
            };
            for image in &parsed.images {
                let key = image.name.to_ascii_lowercase();
                match by_name.get(&key) {
                    None => missing.entry(&image.name).or_default().push(&entry.name),
                    Some(found) => check.check_image(&entry.name, image, found),
                }
                if has_known_key(&entry.name) {
                    check.named_by_keyed.insert(key.clone());
                }
                check.named.insert(key);
            }
        }
        for entry in entries {
            check.check_entry(entry);
        }
        check.missing = missing
            .into_iter()
            .map(|(image, manifests)| missing_image(image, &manifests))
            .collect();
        check.check_signatures(entries);
        check
    }

    fn is_named(&self, entry: &ScannedEntry) -> bool {
        self.named.contains(&entry.name.to_ascii_lowercase())
    }

    /// Whether phones verify this file with a key that is known here.
    fn is_keyed(&self, entry: &ScannedEntry) -> bool {
        let lower = entry.name.to_ascii_lowercase();
        (entry.manifest.is_some() || self.is_named(entry))
            && (has_known_key(&entry.name) || self.named_by_keyed.contains(&lower))
    }

    /// Compares an image with its line in a manifest.
    fn check_image(&mut self, manifest: &str, image: &ImageEntry, found: &ScannedEntry) {
        let mut report = |code, message| self.damage.push(damaged(code, &found.name, message));
        match (found.size, image.size) {
            (0, _) => report(
                "empty-image",
                format!("{manifest} names it, but it is empty"),
            ),
            (own, Some(stated)) if stated != own => {
                report(
                    "size-mismatch",
                    format!("it has {own} bytes; {manifest} states {stated}"),
                );
            }
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

    /// Checks a file's header, manifest, payload and signature.
    fn check_entry(&mut self, entry: &ScannedEntry) {
        let used = self.is_named(entry) || entry.manifest.is_some();
        let firmware = used || is_firmware(&entry.name) || is_image(&entry.name);
        let keyed = self.is_keyed(entry);
        let mut report = |code, message| self.damage.push(damaged(code, &entry.name, message));
        match (&entry.header, &entry.manifest) {
            (ImageHeader::Broken(why), _) if firmware => report("header-damaged", why.clone()),
            (_, Some(Err(why))) => {
                report(
                    "manifest-invalid",
                    format!("phones would reject this manifest: {why}"),
                );
            }
            _ => {}
        }
        if let Some(why) = entry.payload_error.filter(|_| firmware) {
            report("payload-damaged", why.to_owned());
        }
        match (&entry.verification, &entry.header) {
            (Some(Verification::Invalid(None)), _) if firmware => report(
                "signature-invalid",
                "its signature is invalid: the file was modified, or not signed by Cisco"
                    .to_owned(),
            ),
            (Some(Verification::Invalid(Some(platform))), _) if firmware => report(
                "signature-invalid",
                format!(
                    "it is signed for another platform ({platform}), so the phones that it is \
                         for reject it"
                ),
            ),
            (Some(Verification::NoMatchingKey), _) if keyed => report(
                "signature-invalid",
                "it is not signed with any key that the phones it is for know".to_owned(),
            ),
            (None, ImageHeader::None) if keyed && entry.size > 0 => {
                report(
                    "not-signed",
                    "it has no signature, so the phones that it is for reject it".to_owned(),
                );
            }
            _ => {}
        }
        self.check_names(entry, used);
    }

    /// Compares a file's name with the names inside it.
    fn check_names(&mut self, entry: &ScannedEntry, used: bool) {
        let remark = |code, message| Problem {
            severity: Severity::Warning,
            cure: "Nothing to do, unless a phone rejects it.".to_owned(),
            ..damaged(code, &entry.name, message)
        };
        if let Some(inner) = entry.header.name() {
            let shown = String::from_utf8_lossy(inner);
            let message = format!("its header names it {shown}");
            if inner == entry.name.as_bytes() || !(used || is_image(&entry.name)) {
                // The names are equal, or the file is not an image.
            } else if inner.eq_ignore_ascii_case(entry.name.as_bytes()) {
                self.remarks.push(remark("name-case", message));
            } else if used {
                let message = format!("{message}, and phones reject a file with another name");
                self.damage
                    .push(damaged("name-mismatch", &entry.name, message));
            } else {
                self.remarks.push(remark(
                    "name-mismatch",
                    format!("{message}; no manifest names it"),
                ));
            }
        }
        if let ImageHeader::Signed(header) = &entry.header
            && used
        {
            for oddity in &header.oddities {
                self.remarks
                    .push(remark("header-odd", (*oddity).to_owned()));
            }
        }
        let stem = entry.name.rsplit_once('.').map_or("", |(stem, _)| stem);
        if let Some(id) = &entry.load_id
            && used
            && !id.eq_ignore_ascii_case(stem)
        {
            self.remarks
                .push(remark("load-id", format!("its internal load id is {id}")));
        }
    }

    /// What the signatures prove together.
    fn check_signatures(&mut self, entries: &[ScannedEntry]) {
        let mut unchecked = 0;
        let mut proven = 0;
        let mut generations = BTreeSet::new();
        for entry in entries {
            let used = entry.manifest.is_some() || self.is_named(entry);
            match &entry.verification {
                Some(Verification::Valid(signer)) => {
                    proven += 1;
                    self.uses_trusted_key |= signer.trusted;
                    generations.insert(signer.generation);
                }
                Some(_) if used || is_image(&entry.name) => unchecked += 1,
                None if used => unchecked += 1,
                _ => {}
            }
        }
        self.proven = unchecked == 0 && proven > 0;
        let mut generations = generations.into_iter();
        self.key_generation = match (generations.next(), generations.next()) {
            (Some(one), None) => one,
            _ => None,
        };
        if unchecked > 0 && self.damage.is_empty() && self.missing.is_empty() {
            self.remarks.push(Problem {
                code: "signature-unchecked",
                severity: Severity::Note,
                member: None,
                message: format!(
                    "signature not checked: {unchecked} of its files are not signed, or signed \
                     with a key that is not public"
                ),
                cure: "Compare the file's digest with the one on the download page.".to_owned(),
            });
        }
    }
}

fn missing_image(image: &str, manifests: &[&str]) -> Problem {
    let verb = if manifests.len() == 1 {
        "names"
    } else {
        "name"
    };
    Problem {
        code: "missing-image",
        severity: Severity::Error,
        member: Some(image.to_owned()),
        message: format!(
            "{} {verb} it, but it is not in the bundle",
            manifests.join(", ")
        ),
        cure: "Get the complete bundle: a phone that cannot fetch an image stops halfway."
            .to_owned(),
    }
}

fn damaged(code: &'static str, member: &str, message: String) -> Problem {
    Problem {
        code,
        severity: Severity::Error,
        member: Some(member.to_owned()),
        message,
        cure: "Get the bundle again as published by Cisco.".to_owned(),
    }
}
