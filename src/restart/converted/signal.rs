//! What phones send, as captured on the network of the PBX.

use std::{
    collections::{BTreeMap, VecDeque},
    net::Ipv4Addr,
};

use crate::{
    phone::{MacAddress, Model},
    protocol::{
        bytes::capped,
        frame::{EthernetFrame, Payload},
        sip::{Response, SipRequest, SipTransport},
    },
    restart::notify::RestartEvent,
};

/// Maximum number of phones whose REGISTERs are kept.
const MAX_PHONES: usize = 4096;

/// A message of a phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneSignal {
    /// Its MAC, if the message names it.
    pub mac: Option<MacAddress>,
    /// Its address.
    pub address: Ipv4Addr,
    /// The message.
    pub kind: SignalKind,
}

/// The message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignalKind {
    /// A REGISTER.
    Register {
        /// Its Call-ID.
        call_id: String,
        /// The PBX.
        pbx: Ipv4Addr,
        /// The port on which the phone receives requests over UDP.
        port: u16,
        /// The transport.
        transport: SipTransport,
        /// It removes the registration.
        is_unregister: bool,
        /// The number of its start-up alarm: 22 after a reset by its PBX.
        alarm: Option<u16>,
        /// The model that it names.
        model: Option<&'static Model>,
    },
    /// The final response to a NOTIFY.
    NotifyAnswered(u16),
}

/// Maximum number of NOTIFYs whose responses are awaited.
const MAX_NOTIFIES: usize = 64;

/// Maximum length of a Call-ID that is compared, in bytes.
const MAX_NOTIFY_ID: usize = 256;

/// Reads the frames of one interface.
#[derive(Debug, Default)]
pub struct SignalReader {
    /// Call-ID and `CSeq` number of the last NOTIFYs that restart phones. A PBX also sends others, for
    /// message lamps and the state of extensions.
    notifies: VecDeque<(String, u32)>,
}

impl SignalReader {
    /// The message in a frame, if it is a REGISTER of a Cisco phone, or the final response to a NOTIFY
    /// that restarts phones.
    pub fn read(&mut self, frame: &EthernetFrame<'_>) -> Option<PhoneSignal> {
        let (source, destination, transport, bytes) = match &frame.payload {
            Payload::Ipv4Udp {
                source,
                destination,
                payload,
                ..
            } => (source, destination, SipTransport::Udp, payload),
            Payload::Ipv4Tcp {
                source,
                destination,
                payload,
                ..
            } => (source, destination, SipTransport::Tcp, payload),
            _ => return None,
        };
        if bytes.starts_with(b"SIP/2.0 ") {
            let response = Response::decode(bytes).ok()?;
            let (call_id, number, method) = response.transaction()?;
            let is_awaited = |(known, of): &(String, u32)| known == call_id && *of == number;
            let is_answer = method == "NOTIFY" && self.notifies.iter().any(is_awaited);
            return (is_answer && response.status >= 200).then(|| PhoneSignal {
                mac: None,
                address: *source.ip(),
                kind: SignalKind::NotifyAnswered(response.status),
            });
        }
        if bytes.starts_with(b"NOTIFY ") {
            self.notify(&SipRequest::decode(bytes).ok()?);
            return None;
        }
        if !bytes.starts_with(b"REGISTER ") {
            return None;
        }
        let request = SipRequest::decode(bytes).ok()?;
        let phone = request.phone();
        // Behind a proxy the source address is not the phone's.
        if !request.is_direct() || (phone.mac.is_none() && phone.model.is_none()) {
            return None;
        }
        Some(PhoneSignal {
            // A 7940 does not name itself. Behind a router the frame has the router's MAC, which is
            // that of no phone.
            mac: Some(phone.mac.unwrap_or(frame.source)),
            address: *source.ip(),
            kind: SignalKind::Register {
                call_id: capped(request.header("call-id")?),
                pbx: *destination.ip(),
                port: request.sent_by()?.port,
                transport,
                is_unregister: request.expires() == Some(0),
                alarm: phone.alarm.and_then(|alarm| alarm.code),
                model: phone.model,
            },
        })
    }

    fn notify(&mut self, request: &SipRequest) {
        let event = request.header("event").unwrap_or_default();
        let restarts = [RestartEvent::ServiceControl, RestartEvent::CheckSync];
        let restarts = restarts
            .iter()
            .any(|known| event.eq_ignore_ascii_case(known.name()));
        let Some((call_id, number, _)) = request.transaction().filter(|_| restarts) else {
            return;
        };
        if call_id.len() > MAX_NOTIFY_ID {
            return;
        }
        if self.notifies.len() >= MAX_NOTIFIES {
            self.notifies.pop_front();
        }
        self.notifies.push_back((call_id.to_owned(), number));
    }
}

/// The last REGISTER of a phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CapturedRegister {
    pub(super) address: Ipv4Addr,
    pub(super) call_id: String,
    pub(super) pbx: Ipv4Addr,
    pub(super) port: u16,
    pub(super) transport: SipTransport,
    pub(super) model: Option<&'static Model>,
}

/// The last REGISTER of each phone.
#[derive(Debug, Default)]
pub(super) struct CapturedRegisters(BTreeMap<MacAddress, CapturedRegister>);

impl CapturedRegisters {
    /// Keeps a REGISTER. One that removes a registration leaves no Call-ID that is valid.
    pub(super) fn add(&mut self, signal: &PhoneSignal) {
        let (Some(mac), SignalKind::Register { is_unregister, .. }) = (signal.mac, &signal.kind)
        else {
            return;
        };
        if *is_unregister {
            self.0.remove(&mac);
        } else if let SignalKind::Register {
            call_id,
            pbx,
            port,
            transport,
            model,
            ..
        } = &signal.kind
            && (self.0.len() < MAX_PHONES || self.0.contains_key(&mac))
        {
            self.0.insert(
                mac,
                CapturedRegister {
                    address: signal.address,
                    call_id: call_id.clone(),
                    pbx: *pbx,
                    port: *port,
                    transport: *transport,
                    model: *model,
                },
            );
        }
    }

    pub(super) fn of(&self, mac: MacAddress) -> Option<&CapturedRegister> {
        self.0.get(&mac)
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddrV4;

    use super::*;
    use crate::{
        protocol::sip::encode_response,
        restart::notify::{NotifyEvent, NotifyRequest, NotifyTarget},
    };

    fn read(
        reader: &mut SignalReader,
        from: &str,
        to: &str,
        payload: &[u8],
    ) -> Option<PhoneSignal> {
        let mac = MacAddress::new([0, 0x1d, 0x45, 0xaa, 0xbb, 1]);
        reader.read(&EthernetFrame {
            source: mac,
            destination: mac,
            vlan: None,
            payload: Payload::Ipv4Udp {
                source: from.parse().unwrap(),
                destination: to.parse().unwrap(),
                length: payload.len(),
                payload,
                is_cut: false,
            },
        })
    }

    const PHONE: &str = "192.0.2.101:5060";
    const PBX: &str = "192.0.2.1:5060";

    fn notify(unique: u128) -> Vec<u8> {
        let target = NotifyTarget {
            user: "1001".to_owned(),
            phone: PHONE.parse().unwrap(),
            own: PBX.parse().unwrap(),
        };
        let request = NotifyRequest::encode(&NotifyEvent::CheckSync, &target, unique);
        request.unwrap().bytes().to_vec()
    }

    fn response(request: &[u8], status: u16) -> Vec<u8> {
        let source: SocketAddrV4 = PBX.parse().unwrap();
        let request = SipRequest::decode(request).unwrap().received_from(source);
        encode_response(&request, status, "x", &[])
    }

    #[test]
    fn only_responses_to_a_notify_that_restarts_phones_count() {
        let mut reader = SignalReader::default();
        let order = notify(1);
        // The message lamp: the phone refuses that event.
        let lamp = String::from_utf8(notify(2)).unwrap();
        let lamp = lamp.replace("check-sync", "message-summary").into_bytes();
        for request in [&order, &lamp] {
            assert_eq!(read(&mut reader, PBX, PHONE, request), None);
        }
        let mut answer =
            |request: &[u8], status| read(&mut reader, PHONE, PBX, &response(request, status));
        assert_eq!(answer(&lamp, 489), None);
        assert_eq!(answer(&order, 100), None);
        let signal = answer(&order, 400).unwrap();
        assert_eq!(signal.kind, SignalKind::NotifyAnswered(400));
        assert_eq!(signal.address, Ipv4Addr::new(192, 0, 2, 101));
        assert_eq!(answer(&notify(3), 200), None, "it was not captured");
    }

    #[test]
    fn a_7940_is_known_by_the_mac_of_its_frame_and_other_devices_are_not() {
        let text = |agent: &str| {
            format!(
                "REGISTER sip:192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.101:5060;branch=z\r\n\
                 From: <sip:1@192.0.2.1>;tag=1\r\nTo: <sip:1@192.0.2.1>\r\nCall-ID: 7@192.0.2.101\r\n\
                 CSeq: 1 REGISTER\r\nUser-Agent: {agent}\r\nContact: <sip:1@192.0.2.101>;expires=0\r\n\r\n"
            )
        };
        let mut reader = SignalReader::default();
        let signal = read(
            &mut reader,
            PHONE,
            PBX,
            text("Cisco-CP7960G/8.0").as_bytes(),
        );
        let signal = signal.unwrap();
        assert_eq!(signal.mac.unwrap().to_string(), "001d45aabb01");
        let SignalKind::Register {
            call_id,
            is_unregister,
            model,
            ..
        } = signal.kind
        else {
            panic!();
        };
        assert_eq!((call_id.as_str(), is_unregister), ("7@192.0.2.101", true));
        assert_eq!(model.unwrap().number, "7960");
        assert_eq!(
            read(&mut reader, PHONE, PBX, text("Linphone/4.1").as_bytes()),
            None
        );
    }
}
