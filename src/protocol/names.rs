//! Names in texts: of phones, models and loads.

use crate::phone::{LoadName, MacAddress, Model};

/// Maximum size of a load's name in bytes. The longest known has about 25.
pub const MAX_LOAD_NAME: usize = 64;

/// What an announcement states about the phone that sends it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnnouncedPhone {
    /// Its MAC.
    pub mac: Option<MacAddress>,
    /// The load that it runs.
    pub load: Option<LoadName>,
    /// Its model.
    pub model: Option<&'static Model>,
}

/// The MAC in a device name: `SEP0021D8BA0965`, `SIP…` of a 7940/60 with SIP firmware, and followed
/// by a DNS domain in LLDP.
#[must_use]
pub fn device_mac(name: &str) -> Option<MacAddress> {
    let name = name.trim();
    let prefix = name.get(..3)?;
    if !["SEP", "SIP"]
        .iter()
        .any(|known| prefix.eq_ignore_ascii_case(known))
    {
        return None;
    }
    let digits = name[3..].split('.').next()?;
    MacAddress::from_hex(digits)
}

/// The name of a load: letters, digits, `.`, `-` and `_`. `8.1(2.0)` is a version and `Cisco IOS
/// Software…` a switch; neither is a load.
#[must_use]
pub fn load_name(text: &str) -> Option<LoadName> {
    let name = LoadName::new(text.trim_matches(|c: char| c.is_whitespace() || c == '\0'));
    let word = name.as_str();
    let is_name = word.len() <= MAX_LOAD_NAME
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
        && word.bytes().any(|byte| byte.is_ascii_alphabetic())
        && word
            .bytes()
            .any(|byte| byte.is_ascii_digit() || byte == b'.');
    is_name.then_some(name)
}

/// The model that phones write as `7942`, `CP-7911G`, `CP7970G`, `CP-8841-3PCC`.
pub(crate) fn model(word: &str) -> Option<&'static Model> {
    let word = word.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    let bare = word.strip_prefix("CP").unwrap_or(word);
    let bare = bare.strip_prefix('-').unwrap_or(bare);
    let plain = || Model::by_number(bare.split('-').next()?);
    Model::by_number(bare).or_else(plain)
}

/// The model in the description of a phone: `Cisco IP Phone 7942`,
/// `Cisco IP Phone CP-7911G,V2`. `None`: it describes no phone.
pub(super) fn described_model(description: &str) -> Option<&'static Model> {
    let (_, behind) = description.split_once("Phone")?;
    behind.split([' ', ',']).find_map(model)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_name_is_a_prefix_and_twelve_digits() {
        let mac = MacAddress::from_hex("001b54945a8b");
        for name in [
            "SEP001B54945A8B",
            "sep001b54945a8b",
            "SIP001B54945A8B.example.net",
        ] {
            assert_eq!(device_mac(name), mac, "{name}");
        }
        for name in [
            "",
            "SE",
            "SEP",
            "SEP001B54945A8",
            "SEP001B54945A8BC",
            "switch1",
            "ÄÖÜ001B54945A8B",
        ] {
            assert_eq!(device_mac(name), None, "{name}");
        }
    }

    #[test]
    fn a_load_name_is_one_word() {
        for (text, load) in [
            ("SCCP42.8-4-2S", "SCCP42.8-4-2S"),
            (" SIP45.9-3-1SR4-1S.loads\n", "SIP45.9-3-1SR4-1S"),
            ("79XX_default_load", "79XX_default_load"),
            ("term65.default", "term65.default"),
            ("P00308010200", "P00308010200"),
        ] {
            assert_eq!(load_name(text), Some(LoadName::new(load)), "{text}");
        }
        for text in [
            "",
            ".loads",
            "8.1(2.0)",
            "12.4.5",
            "Cisco IOS Software",
            "SIP45;x",
            "…",
        ] {
            assert_eq!(load_name(text), None, "{text}");
        }
        assert_eq!(load_name(&format!("SIP45.{}", "9".repeat(64))), None);
    }

    #[test]
    fn models_are_parsed_as_phones_write_them() {
        for (text, number) in [
            ("Cisco IP Phone 7942", Some("7942")),
            ("Cisco IP Phone CP-7911G,V2", Some("7911")),
            ("Cisco IP Phone 7962G,V12", Some("7962")),
            ("Cisco IP Phone CP-7941G-GE", Some("7941-GE")),
            ("cisco WS-C2960X-24PS-L", None),
            ("Phone", None),
        ] {
            assert_eq!(
                described_model(text).map(|model| model.number),
                number,
                "{text}"
            );
        }
        assert_eq!(
            model("CP-8841-3PCC").map(|model| model.number),
            Some("8841")
        );
    }
}
