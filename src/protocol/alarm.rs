//! The start-up alarm: one line with a phone's name, its load, and why it restarted.

use super::{
    bytes::capped,
    names::{device_mac, load_name},
};
use crate::phone::{LoadName, MacAddress};

/// The literals before values. Values are cut there and not at blanks: some phones send no blank before
/// `Load=`, and one behind it. The longer ones first, as they contain the shorter one.
const LITERALS: [&str; 5] = ["InactiveLoad=", "ActiveLoad=", "Load=", "Name=", "Last="];

/// Bytes of a device name, `SEP` and twelve digits.
const DEVICE_NAME: usize = 15;

/// The literals of the line with their values. The value of `Last=` is the rest of the line.
fn fields(line: &str) -> Vec<(&'static str, &str)> {
    let mut begins: Vec<(usize, &'static str)> = Vec::new();
    let mut at = 0;
    while let Some(rest) = line.get(at..) {
        let Some(character) = rest.chars().next() else {
            break;
        };
        match LITERALS.iter().find(|literal| rest.starts_with(**literal)) {
            Some(literal) => {
                begins.push((at, literal));
                at += literal.len();
                if *literal == "Last=" {
                    break;
                }
            }
            None => at += character.len_utf8(),
        }
    }
    let ends = begins.iter().skip(1).map(|(at, _)| *at).chain([line.len()]);
    begins
        .iter()
        .zip(ends)
        .filter_map(|((at, literal), end)| Some((*literal, line.get(at + literal.len()..end)?)))
        .collect()
}

/// A start-up alarm: `25: Name=SEP… Load=… Last=…` in SCCP, and after `cisco-alarm:` in the Reason
/// header (RFC 3326) of a REGISTER, as observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// The number in front: 25 is "initialized", 23 "reset-restart".
    pub code: Option<u16>,
    /// `Name=`.
    pub name: Option<String>,
    /// The MAC in that name.
    pub mac: Option<MacAddress>,
    /// `Load=`, or `ActiveLoad=` of newer phones.
    pub load: Option<LoadName>,
    /// `InactiveLoad=`: the load in the other partition, which does not run.
    pub inactive: Option<LoadName>,
    /// `Last=`: why the phone restarted. It may contain spaces.
    pub last: Option<String>,
    /// The whole line.
    pub text: String,
}

impl Alarm {
    /// Parses the line. `None`: it names neither a phone nor a load.
    ///
    /// `is_cut`: the text may be incomplete, so its last word is ignored.
    #[must_use]
    pub fn parse(text: &str, is_cut: bool) -> Option<Self> {
        let line = capped(text.trim());
        let is_cut = is_cut || line.len() < text.trim().len();
        let mut fields = fields(&line);
        let last = fields.last().filter(|(key, _)| *key == "Last=");
        let last = last.map(|(_, value)| value.trim().to_owned());
        if is_cut && last.is_none() {
            // What follows the last literal may be incomplete.
            let complete = fields
                .pop()
                .filter(|(key, value)| *key == "Name=" && value.trim().len() > DEVICE_NAME);
            fields.extend(complete);
        }
        let value = |keys: &[&str]| {
            let mut fields = fields.iter();
            let (_, value) = fields.find(|(key, _)| keys.contains(key))?;
            value.split_whitespace().next()
        };
        let name = value(&["Name="]).map(str::to_owned);
        let load = value(&["Load=", "ActiveLoad="]).and_then(load_name);
        if name.is_none() && load.is_none() {
            return None;
        }
        let code = line
            .split([':', ' '])
            .next()
            .and_then(|word| word.parse().ok());
        Some(Self {
            code,
            mac: name.as_deref().and_then(device_mac),
            name,
            load,
            inactive: value(&["InactiveLoad="]).and_then(load_name),
            last,
            text: line,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let alarm = Alarm::parse(
            "23 Name=SEP001B2A893698 Load=SIP70.8-4-2-30S Last=reset-restart",
            false,
        )
        .unwrap();
        assert_eq!(alarm.code, Some(23));
        assert_eq!(alarm.mac, MacAddress::from_hex("001b2a893698"));
        assert_eq!(alarm.load, Some(LoadName::new("SIP70.8-4-2-30S")));
        assert_eq!(alarm.last.as_deref(), Some("reset-restart"));

        let two = "25 Name=SEPC80084AA8743 ActiveLoad=sip78xx.12-1-1-12.loads \
                   InactiveLoad=sip78xx.10-3-1-12.loads Last=initialized";
        let alarm = Alarm::parse(two, false).unwrap();
        assert_eq!(alarm.load, Some(LoadName::new("sip78xx.12-1-1-12")));
        assert_eq!(alarm.inactive, Some(LoadName::new("sip78xx.10-3-1-12")));

        let alarm = Alarm::parse(
            "25: Name=SEP003094C4426F Load=7.2(3.0) Last=TFTP Timeout",
            false,
        );
        let alarm = alarm.unwrap();
        assert_eq!(
            (alarm.load, alarm.last.as_deref()),
            (None, Some("TFTP Timeout"))
        );
    }

    #[test]
    fn values_are_cut_at_the_literals_and_not_at_blanks() {
        let mac = MacAddress::from_hex("001d45aabb01");
        let alarm = |text| Alarm::parse(text, false).unwrap();
        let one = alarm("10: Name=SEP001D45AABB01Load= SCCP11.8-4-2S Last=TCP-timeout");
        assert_eq!((one.code, one.mac), (Some(10), mac));
        assert_eq!(one.load, Some(LoadName::new("SCCP11.8-4-2S")));
        assert_eq!(one.last.as_deref(), Some("TCP-timeout"));
        let two = "32: Name=SEP001D45AABB01 Load= term06.default : Invalid SCCP message! : ID :87:";
        let two = alarm(two);
        assert_eq!((two.code, two.mac), (Some(32), mac));
        assert_eq!(two.load, Some(LoadName::new("term06.default")));
        let three = alarm("25: Name=SEP001D45AABB01 Load=8.5(3) Last=Initialized");
        assert_eq!((three.mac, three.load), (mac, None));
        let free = "27: Waiting for Requesting Feature Key Status From the call manager";
        assert_eq!(Alarm::parse(free, false), None);
    }

    #[test]
    fn a_cut_name_is_no_name() {
        let cut = "25: Name=SEP003094C4426F Load=SCCP45.8-5-";
        assert_eq!(Alarm::parse(cut, true).unwrap().load, None);
        assert!(Alarm::parse(cut, false).unwrap().load.is_some());
        assert_eq!(Alarm::parse("25: Load=SCCP45.8-5-", true), None);
    }

    #[test]
    fn an_inactive_load_is_not_the_running_load() {
        let alarm = Alarm::parse(
            "1 Name=SEP003094C4426F InactiveLoad=SIP45.9-3-1SR4-1S",
            false,
        );
        assert_eq!(alarm.unwrap().load, None);
        assert_eq!(Alarm::parse("call ended", false), None);
    }
}
