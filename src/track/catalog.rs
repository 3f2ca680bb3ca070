//! The plan's names in the form in which they are looked up.

use std::collections::{HashMap, HashSet};

use super::StagePlan;
use crate::phone::{Family, LoadName, normal};

/// One staged manifest.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// The load that its phones will run.
    pub load: LoadName,
    /// The family of that load.
    pub family: Option<Family>,
    images: HashMap<String, usize>,
    /// The number of its images.
    pub count: usize,
}

/// Every staged manifest, by its name without case.
#[derive(Debug, Clone)]
pub(super) struct Catalog {
    entries: Vec<Entry>,
    manifests: HashMap<String, usize>,
    loads: HashSet<String>,
    names: Vec<String>,
    /// The families of the stages, each once.
    pub families: Vec<Family>,
}

impl Entry {
    /// The place in the manifest of the image of this name, from 0.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.images.get(&normal(name)).copied()
    }
}

impl Catalog {
    pub(super) fn new(stages: &[StagePlan]) -> Self {
        let mut catalog = Self {
            entries: Vec::new(),
            manifests: HashMap::new(),
            loads: HashSet::new(),
            names: Vec::new(),
            families: Vec::new(),
        };
        for stage in stages {
            let models = stage.models.iter().map(|model| model.family);
            for family in models.chain(stage.load.family()) {
                if !catalog.families.contains(&family) {
                    catalog.families.push(family);
                }
            }
            catalog.loads.insert(normal(stage.load.as_str()));
            for manifest in &stage.manifests {
                let mut images = HashMap::new();
                for (name, _) in &manifest.images {
                    let place = images.len();
                    images.entry(normal(name)).or_insert(place);
                    catalog.names.push(name.clone());
                }
                let index = catalog.entries.len();
                catalog
                    .manifests
                    .entry(normal(&manifest.name))
                    .or_insert(index);
                catalog.names.push(manifest.name.clone());
                catalog.entries.push(Entry {
                    load: stage.load.clone(),
                    family: stage.load.family(),
                    count: images.len(),
                    images,
                });
            }
        }
        catalog.names.sort_unstable();
        catalog.names.dedup();
        catalog
    }

    /// The staged manifest of this name.
    pub(super) fn manifest(&self, name: &str) -> Option<usize> {
        self.manifests.get(&normal(name)).copied()
    }

    /// A manifest that [`Catalog::manifest`] gave.
    pub(super) fn entry(&self, index: usize) -> &Entry {
        &self.entries[index]
    }

    /// Whether this load is a target of the run.
    pub(super) fn is_target(&self, load: &LoadName) -> bool {
        !load.is_recovery() && self.loads.contains(&normal(load.as_str()))
    }

    /// The names of all staged manifests and images.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}
