//! What a Cisco phone reports about itself in a REGISTER.

use super::{SipRequest, parameter};
use crate::{
    phone::{LoadName, MODELS, MacAddress, Model},
    protocol::{
        alarm::Alarm,
        bytes::capped,
        names::{device_mac, model},
    },
};

/// A User-Agent, such as `Cisco-CP7970G/8.4.0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// The whole header.
    pub text: String,
    /// The model, if the text names one.
    pub model: Option<&'static Model>,
    /// The part after the slash: a release, not a load.
    pub version: Option<String>,
}

/// What the request reports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SipPhone {
    /// The MAC: in the device name of the Contact, else of the alarm, else the last 12 digits of the
    /// instance if all others are 0.
    pub mac: Option<MacAddress>,
    /// The model: by the device type of the Contact, else by the User-Agent.
    pub model: Option<&'static Model>,
    /// The load in the alarm.
    pub load: Option<LoadName>,
    /// The User-Agent.
    pub agent: Option<Agent>,
    /// The alarm in the Reason header.
    pub alarm: Option<Alarm>,
}

impl SipRequest {
    /// What the request reports about the phone that sent it. Every field is `None` if the sender
    /// is not a Cisco phone.
    #[must_use]
    pub fn phone(&self) -> SipPhone {
        let agent = self.header("user-agent").map(Agent::read);
        let alarm = self.all("reason").find_map(alarm_of);
        let contact = |wanted: &str| {
            let is_wanted = |name: &str| name.eq_ignore_ascii_case(wanted);
            self.all("contact")
                .find_map(|contact| parameter(contact, is_wanted))
        };
        let mac = contact("+u.sip!devicename.ccm.cisco.com")
            .and_then(|name| device_mac(&name))
            .or_else(|| alarm.as_ref()?.mac)
            .or_else(|| instance_mac(&contact("+sip.instance")?));
        let model = contact("+u.sip!model.ccm.cisco.com")
            .and_then(|id| {
                let id: u32 = id.trim().parse().ok()?;
                MODELS.iter().find(|model| model.device_type == id)
            })
            .or_else(|| agent.as_ref()?.model);
        SipPhone {
            mac,
            model,
            load: alarm.as_ref().and_then(|alarm| alarm.load.clone()),
            agent,
            alarm,
        }
    }
}

impl Agent {
    fn read(text: &str) -> Self {
        let text = capped(text);
        let product = text.split(' ').next().unwrap_or_default();
        let (name, version) = match product.split_once('/') {
            Some((name, version)) => (name, Some(version.to_owned())),
            None => (product, None),
        };
        let model = name.strip_prefix("Cisco-").and_then(model);
        Self {
            model,
            version: version.filter(|version| !version.is_empty()),
            text,
        }
    }
}

/// `SIP;cause=200;text="cisco-alarm:23 Name=… Load=… Last=…"`.
fn alarm_of(reason: &str) -> Option<Alarm> {
    let text = parameter(reason, |name| name.eq_ignore_ascii_case("text"))?;
    Alarm::parse(text.strip_prefix("cisco-alarm:")?, false)
}

/// `<urn:uuid:00000000-0000-0000-0000-001B2A893698>`.
fn instance_mac(instance: &str) -> Option<MacAddress> {
    let bare = instance.trim_matches(['<', '>', ' ']);
    let scheme = bare.get(..9)?;
    if !scheme.eq_ignore_ascii_case("urn:uuid:") {
        return None;
    }
    let (before, digits) = bare[9..].rsplit_once('-')?;
    let is_empty = before.bytes().all(|byte| matches!(byte, b'0' | b'-'));
    MacAddress::from_hex(digits).filter(|_| is_empty)
}
