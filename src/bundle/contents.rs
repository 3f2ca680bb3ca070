//! What the members and the manifests say together: what each file is, and what is missing
//! or does not fit.

mod weigh;

use std::collections::BTreeSet;

use super::{
    KeyGeneration, Manifest, Member, MemberKind, Problem, Signature, Verdict,
    catalogue::files::{self, Looked, Set},
    header::Header,
    member::Read,
    names::Purpose,
    signature::Verified,
};
use crate::diagnose::Severity;
use weigh::Weighed;

/// Endings that only firmware images have.
const IMAGE_ENDINGS: [&str; 6] = [".sbn", ".sb2", ".sebn", ".zz.sgn", ".sgn", ".bin"];
/// Of these the ones that other people's files have too.
const COMMON_ENDINGS: [&str; 1] = [".bin"];
/// Signed configuration files end like images; whose key they have is the site's business.
const CONFIGURATION: [&str; 3] = [".xml.sgn", ".xml.enc.sgn", ".tlv"];

/// What is found in a bundle all of whose members hold.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) members: Vec<Member>,
    pub(super) manifests: Vec<Manifest>,
    pub(super) purpose: Purpose,
    pub(super) problems: Vec<Problem>,
    /// The worst that the problems mean.
    pub(super) verdict: Option<Verdict>,
    /// Every manifest, every image that one names and every other signed image has a
    /// valid signature.
    pub(super) proven: bool,
    /// The generation of the keys, where all of them are of one.
    pub(super) generation: Option<KeyGeneration>,
    /// A signature is valid only by a key that the user trusts.
    pub(super) trusted: bool,
    /// The set of known files that all of its members are from.
    pub(super) set: Option<&'static Set>,
}

/// Whether this name is a manifest's.
pub(super) fn is_manifest(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(".loads")
}

/// Whether something with this name looks like an image.
fn is_image(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    IMAGE_ENDINGS.iter().any(|end| lower.ends_with(end))
        && !CONFIGURATION.iter().any(|end| lower.ends_with(end))
}

/// Whether something with this name must be firmware.
pub(super) fn is_firmware(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    is_manifest(name) || (is_image(name) && !COMMON_ENDINGS.iter().any(|end| lower.ends_with(end)))
}

/// Draws the conclusions.
pub(super) fn conclude(read: Vec<Read>) -> Contents {
    let weighed = Weighed::of(&read);
    let mut gaps = weighed.gaps;
    let manifests = read.iter().any(|member| member.manifest.is_some());
    if !manifests && read.iter().any(|member| is_firmware(&member.name)) {
        gaps.push(Problem {
            code: "no-manifest",
            severity: Severity::Error,
            member: None,
            message: "it holds images and no .loads manifest, and phones ask for that first"
                .to_owned(),
            cure: "Get the whole bundle as Cisco published it.".to_owned(),
        });
    }
    let mut contents = Contents {
        verdict: match (weighed.damage.is_empty(), gaps.is_empty(), manifests) {
            (false, ..) => Some(Verdict::Damaged),
            (true, false, _) => Some(Verdict::Incomplete),
            (true, true, false) => Some(Verdict::Foreign),
            (true, true, true) => None,
        },
        problems: weighed.damage,
        proven: weighed.proven,
        generation: weighed.generation,
        trusted: weighed.trusted,
        set: set_of(&read),
        ..Contents::default()
    };
    contents.problems.append(&mut gaps);
    if contents.verdict == Some(Verdict::Foreign) {
        contents.problems.push(Problem {
            code: "no-firmware",
            severity: Severity::Error,
            member: None,
            message: match read.len() {
                0 => "there is nothing in it".to_owned(),
                _ => "none of its files is a .loads manifest or a firmware image".to_owned(),
            },
            cure: "Name the firmware bundle: one that holds .loads files.".to_owned(),
        });
    }
    contents.problems.extend(weighed.remarks);
    for member in read {
        contents.add(member, &weighed.named);
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

fn set_of(read: &[Read]) -> Option<&'static Set> {
    let looked: Vec<_> = read
        .iter()
        .map(|member| Looked {
            name: &member.name,
            size: member.size,
            sha256: &member.sha256,
            sha1: member.sha1.as_deref(),
        })
        .collect();
    files::set_of(&looked)
}

impl Contents {
    fn add(&mut self, read: Read, named: &BTreeSet<String>) {
        let lower = read.name.to_ascii_lowercase();
        let image = named.contains(&lower) || is_image(&lower);
        let (signature, signer) = match (read.verified, &read.header) {
            (Some(Verified::Valid(signer)), _) => (Signature::Valid, Some(signer)),
            (Some(Verified::Invalid(_)), _) => (Signature::Invalid, None),
            (None, Header::Broken(_)) if image || read.manifest.is_some() => {
                (Signature::Invalid, None)
            }
            // A broken header that matters to no phone may be a signed configuration file's.
            (Some(Verified::NoKey | Verified::NoneFits), _)
            | (None, Header::FifthGeneration(_) | Header::Broken(_)) => {
                (Signature::Unchecked, None)
            }
            (None, _) => (Signature::None, None),
        };
        self.members.push(Member {
            kind: match read.manifest {
                Some(_) => MemberKind::Manifest,
                None if image => MemberKind::Image,
                None => MemberKind::Other,
            },
            signature,
            signed_at: signer.as_ref().and_then(|signer| signer.at),
            key: signer.map(|signer| signer.key),
            name: read.name.clone(),
            size: read.size,
            sha256: read.sha256,
        });
        if let Some(Ok(parsed)) = read.manifest {
            self.manifests.push(Manifest {
                name: read.name,
                images: parsed.images.into_iter().map(|image| image.name).collect(),
                hardware: parsed.hardware,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, size: u64, manifest: Option<&str>) -> Read {
        Read {
            name: name.to_owned(),
            size,
            sha256: String::new(),
            sha1: None,
            header: Header::None,
            verified: None,
            payload: None,
            body_md5: None,
            load_id: None,
            manifest: manifest.map(|body| super::super::manifest::parse(name, body.as_bytes())),
        }
    }

    #[test]
    fn what_is_not_there_is_named_once_with_everybody_who_names_it() {
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
        assert!(problem.message.starts_with("load.loads, other.loads names"));
    }

    #[test]
    fn each_kind_of_contents_has_its_verdict() {
        let cases: [(Vec<Read>, Option<Verdict>, Option<&str>); 8] = [
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
