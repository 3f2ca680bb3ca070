//! The alarm in XML, which loads from 9.1 on send before they register.

use std::net::Ipv4Addr;

use crate::{
    phone::{MacAddress, Model},
    protocol::{
        bytes::capped,
        names::{device_mac, model},
    },
};

/// Maximum number of parameters that are read. Phones send about 30.
pub const MAX_PARAMETERS: usize = 64;

/// What an alarm in XML reports. It names no load.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct XmlAlarm {
    /// `DeviceName`.
    pub name: Option<String>,
    /// The MAC in that name.
    pub mac: Option<MacAddress>,
    /// `DeviceIPv4Address`, without the length of its prefix.
    pub address: Option<Ipv4Addr>,
    /// `ModelNumber`.
    pub model: Option<&'static Model>,
    /// `NeighborDeviceID`: the switch.
    pub switch: Option<String>,
    /// `NeighborPortID`: its port.
    pub port: Option<String>,
    /// `ReasonForOutOfService`: why the phone restarted, with the numbers of the alarm.
    pub reason: Option<u16>,
    /// `LastProtocolEventReceived`: `159:Reset`.
    pub last_received: Option<String>,
}

impl XmlAlarm {
    /// Reads the parameters of any bytes, up to the first NUL.
    #[must_use]
    pub fn decode(body: &[u8]) -> Self {
        let body = body.split(|byte| *byte == 0).next().unwrap_or_default();
        let xml = String::from_utf8_lossy(body);
        let mut alarm = Self::default();
        for (name, value) in parameters(&xml).take(MAX_PARAMETERS) {
            let text = || Some(unescaped(value)).filter(|text| !text.is_empty());
            match name {
                "DeviceName" => {
                    alarm.name = text();
                    alarm.mac = alarm.name.as_deref().and_then(device_mac);
                }
                "DeviceIPv4Address" => {
                    let address = value.split('/').next().unwrap_or(value);
                    alarm.address = address.trim().parse().ok();
                }
                "ModelNumber" => alarm.model = model(value),
                "NeighborDeviceID" => alarm.switch = text(),
                "NeighborPortID" => alarm.port = text(),
                "ReasonForOutOfService" => alarm.reason = value.trim().parse().ok(),
                "LastProtocolEventReceived" => alarm.last_received = text(),
                _ => {}
            }
        }
        alarm
    }
}

/// The elements with an attribute `name`, and their texts.
fn parameters(xml: &str) -> impl Iterator<Item = (&str, &str)> {
    const KEY: &str = " name=\"";
    let mut rest = xml;
    std::iter::from_fn(move || {
        let begin = rest.find(KEY)? + KEY.len();
        let (name, behind) = rest[begin..].split_once('"')?;
        let (tag, behind) = behind.split_once('>')?;
        rest = behind;
        if tag.ends_with('/') {
            return Some((name, ""));
        }
        // The text may be cut where the message ends.
        let (value, _) = behind.split_once('<')?;
        Some((name, value))
    })
}

/// The text with the five entities of XML replaced.
fn unescaped(value: &str) -> String {
    let mut text = capped(value.trim());
    for (entity, character) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&amp;", "&"),
    ] {
        text = text.replace(entity, character);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const XML: &str = "<?xml version=\"1.0\"?><x-cisco-alarm>\
        <Alarm Name=\"LastOutOfServiceInformation\"><ParameterList>\
        <String name=\"DeviceName\">SEP001D45AABB01</String>\
        <String name=\"DeviceIPv4Address\">192.0.2.7/24</String>\
        <String name=\"IPv4DefaultGateway\">192.0.2.1</String>\
        <String name=\"ModelNumber\">CP-7965G</String>\
        <String name=\"NeighborIPv4Address\"/>\
        <String name=\"NeighborDeviceID\">sw&amp;1.example.net</String>\
        <String name=\"NeighborPortID\">GigabitEthernet1/0/7</String>\
        <Enum name=\"ReasonForOutOfService\">22</Enum>\
        <String name=\"LastProtocolEventReceived\">159:Reset</String>\
        </ParameterList></Alarm></x-cisco-alarm>";

    #[test]
    fn an_xml_alarm_names_the_phone_its_switch_port_and_the_reason() {
        let mut body = XML.as_bytes().to_vec();
        body.resize(2004, 0);
        body.extend(b"<String name=\"DeviceName\">SEP000000000000</String>");
        let alarm = XmlAlarm::decode(&body);
        assert_eq!(alarm.mac, MacAddress::from_hex("001d45aabb01"));
        assert_eq!(alarm.address, Some(Ipv4Addr::new(192, 0, 2, 7)));
        assert_eq!(alarm.model.map(|model| model.number), Some("7965"));
        assert_eq!(alarm.switch.as_deref(), Some("sw&1.example.net"));
        assert_eq!(alarm.port.as_deref(), Some("GigabitEthernet1/0/7"));
        assert_eq!(alarm.reason, Some(22));
        assert_eq!(alarm.last_received.as_deref(), Some("159:Reset"));
    }

    #[test]
    fn a_cut_xml_alarm_has_no_cut_value() {
        let end = XML.find("Ethernet1").unwrap();
        let alarm = XmlAlarm::decode(&XML.as_bytes()[..end]);
        assert!(alarm.switch.is_some());
        assert_eq!(alarm.port, None);
        let long = format!("<String name=\"DeviceName\">{}</String>", "x".repeat(4000));
        let name = XmlAlarm::decode(long.as_bytes()).name.unwrap();
        assert_eq!(name.len(), crate::protocol::MAX_TEXT);
    }
}
