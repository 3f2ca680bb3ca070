//! A capture's packets as a record: transfers, and what witnesses say of phones beside them.

use std::{
    collections::{HashMap, HashSet},
    io::{self, BufRead},
    net::Ipv4Addr,
};

use jiff::Timestamp;

use super::{
    MAX_TOLD,
    capture::Reader,
    conversation::Tftp,
    record::{Damage, Fact, Record},
    stamp::Stamp,
    web::Web,
};
use crate::{
    discovery::Observer,
    phone::MacAddress,
    protocol::{
        Malformed,
        link::{CapturedPacket, LinkType},
    },
    track::{EvidenceSource, Observation, ObservationKind},
};

/// MACs and addresses that are remembered, each.
const NAMES_MAX: usize = 65_536;

/// Reads a capture.
pub(super) fn record(input: &mut impl BufRead) -> io::Result<Record> {
    let mut record = Record {
        what: "capture",
        tells_ends: true,
        ..Record::default()
    };
    let mut reader = Reader::new(input)?;
    let mut packets = Packets::default();
    while let Some(packet) = reader.packet()? {
        if record.tally.cut {
            break;
        }
        record.tally.read += 1;
        let Some(link) = LinkType::of(packet.link) else {
            record.tally.unknown += 1;
            continue;
        };
        let read = link.read(&packet.bytes);
        match read.and_then(|sent| packets.take(&mut record, packet.at, &sent)) {
            Ok(is_understood) => record.tally.understood += u64::from(is_understood),
            Err(fault) => {
                record.tally.damaged += 1;
                let packet = record.tally.read;
                record.damage.get_or_insert(Damage { packet, fault });
            }
        }
    }
    packets.tftp.close(&mut record);
    record.tally.cut |= reader.is_damaged();
    packets.stations.settle(&mut record);
    Ok(record)
}

/// Whoever reads packets.
#[derive(Debug, Default)]
struct Packets {
    tftp: Tftp,
    web: Web,
    listener: Observer,
    stations: Stations,
}

impl Packets {
    /// Takes a packet; whether it tells of a phone.
    fn take(
        &mut self,
        record: &mut Record,
        at: Timestamp,
        sent: &CapturedPacket<'_>,
    ) -> Result<bool, Malformed> {
        let stamp = Stamp::At(at);
        let before = record.requests.len();
        let mut is_understood = self.tftp.packet(record, at, &sent.payload)
            | self.web.packet(record, at, &sent.payload);
        if let (Some(mac), Some(request)) = (sent.source, record.requests.get(before)) {
            let named = self.stations.sends(request.address, mac);
            record.facts.push((stamp, named));
        }
        for observation in self.listener.observe_payload(sent.source, &sent.payload)? {
            if !self.stations.is_known(&observation) {
                is_understood |= !is_neighbour(&observation);
                tell(record, stamp, observation);
            }
        }
        Ok(is_understood)
    }
}

fn tell(record: &mut Record, stamp: Stamp, observation: Observation) {
    if record.told >= MAX_TOLD {
        record.tally.cut = true;
        return;
    }
    record.told += 1;
    // A registration is told of a phone that is known otherwise.
    let is_registration = matches!(
        observation.seen,
        ObservationKind::Register { .. } | ObservationKind::PortClosed { .. }
    );
    record.tells_phones |= !is_neighbour(&observation) && !is_registration;
    record
        .facts
        .push((stamp, Fact::Told(Box::new(observation))));
}

/// ARP names everybody, phone or not.
fn is_neighbour(observation: &Observation) -> bool {
    matches!(
        observation.seen,
        ObservationKind::MacReported {
            source: EvidenceSource::Neighbour,
            ..
        }
    )
}

/// Who is at which address, by frames and by ARP.
#[derive(Debug, Default)]
struct Stations {
    /// The first address that a MAC asked from.
    sends: HashMap<MacAddress, Ipv4Addr>,
    /// MACs that asked from several: routers, or phones that moved.
    several: HashSet<MacAddress>,
    /// Whom ARP had at an address last.
    said: HashMap<Ipv4Addr, MacAddress>,
}

impl Stations {
    /// Somebody asked from this address in a frame of this MAC.
    fn sends(&mut self, address: Ipv4Addr, mac: MacAddress) -> Fact {
        let has_place = self.sends.len() < NAMES_MAX || self.sends.contains_key(&mac);
        if has_place && *self.sends.entry(mac).or_insert(address) != address {
            self.several.insert(mac);
        }
        Fact::Named {
            address,
            mac,
            said: self.said.get(&address).copied(),
        }
    }

    /// Whether a observation is of ARP and says what it said before: machines repeat it all day.
    fn is_known(&mut self, observation: &Observation) -> bool {
        let ObservationKind::MacReported {
            mac,
            source: EvidenceSource::Neighbour,
        } = observation.seen
        else {
            return false;
        };
        let has_place = self.said.len() < NAMES_MAX || self.said.contains_key(&observation.address);
        !has_place || self.said.insert(observation.address, mac) == Some(mac)
    }

    /// A MAC that asks from several addresses may be a router's. Then ARP is believed, which was
    /// heard before.
    fn settle(&self, record: &mut Record) {
        record.facts.retain_mut(|(_, fact)| {
            let Fact::Named { mac, said, .. } = fact else {
                return true;
            };
            let is_sure = self.sends.contains_key(mac) && !self.several.contains(mac);
            match said {
                _ if is_sure => true,
                Some(said) => {
                    *mac = *said;
                    true
                }
                None => false,
            }
        });
    }
}
