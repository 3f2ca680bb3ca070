//! The searches of a 7940's or 7960's loader for a load, as distinct from its application's requests.

use std::{ops::RangeInclusive, time::Duration};

use super::context::FileRequest;
use crate::{
    phone::{RequestedFile, normalized_name},
    track::observation::RunTime,
};

/// A request for `SIPDefault.cnf` so soon after another file of a search belongs to the search.
/// Files of one search follow each other within 4 s, or 4 s after an unanswered repetition.
const SEARCH_WITHIN: Duration = Duration::from_secs(12);
/// A loader without an application begins its next search 16 to 36 s after the end of one.
const SEARCHES_APART: RangeInclusive<Duration> = Duration::from_secs(10)..=Duration::from_mins(1);

/// A SIP application without a line requests its own file every 31 s.
const POLLS_APART: RangeInclusive<Duration> = Duration::from_secs(29)..=Duration::from_secs(33);

/// The searches of the loader.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::track) struct LoaderSearch {
    /// The newest request of a search that led to no manifest yet.
    newest: Option<RunTime>,
    /// When the newest search included `MGC<MAC>.cnf`, if no image and no application's request
    /// followed.
    without_load: Option<RunTime>,
    /// The newest request for `SIP<MAC>.cnf`, and how many in a row came at the interval of an
    /// application without a line.
    own: Option<RunTime>,
    polls: u8,
}

impl LoaderSearch {
    /// Whether an application requests `SIPDefault.cnf` here, and not the loader.
    pub(super) fn is_application(self, at: RunTime, request: FileRequest<'_>) -> bool {
        let is_searching = self
            .newest
            .is_some_and(|newest| at.saturating_sub(newest) < SEARCH_WITHIN);
        *request.file == RequestedFile::LegacyDefault
            && normalized_name(request.name).ends_with("sipdefault.cnf")
            && !is_searching
    }

    /// Consecutive requests of an application for its own file; 0 after any other request.
    pub(super) fn polls(self) -> u8 {
        self.polls
    }

    fn count_poll(&mut self, at: RunTime, request: FileRequest<'_>) {
        let is_own = matches!(request.file, RequestedFile::LegacyConfig(_)) && !is_mgcp(request);
        let before = std::mem::replace(&mut self.own, is_own.then_some(at));
        let apart = before.map(|before| at.saturating_sub(before));
        self.polls = match apart.filter(|_| is_own) {
            Some(apart) if POLLS_APART.contains(&apart) => self.polls.max(1).saturating_add(1),
            _ => 0,
        };
    }

    /// Adds a request. Returns whether the loader searched before, and found nothing.
    pub(super) fn add(&mut self, at: RunTime, request: FileRequest<'_>) -> bool {
        self.count_poll(at, request);
        match request.file {
            _ if self.is_application(at, request) => *self = Self::default(),
            RequestedFile::LegacyConfig(_) if is_mgcp(request) => {
                self.newest = Some(at);
                let apart = self.without_load.map(|before| at.saturating_sub(before));
                if apart.is_none_or(|apart| apart >= *SEARCHES_APART.start()) {
                    self.without_load = Some(at);
                }
                return apart.is_some_and(|apart| SEARCHES_APART.contains(&apart));
            }
            RequestedFile::TrustList(_)
            | RequestedFile::Config { .. }
            | RequestedFile::DefaultConfig
            | RequestedFile::LegacyConfig(_) => self.newest = Some(at),
            RequestedFile::Manifest(_) => self.newest = None,
            RequestedFile::Image => *self = Self::default(),
            _ => {}
        }
        false
    }
}

/// `RINGLIST.DAT`: the SIP application requests it, and neither the loader nor SCCP firmware, which
/// requests `RINGLIST.XML`.
pub(super) fn is_ring_list(request: FileRequest<'_>) -> bool {
    let name = normalized_name(request.name);
    name.rsplit('/').next() == Some("ringlist.dat")
}

/// `MGC<MAC>.cnf`.
pub(super) fn is_mgcp(request: FileRequest<'_>) -> bool {
    normalized_name(request.name).starts_with("mgc")
}
