//! The staged files: a synthetic target and a synthetic bridge.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write,
    sync::Arc,
};

use reflash::{
    phone::{Family, LoadName, Protocol, RequestedFile},
    simulator::{Release, Sizes, SyntheticBundle},
    stage::StagedFile,
    track::{ManifestPlan, StagePlan, View},
};
use sha2::{Digest, Sha256};

use super::{
    scenario::{Cause, Scenario},
    slots,
};

pub(crate) type Files = HashMap<String, StagedFile>;

/// One synthetic bundle, ready to be served.
pub(crate) struct Bundle {
    pub(crate) load: LoadName,
    pub(crate) files: Files,
    pub(crate) plan: StagePlan,
    /// Image to SHA-256, names in lower case.
    pub(crate) hashes: BTreeMap<String, String>,
    pub(crate) sizes: Arc<BTreeMap<String, u64>>,
}

pub(crate) struct Bundles {
    pub(crate) target: Bundle,
    /// The same with one image's name in other capitals in its manifests.
    pub(crate) capitals: Bundle,
    pub(crate) bridge: Bundle,
    /// Those of the families with two slots.
    pub(crate) slots: Vec<Bundle>,
}

/// Configurations have two blocks of 512 bytes, as those of the program do.
const CONFIGURATION_BYTES: usize = 700;

fn configuration(name: &str, mut text: String) -> StagedFile {
    text.extend(std::iter::repeat_n(
        '\n',
        CONFIGURATION_BYTES.saturating_sub(text.len()),
    ));
    file(name, text.as_bytes())
}

fn file(name: &str, bytes: &[u8]) -> StagedFile {
    StagedFile {
        name: name.into(),
        bytes: bytes.into(),
    }
}

/// An `XMLDefault.cnf.xml` that names the load of each model, or none.
fn default_config(bundles: &[&Bundle], is_named: bool) -> StagedFile {
    let mut text = "<Default>".to_owned();
    for bundle in bundles {
        let load = if is_named { bundle.load.as_str() } else { "" };
        for model in &bundle.plan.models {
            let id = model.device_type;
            write!(text, "<loadInformation{id}>{load}</loadInformation{id}>").unwrap();
        }
    }
    text.push_str("</Default>");
    configuration("XMLDefault.cnf.xml", text)
}

impl Bundle {
    fn new(made: &SyntheticBundle, capitals: bool) -> Self {
        let load = made.load();
        let Parts {
            files,
            hashes,
            sizes,
            manifests,
        } = Self::parts(&made.files(), capitals);
        let order = ["jar", "cnu", "apps", "dsp", "cvm"];
        let images: Vec<(String, u64)> = order
            .iter()
            .filter_map(|stem| sizes.iter().find(|(name, _)| name.starts_with(stem)))
            .map(|(name, size)| (name.clone(), *size))
            .collect();
        assert_eq!(images.len(), order.len());
        let manifests = manifests
            .into_iter()
            .map(|name| ManifestPlan {
                name,
                images: images.clone(),
                hardware: Some(15),
                platforms: Vec::new(),
            })
            .collect();
        Self {
            plan: StagePlan {
                load: load.clone(),
                models: Family::F45.models().collect(),
                manifests,
            },
            load,
            files,
            hashes,
            sizes: Arc::new(sizes),
        }
    }
}

/// A made-up bundle of the 7940 and 7960.
fn first_phones(protocol: Protocol, release: &str) -> Bundle {
    let made = SyntheticBundle::new(Family::P3, 3)
        .expect("a convertible family")
        .sizes(Sizes::Small)
        .protocol(protocol)
        .release(Release {
            load: release.to_owned(),
            images: release.to_owned(),
        });
    let load = made.load();
    let (mut files, mut hashes, mut images) = (Files::new(), BTreeMap::new(), Vec::new());
    let mut name_of_plan = load.to_string();
    for (name, bytes) in made.files() {
        if let RequestedFile::Image = RequestedFile::parse(&name) {
            hashes.insert(name.to_lowercase(), hash(&bytes));
            images.push((name.clone(), bytes.len() as u64));
        } else {
            name_of_plan.clone_from(&name);
        }
        files.insert(name.to_lowercase(), file(&name, &bytes));
    }
    Bundle {
        plan: StagePlan {
            load: load.clone(),
            models: Family::P3.models().collect(),
            manifests: vec![ManifestPlan {
                name: name_of_plan,
                images: images.clone(),
                hardware: None,
                platforms: Vec::new(),
            }],
        },
        load,
        files,
        hashes,
        sizes: Arc::new(images.into_iter().collect()),
    }
}

/// The steps of the 7940 and 7960 to their loader, in the order of their releases.
pub(crate) fn steps() -> Vec<Bundle> {
    vec![
        first_phones(Protocol::Sip, "0202"),
        first_phones(Protocol::Sip, "03-2-00"),
        first_phones(Protocol::Sip, "04-4-00"),
        first_phones(Protocol::Sccp, "05000700"),
        first_phones(Protocol::Sip, "05-3-00"),
    ]
}

/// The files of each view of a conversion of 7940 and 7960, as the stage makes them.
pub(crate) fn views_of_first_phones(target: &Bundle, steps: &[Bundle]) -> HashMap<View, Files> {
    let with = |files: &Files, load: Option<&str>, is_early: bool| {
        let mut files = files.clone();
        let mut text = "<Default>".to_owned();
        for model in Family::P3.models() {
            let id = model.device_type;
            let load = load.unwrap_or_default();
            write!(text, "<loadInformation{id}>{load}</loadInformation{id}>").unwrap();
        }
        text.push_str("</Default>");
        let mut add = |name: &str, text: &str| {
            files.insert(name.to_lowercase(), file(name, text.as_bytes()));
        };
        add("XMLDefault.cnf.xml", &text);
        if let Some(load) = load.filter(|_| is_early) {
            add("OS79XX.TXT", &format!("{load}\r\n"));
            if load.starts_with("P0S3") {
                add("SIPDefault.cnf", &format!("image_version: {load}\n"));
            }
        }
        files
    };
    let own = Some(target.load.as_str());
    let mut views = HashMap::from([
        (View::Target, with(&target.files, own, false)),
        (View::NoLoad, with(&target.files, None, false)),
        (View::ConfigOnly, with(&Files::new(), None, false)),
        (
            View::Loader,
            with(&target.files, Some("P003-8-12-00"), true),
        ),
    ]);
    for (step, bundle) in (0..).zip(steps) {
        let files = with(&bundle.files, Some(bundle.load.as_str()), true);
        views.insert(View::Bridge(step), files);
    }
    views
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
}

/// The files of a bundle.
pub(crate) struct Parts {
    pub(crate) files: Files,
    pub(crate) hashes: BTreeMap<String, String>,
    pub(crate) sizes: BTreeMap<String, u64>,
    manifests: Vec<String>,
}

impl Bundle {
    /// The files, with one image's name in other capitals in the manifests if `capitals`.
    pub(crate) fn parts(made: &[(String, Vec<u8>)], capitals: bool) -> Parts {
        let mut files = Files::new();
        let mut hashes = BTreeMap::new();
        let mut sizes = BTreeMap::new();
        let mut manifests = Vec::new();
        for (name, bytes) in made {
            let mut bytes = bytes.clone();
            if let RequestedFile::Image = RequestedFile::parse(name) {
                hashes.insert(name.to_lowercase(), hash(&bytes));
                sizes.insert(name.clone(), bytes.len() as u64);
            } else {
                manifests.push(name.clone());
                let at = bytes.windows(5).position(|part| part == b"jar45");
                if let Some(at) = at.filter(|_| capitals) {
                    bytes[at] = b'J';
                }
            }
            files.insert(name.to_lowercase(), file(name, &bytes));
        }
        Parts {
            files,
            hashes,
            sizes,
            manifests,
        }
    }
}

impl Bundles {
    /// The bundle of a family; that of the 7945 and 7965 for all with recovery manifests.
    pub(crate) fn of(&self, family: Family) -> &Bundle {
        let mut slots = self.slots.iter();
        slots
            .find(|bundle| bundle.load.family() == Some(family))
            .unwrap_or(&self.target)
    }

    /// Those of the 7940 and 7960: only the target counts.
    pub(crate) fn of_first_phones() -> Self {
        let target = || first_phones(Protocol::Sip, "8-12-00");
        Self {
            target: target(),
            capitals: target(),
            bridge: first_phones(Protocol::Sccp, "05000700"),
            slots: Vec::new(),
        }
    }

    pub(crate) fn new() -> Self {
        let made = SyntheticBundle::new(Family::F45, 3)
            .expect("a convertible family")
            .sizes(Sizes::Small);
        let release = Release {
            load: "8-5-2S".to_owned(),
            images: "8-5-2TH1-9".to_owned(),
        };
        let bridge = made.clone().protocol(Protocol::Sccp).release(release);
        Self {
            target: Bundle::new(&made, false),
            capitals: Bundle::new(&made, true),
            bridge: Bundle::new(&bridge, false),
            slots: slots::bundles(),
        }
    }
}

/// The files of each view, for the phones of this scenario.
pub(crate) fn views(
    scenario: &Scenario,
    bundles: &Bundles,
    target: &Bundle,
) -> HashMap<View, Files> {
    let of_slots = slots::has_slots(scenario);
    let targets: Vec<&Bundle> = if of_slots {
        bundles.slots.iter().collect()
    } else {
        vec![target]
    };
    let with = |files: &Files, offered: &[&Bundle], is_named: bool| {
        let mut files = files.clone();
        let config = default_config(offered, is_named);
        files.insert("xmldefault.cnf.xml".to_owned(), config);
        for member in scenario.members.iter().filter(|member| member.own_config) {
            let name = format!("SEP{}.cnf.xml", member.mac.upper_hex());
            let own = offered
                .iter()
                .find(|bundle| bundle.load.family() == Some(member.model.family))
                .or(offered.first())
                .map(|bundle| bundle.load.clone());
            let own = match member.cause {
                Cause::SccpLeft => Some(slots::left_load(member.model.family)),
                _ => own.filter(|_| is_named),
            };
            let load = own.as_ref().map_or("", LoadName::as_str);
            let text = format!("<device><loadInformation>{load}</loadInformation></device>");
            files.insert(name.to_lowercase(), configuration(&name, text));
        }
        files
    };
    let mut images = Files::new();
    for bundle in &targets {
        images.extend(bundle.files.clone());
    }
    if let Some(stem) = scenario.missing {
        images.retain(|name, _| !name.starts_with(stem));
    }
    HashMap::from([
        (View::Target, with(&images, &targets, true)),
        (View::NoLoad, with(&images, &targets, false)),
        (
            View::Bridge(0),
            with(&bundles.bridge.files, &[&bundles.bridge], true),
        ),
        (View::ConfigOnly, with(&Files::new(), &targets, false)),
    ])
}
