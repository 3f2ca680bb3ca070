//! What the current boot of an application fetched of its configuration.

use crate::track::observation::{RunTime, TransferId};

/// How far a phone is with its configuration.
#[derive(Debug, Clone, Default)]
pub(in crate::track) struct Configuration {
    /// The first request for a configuration in this boot.
    pub requested_at: Option<RunTime>,
    /// The phone is flashed and requested no further manifest.
    pub settled: bool,
    pub boot: ConfigBoot,
}

/// The configuration files of one boot.
#[derive(Debug, Clone, Default)]
pub(in crate::track) struct ConfigBoot {
    /// The newest request for its own file, and the client port of the request.
    pub(super) own: Option<(TransferId, u16)>,
    /// Its own file was delivered.
    pub(super) own_delivered: bool,
    /// `XMLDefault.cnf.xml` was delivered.
    pub(super) default_delivered: bool,
    /// Earlier consecutive boots in which `XMLDefault.cnf.xml` was delivered and nothing
    /// followed.
    pub(super) boots_without_effect: u8,
}

impl ConfigBoot {
    /// The boot that follows this one.
    pub(super) fn next(&self) -> Self {
        // A boot may request twice: over HTTP first, or because an answer was lost.
        let boots_without_effect = match (self.own_delivered, self.default_delivered) {
            (false, true) => self.boots_without_effect.saturating_add(1),
            (false, false) => self.boots_without_effect,
            (true, _) => 0,
        };
        Self {
            boots_without_effect,
            ..Self::default()
        }
    }
}
