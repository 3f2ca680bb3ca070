//! The synthetic bundle of a rehearsal.

use std::{fs::File, io, os::fd::AsRawFd, path::PathBuf};

use crate::{
    bundle::{Bundle, ExamineOptions},
    failure::Failure,
    inputs::bundles,
    phone::Model,
    simulator::{Sizes, SyntheticBundle, test_key},
    stage::AcceptPolicy,
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

impl Synthetic {
    /// Makes the bundle for a model. `small`: with short images.
    pub(super) fn new(
        model: Option<&'static Model>,
        seed: u64,
        small: bool,
    ) -> Result<Self, Failure> {
        let failed = |error: io::Error| {
            Failure::new(
                format!("cannot write the synthetic bundle: {error}"),
                "It needs 12 MB in the temporary folder (TMPDIR)",
            )
        };
        let model = model.or_else(|| Model::by_number("7965"));
        let Some(made) = model.and_then(|model| SyntheticBundle::new(model.family, seed)) else {
            return Err(Failure::usage(
                "there is no synthetic bundle for this model",
                "",
            ));
        };
        let made = if small {
            made.sizes(Sizes::Small)
        } else {
            made
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
        // The signatures of the 78xx cannot be checked.
        let accept = AcceptPolicy {
            unknown: true,
            ..AcceptPolicy::default()
        };
        let examined = bundles::select_expected(&[path], &expectation, accept, true)?;
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
