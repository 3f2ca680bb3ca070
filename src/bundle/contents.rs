//! What the members and the manifests say together: what each file is, and what is missing
//! or does not fit.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    Manifest, Member, MemberKind, Problem, Signature, Verdict,
    header::Header,
    manifest::{Parsed, Wanted},
    names::Purpose,
};
use crate::diagnose::Severity;

/// Endings that only firmware images have.
const IMAGE_ENDINGS: [&str; 5] = [".sbn", ".sb2", ".sebn", ".sgn", ".bin"];
/// Of these the one that other people's files have too.
const COMMON_ENDING: &str = ".bin";

/// A member whose bytes hold, before anything is said of the whole.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) sha256: String,
    pub(super) header: Header,
    /// What a phone reads in it, where it is a manifest; or why a phone refuses it.
    pub(super) manifest: Option<Result<Parsed, String>>,
}

/// What is found in a bundle all of whose members hold.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) members: Vec<Member>,
    pub(super) manifests: Vec<Manifest>,
    pub(super) purpose: Purpose,
    pub(super) problems: Vec<Problem>,
    /// The worst that the problems mean.
    pub(super) verdict: Option<Verdict>,
}

/// Whether this name is a manifest's.
pub(super) fn is_manifest(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(".loads")
}

/// Whether something with this name must be firmware.
fn is_firmware(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    is_manifest(name)
        || IMAGE_ENDINGS
            .iter()
            .any(|ending| *ending != COMMON_ENDING && lower.ends_with(ending))
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
        ..Contents::default()
    };
    contents.problems.append(&mut gaps);
    if contents.verdict == Some(Verdict::Foreign) {
        contents.problems.push(Problem {
            code: "no-firmware",
            severity: Severity::Error,
            member: None,
            message: match read.len() {
                0 => "it is an empty zip".to_owned(),
                _ => "none of its files is a .loads manifest or a firmware image".to_owned(),
            },
            cure: "Name the firmware bundle: a .zip that holds .loads files.".to_owned(),
        });
    }
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

/// What the manifests say, held against the members.
#[derive(Default)]
struct Weighed {
    /// What does not hold.
    damage: Vec<Problem>,
    /// What is not there, each once.
    gaps: Vec<Problem>,
    /// Every name that a manifest names, in lower case.
    named: BTreeSet<String>,
}

impl Weighed {
    fn of(read: &[Read]) -> Self {
        let mut weighed = Self::default();
        let sizes: HashMap<String, u64> = read
            .iter()
            .map(|member| (member.name.to_ascii_lowercase(), member.size))
            .collect();
        let mut missing: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for member in read {
            if member.header == Header::Broken {
                let message = "its signed header has an impossible length".to_owned();
                weighed
                    .damage
                    .push(broken("header-damaged", &member.name, message));
                continue;
            }
            let images = match &member.manifest {
                Some(Ok(parsed)) => parsed.images.as_slice(),
                Some(Err(why)) => {
                    let message = format!("phones would refuse this manifest: {why}");
                    weighed
                        .damage
                        .push(broken("manifest-invalid", &member.name, message));
                    continue;
                }
                None => continue,
            };
            for image in images {
                let key = image.name.to_ascii_lowercase();
                match sizes.get(&key) {
                    None => missing.entry(&image.name).or_default().push(&member.name),
                    Some(size) => weighed.size(&member.name, image, *size),
                }
                weighed.named.insert(key);
            }
        }
        weighed.gaps = missing
            .into_iter()
            .map(|(image, by)| gap(image, &by))
            .collect();
        weighed
    }

    fn size(&mut self, manifest: &str, image: &Wanted, size: u64) {
        let (code, message) = match (size, image.size) {
            (0, _) => (
                "empty-image",
                format!("{manifest} names it, and it has no bytes"),
            ),
            (_, Some(said)) if said != size => (
                "size-mismatch",
                format!("it has {size} bytes; {manifest} says {said}"),
            ),
            _ => return,
        };
        self.damage.push(broken(code, &image.name, message));
    }
}

fn gap(image: &str, by: &[&str]) -> Problem {
    Problem {
        code: "missing-image",
        severity: Severity::Error,
        member: Some(image.to_owned()),
        message: format!("{} names it, and it is not in the bundle", by.join(", ")),
        cure: "Get the whole bundle: a phone that does not find an image stops halfway.".to_owned(),
    }
}

fn broken(code: &'static str, member: &str, message: String) -> Problem {
    Problem {
        code,
        severity: Severity::Error,
        member: Some(member.to_owned()),
        message,
        cure: "Get the bundle again as Cisco published it.".to_owned(),
    }
}

impl Contents {
    fn add(&mut self, read: Read, named: &BTreeSet<String>) {
        let lower = read.name.to_ascii_lowercase();
        let image = named.contains(&lower) || IMAGE_ENDINGS.iter().any(|end| lower.ends_with(end));
        self.members.push(Member {
            kind: match read.manifest {
                Some(_) => MemberKind::Manifest,
                None if image => MemberKind::Image,
                None => MemberKind::Other,
            },
            signature: match read.header {
                Header::None => Signature::None,
                _ => Signature::Unchecked,
            },
            key: None,
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
            header: Header::None,
            manifest: manifest.map(|body| super::super::manifest::parse(name, body.as_bytes())),
        }
    }

    #[test]
    fn what_is_not_there_is_named_once_with_everybody_who_names_it() {
        let contents = conclude(vec![
            read("SIP45.1.loads", 9, Some("a.sbn\nB.sbn\n")),
            read("term45.default.loads", 9, Some("a.sbn\nb.sbn\n")),
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
                .starts_with("SIP45.1.loads, term45.default.loads names")
        );
    }

    #[test]
    fn each_kind_of_contents_has_its_verdict() {
        let cases: [(Vec<Read>, Option<Verdict>, Option<&str>); 8] = [
            (
                vec![
                    read("SIP45.1.loads", 9, Some("a.sbn")),
                    read("a.sbn", 1, None),
                ],
                None,
                None,
            ),
            (
                vec![
                    read("SIP45.1.loads", 9, Some("a.sbn")),
                    read("a.sbn", 0, None),
                ],
                Some(Verdict::Damaged),
                Some("empty-image"),
            ),
            (
                vec![
                    read("SIP45.1.loads", 9, Some("a.txt")),
                    read("a.txt", 1, None),
                ],
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
