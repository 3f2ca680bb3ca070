//! The plan's names in the form in which they are looked up.

use std::collections::{HashMap, HashSet};

use super::{Plan, StagePlan};
use crate::phone::{Family, LoadName, Model, normalized_name};

/// Which of the two stages a phone is shown. They share names (`term65.default.loads`) with
/// different contents, so every look-up is in one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Leg {
    /// What the run is for.
    #[default]
    Target,
    /// The load in between.
    Bridge,
}

/// One staged manifest.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// The load that its phones will run.
    pub load: LoadName,
    /// The family of that load.
    pub family: Option<Family>,
    /// The stage that it is in.
    pub leg: Leg,
    /// The hardware classes that it supports, where it says so.
    pub hardware: Option<u32>,
    images: HashMap<String, usize>,
    /// The number of its images.
    pub count: usize,
    /// Its images are fetched one a boot (7940, 7960: the loader, then by that loader the
    /// application), each only where the phone lacks it.
    pub stepwise: bool,
}

/// Every staged manifest, by its stage and its name without case.
#[derive(Debug, Clone, Default)]
pub(super) struct Catalog {
    entries: Vec<Entry>,
    target: Names,
    bridge: Names,
    /// The families of the target's stages, each once.
    pub families: Vec<Family>,
}

/// The names of one stage.
#[derive(Debug, Clone, Default)]
struct Names {
    manifests: HashMap<String, usize>,
    loads: HashSet<String>,
    files: Vec<String>,
}

impl Entry {
    /// The place in the manifest of the image of this name, from 0.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.images.get(&normalized_name(name)).copied()
    }
}

impl Catalog {
    pub(super) fn new(plan: &Plan) -> Self {
        let mut catalog = Self::default();
        for (leg, stages) in [(Leg::Target, &plan.stages), (Leg::Bridge, &plan.bridge)] {
            for stage in stages {
                catalog.add(leg, stage);
            }
            let names = &mut catalog.of_mut(leg).files;
            names.sort_unstable();
            names.dedup();
        }
        catalog
    }

    fn add(&mut self, leg: Leg, stage: &StagePlan) {
        if leg == Leg::Target {
            let models = stage.models.iter().map(|model| model.family);
            for family in models.chain(stage.load.family()) {
                if !self.families.contains(&family) {
                    self.families.push(family);
                }
            }
        }
        for manifest in &stage.manifests {
            let mut images = HashMap::new();
            for (name, _) in &manifest.images {
                let place = images.len();
                images.entry(normalized_name(name)).or_insert(place);
            }
            let index = self.entries.len();
            let names = self.of_mut(leg);
            names.loads.insert(normalized_name(stage.load.as_str()));
            names
                .files
                .extend(manifest.images.iter().map(|(name, _)| name.clone()));
            names
                .manifests
                .entry(normalized_name(&manifest.name))
                .or_insert(index);
            names.files.push(manifest.name.clone());
            self.entries.push(Entry {
                load: stage.load.clone(),
                family: stage.load.family(),
                leg,
                hardware: manifest.hardware,
                count: images.len(),
                stepwise: stage.load.family() == Some(Family::P3),
                images,
            });
        }
    }

    fn of(&self, leg: Leg) -> &Names {
        match leg {
            Leg::Target => &self.target,
            Leg::Bridge => &self.bridge,
        }
    }

    fn of_mut(&mut self, leg: Leg) -> &mut Names {
        match leg {
            Leg::Target => &mut self.target,
            Leg::Bridge => &mut self.bridge,
        }
    }

    /// The manifest of this name in this stage.
    pub(super) fn manifest(&self, leg: Leg, name: &str) -> Option<usize> {
        self.of(leg).manifests.get(&normalized_name(name)).copied()
    }

    /// A manifest that [`Catalog::manifest`] gave.
    pub(super) fn entry(&self, index: usize) -> &Entry {
        &self.entries[index]
    }

    /// What phones of this family get in this stage.
    pub(super) fn for_family(&self, leg: Leg, family: Family) -> Option<&Entry> {
        self.entries
            .iter()
            .find(|entry| entry.leg == leg && entry.family == Some(family))
    }

    /// Whether this load is a target of the run.
    pub(super) fn is_target(&self, load: &LoadName) -> bool {
        !load.is_recovery() && self.target.loads.contains(&normalized_name(load.as_str()))
    }

    /// Whether a target of this family has no name but that of its recovery manifest.
    pub(super) fn is_unnamed(&self, family: Family) -> bool {
        self.entries.iter().any(|entry| {
            let recovery = Model::by_recovery_manifest(&entry.load.manifest());
            entry.leg == Leg::Target && recovery.is_some_and(|model| model.family == family)
        })
    }

    /// Whether this load is the run's bridge.
    pub(super) fn is_bridge(&self, load: &LoadName) -> bool {
        !load.is_recovery() && self.bridge.loads.contains(&normalized_name(load.as_str()))
    }

    /// Whether this stage has a manifest or image of this name.
    pub(super) fn has(&self, leg: Leg, name: &str) -> bool {
        let name = normalized_name(name);
        self.of(leg)
            .files
            .iter()
            .any(|staged| normalized_name(staged) == name)
    }

    /// The names of all manifests and images of this stage.
    pub(super) fn names(&self, leg: Leg) -> impl Iterator<Item = &str> {
        self.of(leg).files.iter().map(String::as_str)
    }
}
