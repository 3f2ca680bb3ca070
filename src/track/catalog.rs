//! An index of the staged manifests and images.

use std::collections::{HashMap, HashSet};

use super::{
    plan::{FileServer, Plan, StagePlan},
    route::StageRole,
};
use crate::phone::{Family, LoadName, Model, normalized_name};

/// One staged manifest.
#[derive(Debug, Clone)]
pub(super) struct ManifestEntry {
    /// The load that it installs.
    pub load: LoadName,
    /// The phone family of that load.
    pub family: Option<Family>,
    /// Whether the manifest belongs to the target or to the bridge.
    pub role: StageRole,
    /// The hardware classes that it supports, if it lists them.
    pub hardware: Option<u32>,
    images: HashMap<String, usize>,
    /// The hardware platforms of each image, as bits; empty if every phone fetches all images.
    pub platforms: Vec<u32>,
    /// The number of images.
    pub count: usize,
    /// The phone fetches one image per boot, and only the images that it lacks (7940, 7960: first
    /// the loader, which then fetches the application).
    pub stepwise: bool,
}

/// All staged manifests, by role and by case-insensitive name.
#[derive(Debug, Clone, Default)]
pub(super) struct Catalog {
    entries: Vec<ManifestEntry>,
    target: StagedNames,
    bridge: StagedNames,
    /// Which server has the files.
    pub server: FileServer,
    /// The phone families of the target bundles, without duplicates.
    pub families: Vec<Family>,
}

/// The file names of one role.
#[derive(Debug, Clone, Default)]
struct StagedNames {
    manifests: HashMap<String, usize>,
    loads: HashSet<String>,
    files: Vec<String>,
}

impl ManifestEntry {
    /// The index of this image in the manifest, from 0.
    pub(super) fn image_index(&self, name: &str) -> Option<usize> {
        self.images.get(&normalized_name(name)).copied()
    }
}

impl Catalog {
    pub(super) fn new(plan: &Plan) -> Self {
        let mut catalog = Self {
            server: plan.server,
            ..Self::default()
        };
        for (role, stages) in [
            (StageRole::Target, &plan.stages),
            (StageRole::Bridge, &plan.bridge),
        ] {
            for stage in stages {
                catalog.add(role, stage);
            }
            let names = &mut catalog.names_of_mut(role).files;
            names.sort_unstable();
            names.dedup();
        }
        catalog
    }

    fn add(&mut self, role: StageRole, stage: &StagePlan) {
        if role == StageRole::Target {
            let models = stage.models.iter().map(|model| model.family);
            for family in models.chain(stage.load.family()) {
                if !self.families.contains(&family) {
                    self.families.push(family);
                }
            }
        }
        for manifest in &stage.manifests {
            let mut images = HashMap::new();
            let mut platforms = Vec::new();
            for (at, (name, _)) in manifest.images.iter().enumerate() {
                let index = *images
                    .entry(normalized_name(name))
                    .or_insert(platforms.len());
                if index == platforms.len() {
                    platforms.push(0);
                }
                platforms[index] |= manifest.platforms.get(at).copied().unwrap_or(0);
            }
            if platforms.iter().all(|bits| *bits == 0) {
                platforms.clear();
            }
            let entry = self.entries.len();
            let names = self.names_of_mut(role);
            names.loads.insert(normalized_name(stage.load.as_str()));
            names
                .files
                .extend(manifest.images.iter().map(|(name, _)| name.clone()));
            names
                .manifests
                .entry(normalized_name(&manifest.name))
                .or_insert(entry);
            names.files.push(manifest.name.clone());
            self.entries.push(ManifestEntry {
                load: stage.load.clone(),
                family: stage.load.family(),
                role,
                hardware: manifest.hardware,
                count: images.len(),
                platforms,
                stepwise: stage.load.family() == Some(Family::P3),
                images,
            });
        }
    }

    fn names_of(&self, role: StageRole) -> &StagedNames {
        match role {
            StageRole::Target => &self.target,
            StageRole::Bridge => &self.bridge,
        }
    }

    fn names_of_mut(&mut self, role: StageRole) -> &mut StagedNames {
        match role {
            StageRole::Target => &mut self.target,
            StageRole::Bridge => &mut self.bridge,
        }
    }

    /// Whether the run or the record has no target.
    pub(super) fn is_empty(&self) -> bool {
        self.target.loads.is_empty()
    }

    /// The index of the manifest of this name, for [`Catalog::entry`].
    pub(super) fn manifest(&self, role: StageRole, name: &str) -> Option<usize> {
        self.names_of(role)
            .manifests
            .get(&normalized_name(name))
            .copied()
    }

    /// The manifest at an index that [`Catalog::manifest`] returned.
    pub(super) fn entry(&self, index: usize) -> &ManifestEntry {
        &self.entries[index]
    }

    /// The manifest for phones of this family.
    pub(super) fn for_family(&self, role: StageRole, family: Family) -> Option<&ManifestEntry> {
        self.entries
            .iter()
            .find(|entry| entry.role == role && entry.family == Some(family))
    }

    /// Whether this load is a target of the run.
    pub(super) fn is_target(&self, load: &LoadName) -> bool {
        !load.is_recovery() && self.target.loads.contains(&normalized_name(load.as_str()))
    }

    /// Whether a target of this family is known only by its recovery manifest.
    pub(super) fn is_unnamed(&self, family: Family) -> bool {
        self.entries.iter().any(|entry| {
            let recovery = Model::by_recovery_manifest(&entry.load.manifest());
            entry.role == StageRole::Target && recovery.is_some_and(|model| model.family == family)
        })
    }

    /// Whether this load is the run's bridge.
    pub(super) fn is_bridge(&self, load: &LoadName) -> bool {
        !load.is_recovery() && self.bridge.loads.contains(&normalized_name(load.as_str()))
    }

    /// Whether a manifest or image of this name is staged in this role.
    pub(super) fn has_file(&self, role: StageRole, name: &str) -> bool {
        let name = normalized_name(name);
        self.names_of(role)
            .files
            .iter()
            .any(|staged| normalized_name(staged) == name)
    }

    /// The names of all manifests and images of this role.
    pub(super) fn file_names(&self, role: StageRole) -> impl Iterator<Item = &str> {
        self.names_of(role).files.iter().map(String::as_str)
    }
}
