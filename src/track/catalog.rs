//! An index of the staged manifests and images.

use std::collections::{HashMap, HashSet};

use super::{
    plan::{FileServer, Plan, StagePlan, bridge_steps},
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
    /// By step.
    bridges: Vec<StagedNames>,
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
        for stage in &plan.stages {
            catalog.add(StageRole::Target, stage);
        }
        for (stage, step) in plan.bridge.iter().zip(bridge_steps(&plan.bridge)) {
            catalog.add(StageRole::Bridge(step), stage);
        }
        for names in std::iter::once(&mut catalog.target).chain(&mut catalog.bridges) {
            names.files.sort_unstable();
            names.files.dedup();
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

    /// `None` for a step that no bridge has.
    fn names_of(&self, role: StageRole) -> Option<&StagedNames> {
        match role {
            StageRole::Target => Some(&self.target),
            StageRole::Bridge(step) => self.bridges.get(usize::from(step)),
        }
    }

    fn names_of_mut(&mut self, role: StageRole) -> &mut StagedNames {
        let StageRole::Bridge(step) = role else {
            return &mut self.target;
        };
        let at = usize::from(step);
        if self.bridges.len() <= at {
            self.bridges.resize_with(at + 1, StagedNames::default);
        }
        &mut self.bridges[at]
    }

    /// Whether the run or the record has no target.
    pub(super) fn is_empty(&self) -> bool {
        self.target.loads.is_empty()
    }

    /// The index of the manifest of this name, for [`Catalog::entry`].
    pub(super) fn manifest(&self, role: StageRole, name: &str) -> Option<usize> {
        let names = self.names_of(role)?;
        names.manifests.get(&normalized_name(name)).copied()
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
        let name = normalized_name(load.as_str());
        let mut bridges = self.bridges.iter();
        !load.is_recovery() && bridges.any(|names| names.loads.contains(&name))
    }

    /// The loads of the bridges of this family, by step: in the order of their releases.
    pub(super) fn bridges_of(&self, family: Family) -> Vec<(u8, LoadName)> {
        let of_family = self.entries.iter().filter_map(|entry| match entry.role {
            StageRole::Bridge(step) if entry.family == Some(family) => {
                Some((step, entry.load.clone()))
            }
            _ => None,
        });
        let mut bridges: Vec<_> = of_family.collect();
        bridges.sort_unstable();
        bridges.dedup();
        bridges
    }

    /// The role in which a file of this name is staged; the target's takes precedence.
    pub(super) fn role_of_file(&self, name: &str) -> Option<StageRole> {
        let steps = (0..).take(self.bridges.len()).map(StageRole::Bridge);
        let mut roles = std::iter::once(StageRole::Target).chain(steps);
        roles.find(|role| self.has_file(*role, name))
    }

    /// Whether a manifest or image of this name is staged in this role.
    pub(super) fn has_file(&self, role: StageRole, name: &str) -> bool {
        let name = normalized_name(name);
        self.file_names(role)
            .any(|staged| normalized_name(staged) == name)
    }

    /// The names of all manifests and images of this role.
    pub(super) fn file_names(&self, role: StageRole) -> impl Iterator<Item = &str> {
        let names = self.names_of(role).into_iter();
        names.flat_map(|names| names.files.iter().map(String::as_str))
    }
}
