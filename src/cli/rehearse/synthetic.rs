//! The synthetic bundle of a rehearsal.

use std::{
    fs::File,
    io,
    os::fd::AsRawFd,
    path::{Path, PathBuf},
};

use crate::{
    bundle::{Bundle, ExamineOptions},
    failure::Failure,
    inputs::bundles,
    phone::{EarlyFirmware, EarlyStep, Family, LoadName, Model, load_of_image_79x0},
    simulator::{Release, Sizes, SyntheticBundle, test_key},
};

/// A bundle in an unnamed temporary file, so that nothing is left behind.
pub(super) struct Synthetic {
    /// The name it would be published under.
    pub(super) name: PathBuf,
    /// The bundle as `verify` examines it.
    pub(super) bundle: Bundle,
    /// Keeps the file open: the bundle's path leads to this descriptor.
    _file: File,
}

/// The target and the bridges to it.
pub(super) struct SyntheticBundles {
    pub(super) target: Synthetic,
    pub(super) bridges: Vec<Synthetic>,
}

impl SyntheticBundles {
    /// Makes the bundle for a model, and the bridges that a phone with the load `from` needs, if it
    /// is from before the loader of the 7940 and 7960. `small`: with short images.
    pub(super) fn new(
        model: Option<&'static Model>,
        from: Option<&LoadName>,
        seed: u64,
        small: bool,
    ) -> Result<Self, Failure> {
        let family = from.and_then(LoadName::family);
        let model = model.or_else(|| family.and_then(|family| family.models().next()));
        let model = model.or_else(|| Model::by_number("7965"));
        let Some(target) = model.and_then(|model| SyntheticBundle::new(model.family, seed)) else {
            return Err(Failure::usage(
                "there is no synthetic bundle for this model",
                "",
            ));
        };
        // What the phones run is not known before a source reports it.
        let first = from.and_then(EarlyFirmware::of).map(|first| EarlyFirmware {
            release: None,
            ..first
        });
        let steps = match first.map(|firmware| firmware.next_step(&[])) {
            Some(EarlyStep::Missing(images)) => images,
            _ => Vec::new(),
        };
        let bridges = steps.into_iter().filter_map(|image| {
            let (load, _) = load_of_image_79x0(image)?;
            let bridge = SyntheticBundle::new(Family::P3, seed)?;
            let name = load.as_str();
            let release = name.get(4..)?.trim_start_matches('-').to_owned();
            let protocol = load.protocol()?;
            Some(bridge.protocol(protocol).release(Release {
                images: release.clone(),
                load: release,
            }))
        });
        let sized = |made: SyntheticBundle| {
            let sizes = if small {
                Sizes::Small
            } else {
                Sizes::Realistic
            };
            made.sizes(sizes)
        };
        Ok(Self {
            target: Synthetic::new(&sized(target))?,
            bridges: bridges
                .map(|made| Synthetic::new(&sized(made)))
                .collect::<Result<_, _>>()?,
        })
    }

    /// The name under which the bundle at this path would be published.
    pub(super) fn name(&self, path: &Path) -> Option<&Path> {
        let mut all = std::iter::once(&self.target).chain(&self.bridges);
        let found = all.find(|one| one.bundle.path == path)?;
        Some(&found.name)
    }
}

impl Synthetic {
    fn new(made: &SyntheticBundle) -> Result<Self, Failure> {
        let failed = |error: io::Error| {
            Failure::new(
                format!("cannot write the synthetic bundle: {error}"),
                "It needs 12 MB in the temporary folder (TMPDIR)",
            )
        };
        let file = tempfile::tempfile().map_err(failed)?;
        // Through /proc, so that the rest of the program sees an ordinary file.
        let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
        made.write_zip(&path).map_err(failed)?;
        // Signed with a key that only rehearsals trust.
        let expectation = ExamineOptions {
            trusted: vec![test_key()],
            ..ExamineOptions::default()
        };
        let examined = bundles::examine(&[path], &expectation, "", true)?;
        let Ok([bundle]) = <[Bundle; 1]>::try_from(examined) else {
            return Err(Failure::new("the synthetic bundle is not one bundle", ""));
        };
        Ok(Self {
            name: PathBuf::from(made.file_name()),
            bundle,
            _file: file,
        })
    }
}
