//! What the members' names and the manifests say together: which loads, for which phones,
//! and what is missing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{BundleProtocol, Manifest, Member, MemberKind, Problem, Signature, Verdict};
use crate::{
    bundle::{header::Header, manifest::Parsed},
    diagnose::Severity,
    phone::{Family, LoadName, Model, Protocol},
};

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
    pub(super) protocol: Option<BundleProtocol>,
    pub(super) loads: Vec<LoadName>,
    pub(super) models: Vec<&'static Model>,
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
    let mut contents = Contents::default();
    let sizes: HashMap<String, u64> = read
        .iter()
        .map(|member| (member.name.to_ascii_lowercase(), member.size))
        .collect();
    let mut missing: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut named = BTreeSet::new();
    let mut damage = Vec::new();
    for member in &read {
        if member.header == Header::Broken {
            damage.push(broken(
                "header-damaged",
                &member.name,
                "its signed header has an impossible length".to_owned(),
            ));
        }
        match &member.manifest {
            Some(Ok(parsed)) => {
                for image in &parsed.images {
                    let key = image.name.to_ascii_lowercase();
                    match (sizes.get(&key), image.size) {
                        (None, _) => missing.entry(&image.name).or_default().push(&member.name),
                        (Some(0), _) => damage.push(broken(
                            "empty-image",
                            &image.name,
                            format!("{} names it, and it has no bytes", member.name),
                        )),
                        (Some(size), Some(said)) if *size != said => damage.push(broken(
                            "size-mismatch",
                            &image.name,
                            format!("it has {size} bytes; {} says {said}", member.name),
                        )),
                        _ => {}
                    }
                    named.insert(key);
                }
            }
            // The header was named already.
            Some(Err(_)) if member.header == Header::Broken => {}
            Some(Err(why)) => damage.push(broken(
                "manifest-invalid",
                &member.name,
                format!("phones would refuse this manifest: {why}"),
            )),
            None => {}
        }
    }
    let mut gaps: Vec<Problem> = missing
        .into_iter()
        .map(|(image, by)| Problem {
            code: "missing-image",
            severity: Severity::Error,
            member: Some(image.to_owned()),
            message: format!("{} names it, and it is not in the bundle", by.join(", ")),
            cure: "Get the whole bundle: a phone that does not find an image stops halfway."
                .to_owned(),
        })
        .collect();
    let manifests = read
        .iter()
        .filter(|member| member.manifest.is_some())
        .count();
    if manifests == 0 && read.iter().any(|member| is_firmware(&member.name)) {
        gaps.push(Problem {
            code: "no-manifest",
            severity: Severity::Error,
            member: None,
            message: "it holds images and no .loads manifest, and phones ask for that first"
                .to_owned(),
            cure: "Get the whole bundle as Cisco published it.".to_owned(),
        });
    }
    if !damage.is_empty() {
        contents.verdict = Some(Verdict::Damaged);
    } else if !gaps.is_empty() {
        contents.verdict = Some(Verdict::Incomplete);
    }
    contents.problems = damage;
    contents.problems.append(&mut gaps);
    if contents.verdict.is_none() && manifests == 0 {
        contents.verdict = Some(Verdict::Foreign);
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
        contents.add(member, &named);
    }
    contents.tell();
    contents
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

    /// Loads, protocol and models, from the manifests' names.
    fn tell(&mut self) {
        let names = || {
            self.members
                .iter()
                .filter(|member| member.kind == MemberKind::Manifest)
                .map(|member| member.name.as_str())
        };
        let mut loads: Vec<LoadName> = names()
            .map(LoadName::new)
            .filter(|load| !load.is_recovery())
            .collect();
        loads.sort_unstable();
        let spoken: BTreeSet<Protocol> = loads.iter().filter_map(LoadName::protocol).collect();
        self.protocol = match (
            spoken.contains(&Protocol::Sip),
            spoken.contains(&Protocol::Sccp),
        ) {
            (true, true) => Some(BundleProtocol::Mixed),
            (true, false) => Some(BundleProtocol::Sip),
            (false, true) => Some(BundleProtocol::Sccp),
            (false, false) => None,
        };
        let mut models: BTreeMap<&str, &'static Model> = names()
            .filter_map(Model::by_recovery)
            .flat_map(|model| {
                model
                    .family
                    .models()
                    .filter(|m| m.recovery == model.recovery)
            })
            .map(|model| (model.number, model))
            .collect();
        let recoverable: BTreeSet<Family> = models.values().map(|model| model.family).collect();
        for load in &loads {
            if !load
                .family()
                .is_some_and(|family| recoverable.contains(&family))
            {
                models.extend(
                    models_of(load)
                        .into_iter()
                        .map(|model| (model.number, model)),
                );
            }
        }
        self.models = models.into_values().collect();
        self.loads = loads;
    }
}

/// The models that a load's name means. Some families have loads for one model of them
/// only (`SIP6945.…`), and the wildcard does not mean those.
fn models_of(load: &LoadName) -> Vec<&'static Model> {
    let upper = load.as_str().to_ascii_uppercase();
    let code = ["SIP", "SCCP", "CP"]
        .iter()
        .find_map(|start| upper.strip_prefix(start))
        .and_then(|rest| rest.split(['.', '-']).next())
        .unwrap_or_default();
    let numbers: &[&str] = match code {
        "69XX" => &["6921", "6941", "6961"],
        "78XX" => &["7811", "7821", "7841", "7861"],
        "88XX" => &["8811", "8841", "8851", "8861"],
        "8845_65" => &["8845", "8865"],
        _ => &[],
    };
    if !numbers.is_empty() {
        return numbers
            .iter()
            .filter_map(|number| Model::by_number(number))
            .collect();
    }
    match (Model::by_number(code), load.family()) {
        (Some(model), _) => vec![model],
        (None, Some(family)) => family.models().collect(),
        (None, None) => Vec::new(),
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

    fn numbers(contents: &Contents) -> Vec<&str> {
        contents.models.iter().map(|model| model.number).collect()
    }

    #[test]
    fn models_come_from_recovery_manifests_else_from_the_load() {
        let cases: [(&[&str], &[&str], Option<BundleProtocol>); 9] = [
            (
                &[
                    "SIP45.9-3-1SR4-1S.loads",
                    "term45.default.loads",
                    "term65.default.loads",
                ],
                &["7945", "7965"],
                Some(BundleProtocol::Sip),
            ),
            (
                &["SIP45.8-5-4S.loads", "term45.default.loads"],
                &["7945"],
                Some(BundleProtocol::Sip),
            ),
            (
                &["SIP45.8-5-4S.loads"],
                &["7945", "7965"],
                Some(BundleProtocol::Sip),
            ),
            (
                &["SCCP41.9-4-2S.loads", "term61.default.loads"],
                &["7961", "7961-GE"],
                Some(BundleProtocol::Sccp),
            ),
            (
                &[
                    "SIP45.1-1-1S.loads",
                    "SCCP75.1-1-1S.loads",
                    "term75.default.loads",
                ],
                &["7945", "7965", "7975"],
                Some(BundleProtocol::Mixed),
            ),
            (
                &["P0S3-8-12-00.loads"],
                &["7940", "7960"],
                Some(BundleProtocol::Sip),
            ),
            (
                &["SIP69xx.9-4-1-3.loads"],
                &["6921", "6941", "6961"],
                Some(BundleProtocol::Sip),
            ),
            (
                &["SCCP6945.9-3-1-3.loads"],
                &["6945"],
                Some(BundleProtocol::Sccp),
            ),
            (&["CP7921G-1.4.5.3.LOADS"], &["7921"], None),
        ];
        for (names, models, protocol) in cases {
            let contents = conclude(
                names
                    .iter()
                    .map(|name| read(name, 9, Some("a.sbn\n")))
                    .collect(),
            );
            assert_eq!(numbers(&contents), models, "{names:?}");
            assert_eq!(contents.protocol, protocol, "{names:?}");
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
