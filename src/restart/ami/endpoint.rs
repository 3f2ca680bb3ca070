//! What `PJSIPShowEndpoint` lists of an endpoint, as far as it is needed here.

use std::net::Ipv4Addr;

use super::message::AmiMessage;
use crate::{phone::Model, protocol::model};

/// Maximum number of contacts that are kept of an endpoint. A line is shared by a few phones.
pub const MAX_CONTACTS: usize = 32;

/// Maximum length of a value that is kept, in bytes.
const MAX_VALUE: usize = 512;

/// The state of an endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndpointState {
    /// Its device state.
    pub device: DeviceState,
    /// Its registered contacts, at most [`MAX_CONTACTS`].
    pub contacts: Vec<Contact>,
    /// Whether it has more contacts.
    pub has_more: bool,
}

/// The device state of an endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum DeviceState {
    /// Registered, and in no call.
    NotInUse,
    /// In a call, or it rings.
    InCall(String),
    /// Not registered.
    Unavailable,
    /// Another state, or none is named.
    #[default]
    Unknown,
}

/// A registered contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Asterisk's name of it: `1001;@0123…`.
    pub id: Option<String>,
    /// `sip:1001@192.0.2.101:5060;transport=tcp`.
    pub uri: String,
    /// `Cisco-CP7965G/9.3.1`.
    pub user_agent: String,
    /// The Call-ID of the first REGISTER of this contact.
    pub call_id: Option<String>,
}

impl EndpointState {
    /// Adds what an event reports. `AuthDetail`, which has the password, is not read.
    pub(super) fn add(&mut self, event: &AmiMessage) {
        let text = |name: &str| event.get(name).map(cut);
        if event.is("Event", "EndpointDetail") {
            let has_channels = event
                .get("ActiveChannels")
                .is_some_and(|channels| !channels.is_empty() && channels != "0");
            self.device = DeviceState::of(&text("DeviceState").unwrap_or_default(), has_channels);
        } else if event.is("Event", "ContactStatusDetail") {
            let Some(uri) = text("URI").filter(|uri| !uri.is_empty()) else {
                return;
            };
            if self.contacts.len() >= MAX_CONTACTS {
                self.has_more = true;
                return;
            }
            self.contacts.push(Contact {
                id: text("ID").filter(|id| !id.is_empty()),
                uri,
                user_agent: text("UserAgent").unwrap_or_default(),
                call_id: text("CallID").filter(|call_id| !call_id.is_empty()),
            });
        }
    }
}

impl DeviceState {
    /// The state of this name: `Not in use` or `NOT_INUSE`. A channel is a call in any state.
    fn of(name: &str, has_channels: bool) -> Self {
        let plain: String = name
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|letter| letter.to_ascii_lowercase())
            .collect();
        match plain.as_str() {
            "inuse" | "busy" | "ringing" | "ringinuse" | "onhold" => Self::InCall(name.to_owned()),
            _ if has_channels => Self::InCall("it has a channel".to_owned()),
            "notinuse" => Self::NotInUse,
            "unavailable" | "invalid" => Self::Unavailable,
            _ => Self::Unknown,
        }
    }
}

impl Contact {
    /// The model in the User-Agent.
    #[must_use]
    pub fn model(&self) -> Option<&'static Model> {
        let product = self.user_agent.strip_prefix("Cisco-")?;
        model(product.split('/').next().unwrap_or_default())
    }

    /// The address in the URI, if it is one.
    #[must_use]
    pub fn address(&self) -> Option<Ipv4Addr> {
        let (_, host) = self.uri.split_once('@')?;
        let end = host.find([':', ';', '>', '?']).unwrap_or(host.len());
        host[..end].parse().ok()
    }
}

fn cut(value: &str) -> String {
    let mut end = value.len().min(MAX_VALUE);
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    value[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_in_a_call_is_known_in_both_spellings_and_by_its_channels() {
        assert_eq!(DeviceState::of("Not in use", false), DeviceState::NotInUse);
        assert_eq!(DeviceState::of("NOT_INUSE", false), DeviceState::NotInUse);
        for name in [
            "In use",
            "INUSE",
            "Ringing",
            "On Hold",
            "Ring+Inuse",
            "Busy",
        ] {
            let state = DeviceState::of(name, false);
            assert_eq!(state, DeviceState::InCall(name.to_owned()));
        }
        assert!(matches!(
            DeviceState::of("Not in use", true),
            DeviceState::InCall(_)
        ));
        assert_eq!(
            DeviceState::of("Unavailable", false),
            DeviceState::Unavailable
        );
        assert_eq!(DeviceState::of("", false), DeviceState::Unknown);
    }

    #[test]
    fn the_address_of_a_contact_is_that_in_its_uri() {
        let of = |uri: &str| Contact {
            id: None,
            uri: uri.to_owned(),
            user_agent: String::new(),
            call_id: None,
        };
        let address = Some(Ipv4Addr::new(192, 0, 2, 101));
        assert_eq!(
            of("sip:1001@192.0.2.101:5060;transport=tcp").address(),
            address
        );
        assert_eq!(of("sip:1001@192.0.2.101").address(), address);
        assert_eq!(of("sip:1001@phone.example").address(), None);
        assert_eq!(of("junk").address(), None);
    }
}
