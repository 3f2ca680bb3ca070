//! One phone, and one client that is not a phone.

use std::net::Ipv4Addr;

use super::super::{
    conversion::{Context, Conversion},
    event::{PhoneId, PhoneRef},
    history::{FetchHistory, FileRole, MAX_ROWS},
    observation::{RunTime, TransferId},
    plan::Plan,
};
use super::{restart_record::RestartRecord, unproven_request::UnprovenRequest};
use crate::{
    diagnose::Diagnosis,
    phone::{Family, MacAddress, Model, RequestedFile},
};

/// The sums that include a phone.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::track) struct Counted {
    pub as_done: bool,
    pub as_failed: bool,
}

/// One phone.
#[derive(Debug, Clone)]
pub(in crate::track) struct Phone {
    pub mac: Option<MacAddress>,
    /// Only the kernel's neighbour table reports this MAC, and that table lists every client.
    pub(super) mac_from_arp: bool,
    pub address: Ipv4Addr,
    /// The address that DHCP last reported for it.
    pub leased: Option<Ipv4Addr>,
    /// The ARP table had its own MAC at its address when it sent a message.
    pub has_own_arp_entry: bool,
    pub conversion: Conversion,
    /// The conversion before an episode that may be another phone's.
    pub before_episode: Option<Box<Conversion>>,
    /// Restarts that were ordered.
    pub restarts: RestartRecord,
    /// Requests that count once they are proven to be the phone's.
    pub unproven: Vec<UnprovenRequest>,
    /// When the fleet will check this phone.
    pub scheduled: Option<RunTime>,
    /// The sums of the fleet that include the phone.
    pub counted: Counted,
    /// When it became done; `None`: it is not done.
    pub done_since: Option<RunTime>,
    /// Whether an event named the phone.
    pub announced: bool,
    /// The MAC under which events named the phone.
    pub announced_mac: Option<MacAddress>,
}

/// A client that shows no sign of being a phone.
#[derive(Debug, Clone)]
pub(in crate::track) struct OtherClient {
    pub attempts: FetchHistory,
    pub first: RunTime,
    pub last: RunTime,
    /// The MAC in the kernel's neighbour table, which does not prove that the client is a phone.
    pub(super) arp_mac: Option<MacAddress>,
    /// It behaved as no phone does. Only an observed MAC makes it a phone again.
    pub(super) is_not_a_phone: bool,
}

impl Phone {
    pub(super) fn new(address: Ipv4Addr, mac: Option<MacAddress>) -> Self {
        Self {
            mac,
            mac_from_arp: false,
            address,
            leased: None,
            has_own_arp_entry: false,
            conversion: Conversion::new(RunTime::ZERO),
            before_episode: None,
            restarts: RestartRecord::default(),
            unproven: Vec::new(),
            scheduled: None,
            counted: Counted::default(),
            done_since: None,
            announced: false,
            announced_mac: None,
        }
    }

    /// Whether it acknowledged a part of any file.
    pub(super) fn has_transferred(&self) -> bool {
        let mut attempts = self.conversion.delivery.attempts.iter();
        attempts.any(|attempt| attempt.bytes > 0)
    }

    /// The phone as events name it.
    pub(in crate::track) fn reference(&self, id: PhoneId, plan: &Plan) -> PhoneRef {
        let model = self.model_or_listed(plan);
        PhoneRef {
            id,
            mac: self.mac,
            address: self.address,
            model: model.map(|model| model.plain_number().to_owned()),
            family: self
                .family()
                .filter(|_| model.is_none())
                .map(Family::numbers),
            name: self.mac.and_then(|mac| plan.names.get(&mac).cloned()),
        }
    }

    /// The model, or that of the inventory if nothing observed contradicts it.
    fn model_or_listed(&self, plan: &Plan) -> Option<&'static Model> {
        let listed = || {
            let listed = *plan.models.get(&self.mac?)?;
            let family = self.family();
            Some(listed).filter(|listed| family.is_none_or(|family| family == listed.family))
        };
        self.model().or_else(listed)
    }

    /// The family, which stays known during an episode.
    fn family(&self) -> Option<Family> {
        let before = self.before_episode.as_ref();
        let before = before.and_then(|before| before.device.known_family());
        self.conversion.device.known_family().or(before)
    }

    /// The whole history, including an episode that is not assigned yet.
    pub(in crate::track) fn whole_history(&self) -> Conversion {
        let mut conversion = self.conversion.clone();
        if let Some(before) = &self.before_episode {
            conversion.absorb_earlier((**before).clone(), false);
        }
        conversion
    }

    /// The model, which stays known during an episode.
    pub(in crate::track) fn model(&self) -> Option<&'static Model> {
        let before = self.before_episode.as_ref();
        let before = before.and_then(|before| before.device.model);
        self.conversion.device.model.or(before)
    }

    /// Whether a power cut now leaves the phone between two loads. An episode ends that only when a
    /// part of a file was acknowledged in it.
    pub(in crate::track) fn must_stay_powered(&self) -> bool {
        let before = self.before_episode.as_ref();
        self.conversion.must_stay_powered()
            || !self.conversion.has_fetched()
                && before.is_some_and(|before| before.must_stay_powered())
    }

    /// The request of this transfer was not proven to be the phone's: it is only recorded.
    pub(in crate::track) fn record_unproven(&mut self, cx: Context<'_>, transfer: TransferId) {
        let request = self
            .unproven
            .extract_if(.., |request| request.transfer == transfer);
        for request in request {
            let file = RequestedFile::parse(&request.name);
            self.conversion
                .record_unproven(cx, request.as_request(&file));
        }
    }

    /// Begins an episode: a boot loader requests files at the address of this phone.
    pub(super) fn begin_episode(&mut self, at: RunTime) {
        let episode = self.conversion.episode(at);
        let before = std::mem::replace(&mut self.conversion, episode);
        self.before_episode = Some(Box::new(before));
    }

    /// The episode was of this phone: it becomes part of its history.
    pub(super) fn keep_episode(&mut self) {
        if let Some(before) = self.before_episode.take() {
            self.conversion.absorb_earlier(*before, false);
        }
    }

    /// The diagnoses that were raised during the episode.
    pub(super) fn diagnosed_in_episode(&self) -> Vec<Diagnosis> {
        self.before_episode
            .as_ref()
            .map_or_else(Vec::new, |before| {
                self.conversion.findings.not_in(&before.findings)
            })
    }

    /// The episode was another phone's: removes it and returns its conversion.
    pub(super) fn take_episode(&mut self) -> Option<Conversion> {
        let before = *self.before_episode.take()?;
        let mut episode = std::mem::replace(&mut self.conversion, before);
        episode.detach_episode(&self.conversion);
        Some(episode)
    }
}

impl OtherClient {
    pub(super) fn new(at: RunTime, attempts: FetchHistory) -> Self {
        Self {
            attempts,
            first: at,
            last: at,
            arp_mac: None,
            is_not_a_phone: false,
        }
    }

    /// The number of the newest request.
    pub(in crate::track) fn newest_sequence(&self) -> u64 {
        let sequences = self.attempts.iter().map(|attempt| attempt.sequence);
        sequences.max().unwrap_or(0)
    }

    /// The client turns out to be a phone.
    pub(super) fn into_conversion(self) -> Conversion {
        let mut conversion = Conversion::new(self.first);
        conversion.activity.last = self.last;
        conversion.activity.last_request = self.last;
        conversion.activity.requests = self.newest_sequence();
        conversion.loads.was_on_sccp = self
            .attempts
            .iter()
            .any(|attempt| attempt.role == FileRole::SccpLocale);
        conversion
            .delivery
            .attempts
            .absorb_earlier(self.attempts, MAX_ROWS);
        conversion
    }
}
