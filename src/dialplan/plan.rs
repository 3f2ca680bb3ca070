//! The dial plan as a phone holds it: its entries, their fields and the limits of phones.

use std::fmt;

use serde::Serialize;

use crate::diagnose::Finding;

/// Bytes of a plan at most: a phone does not take a larger file.
pub const MAX_PLAN_BYTES: usize = 8_192;

/// Bytes of an attribute's value that a phone keeps; the rest it cuts off. That is less than
/// the 195 that it would take for a pattern, so this limit is the one that counts.
pub const MAX_VALUE_BYTES: usize = 63;

/// Tones that one entry may name.
pub const MAX_TONES: usize = 3;

/// Characters of a version stamp at most.
pub const MAX_VERSION_BYTES: usize = 64;

/// Digits that a phone collects at most.
pub const MAX_DIGITS: usize = 255;

/// Seconds that a phone waits after a digit where no entry says otherwise.
pub const DEFAULT_SECONDS: u32 = 10;

/// The tone at a `,` where the entry names none.
pub const DEFAULT_TONE: &str = "Bellcore-Outside";

/// The tones that a phone knows by name.
pub const TONES: [&str; 20] = [
    "Bellcore-Inside",
    "Bellcore-Outside",
    "Bellcore-Busy",
    "Bellcore-Alerting",
    "Bellcore-BusyVerify",
    "Bellcore-Stutter",
    "Bellcore-MsgWaiting",
    "Bellcore-Reorder",
    "Bellcore-CallWaiting",
    "Bellcore-Cw2",
    "Bellcore-Cw3",
    "Bellcore-Cw4",
    "Bellcore-Hold",
    "Bellcore-Confirmation",
    "Bellcore-Permanent",
    "Bellcore-Reminder",
    "Bellcore-None",
    "Cisco-ZipZip",
    "Cisco-Zip",
    "Cisco-BeepBonk",
];

/// A dial plan as a phone holds it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DialPlan {
    /// The entries that count, in the order of the file.
    pub entries: Vec<Entry>,
    /// `versionStamp`, without the braces that call managers put around it.
    pub version: Option<String>,
    /// The faulty entry at which reading ended: what comes after it does not count.
    pub stopped: Option<Finding>,
}

/// One `TEMPLATE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number among the entries, from 1.
    pub index: usize,
    /// Where it begins.
    pub position: Position,
    /// `MATCH`: the digits that it is for. Empty: a hotline, dialled without a digit.
    pub pattern: String,
    /// `Timeout`: seconds after the last digit; 0 is at once.
    pub timeout: u32,
    /// `Rewrite`: what is sent; empty is what was dialled.
    pub rewrite: String,
    /// `User`: what the address is seen to be.
    pub user: Option<UserParameter>,
    /// `Route`: where the call goes.
    pub route: ProxyRoute,
    /// `Line`: the line that it is for; 0 is all.
    pub line: u8,
    /// `Tone`: what is heard at the first, second and third `,`.
    pub tones: Vec<&'static str>,
    /// Where `MATCH` and `Rewrite` stand, for what is to be seen of them.
    pub(crate) pattern_position: Position,
    pub(crate) rewrite_position: Position,
}

/// Where something stands in a file, both from 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The character of that line.
    pub column: u32,
}

/// What `User` appends to the address: `;user=phone` or `;user=ip` (RFC 3261, 19.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum UserParameter {
    /// A telephone number.
    Phone,
    /// A name of the internet's.
    Ip,
}

/// Which of its proxies a phone sends the call to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ProxyRoute {
    /// The line's.
    #[default]
    Default,
    /// The one for emergency calls.
    Emergency,
    /// The one that the dialled address names.
    Fqdn,
}

/// What `#` is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DialMode {
    /// The line has a proxy of its own: `#` means "dial now", unless the pattern has a `#`
    /// at that position.
    #[default]
    Proxy,
    /// The line's proxy is `USECALLMANAGER`: `#` is a digit as any other.
    CallManager,
}

impl Entry {
    /// Whether it does with its digits what `other` does.
    pub(super) fn has_same_effect_as(&self, other: &Self) -> bool {
        let deeds = |entry: &Self| {
            let Self {
                timeout,
                user,
                route,
                ..
            } = entry;
            (*timeout, *user, *route, entry.rewrite.clone())
        };
        deeds(self) == deeds(other)
    }
}

impl UserParameter {
    /// By its name, without case.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        let all = [("phone", Self::Phone), ("ip", Self::Ip)];
        by_name(&all, name)
    }

    /// As a plan writes it.
    pub(super) fn xml_name(self) -> &'static str {
        match self {
            Self::Phone => "Phone",
            Self::Ip => "IP",
        }
    }
}

impl ProxyRoute {
    /// By its name, without case.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        let all = [
            ("default", Self::Default),
            ("emergency", Self::Emergency),
            ("fqdn", Self::Fqdn),
        ];
        by_name(&all, name)
    }

    /// As a plan writes it.
    pub(super) fn xml_name(self) -> &'static str {
        match self {
            Self::Default => "Default",
            Self::Emergency => "Emergency",
            Self::Fqdn => "FQDN",
        }
    }
}

fn by_name<T: Copy>(all: &[(&str, T)], name: &str) -> Option<T> {
    let mut found = all
        .iter()
        .filter(|(known, _)| known.eq_ignore_ascii_case(name));
    found.next().map(|(_, value)| *value)
}

/// A tone by its name, without case. No name at all is the default one.
pub(super) fn tone(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some(DEFAULT_TONE);
    }
    TONES
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(name))
}

/// A value from a file, short enough to be shown.
pub(super) fn shown(value: &str) -> String {
    /// Characters of a value that a message quotes.
    const SHOWN: usize = 40;
    let mut shown: String = value.chars().take(SHOWN).collect();
    if value.chars().count() > SHOWN {
        shown.push('…');
    }
    shown
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// A line or column number; no file has more than `u32::MAX`.
pub(super) fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
