//! What phones send, as captured on the network of the PBX.

use std::{collections::BTreeMap, net::Ipv4Addr};

use crate::{
    phone::{MacAddress, Model},
    protocol::{
        bytes::capped,
        frame::{EthernetFrame, Payload},
        sip::{Response, SipRequest, SipTransport},
    },
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

impl PhoneSignal {
    /// The message in a frame, if it is a REGISTER of a Cisco phone, or a final response to a NOTIFY.
    #[must_use]
    pub fn in_frame(frame: &EthernetFrame<'_>) -> Option<Self> {
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
            let (_, _, method) = response.transaction()?;
            return (method == "NOTIFY" && response.status >= 200).then(|| Self {
                mac: None,
                address: *source.ip(),
                kind: SignalKind::NotifyAnswered(response.status),
            });
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
        Some(Self {
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
