//! Frames in, observations out.

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddrV4},
};

use super::{Decoded, RegisterTracker, address, observations};
use crate::protocol::{
    Malformed,
    cdp::Cdp,
    dhcp::{self, Message, Op},
    frame::{Frame, Payload},
    lldp::Lldp,
    sccp,
    sip::{Flow, Request, Response},
};
use crate::{
    phone::MacAddress,
    protocol::sip::SipTransport,
    track::{MAX_PHONES, Observation, ObservationKind},
};

/// The port that phones register at, where nothing else is said.
pub const SIP_PORT: u16 = 5060;

/// The flag of a segment that ends a connection, and of one that acknowledges.
const RST_ACK: u8 = 4 | 16;

/// Listens to frames as they come. It remembers which clients of DHCP are phones, because a
/// server's ACK does not say so, [`MAX_PHONES`] of them at most; and REGISTERs, because their
/// answers do not say whose they are.
#[derive(Debug, Clone)]
pub struct Observer {
    phones: BTreeSet<MacAddress>,
    registers: RegisterTracker,
    /// The port of SIP.
    sip: u16,
    /// A SIP port of this program's, where REGISTERs are decoded and answered by itself.
    ours: Option<SocketAddrV4>,
}

impl Default for Observer {
    /// Hears SIP at [`SIP_PORT`].
    fn default() -> Self {
        Self::new(SIP_PORT, None)
    }
}

impl Observer {
    /// One that hears SIP at this port. `ours`: it leaves out what goes to this address and port
    /// and comes from it, where `listen` hears it.
    #[must_use]
    pub fn new(sip: u16, ours: Option<SocketAddrV4>) -> Self {
        Self {
            phones: BTreeSet::new(),
            registers: RegisterTracker::default(),
            sip,
            ours,
        }
    }

    /// What a frame says of phones. Frames that are none of a witness's give nothing; an error
    /// says that one was meant for a witness and is damaged.
    ///
    /// SIP and SCCP are read where a request's head or an alarm lies in one segment or datagram,
    /// as phones send them.
    pub fn observe(&mut self, frame: &Frame<'_>) -> Result<Vec<Observation>, Malformed> {
        self.observe_payload(Some(frame.source), &frame.payload)
    }

    /// The same of what a packet of another link layer carries. `sender`: who sent it, where
    /// that is known; else ARP is no evidence.
    pub fn observe_payload(
        &mut self,
        sender: Option<MacAddress>,
        payload: &Payload<'_>,
    ) -> Result<Vec<Observation>, Malformed> {
        let mut all = Vec::new();
        let mut registers = std::mem::take(&mut self.registers);
        let carried = self.carried(sender, payload, &mut |decoded, address| {
            if let Some(address) = address {
                let seen = observations(decoded).into_iter();
                all.extend(seen.map(|seen| Observation { address, seen }));
            }
            all.extend(match decoded {
                Decoded::Sip(request) => {
                    flow(payload).and_then(|flow| registers.request(request, flow))
                }
                Decoded::SipAnswer(response) => {
                    flow(payload).and_then(|flow| registers.response(response, flow))
                }
                _ => None,
            });
        });
        self.registers = registers;
        carried?;
        all.extend(closed_port(payload, self.sip));
        Ok(all)
    }

    /// The same before it becomes observations: what was decoded and the address that it speaks of,
    /// where it says one.
    pub fn for_each_decoded(
        &mut self,
        frame: &Frame<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<(), Malformed> {
        self.carried(Some(frame.source), &frame.payload, sink)
    }

    fn carried(
        &mut self,
        sender: Option<MacAddress>,
        payload: &Payload<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<(), Malformed> {
        match payload {
            Payload::Cdp(bytes) => emit(&Decoded::Cdp(&Cdp::decode(bytes)?), sink),
            Payload::Lldp(bytes) => emit(&Decoded::Lldp(&Lldp::decode(bytes)?), sink),
            // Who answers for somebody else is no evidence.
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
        let message = Message::decode(bytes)?;
        if message.phone().is_some() && self.phones.len() < MAX_PHONES {
            self.phones.insert(message.mac);
        }
        if message.op == Op::Request || self.phones.contains(&message.mac) {
            emit(&Decoded::Dhcp(&message), sink);
        }
        Ok(())
    }

    /// SIP from or to its port. A first line shows what it is; a segment in the middle of a body
    /// has none.
    fn sip(
        &self,
        source: SocketAddrV4,
        destination: SocketAddrV4,
        bytes: &[u8],
        sink: &mut Sink<'_>,
    ) -> Result<(), Malformed> {
        let ends = [source, destination];
        let is_sip = ends.iter().any(|end| end.port() == self.sip);
        if !is_sip || ends.iter().any(|end| Some(*end) == self.ours) {
            return Ok(());
        }
        let first = bytes
            .split(|byte| *byte == b'\n')
            .next()
            .unwrap_or_default();
        let first = first.strip_suffix(b"\r").unwrap_or(first);
        if first.starts_with(b"SIP/2.0 ") {
            // A part of another message's body may begin alike (message/sipfrag).
            if let Ok(response) = Response::decode(bytes) {
                sink(&Decoded::SipAnswer(&response), None);
            }
        } else if first.ends_with(b" SIP/2.0") {
            let request = Request::decode(bytes)?.received_from(source);
            emit(&Decoded::Sip(&request), sink);
        }
        Ok(())
    }
}

/// Takes what was decoded, and the address that it speaks of.
pub type Sink<'a> = dyn FnMut(&Decoded<'_>, Option<Ipv4Addr>) + 'a;

/// The flow of a message over SIP.
fn flow(payload: &Payload<'_>) -> Option<Flow> {
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
    Some(Flow {
        source: *source,
        destination: *destination,
        transport,
    })
}

/// That the port of SIP is closed. Who refuses a connection answers its first segment, which has no
/// acknowledgement, with a sequence number of 0 (RFC 9293, 3.10.7.1); who ends one has another.
fn closed_port(payload: &Payload<'_>, sip: u16) -> Option<Observation> {
    let (phone, pbx, over) = match payload {
        Payload::Ipv4Closed {
            source,
            destination,
        } => (source, destination, SipTransport::Udp),
        Payload::Ipv4Tcp {
            source,
            destination,
            seq: 0,
            flags,
            ..
        } if flags & RST_ACK == RST_ACK => (destination, source, SipTransport::Tcp),
        _ => return None,
    };
    (pbx.port() == sip).then(|| Observation {
        address: *phone.ip(),
        seen: ObservationKind::PortClosed {
            pbx: *pbx,
            transport: over,
        },
    })
}

/// A segment that begins with an alarm; any other may begin in the middle of a message.
fn alarms(source: Ipv4Addr, bytes: &[u8], sink: &mut Sink<'_>) -> Result<(), Malformed> {
    if bytes.get(8..12) != Some(&sccp::ALARM.to_le_bytes()) {
        return Ok(());
    }
    for message in sccp::Stream::default().feed(bytes)? {
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
