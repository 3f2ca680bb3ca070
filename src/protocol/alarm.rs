//! The start-up alarm: one line with a phone's name, its load, and why it restarted.

use super::{
    bytes::capped,
    names::{device_mac, load_name},
};
use crate::phone::{LoadName, MacAddress};

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
        let (words, last) = match line.split_once("Last=") {
            Some((words, last)) => (words, Some(last.trim().to_owned())),
            None => (line.as_str(), None),
        };
        let whole = if is_cut && last.is_none() {
            words
                .rsplit_once(char::is_whitespace)
                .map_or("", |(whole, _)| whole)
        } else {
            words
        };
        let value = |keys: &[&str]| {
            whole.split_whitespace().find_map(|word| {
                let (key, value) = word.split_once('=')?;
                keys.contains(&key).then_some(value)
            })
        };
        let name = value(&["Name"]).map(str::to_owned);
        let load = value(&["Load", "ActiveLoad"]).and_then(load_name);
        if name.is_none() && load.is_none() {
            return None;
        }
        let code = whole
            .split([':', ' '])
            .next()
            .and_then(|word| word.parse().ok());
        Some(Self {
            code,
            mac: name.as_deref().and_then(device_mac),
            name,
            load,
            inactive: value(&["InactiveLoad"]).and_then(load_name),
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
