//! What the current boot of an application fetched of its configuration.

use super::{own_file_starts::UnnamedLoad, starts::RequestLoop};
use crate::track::{
    diagnosis::rules,
    observation::{RunTime, TransferId},
};

/// How far a phone is with its configuration.
#[derive(Debug, Clone, Default)]
pub(in crate::track) struct Configuration {
    /// The first request for a configuration in this boot.
    pub requested_at: Option<RunTime>,
    /// The phone is flashed and requested no further manifest.
    pub settled: bool,
    pub boot: ConfigBoot,
    pub request_loop: RequestLoop,
    /// Of a 7940 or 7960.
    pub(super) unnamed_load: UnnamedLoad,
    pub(super) polls: Polls,
    pub(super) slots: SlotStart,
    /// A start that is not proven yet.
    pub(super) pending_start: Option<PendingStart>,
}

/// A start that only requests show so far.
#[derive(Debug, Clone)]
pub(in crate::track) struct PendingStart {
    /// The newest trust list that was requested, or else the first file.
    pub(super) name: String,
    /// The first of these requests.
    pub(super) since: RunTime,
}

/// The start of a phone with two slots after its images.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::track) struct SlotStart {
    /// It requested its lists long enough after its last image.
    pub(super) is_late: bool,
    /// That start is proven.
    pub(super) is_proven: bool,
    /// When a configuration was delivered since, if no manifest was requested after it.
    pub(super) configured_at: Option<RunTime>,
}

/// Consecutive requests for the phone's own configuration and for nothing else.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::track) struct Polls {
    newest: Option<RunTime>,
    /// Requests that came so long after the one before that the phone did not start over by itself.
    count: u8,
}

impl Polls {
    /// The phone requested its own configuration, which it was given. Returns whether it looks for
    /// a new one at times, as a phone in normal operation does.
    pub(super) fn on_configuration(&mut self, at: RunTime) -> bool {
        let apart = self.newest.replace(at).map(|last| at.saturating_sub(last));
        match apart {
            Some(apart) if apart > rules::STARTS_WITHIN => {
                self.count = self.count.saturating_add(1);
            }
            Some(apart) if apart <= rules::REPEATED_WITHIN => {}
            _ => self.count = 0,
        }
        self.count >= rules::POLLS
    }
}

/// The configuration files of one boot.
#[derive(Debug, Clone, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, each observed separately"
)]
pub(in crate::track) struct ConfigBoot {
    /// The newest request for its own file, and the client port of the request.
    pub(super) own: Option<(TransferId, u16)>,
    /// When that was.
    pub(super) own_at: Option<RunTime>,
    /// Its own file was delivered.
    pub(super) own_delivered: bool,
    /// `XMLDefault.cnf.xml` was delivered.
    pub(super) default_delivered: bool,
    /// A configuration was requested.
    pub(super) requested: bool,
    /// A configuration was requested and found.
    pub(super) found: bool,
    /// The first request of this boot.
    pub(super) began: Option<RunTime>,
    /// Earlier consecutive boots in which a configuration was delivered and nothing followed.
    pub(super) boots_without_effect: u8,
    /// Whether the phone's own configuration was delivered in one of them.
    pub(super) own_without_effect: bool,
    /// Earlier consecutive boots in which no configuration was requested.
    pub(super) boots_without_request: u8,
    /// Earlier consecutive boots in which none of the requested configurations was found.
    pub(super) boots_without_file: u8,
}

impl ConfigBoot {
    /// The boot that follows this one at `at`.
    pub(super) fn next(&self, at: RunTime) -> Self {
        let next = Self {
            began: Some(at),
            ..Self::default()
        };
        let apart = self.began.map(|began| at.saturating_sub(began));
        match apart {
            Some(apart) if apart > rules::LOOP_WITHIN => next,
            // A boot may request twice: over HTTP first, or because an answer was lost.
            Some(apart) if !self.requested && apart <= rules::REPEATED_WITHIN => self.clone(),
            _ => Self {
                boots_without_effect: self
                    .boots_without_effect
                    .saturating_add(u8::from(self.own_delivered || self.default_delivered)),
                own_without_effect: self.own_without_effect || self.own_delivered,
                boots_without_request: if self.requested || apart.is_none() {
                    0
                } else {
                    self.boots_without_request.saturating_add(1)
                },
                boots_without_file: if self.requested && !self.found {
                    self.boots_without_file.saturating_add(1)
                } else {
                    0
                },
                ..next
            },
        }
    }
}
