//! Infers the plan of a trace: the images of a manifest are those that phones request after it.
//!
//! Images are inferred only for families with a known number of them. An image that no phone
//! requested counts as missing, so a truncated trace shows no complete phone.

use std::{collections::HashMap, net::Ipv4Addr};

use super::trace::{Trace, TraceEvent};
use crate::{
    phone::{Family, LoadName, Model, Protocol, RequestedFile, normalized_name},
    track::{ManifestPlan, StagePlan},
};

/// The images of the 79x1, 79x2, 79x5, 797x, 7906, 7911 and 7931, in the order of every
/// known manifest, by the beginnings of their names.
const FIVE: [&str; 5] = ["jar", "cnu", "apps", "dsp", "cvm"];

/// The images of the 7940 and 7960, by the endings of their names: the loader and the application.
const TWO: [&str; 2] = [".sbn", ".sb2"];

/// How the images of a manifest are distinguished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ImageRule {
    Five,
    Two,
}

impl ImageRule {
    /// The rule for the manifest that is requested, if it is known.
    fn of(request: &RequestedFile) -> Option<Self> {
        let family = match request {
            RequestedFile::Recovery(model) => model.as_ref()?.family,
            RequestedFile::Manifest(load) => load.family()?,
            _ => return None,
        };
        if family.has_recovery_manifest() {
            Some(Self::Five)
        } else if family == Family::P3 {
            Some(Self::Two)
        } else {
            None
        }
    }

    fn parts(self) -> &'static [&'static str] {
        match self {
            Self::Five => &FIVE,
            Self::Two => &TWO,
        }
    }

    /// The index of an image in its manifest.
    fn place(self, image: &str) -> Option<usize> {
        let name = normalized_name(image);
        let base = name.rsplit('/').next().unwrap_or(&name);
        self.parts().iter().position(|part| match self {
            Self::Five => base.starts_with(part),
            Self::Two => base.ends_with(part),
        })
    }
}

/// One delivery of a manifest to a phone, and the images that the phone requested after it.
#[derive(Debug)]
struct Delivery {
    /// The index of the manifest's request in the trace.
    request: usize,
    manifest: String,
    kind: ImageRule,
    images: Vec<Option<String>>,
}

/// The images of a manifest, merged from all its deliveries.
#[derive(Debug)]
struct InferredManifest {
    manifest: String,
    kind: ImageRule,
    images: Vec<Option<String>>,
}

/// The stages of the trace. If a manifest had different images over time, the later ones get a
/// number after the name in the trace.
pub(super) fn stages(trace: &mut Trace) -> Vec<StagePlan> {
    let mut sets: Vec<InferredManifest> = Vec::new();
    for delivery in deliveries(trace) {
        let found = sets.iter().position(|set| {
            normalized_name(&set.manifest) == normalized_name(&delivery.manifest)
                && agree(&set.images, &delivery.images)
        });
        let at = found.unwrap_or_else(|| {
            sets.push(InferredManifest {
                manifest: delivery.manifest,
                kind: delivery.kind,
                images: vec![None; delivery.images.len()],
            });
            sets.len() - 1
        });
        for (known, asked) in sets[at].images.iter_mut().zip(delivery.images) {
            if known.is_none() {
                *known = asked;
            }
        }
        trace.requests[delivery.request].staged = Some(staged_name(&sets, at));
    }
    (0..sets.len())
        .filter(|at| !is_previous_load(&sets[*at]))
        .map(|at| stage(&sets, at))
        .collect()
}

/// Phones on SCCP request the manifest of their own load in every boot. A load without a requested
/// image is the one that they had, not a target.
fn is_previous_load(set: &InferredManifest) -> bool {
    let is_sccp = LoadName::new(&set.manifest).protocol() == Some(Protocol::Sccp);
    is_sccp && set.images.iter().all(Option::is_none)
}

/// The name of this manifest in the trace.
fn staged_name(sets: &[InferredManifest], at: usize) -> String {
    let manifest = &sets[at].manifest;
    let before = sets[..at]
        .iter()
        .filter(|set| normalized_name(&set.manifest) == normalized_name(manifest))
        .count();
    match before {
        0 => manifest.clone(),
        _ => format!("{manifest} ({})", before + 1),
    }
}

/// Whether both may be the images of one release.
fn agree(left: &[Option<String>], right: &[Option<String>]) -> bool {
    left.iter().zip(right).all(|pair| match pair {
        (Some(left), Some(right)) => normalized_name(left) == normalized_name(right),
        _ => true,
    })
}

fn stage(sets: &[InferredManifest], at: usize) -> StagePlan {
    let set = &sets[at];
    let request = RequestedFile::parse(&set.manifest);
    let (load, models): (LoadName, Vec<&'static Model>) = match &request {
        RequestedFile::Manifest(load) => {
            let models = load.family().into_iter().flat_map(Family::models);
            (load.clone(), models.collect())
        }
        RequestedFile::Recovery(model) => {
            (load_of_recovery(sets, set), model.iter().copied().collect())
        }
        _ => (LoadName::new(&set.manifest), Vec::new()),
    };
    let images = set
        .images
        .iter()
        .zip(set.kind.parts())
        .map(|(image, part)| {
            let name = image
                .clone()
                .unwrap_or_else(|| format!("{part} (not requested)"));
            (name, 0)
        })
        .collect();
    StagePlan {
        load,
        models,
        manifests: vec![ManifestPlan {
            name: staged_name(sets, at),
            images,
            hardware: None,
            platforms: Vec::new(),
        }],
    }
}

/// The load behind a recovery manifest: the one whose own manifest names the same images,
/// or else the name that the phone reports, `term65.default`.
fn load_of_recovery(sets: &[InferredManifest], recovery: &InferredManifest) -> LoadName {
    let same = sets.iter().find(|set| {
        let is_load = matches!(
            RequestedFile::parse(&set.manifest),
            RequestedFile::Manifest(_)
        );
        let shared = set
            .images
            .iter()
            .zip(&recovery.images)
            .any(|(left, right)| left.is_some() && right.is_some());
        is_load && shared && agree(&set.images, &recovery.images)
    });
    LoadName::new(&same.unwrap_or(recovery).manifest)
}

/// All deliveries of manifests, in order.
fn deliveries(trace: &Trace) -> Vec<Delivery> {
    let mut deliveries: Vec<Delivery> = Vec::new();
    let mut open: HashMap<Ipv4Addr, usize> = HashMap::new();
    let asked = trace.events.iter().filter_map(|(_, fact)| match fact {
        TraceEvent::Requested(index) => Some(*index),
        _ => None,
    });
    for index in asked {
        let request = &trace.requests[index];
        let read = RequestedFile::parse(&request.name);
        match read {
            RequestedFile::Image => {
                if let Some(delivery) = open.get(&request.address)
                    && let Some(delivery) = deliveries.get_mut(*delivery)
                    && let Some(place) = delivery.kind.place(&request.name)
                {
                    delivery.images[place].get_or_insert_with(|| request.name.clone());
                }
            }
            RequestedFile::Recovery(_) | RequestedFile::Manifest(_) => {
                open.remove(&request.address);
                let Some(kind) = ImageRule::of(&read).filter(|_| request.found) else {
                    continue;
                };
                open.insert(request.address, deliveries.len());
                deliveries.push(Delivery {
                    request: index,
                    manifest: bare(&request.name),
                    kind,
                    images: vec![None; kind.parts().len()],
                });
            }
            _ => {}
        }
    }
    deliveries
}

/// A name without folders and trailing blanks.
fn bare(name: &str) -> String {
    let name = name.trim_end();
    name.rsplit('/').next().unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::{ReplayFormat, read_from};

    fn seen(names: &[&str]) -> Vec<StagePlan> {
        let log: String = names
            .iter()
            .enumerate()
            .map(|(at, name)| {
                let head = format!("Mar 1 00:{:02}:00 h in.tftpd[{at}]:", at % 60);
                [&head, " RRQ from 192.0.2.1 filename ", name, "\n"].concat()
            })
            .collect();
        let mut trace =
            read_from(&mut log.as_bytes(), ReplayFormat::Log, Some(2026), None).unwrap();
        stages(&mut trace)
    }

    fn names(stage: &StagePlan) -> Vec<&str> {
        let images = stage.manifests[0].images.iter();
        images.map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn truncated_traces_lack_images() {
        let found = seen(&["term65.default.loads", "jar45sip.1.sbn", "cnu45.1.sbn"]);
        assert_eq!(names(&found[0])[..2], ["jar45sip.1.sbn", "cnu45.1.sbn"]);
        assert_eq!(found[0].manifests[0].images.len(), 5);
        assert_eq!(found[0].load.as_str(), "term65.default");
    }

    #[test]
    fn recovery_and_load_with_the_same_images_are_one_load() {
        let images = ["jar45sip.1.sbn", "cnu45.1.sbn", "apps45.1.sbn"];
        let mut asked = vec!["term65.default.loads"];
        asked.extend(images);
        asked.push("SIP45.9-3-1SR4-1S.loads");
        asked.extend(images);
        let found = seen(&asked);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].load.as_str(), "SIP45.9-3-1SR4-1S");
    }

    #[test]
    fn two_releases_of_one_name_are_two_stages() {
        let found = seen(&[
            "term65.default.loads",
            "jar45sccp.8.sbn",
            "term65.default.loads",
            "jar45sip.9.sbn",
            "term65.default.loads",
            "jar45sip.9.sbn",
        ]);
        let manifests: Vec<_> = found
            .iter()
            .map(|stage| stage.manifests[0].name.as_str())
            .collect();
        assert_eq!(
            manifests,
            ["term65.default.loads", "term65.default.loads (2)"]
        );
    }

    #[test]
    fn the_previous_load_is_not_a_target() {
        let found = seen(&["SCCP45.8-5-2S.loads", "SIP45.9-3-1SR4-1S.loads"]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].load.as_str(), "SIP45.9-3-1SR4-1S");
        let found = seen(&["SCCP45.8-5-2S.loads", "jar45sccp.8-5-2.sbn"]);
        assert_eq!(found[0].load.as_str(), "SCCP45.8-5-2S");
    }

    #[test]
    fn families_with_an_unknown_number_of_images_are_left_out() {
        assert!(seen(&["sip88xx.12-1.loads", "kern88xx.sbn"]).is_empty());
    }
}
