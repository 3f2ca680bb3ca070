//! Conclusions from all files of a bundle: the kind of each file, missing files, and
//! contradictions.

mod cross_check;

use std::collections::BTreeSet;

use super::{
    catalogue::files::{self, FileIdentity, FileSet},
    entry::ScannedEntry,
    file_kinds::{is_firmware, is_image},
    header::ImageHeader,
    purpose::Purpose,
    signature::Verification,
    types::{KeyGeneration, Manifest, Member, MemberKind, Problem, Signature, Verdict},
};
use crate::diagnose::Severity;
use cross_check::CrossCheck;

/// The contents of a bundle whose entries could all be read.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) members: Vec<Member>,
    pub(super) manifests: Vec<Manifest>,
    pub(super) purpose: Purpose,
    pub(super) problems: Vec<Problem>,
    /// The worst verdict that a problem leads to.
    pub(super) verdict: Option<Verdict>,
    /// Every manifest, every image that a manifest names and every other signed image has a
    /// valid signature.
    pub(super) proven: bool,
    /// The generation of the signing keys, if all signatures have the same one.
    pub(super) key_generation: Option<KeyGeneration>,
    /// A signature is valid only with a key that the user trusts.
    pub(super) uses_trusted_key: bool,
    /// The set of catalogued files that contains all members.
    pub(super) set: Option<&'static FileSet>,
}

/// Draws the conclusions.
pub(super) fn conclude(entries: Vec<ScannedEntry>) -> Contents {
    let checked = CrossCheck::of(&entries);
    let mut missing = checked.missing;
    let manifests = entries.iter().any(|entry| entry.manifest.is_some());
    if !manifests && entries.iter().any(|entry| is_firmware(&entry.name)) {
        missing.push(Problem {
            code: "no-manifest",
            severity: Severity::Error,
            member: None,
            message: "it contains images but no .loads manifest, which phones request first"
                .to_owned(),
            cure: "Get the complete bundle as published by Cisco.".to_owned(),
        });
    }
    let mut contents = Contents {
        verdict: match (checked.damage.is_empty(), missing.is_empty(), manifests) {
            (false, ..) => Some(Verdict::Damaged),
            (true, false, _) => Some(Verdict::Incomplete),
            (true, true, false) => Some(Verdict::Foreign),
            (true, true, true) => None,
        },
        problems: checked.damage,
        proven: checked.proven,
        key_generation: checked.key_generation,
        uses_trusted_key: checked.uses_trusted_key,
        set: set_of(&entries),
        ..Contents::default()
    };
    contents.problems.append(&mut missing);
    if contents.verdict == Some(Verdict::Foreign) {
        contents.problems.push(Problem {
            code: "no-firmware",
            severity: Severity::Error,
            member: None,
            message: match entries.len() {
                0 => "it is empty".to_owned(),
                _ => "none of its files is a .loads manifest or a firmware image".to_owned(),
            },
            cure: "Give the firmware bundle: the file that contains .loads files.".to_owned(),
        });
    }
    contents.problems.extend(checked.remarks);
    for entry in entries {
        contents.add(entry, &checked.named);
    }
    contents.purpose = Purpose::of(
        contents
            .members
            .iter()
            .filter(|member| member.kind == MemberKind::Manifest)
            .map(|member| member.name.as_str()),
    );
    contents
}

fn set_of(entries: &[ScannedEntry]) -> Option<&'static FileSet> {
    let identities: Vec<_> = entries
        .iter()
        .map(|entry| FileIdentity {
            name: &entry.name,
            size: entry.size,
            sha256: &entry.sha256,
            sha1: entry.sha1.as_deref(),
        })
        .collect();
    files::set_of(&identities)
}

impl Contents {
    fn add(&mut self, entry: ScannedEntry, named: &BTreeSet<String>) {
        let lower = entry.name.to_ascii_lowercase();
        let image = named.contains(&lower) || is_image(&lower);
        let (signature, signer) = match (entry.verification, &entry.header) {
            (Some(Verification::Valid(signer)), _) => (Signature::Valid, Some(signer)),
            (Some(Verification::Invalid(_)), _) => (Signature::Invalid, None),
            (None, ImageHeader::Broken(_)) if image || entry.manifest.is_some() => {
                (Signature::Invalid, None)
            }
            // A broken header of a file that is not firmware may be a signed configuration.
            (Some(Verification::NoKnownKey | Verification::NoMatchingKey), _)
            | (None, ImageHeader::FifthGeneration(_) | ImageHeader::Broken(_)) => {
                (Signature::Unchecked, None)
            }
            (None, _) => (Signature::None, None),
        };
        self.members.push(Member {
            kind: match entry.manifest {
                Some(_) => MemberKind::Manifest,
                None if image => MemberKind::Image,
                None => MemberKind::Other,
            },
            signature,
            signed_at: signer.as_ref().and_then(|signer| signer.at),
            key: signer.map(|signer| signer.key),
            name: entry.name.clone(),
            size: entry.size,
            sha256: entry.sha256,
        });
        if let Some(Ok(parsed)) = entry.manifest {
            self.manifests.push(Manifest {
                name: entry.name,
                images: parsed.images.into_iter().map(|image| image.name).collect(),
                hardware: parsed.hardware,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, size: u64, manifest: Option<&str>) -> ScannedEntry {
        ScannedEntry {
            name: name.to_owned(),
            size,
            sha256: String::new(),
            sha1: None,
            header: ImageHeader::None,
            verification: None,
            payload_error: None,
            body_md5: None,
            load_id: None,
            manifest: manifest.map(|body| super::super::manifest::parse(name, body.as_bytes())),
        }
    }

    #[test]
    fn missing_image_is_reported_once_with_every_manifest() {
        let contents = conclude(vec![
            read("load.loads", 9, Some("a.sbn\nB.sbn\n")),
            read("other.loads", 9, Some("a.sbn\nb.sbn\n")),
            read("b.SBN", 1, None),
        ]);
        assert_eq!(contents.verdict, Some(Verdict::Incomplete));
        let [problem] = contents.problems.as_slice() else {
            panic!("{:?}", contents.problems)
        };
        assert_eq!(
            (problem.code, problem.member.as_deref()),
            ("missing-image", Some("a.sbn"))
        );
        assert!(
            problem
                .message
                .starts_with("load.loads, other.loads name it")
        );
    }

    #[test]
    fn contents_lead_to_the_expected_verdict() {
        let cases: [(Vec<ScannedEntry>, Option<Verdict>, Option<&str>); 8] = [
            (
                vec![read("load.loads", 9, Some("a.sbn")), read("a.sbn", 1, None)],
                None,
                Some("signature-unchecked"),
            ),
            (
                vec![read("load.loads", 9, Some("a.sbn")), read("a.sbn", 0, None)],
                Some(Verdict::Damaged),
                Some("empty-image"),
            ),
            (
                vec![read("load.loads", 9, Some("a.txt")), read("a.txt", 1, None)],
                Some(Verdict::Damaged),
                Some("manifest-invalid"),
            ),
            (
                vec![
                    read(
                        "sip78xx.1.loads",
                        9,
                        Some("[PLATFORM_1]\nkern=k.sbn size=3\n"),
                    ),
                    read("k.sbn", 2, None),
                ],
                Some(Verdict::Damaged),
                Some("size-mismatch"),
            ),
            (
                vec![read("a.sbn", 1, None)],
                Some(Verdict::Incomplete),
                Some("no-manifest"),
            ),
            (
                vec![read("a.bin", 1, None)],
                Some(Verdict::Foreign),
                Some("no-firmware"),
            ),
            (
                vec![read("a.tar", 1, None)],
                Some(Verdict::Foreign),
                Some("no-firmware"),
            ),
            (Vec::new(), Some(Verdict::Foreign), Some("no-firmware")),
        ];
        for (members, verdict, code) in cases {
            let contents = conclude(members);
            assert_eq!(contents.verdict, verdict, "{contents:?}");
            assert_eq!(
                contents.problems.first().map(|p| p.code),
                code,
                "{contents:?}"
            );
        }
    }
}
