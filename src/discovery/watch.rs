//! The phones that are present and the load that each runs: facts and time in, changes of the
//! list out.

mod fact;

use std::{
    collections::{BTreeMap, btree_map::Entry},
    net::Ipv4Addr,
    time::Duration,
};

use serde::Serialize;

pub use fact::{Fact, FactReader};

use crate::{
    phone::{LoadName, MacAddress, Model},
    track::{EvidenceSource, MAX_PHONES, RunTime},
};

/// A phone that was observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedPhone {
    /// Its Ethernet address.
    pub mac: MacAddress,
    /// Its last known IPv4 address.
    pub address: Option<Ipv4Addr>,
    /// Its model.
    pub model: Option<&'static Model>,
    /// The load that it reported last.
    pub load: Option<LoadName>,
    /// The phone's port that sent the last frame.
    pub port: Option<String>,
    /// Its VLAN.
    pub vlan: Option<u16>,
    /// Power consumption that it reports, in milliwatts.
    pub power: Option<u32>,
    /// The source of the last report.
    pub source: EvidenceSource,
    /// Time of the first report.
    pub first_seen: RunTime,
    /// Time of the last report.
    pub last_seen: RunTime,
    /// When it becomes silent, unless a new report comes. `None`: no report had a time to live.
    pub expires_at: Option<RunTime>,
    /// Whether its last announcement expired: it has no power, restarts, or was moved.
    pub is_silent: bool,
    /// The last host that sent a frame in its name.
    pub disputed: Option<MacAddress>,
    /// All that is known of it comes from such frames.
    pub is_only_disputed: bool,
}

/// How a phone's entry in the list changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PhoneChange {
    /// First report.
    New,
    /// A report differs from earlier ones.
    Changed,
    /// Its announcements expired.
    Silent,
    /// It reports again after silence.
    Back,
}

/// The list, at most [`MAX_PHONES`] phones.
#[derive(Debug, Clone, Default)]
pub struct PhoneList {
    phones: BTreeMap<MacAddress, ObservedPhone>,
    dropped: u64,
}

impl PhoneList {
    /// Applies a fact. `None`: nothing that is shown changes, except the time of the last report.
    pub fn apply(&mut self, now: RunTime, fact: &Fact) -> Option<PhoneChange> {
        let count = self.phones.len();
        let entry = match self.phones.entry(fact.mac) {
            // Every host sends ARP: it can add an address to a phone, but not a phone to the list.
            Entry::Vacant(_) if fact.source == EvidenceSource::Neighbour => return None,
            Entry::Vacant(_) if count >= MAX_PHONES => {
                self.dropped += 1;
                return None;
            }
            Entry::Vacant(entry) => {
                let phone = ObservedPhone {
                    mac: fact.mac,
                    address: None,
                    model: None,
                    load: None,
                    port: None,
                    vlan: None,
                    power: None,
                    source: fact.source,
                    first_seen: now,
                    last_seen: now,
                    expires_at: None,
                    is_silent: false,
                    disputed: None,
                    is_only_disputed: fact.disputed.is_some(),
                };
                entry.insert(phone).apply(now, fact);
                return Some(PhoneChange::New);
            }
            Entry::Occupied(entry) => entry.into_mut(),
        };
        let was = entry.clone();
        entry.apply(now, fact);
        let shown = |phone: &ObservedPhone| {
            let ObservedPhone {
                address,
                model,
                load,
                port,
                vlan,
                power,
                disputed,
                is_only_disputed,
                ..
            } = phone.clone();
            let marks = (disputed, is_only_disputed);
            (address, model, load, port, vlan, power, marks)
        };
        match (was.is_silent, entry.is_silent) {
            (true, false) => Some(PhoneChange::Back),
            (false, true) => Some(PhoneChange::Silent),
            _ => (shown(&was) != shown(entry)).then_some(PhoneChange::Changed),
        }
    }

    /// Advances time. Returns the phones that have just become silent.
    pub fn tick(&mut self, now: RunTime) -> Vec<MacAddress> {
        let due = |phone: &&mut ObservedPhone| {
            !phone.is_silent && phone.expires_at.is_some_and(|at| at <= now)
        };
        self.phones
            .values_mut()
            .filter(due)
            .map(|phone| {
                phone.is_silent = true;
                phone.mac
            })
            .collect()
    }

    /// All phones, ordered by MAC.
    #[must_use]
    pub fn phones(&self) -> impl ExactSizeIterator<Item = &ObservedPhone> {
        self.phones.values()
    }

    /// The phone with this MAC.
    #[must_use]
    pub fn phone(&self, mac: MacAddress) -> Option<&ObservedPhone> {
        self.phones.get(&mac)
    }

    /// Facts that were dropped because the list was full.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

impl ObservedPhone {
    /// Takes over what the fact reports and keeps the rest. A disputed fact is only noted once the
    /// phone itself was observed, and what it reported before then no longer counts.
    fn apply(&mut self, now: RunTime, fact: &Fact) {
        match fact.disputed {
            Some(host) => {
                self.disputed = Some(host);
                if !self.is_only_disputed {
                    return;
                }
            }
            None if self.is_only_disputed && fact.source != EvidenceSource::Neighbour => {
                self.is_only_disputed = false;
                (self.address, self.model, self.load) = (None, None, None);
                (self.port, self.vlan, self.power) = (None, None, None);
                (self.expires_at, self.is_silent) = (None, false);
            }
            None => {}
        }
        self.last_seen = now;
        self.source = fact.source;
        self.address = fact.address.or(self.address);
        self.model = fact.model.or(self.model);
        if let Some(load) = &fact.load {
            self.load = Some(load.clone());
        }
        if let Some(port) = &fact.port {
            self.port = Some(port.clone());
        }
        self.vlan = fact.vlan.or(self.vlan);
        self.power = fact.power.or(self.power);
        match fact.ttl {
            // LLDP's shutdown announcement (IEEE 802.1AB, 8.5.4): the port goes down.
            Some(Duration::ZERO) => self.expires_at = Some(now),
            Some(ttl) => self.expires_at = self.expires_at.max(Some(now.saturating_add(ttl))),
            None => {}
        }
        self.is_silent = match fact.ttl {
            Some(ttl) => ttl.is_zero(),
            // A DHCP request shows that the phone is there; it does not extend an announcement.
            None => self.is_silent && self.expires_at.is_some_and(|at| at <= now),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: MacAddress = MacAddress::new([0, 0x1d, 0x45, 0xaa, 0xbb, 1]);

    fn fact(source: EvidenceSource, ttl: u64) -> Fact {
        Fact {
            mac: MAC,
            source,
            address: None,
            model: None,
            load: None,
            port: None,
            vlan: None,
            power: None,
            ttl: (ttl > 0).then(|| Duration::from_secs(ttl)),
            disputed: None,
        }
    }

    fn load(name: &str) -> Fact {
        Fact {
            load: Some(LoadName::new(name)),
            ..fact(EvidenceSource::Cdp, 180)
        }
    }

    const fn at(seconds: u64) -> RunTime {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_phone_is_new_changes_becomes_silent_and_reports_again() {
        let mut watch = PhoneList::default();
        assert_eq!(
            watch.apply(at(0), &load("SCCP45.8-5-2S")),
            Some(PhoneChange::New)
        );
        assert_eq!(watch.apply(at(60), &load("SCCP45.8-5-2S")), None);
        assert_eq!(watch.phone(MAC).unwrap().last_seen, at(60));
        assert_eq!(watch.tick(at(239)), []);
        assert_eq!(watch.tick(at(240)), [MAC]);
        assert_eq!(watch.tick(at(999)), [], "reported once");
        assert_eq!(
            watch.apply(at(1000), &load("SIP45.9-3-1SR4-1S")),
            Some(PhoneChange::Back)
        );
        let phone = watch.phone(MAC).unwrap();
        assert!(!phone.is_silent);
        assert_eq!(phone.load, Some(LoadName::new("SIP45.9-3-1SR4-1S")));
        assert_eq!((phone.first_seen, phone.last_seen), (at(0), at(1000)));
        assert_eq!(
            watch.apply(at(1001), &load("SIP45.9-4-2SR3-1S")),
            Some(PhoneChange::Changed)
        );
    }

    #[test]
    fn a_source_keeps_what_another_source_reported() {
        let mut watch = PhoneList::default();
        watch.apply(at(0), &load("SIP45.9-3-1SR4-1S"));
        let address = Ipv4Addr::new(192, 0, 2, 7);
        let arp = Fact {
            address: Some(address),
            ..fact(EvidenceSource::Neighbour, 0)
        };
        assert_eq!(watch.apply(at(1), &arp), Some(PhoneChange::Changed));
        assert_eq!(watch.apply(at(2), &arp), None);
        let power = Fact {
            power: Some(6300),
            ..fact(EvidenceSource::Lldp, 0)
        };
        assert_eq!(watch.apply(at(3), &power), Some(PhoneChange::Changed));
        assert_eq!(watch.apply(at(4), &fact(EvidenceSource::Cdp, 0)), None);
        let phone = watch.phone(MAC).unwrap();
        assert_eq!(phone.power, Some(6300));
        assert_eq!(phone.address, Some(address));
        assert!(phone.load.is_some());
        assert_eq!(phone.expires_at, Some(at(180)), "ARP does not lengthen it");
    }

    #[test]
    fn a_frame_of_another_host_marks_a_phone_and_changes_nothing_else() {
        let mut watch = PhoneList::default();
        let host = MacAddress::new([2, 0, 0, 0, 0, 9]);
        let forged = Fact {
            disputed: Some(host),
            ..load("SIP45.9-3-1SR4-1S")
        };
        watch.apply(at(0), &load("SCCP45.8-5-2S"));
        assert_eq!(watch.apply(at(60), &forged), Some(PhoneChange::Changed));
        assert_eq!(watch.apply(at(61), &forged), None);
        let phone = watch.phone(MAC).unwrap();
        assert_eq!(phone.load, Some(LoadName::new("SCCP45.8-5-2S")));
        assert_eq!((phone.last_seen, phone.expires_at), (at(0), Some(at(180))));
        assert_eq!(
            (phone.disputed, phone.is_only_disputed),
            (Some(host), false)
        );
    }

    #[test]
    fn a_phone_that_only_another_host_names_is_listed_as_disputed_until_it_reports_itself() {
        let mut watch = PhoneList::default();
        let forged = Fact {
            disputed: Some(MacAddress::new([2, 0, 0, 0, 0, 9])),
            vlan: Some(7),
            ..load("SIP45.9-3-1SR4-1S")
        };
        assert_eq!(watch.apply(at(0), &forged), Some(PhoneChange::New));
        assert!(watch.phone(MAC).unwrap().is_only_disputed);
        let own = load("SCCP45.8-5-2S");
        assert_eq!(watch.apply(at(1), &own), Some(PhoneChange::Changed));
        let phone = watch.phone(MAC).unwrap();
        assert!(!phone.is_only_disputed && phone.disputed.is_some());
        assert_eq!((&phone.load, phone.vlan), (&own.load, None));
    }

    #[test]
    fn arp_alone_adds_no_phone() {
        let mut watch = PhoneList::default();
        assert_eq!(
            watch.apply(at(0), &fact(EvidenceSource::Neighbour, 0)),
            None
        );
        assert_eq!(watch.phones().len(), 0);
    }

    #[test]
    fn a_phone_seen_by_dhcp_only_never_becomes_silent() {
        let mut watch = PhoneList::default();
        watch.apply(at(0), &fact(EvidenceSource::Dhcp, 0));
        assert_eq!(watch.tick(Duration::from_hours(24)), []);
    }

    #[test]
    fn a_shutdown_announcement_makes_a_phone_silent_at_once() {
        let mut watch = PhoneList::default();
        watch.apply(at(0), &fact(EvidenceSource::Lldp, 120));
        let last = Fact {
            ttl: Some(Duration::ZERO),
            ..fact(EvidenceSource::Lldp, 0)
        };
        assert_eq!(watch.apply(at(9), &last), Some(PhoneChange::Silent));
        assert_eq!(watch.tick(at(999)), [], "reported once");
    }

    #[test]
    fn the_list_is_bounded() {
        let mut watch = PhoneList::default();
        for number in 0..u32::try_from(MAX_PHONES).unwrap() + 5 {
            let [_, b, c, d] = number.to_be_bytes();
            let mac = MacAddress::new([2, 0, 0, b, c, d]);
            watch.apply(
                at(0),
                &Fact {
                    mac,
                    ..fact(EvidenceSource::Cdp, 180)
                },
            );
        }
        assert_eq!((watch.phones().len(), watch.dropped()), (MAX_PHONES, 5));
    }
}
