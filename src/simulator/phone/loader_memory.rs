//! What the loader of a 7940 or 7960 knows.

use super::super::read::LoaderManifest;
use crate::phone::{LoadName, Protocol};

/// The loader and what it found in this boot.
#[derive(Debug)]
pub(super) struct Loader {
    /// Its version, as manifests state it.
    pub(super) version: String,
    /// The load and its manifest.
    pub(super) target: Option<(LoadName, LoaderManifest)>,
    /// The application restarted once because `image_version` differs.
    pub(super) has_retried: bool,
    pub(super) polls: u8,
}

impl Loader {
    /// The loader of a phone in this state.
    pub(super) fn new(load: Option<&LoadName>) -> Self {
        let version = match load.and_then(LoadName::protocol) {
            Some(Protocol::Sip) => "PAS3X060",
            _ => "PAS30831",
        };
        Self {
            version: version.to_owned(),
            target: None,
            has_retried: false,
            polls: 0,
        }
    }
}
