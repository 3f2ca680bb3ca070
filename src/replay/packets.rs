//! Converts the packets of a capture to a trace: transfers, and what phones report on the wire.

use std::{
    collections::{HashMap, HashSet},
    io::{self, BufRead},
    net::Ipv4Addr,
};

use jiff::Timestamp;

use super::{
    capture::CaptureReader,
    faults::CaptureFaults,
    http_transfers::HttpTransfers,
    tftp_transfers::TftpTransfers,
    timestamp::LogTime,
    trace::{DamagedPacket, MAX_OBSERVATIONS, Trace, TraceEvent},
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

/// Maximum number of MACs, and of addresses, that are kept.
const NAMES_MAX: usize = 65_536;

/// Reads a capture.
pub(super) fn read(input: &mut impl BufRead) -> io::Result<Trace> {
    let mut trace = Trace {
        what: "capture".to_owned(),
        has_ends: true,
        ..Trace::default()
    };
    let mut reader = CaptureReader::new(input)?;
    let mut packets = Packets::default();
    let mut faults = CaptureFaults::default();
    while let Some(packet) = reader.packet()? {
        if trace.tally.cut {
            break;
        }
        trace.tally.read += 1;
        let number = trace.tally.read;
        let Some(link) = LinkType::of(packet.link) else {
            trace.tally.unknown += 1;
            trace.tally.first_unknown.get_or_insert(trace.tally.read);
            continue;
        };
        let read = link.read(&packet.bytes);
        match read.and_then(|sent| packets.handle(&mut trace, packet.at, &sent)) {
            Ok(is_understood) => {
                trace.tally.understood += u64::from(is_understood);
                faults.packet(number, &packet, is_understood);
            }
            Err(fault) => {
                faults.packet(number, &packet, false);
                trace.tally.damaged += 1;
                let packet = number;
                trace.damage.get_or_insert(DamagedPacket { packet, fault });
            }
        }
    }
    packets.tftp.close(&mut trace);
    trace.notes.extend(faults.notes());
    trace.tally.cut |= reader.is_damaged();
    packets.stations.settle(&mut trace);
    Ok(trace)
}

/// The decoders that read packets.
#[derive(Debug, Default)]
struct Packets {
    tftp: TftpTransfers,
    http: HttpTransfers,
    listener: Observer,
    stations: Stations,
}

impl Packets {
    /// Handles a packet. Returns whether it is from or to a phone.
    fn handle(
        &mut self,
        trace: &mut Trace,
        at: Timestamp,
        sent: &CapturedPacket<'_>,
    ) -> Result<bool, Malformed> {
        let time = LogTime::At(at);
        let before = trace.requests.len();
        let mut is_understood =
            self.tftp.packet(trace, at, &sent.payload) | self.http.packet(trace, at, &sent.payload);
        if let (Some(mac), Some(request)) = (sent.source, trace.requests.get(before)) {
            let named = self.stations.sends(request.address, mac);
            trace.events.push((time, named));
        }
        for observation in self.listener.observe_payload(sent.source, &sent.payload)? {
            let observation = self.stations.with_sender(observation, sent.source);
            if !self.stations.is_known(&observation) {
                is_understood |= !is_neighbour(&observation);
                add_observation(trace, time, observation);
            }
        }
        Ok(is_understood)
    }
}

fn add_observation(trace: &mut Trace, time: LogTime, observation: Observation) {
    if trace.observations >= MAX_OBSERVATIONS {
        trace.tally.cut = true;
        return;
    }
    trace.observations += 1;
    // A REGISTER or a closed port alone does not make a phone.
    let is_registration = matches!(
        observation.kind,
        ObservationKind::Register { .. }
            | ObservationKind::PortClosed { .. }
            | ObservationKind::TftpPortClosed { .. }
            | ObservationKind::ContactClosed { .. }
            | ObservationKind::AddressAnswered { .. }
    );
    trace.has_phones |= !is_neighbour(&observation) && !is_registration;
    trace
        .events
        .push((time, TraceEvent::Observed(Box::new(observation))));
}

/// ARP reports every host, not only phones.
fn is_neighbour(observation: &Observation) -> bool {
    matches!(
        observation.kind,
        ObservationKind::MacReported {
            source: EvidenceSource::Neighbour,
            ..
        }
    )
}

/// The MAC at each address, from frames and from ARP.
#[derive(Debug, Default)]
struct Stations {
    /// The first address that a MAC sent requests from.
    sends: HashMap<MacAddress, Ipv4Addr>,
    /// MACs that sent requests from several addresses: routers, or phones that moved.
    several: HashSet<MacAddress>,
    /// The last MAC of an address in ARP.
    arp: HashMap<Ipv4Addr, MacAddress>,
}

impl Stations {
    /// Records a request from this address in a frame of this MAC.
    fn sends(&mut self, address: Ipv4Addr, mac: MacAddress) -> TraceEvent {
        let has_place = self.sends.len() < NAMES_MAX || self.sends.contains_key(&mac);
        if has_place && *self.sends.entry(mac).or_insert(address) != address {
            self.several.insert(mac);
        }
        TraceEvent::MacSeen {
            address,
            mac,
            arp: self.arp.get(&address).copied(),
        }
    }

    /// Whether an observation is from ARP and repeats what is known; hosts repeat ARP often.
    fn is_known(&mut self, observation: &Observation) -> bool {
        let ObservationKind::MacReported {
            mac,
            source: EvidenceSource::Neighbour,
            ..
        } = observation.kind
        else {
            return false;
        };
        let has_place = self.arp.len() < NAMES_MAX || self.arp.contains_key(&observation.address);
        !has_place || self.arp.insert(observation.address, mac) == Some(mac)
    }

    /// Adds to a report over IP the MAC of the frame, if ARP has it at the address.
    fn with_sender(&self, observation: Observation, frame: Option<MacAddress>) -> Observation {
        let Observation { address, kind } = observation;
        let is_over_ip = matches!(
            kind,
            ObservationKind::MacReported {
                source: EvidenceSource::Sip | EvidenceSource::Sccp,
                ..
            }
        );
        let sender = frame.filter(|mac| self.arp.get(&address) == Some(mac));
        let kind = if is_over_ip {
            kind.sent_by(sender)
        } else {
            kind
        };
        Observation { address, kind }
    }

    /// A MAC that sends requests from several addresses may be a router's. Then the MAC of an
    /// earlier ARP packet is used instead.
    fn settle(&self, trace: &mut Trace) {
        trace.events.retain_mut(|(_, fact)| {
            let TraceEvent::MacSeen { mac, arp, .. } = fact else {
                return true;
            };
            let is_sure = self.sends.contains_key(mac) && !self.several.contains(mac);
            match arp {
                _ if is_sure => true,
                Some(arp) => {
                    *mac = *arp;
                    true
                }
                None => false,
            }
        });
    }
}
