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

use super::scenario::Scenario;

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
}

fn file(name: &str, bytes: &[u8]) -> StagedFile {
    StagedFile {
        name: name.into(),
        bytes: bytes.into(),
    }
}

/// An `XMLDefault.cnf.xml` that names this load, or none.
fn default_config(load: Option<&LoadName>) -> StagedFile {
    let mut text = "<Default>".to_owned();
    for model in Family::F45.models() {
        let id = model.device_type;
        let load = load.map_or("", LoadName::as_str);
        write!(text, "<loadInformation{id}>{load}</loadInformation{id}>").unwrap();
    }
    text.push_str("</Default>");
    file("XMLDefault.cnf.xml", text.as_bytes())
}

impl Bundle {
    fn new(made: &SyntheticBundle, capitals: bool) -> Self {
        let load = made.load();
        let mut files = Files::new();
        let mut hashes = BTreeMap::new();
        let mut sizes = BTreeMap::new();
        let mut manifests = Vec::new();
        for (name, mut bytes) in made.files() {
            if let RequestedFile::Image = RequestedFile::parse(&name) {
                let hash = Sha256::digest(&bytes)
                    .iter()
                    .fold(String::new(), |mut text, byte| {
                        write!(text, "{byte:02x}").unwrap();
                        text
                    });
                hashes.insert(name.to_lowercase(), hash);
                sizes.insert(name.clone(), bytes.len() as u64);
            } else {
                manifests.push(name.clone());
                let at = bytes.windows(5).position(|part| part == b"jar45");
                if let Some(at) = at.filter(|_| capitals) {
                    bytes[at] = b'J';
                }
            }
            files.insert(name.to_lowercase(), file(&name, &bytes));
        }
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

impl Bundles {
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
        }
    }
}

/// The files of each view, for the phones of this scenario.
pub(crate) fn views(
    scenario: &Scenario,
    bundles: &Bundles,
    target: &Bundle,
) -> HashMap<View, Files> {
    let with = |files: &Files, load: Option<&LoadName>| {
        let mut files = files.clone();
        let config = default_config(load);
        files.insert("xmldefault.cnf.xml".to_owned(), config);
        for member in scenario.members.iter().filter(|member| member.own_config) {
            let name = format!("SEP{}.cnf.xml", member.mac.upper_hex());
            let load = load.map_or("", LoadName::as_str);
            let text = format!("<device><loadInformation>{load}</loadInformation></device>");
            files.insert(name.to_lowercase(), file(&name, text.as_bytes()));
        }
        files
    };
    let mut images = target.files.clone();
    if let Some(stem) = scenario.missing {
        images.retain(|name, _| !name.starts_with(stem));
    }
    HashMap::from([
        (View::Target, with(&images, Some(&target.load))),
        (View::NoLoad, with(&images, None)),
        (
            View::Bridge(0),
            with(&bundles.bridge.files, Some(&bundles.bridge.load)),
        ),
        (View::ConfigOnly, with(&Files::new(), None)),
    ])
}
