//! An order to one phone.

use std::net::{Ipv4Addr, SocketAddrV4};

use crate::{
    phone::MacAddress,
    restart::notify::{CallIdSource, NotifyEvent},
};

/// How a NOTIFY reaches a phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// Asterisk sends it to the contacts of this endpoint.
    Ami {
        /// The endpoint.
        endpoint: String,
    },
    /// This machine sends it over UDP.
    Udp {
        /// The phone.
        phone: SocketAddrV4,
        /// The user of its first line.
        user: String,
    },
}

impl Way {
    /// The name in JSON and in the record.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ami { .. } => "ami",
            Self::Udp { .. } => "udp",
        }
    }
}

/// An order that may be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The phone.
    pub mac: MacAddress,
    /// Its address, if it is known.
    pub address: Option<Ipv4Addr>,
    /// How it is sent.
    pub way: Way,
    /// The NOTIFY.
    pub event: NotifyEvent,
    /// The Call-ID of the phone's registration before the order.
    pub call_id: Option<String>,
    /// Where that Call-ID comes from.
    pub source: CallIdSource,
    /// Asterisk's name of the contact.
    pub contact: Option<String>,
}

impl Order {
    /// In words: which NOTIFY, sent by which host.
    #[must_use]
    pub fn text(&self) -> String {
        let by = match self.way {
            Way::Ami { .. } => "sent by Asterisk",
            Way::Udp { .. } => "sent from here over UDP",
        };
        let call_id = match (&self.event, self.source) {
            (NotifyEvent::CheckSync, _) => "",
            (_, CallIdSource::Wire) => ", Call-ID captured",
            (_, CallIdSource::Asterisk) => ", Call-ID of Asterisk",
        };
        format!("NOTIFY {} {by}{call_id}", self.event.kind().name())
    }
}
