//! MAC addresses, the permanent identity of phones.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The Ethernet address of a phone. It identifies the phone; IP addresses may change.
///
/// Shown and serialised as 12 lower-case hex digits; [`MacAddress::upper_hex`] gives the
/// upper-case form of file names (`SEP001122AABBCC.cnf.xml`).
///
/// # Examples
///
/// ```
/// use reflash::phone::MacAddress;
///
/// let mac: MacAddress = "00:1d:45:aa:bb:01".parse()?;
/// assert_eq!(mac.to_string(), "001d45aabb01");
/// assert_eq!(format!("SEP{}.cnf.xml", mac.upper_hex()), "SEP001D45AABB01.cnf.xml");
/// # Ok::<(), reflash::phone::ParseMacError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MacAddress([u8; 6]);

/// Why a text is not a MAC address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a MAC address: expected 12 hex digits, with or without separators (: - .)")]
pub struct ParseMacError(String);

impl MacAddress {
    /// The address of six bytes in transmission order.
    #[must_use]
    pub const fn new(bytes: [u8; 6]) -> Self {
        Self(bytes)
    }

    /// The six bytes in transmission order.
    #[must_use]
    pub const fn bytes(self) -> [u8; 6] {
        self.0
    }

    /// Whether a phone can have this address: not zero and no group address (IEEE 802: the lowest bit
    /// of the first byte).
    #[must_use]
    pub fn is_of_one_device(self) -> bool {
        self.0[0] & 1 == 0 && self.0 != [0; 6]
    }

    /// The form used in file names: 12 upper-case hex digits.
    #[must_use]
    pub fn upper_hex(self) -> String {
        self.to_string().to_ascii_uppercase()
    }

    /// Parses exactly 12 hex digits in any case, without separators, as in a file name.
    #[must_use]
    pub fn from_hex(digits: &str) -> Option<Self> {
        if digits.len() != 12 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let value = u64::from_str_radix(digits, 16).ok()?;
        let [_, _, bytes @ ..] = value.to_be_bytes();
        Some(Self(bytes))
    }
}

impl FromStr for MacAddress {
    type Err = ParseMacError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let bare: String = text
            .strip_prefix("SEP")
            .unwrap_or(text)
            .chars()
            .filter(|character| !matches!(character, ':' | '-' | '.'))
            .collect();
        Self::from_hex(&bare).ok_or_else(|| ParseMacError(text.to_owned()))
    }
}

impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MacAddress({self})")
    }
}

impl Serialize for MacAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MacAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_usual_notations_are_parsed() {
        let expected = MacAddress::new([0x00, 0x1d, 0x45, 0xaa, 0xbb, 0x0c]);
        for text in [
            "001d45aabb0c",
            "00:1D:45:AA:BB:0C",
            "00-1d-45-aa-bb-0c",
            "001D.45AA.BB0C",
            "SEP001D45AABB0C",
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        assert_eq!(expected.to_string(), "001d45aabb0c");
        assert_eq!(expected.upper_hex(), "001D45AABB0C");
    }

    #[test]
    fn other_texts_are_rejected() {
        for text in ["", "001d45aabb", "001d45aabb0g", "001d45aabb0c00", "ÄÄÄÄÄÄ"] {
            assert!(text.parse::<MacAddress>().is_err(), "{text}");
        }
    }
}
