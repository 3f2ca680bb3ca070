//! Who is here and what each phone runs: facts and time in, a list and its changes out.

mod fact;

use std::{
    collections::{BTreeMap, btree_map::Entry},
    net::Ipv4Addr,
    time::Duration,
};

use serde::Serialize;

pub use fact::Fact;

use crate::{
    phone::{LoadName, MacAddress, Model},
    track::{EvidenceSource, MAX_PHONES, RunTime},
};

/// A phone that was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedPhone {
    /// Who it is.
    pub mac: MacAddress,
    /// Where it was last.
    pub address: Option<Ipv4Addr>,
    /// What it is.
    pub model: Option<&'static Model>,
    /// What it runs, as it said last.
    pub load: Option<LoadName>,
    /// The port of the phone that was heard last.
    pub port: Option<String>,
    /// Its VLAN.
    pub vlan: Option<u16>,
    /// The power that it takes by its own word, in milliwatts.
    pub power: Option<u32>,
    /// Who said something of it last.
    pub witness: EvidenceSource,
    /// When it was heard first.
    pub first: RunTime,
    /// When it was heard last.
    pub last: RunTime,
    /// Until when its word holds: nothing new by then, and it is silent. `None` where only
    /// witnesses spoke that do not repeat themselves.
    pub until: Option<RunTime>,
    /// Whether its word holds no more: it has no power, restarts, or is elsewhere.
    pub is_silent: bool,
}

/// What became of a phone in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PhoneChange {
    /// It was heard for the first time.
    New,
    /// Something else is said of it.
    Changed,
    /// It said nothing for as long as its word holds.
    Silent,
    /// It speaks again.
    Back,
}

/// The list.
#[derive(Debug, Clone, Default)]
pub struct PhoneList {
    phones: BTreeMap<MacAddress, ObservedPhone>,
    left_out: u64,
}

impl PhoneList {
    /// Takes a fact. `None`: it changes nothing that is shown but when the phone was heard.
    pub fn apply(&mut self, now: RunTime, fact: &Fact) -> Option<PhoneChange> {
        let count = self.phones.len();
        let entry = match self.phones.entry(fact.mac) {
            // ARP is everybody's: it tells a phone's address and makes no phone.
            Entry::Vacant(_) if fact.witness == EvidenceSource::Neighbour => return None,
            Entry::Vacant(_) if count >= MAX_PHONES => {
                self.left_out += 1;
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
                    witness: fact.witness,
                    first: now,
                    last: now,
                    until: None,
                    is_silent: false,
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
                ..
            } = phone.clone();
            (address, model, load, port, vlan, power)
        };
        match (was.is_silent, entry.is_silent) {
            (true, false) => Some(PhoneChange::Back),
            (false, true) => Some(PhoneChange::Silent),
            _ => (shown(&was) != shown(entry)).then_some(PhoneChange::Changed),
        }
    }

    /// Lets time pass: those that are silent by now and were not before.
    pub fn tick(&mut self, now: RunTime) -> Vec<MacAddress> {
        let due = |phone: &&mut ObservedPhone| {
            !phone.is_silent && phone.until.is_some_and(|until| until <= now)
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

    /// All phones, by their MACs.
    #[must_use]
    pub fn phones(&self) -> impl ExactSizeIterator<Item = &ObservedPhone> {
        self.phones.values()
    }

    /// One of them.
    #[must_use]
    pub fn phone(&self, mac: MacAddress) -> Option<&ObservedPhone> {
        self.phones.get(&mac)
    }

    /// Facts about phones for which the list had no room ([`MAX_PHONES`]).
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.left_out
    }
}

impl ObservedPhone {
    /// Takes over what the fact says; what it does not say stays.
    fn apply(&mut self, now: RunTime, fact: &Fact) {
        self.last = now;
        self.witness = fact.witness;
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
        match fact.holds {
            // LLDP's last word (IEEE 802.1AB, 8.5.4): its port goes down.
            Some(Duration::ZERO) => self.until = Some(now),
            Some(holds) => self.until = self.until.max(Some(now.saturating_add(holds))),
            None => {}
        }
        self.is_silent = match fact.holds {
            Some(holds) => holds.is_zero(),
            // Whoever asks for an address is there. Its word holds as long as before.
            None => self.is_silent && self.until.is_some_and(|until| until <= now),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: MacAddress = MacAddress::new([0, 0x1d, 0x45, 0xaa, 0xbb, 1]);

    fn fact(witness: EvidenceSource, holds: u64) -> Fact {
        Fact {
            mac: MAC,
            witness,
            address: None,
            model: None,
            load: None,
            port: None,
            vlan: None,
            power: None,
            holds: (holds > 0).then(|| Duration::from_secs(holds)),
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
    fn a_phone_is_new_changes_falls_silent_and_comes_back() {
        let mut watch = PhoneList::default();
        assert_eq!(
            watch.apply(at(0), &load("SCCP45.8-5-2S")),
            Some(PhoneChange::New)
        );
        assert_eq!(watch.apply(at(60), &load("SCCP45.8-5-2S")), None);
        assert_eq!(watch.phone(MAC).unwrap().last, at(60));
        assert_eq!(watch.tick(at(239)), []);
        assert_eq!(watch.tick(at(240)), [MAC]);
        assert_eq!(watch.tick(at(999)), [], "said once");
        assert_eq!(
            watch.apply(at(1000), &load("SIP45.9-3-1SR4-1S")),
            Some(PhoneChange::Back)
        );
        let phone = watch.phone(MAC).unwrap();
        assert!(!phone.is_silent);
        assert_eq!(phone.load, Some(LoadName::new("SIP45.9-3-1SR4-1S")));
        assert_eq!((phone.first, phone.last), (at(0), at(1000)));
        assert_eq!(
            watch.apply(at(1001), &load("SIP45.9-4-2SR3-1S")),
            Some(PhoneChange::Changed)
        );
    }

    #[test]
    fn what_one_witness_does_not_say_stays_as_another_said_it() {
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
        assert_eq!(phone.until, Some(at(180)), "ARP does not lengthen it");
    }

    #[test]
    fn a_stranger_who_only_has_an_address_is_no_phone() {
        let mut watch = PhoneList::default();
        assert_eq!(
            watch.apply(at(0), &fact(EvidenceSource::Neighbour, 0)),
            None
        );
        assert_eq!(watch.phones().len(), 0);
    }

    #[test]
    fn a_phone_that_only_asked_for_an_address_is_never_called_silent() {
        let mut watch = PhoneList::default();
        watch.apply(at(0), &fact(EvidenceSource::Dhcp, 0));
        assert_eq!(watch.tick(Duration::from_hours(24)), []);
    }

    #[test]
    fn the_last_word_of_a_port_that_goes_down_is_believed_at_once() {
        let mut watch = PhoneList::default();
        watch.apply(at(0), &fact(EvidenceSource::Lldp, 120));
        let last = Fact {
            holds: Some(Duration::ZERO),
            ..fact(EvidenceSource::Lldp, 0)
        };
        assert_eq!(watch.apply(at(9), &last), Some(PhoneChange::Silent));
        assert_eq!(watch.tick(at(999)), [], "said once");
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
        assert_eq!((watch.phones().len(), watch.left_out()), (MAX_PHONES, 5));
    }
}
