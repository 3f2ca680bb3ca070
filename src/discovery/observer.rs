//! Frames in, observations of phones out.

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddrV4},
};

use super::{Decoded, RegisterTracker, address, observations};
use crate::protocol::{
    Malformed,
    cdp::Cdp,
    dhcp::{self, DhcpMessage, MessageType, Op},
    frame::{EthernetFrame, Payload},
    lldp::Lldp,
    sccp,
    sip::{Response, SipFlow, SipRequest},
};
use crate::{
    phone::MacAddress,
    protocol::sip::SipTransport,
    track::{MAX_PHONES, Observation, ObservationKind},
};

/// The port at which phones register by default.
pub const SIP_PORT: u16 = 5060;

/// The port of requests for files.
const TFTP_PORT: u16 = 69;

/// TCP flags RST and ACK.
const RST_ACK: u8 = 4 | 16;

/// Extracts observations from frames.
///
/// It remembers which DHCP clients are phones ([`MAX_PHONES`] at most), because a server's ACK does
/// not say so, and REGISTERs, because a response does not name the phone.
#[derive(Debug, Clone)]
pub struct Observer {
    phones: BTreeSet<MacAddress>,
    registers: RegisterTracker,
    /// SIP port.
    sip: u16,
    /// Where this program itself receives REGISTERs.
    own: Option<SocketAddrV4>,
}

impl Default for Observer {
    /// Reads SIP at [`SIP_PORT`].
    fn default() -> Self {
        Self::new(SIP_PORT, None)
    }
}

impl Observer {
    /// Reads SIP at port `sip`. Messages to and from `own` are left out, because
    /// [`listen`](super::listen) receives them.
    #[must_use]
    pub fn new(sip: u16, own: Option<SocketAddrV4>) -> Self {
        Self {
            phones: BTreeSet::new(),
            registers: RegisterTracker::default(),
            sip,
            own,
        }
    }

    /// The observations in a frame; none if it is of a protocol that is not read here.
    ///
    /// SIP and SCCP are read if a message's head or the alarm is in one segment or datagram, as
    /// phones send them.
    ///
    /// # Errors
    /// The frame is of a protocol that is read here, and damaged.
    pub fn observe(&mut self, frame: &EthernetFrame<'_>) -> Result<Vec<Observation>, Malformed> {
        self.observe_payload(Some(frame.source), &frame.payload)
    }

    /// As [`Observer::observe`], for the payload of any link layer. `sender` is the station that
    /// sent the packet; if it is not known, ARP is ignored.
    ///
    /// # Errors
    /// The payload is of a protocol that is read here, and damaged.
    pub fn observe_payload(
        &mut self,
        sender: Option<MacAddress>,
        payload: &Payload<'_>,
    ) -> Result<Vec<Observation>, Malformed> {
        let mut all = Vec::new();
        let mut registers = std::mem::take(&mut self.registers);
        let decoded = self.decode_payload(sender, payload, &mut |decoded, address| {
            if let Some(address) = address {
                // Frames of a loopback interface have no MAC.
                let sender = sender
                    .filter(|mac| mac.bytes() != [0; 6])
                    .filter(|_| is_sent_by_phone(decoded));
                let kinds = observations(decoded).into_iter();
                let kinds = kinds.map(|kind| kind.sent_by(sender));
                all.extend(kinds.map(|kind| Observation { address, kind }));
            }
            all.extend(match decoded {
                Decoded::Sip(request) => {
                    flow(payload).and_then(|flow| registers.request(request, flow))
                }
                Decoded::SipResponse(response) => {
                    flow(payload).and_then(|flow| registers.response(response, flow))
                }
                Decoded::Dhcp(message) => without_address(message),
                _ => None,
            });
        });
        self.registers = registers;
        decoded?;
        all.extend(closed_ports(payload, self.sip));
        Ok(all)
    }

    /// Calls `sink` for each decoded message in a frame, with the phone's address if the message
    /// contains it.
    ///
    /// # Errors
    /// The frame is of a protocol that is read here, and damaged.
    pub fn for_each_decoded(
        &mut self,
        frame: &EthernetFrame<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<(), Malformed> {
        self.decode_payload(Some(frame.source), &frame.payload, sink)
    }

    fn decode_payload(
        &mut self,
        sender: Option<MacAddress>,
        payload: &Payload<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<(), Malformed> {
        match payload {
            Payload::Cdp(bytes) => emit(&Decoded::Cdp(&Cdp::decode(bytes)?), sink),
            Payload::Lldp(bytes) => emit(&Decoded::Lldp(&Lldp::decode(bytes)?), sink),
            // A sender that differs from the station is proxy ARP, which proves nothing.
            Payload::Arp(arp) if Some(arp.sender_mac) == sender => emit(&Decoded::Arp(arp), sink),
            Payload::Ipv4Udp {
                source,
                destination,
                payload,
                is_cut,
                ..
            } => match destination.port() {
                dhcp::SERVER_PORT | dhcp::CLIENT_PORT if !is_cut => self.dhcp(payload, sink)?,
                _ => self.sip(*source, *destination, payload, sink)?,
            },
            Payload::Ipv4Tcp {
                source,
                destination,
                payload,
                ..
            } if !payload.is_empty() => match destination.port() {
                sccp::PORT => alarms(*source.ip(), payload, sink)?,
                _ => self.sip(*source, *destination, payload, sink)?,
            },
            _ => {}
        }
        Ok(())
    }

    fn dhcp(&mut self, bytes: &[u8], sink: &mut Sink<'_>) -> Result<(), Malformed> {
        let message = DhcpMessage::decode(bytes)?;
        if message.phone().is_some() && self.phones.len() < MAX_PHONES {
            self.phones.insert(message.mac);
        }
        if message.op == Op::Request || self.phones.contains(&message.mac) {
            emit(&Decoded::Dhcp(&message), sink);
        }
        Ok(())
    }

    /// Reads SIP from or to the SIP port. The first line tells requests and responses apart; a
    /// segment in the middle of a body has neither.
    fn sip(
        &self,
        source: SocketAddrV4,
        destination: SocketAddrV4,
        bytes: &[u8],
        sink: &mut Sink<'_>,
    ) -> Result<(), Malformed> {
        let endpoints = [source, destination];
        let is_sip = endpoints.iter().any(|endpoint| endpoint.port() == self.sip);
        if !is_sip || endpoints.iter().any(|endpoint| Some(*endpoint) == self.own) {
            return Ok(());
        }
        let first = bytes
            .split(|byte| *byte == b'\n')
            .next()
            .unwrap_or_default();
        let first = first.strip_suffix(b"\r").unwrap_or(first);
        if first.starts_with(b"SIP/2.0 ") {
            // A body of type message/sipfrag may begin in the same way.
            if let Ok(response) = Response::decode(bytes) {
                sink(&Decoded::SipResponse(&response), None);
            }
        } else if first.ends_with(b" SIP/2.0") {
            let request = SipRequest::decode(bytes)?.received_from(source);
            emit(&Decoded::Sip(&request), sink);
        }
        Ok(())
    }
}

/// Whether the phone that the message names also sent the frame: no router and no server did.
pub(super) fn is_sent_by_phone(decoded: &Decoded<'_>) -> bool {
    match decoded {
        Decoded::Cdp(_) | Decoded::Lldp(_) | Decoded::Arp(_) => true,
        Decoded::Dhcp(message) => {
            message.op == Op::Request && message.relay.is_unspecified() && message.hops == 0
        }
        _ => false,
    }
}

/// Receives decoded messages, each with the phone's address if the message contains it.
pub type Sink<'a> = dyn FnMut(&Decoded<'_>, Option<Ipv4Addr>) + 'a;

/// The endpoints and transport of a SIP message.
fn flow(payload: &Payload<'_>) -> Option<SipFlow> {
    let (source, destination, transport) = match payload {
        Payload::Ipv4Udp {
            source,
            destination,
            ..
        } => (source, destination, SipTransport::Udp),
        Payload::Ipv4Tcp {
            source,
            destination,
            ..
        } => (source, destination, SipTransport::Tcp),
        _ => return None,
    };
    Some(SipFlow {
        source: *source,
        destination: *destination,
        transport,
    })
}

/// What a message of DHCP shows about a phone that has no address.
fn without_address(message: &DhcpMessage) -> Option<Observation> {
    let mac = message.mac;
    let kind = match (message.op, message.message_type()?) {
        (Op::Request, MessageType::Discover) => wanted(message)?,
        // After a start it asks for the address that it had. If it renews, `ciaddr` is set.
        (Op::Request, MessageType::Request)
            if message.server_id().is_none() && message.client.is_unspecified() =>
        {
            wanted(message)?
        }
        (Op::Reply, MessageType::Offer | MessageType::Nak) => ObservationKind::AddressAnswered {
            mac,
            server: message.server_id(),
        },
        _ => return None,
    };
    Some(Observation {
        address: Ipv4Addr::UNSPECIFIED,
        kind,
    })
}

fn wanted(message: &DhcpMessage) -> Option<ObservationKind> {
    let model = message.phone()?.model;
    Some(ObservationKind::AddressWanted {
        mac: message.mac,
        model: model.map(|model| model.plain_number().to_owned()),
    })
}

/// The observations that a port is closed: ICMP port unreachable, or a TCP reset with sequence
/// number 0, which answers a SYN (RFC 9293, 3.10.7.1). A reset of an open connection has another.
fn closed_ports(payload: &Payload<'_>, sip: u16) -> Vec<Observation> {
    let sip_closed = |phone: &SocketAddrV4, pbx: &SocketAddrV4, transport| Observation {
        address: *phone.ip(),
        kind: ObservationKind::PortClosed {
            pbx: *pbx,
            transport,
        },
    };
    let mut all = Vec::new();
    match payload {
        Payload::Ipv4Closed {
            source,
            destination,
        } => {
            if destination.port() == sip {
                all.push(sip_closed(source, destination, SipTransport::Udp));
            }
            // Which of the two is the phone, the tracker knows.
            if source.port() == sip {
                all.push(Observation {
                    address: *destination.ip(),
                    kind: ObservationKind::ContactClosed {
                        contact: *destination,
                        pbx: *source,
                    },
                });
            }
            if destination.port() == TFTP_PORT {
                all.push(Observation {
                    address: *source.ip(),
                    kind: ObservationKind::TftpPortClosed {
                        server: *destination,
                    },
                });
            }
        }
        Payload::Ipv4Tcp {
            source,
            destination,
            seq: 0,
            flags,
            ..
        } if flags & RST_ACK == RST_ACK && source.port() == sip => {
            all.push(sip_closed(destination, source, SipTransport::Tcp));
        }
        _ => {}
    }
    all
}

/// Reads a segment that begins with an alarm. Others may begin in the middle of a message.
fn alarms(source: Ipv4Addr, bytes: &[u8], sink: &mut Sink<'_>) -> Result<(), Malformed> {
    if bytes.get(8..12) != Some(&sccp::ALARM.to_le_bytes()) {
        return Ok(());
    }
    for message in sccp::SccpStream::default().feed(bytes)? {
        if let Some(alarm) = message
            .alarm()
            .transpose()?
            .and_then(|message| message.alarm)
        {
            sink(&Decoded::Sccp(&alarm), Some(source));
        }
    }
    Ok(())
}

fn emit(decoded: &Decoded<'_>, sink: &mut Sink<'_>) {
    sink(decoded, address(decoded));
}
