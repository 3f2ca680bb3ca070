//! The parsed dial plan: its entries, their fields and the limits of phones.

use std::fmt;

use serde::Serialize;

use crate::diagnose::Finding;

/// Maximum size of a plan in bytes. Cisco's parser has a buffer of 8,192; an 8851 was reported to drop
/// a file of that size.
pub const MAX_PLAN_BYTES: usize = 8_191;

/// Bytes of an attribute value that a phone keeps; it truncates longer values. The phone's
/// limit for patterns, 195 bytes, is therefore never reached.
pub const MAX_VALUE_BYTES: usize = 63;

/// Maximum number of tones in one entry.
pub const MAX_TONES: usize = 3;

/// Maximum length of a version stamp in bytes.
pub const MAX_VERSION_BYTES: usize = 64;

/// Maximum number of digits that a phone collects.
pub const MAX_DIGITS: usize = 255;

/// Seconds that a 79xx waits after a digit if no entry sets a timeout. The 69xx, 78xx, 88xx, 89xx
/// and 99xx wait 15.
pub const DEFAULT_SECONDS: u32 = 10;

/// The tone played at a `,` if the entry names none.
pub const DEFAULT_TONE: &str = "Bellcore-Outside";

/// The names of all tones that phones support.
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

/// A dial plan as a phone reads it.
///
/// # Examples
///
/// ```
/// use reflash::dialplan::{DialMode, DialPlan};
///
/// let xml = br#"<DIALTEMPLATE>
///   <TEMPLATE MATCH="911" Timeout="0"/>
///   <TEMPLATE MATCH="9,......." Timeout="3" Rewrite="......."/>
/// </DIALTEMPLATE>"#;
/// let plan = DialPlan::read(xml).unwrap();
///
/// let emergency = plan.dial("911", DialMode::Proxy);
/// assert_eq!((emergency.sent.as_str(), emergency.seconds), ("911", 0));
/// assert_eq!(plan.dial("95550100", DialMode::Proxy).sent, "5550100");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DialPlan {
    /// The entries that the phone uses, in file order.
    pub entries: Vec<PlanEntry>,
    /// `versionStamp`, without the braces that call managers add.
    pub version: Option<String>,
    /// Why reading stopped early, if a phone rejects an entry; later entries are ignored.
    pub stopped: Option<Finding>,
}

/// One `TEMPLATE` element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanEntry {
    /// Its number among the entries, from 1.
    pub index: usize,
    /// Where the element starts in the file.
    pub position: PlanPosition,
    /// `MATCH`: the pattern. If empty, the entry is a hotline, dialled without any digit.
    pub pattern: String,
    /// `Timeout`: seconds after the last digit; 0 sends immediately.
    pub timeout: u32,
    /// `Rewrite`: what is sent instead; if empty, the dialled digits are sent.
    pub rewrite: String,
    /// `User`: the `user` parameter of the SIP URI.
    pub user: Option<UserParameter>,
    /// `Route`: the proxy that the call is sent to.
    pub route: ProxyRoute,
    /// `Line`: the line that the entry applies to; 0 for all lines.
    pub line: u8,
    /// `Tone`: the tones played at the first, second and third `,`.
    pub tones: Vec<&'static str>,
    /// Positions of `MATCH` and `Rewrite`, for findings about them.
    pub(crate) pattern_position: PlanPosition,
    pub(crate) rewrite_position: PlanPosition,
}

/// A position in a file; line and column count from 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlanPosition {
    /// The line number.
    pub line: u32,
    /// The column, in characters.
    pub column: u32,
}

/// The parameter appended to the SIP URI: `;user=phone` or `;user=ip` (RFC 3261, 19.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum UserParameter {
    /// The user part is a telephone number.
    Phone,
    /// The user part is a user name.
    Ip,
}

/// The proxy that a phone sends the call to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ProxyRoute {
    /// The line's proxy.
    #[default]
    Default,
    /// The emergency proxy.
    Emergency,
    /// The host in the dialled address.
    Fqdn,
}

/// How the phone treats `#`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DialMode {
    /// The line has its own proxy: `#` means "dial now", unless the pattern has a `#` at
    /// that position.
    #[default]
    Proxy,
    /// The line's proxy is `USECALLMANAGER`: `#` is an ordinary digit.
    CallManager,
}

impl PlanEntry {
    /// Whether both entries send the same digits the same way.
    pub(super) fn has_same_effect_as(&self, other: &Self) -> bool {
        let effect = |entry: &Self| {
            let Self {
                timeout,
                user,
                route,
                ..
            } = entry;
            (*timeout, *user, *route, entry.rewrite.clone())
        };
        effect(self) == effect(other)
    }
}

impl UserParameter {
    /// Parses the name, ignoring case.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        let all = [("phone", Self::Phone), ("ip", Self::Ip)];
        by_name(&all, name)
    }

    /// The value as written in `dialplan.xml`.
    pub(super) fn xml_name(self) -> &'static str {
        match self {
            Self::Phone => "Phone",
            Self::Ip => "IP",
        }
    }
}

impl ProxyRoute {
    /// Parses the name, ignoring case.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        let all = [
            ("default", Self::Default),
            ("emergency", Self::Emergency),
            ("fqdn", Self::Fqdn),
        ];
        by_name(&all, name)
    }

    /// The value as written in `dialplan.xml`.
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

/// Looks up a tone, ignoring case. An empty name means the default tone.
pub(super) fn tone(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some(DEFAULT_TONE);
    }
    TONES
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(name))
}

/// Truncates a value from a file for use in a message.
pub(super) fn shown(value: &str) -> String {
    /// Maximum number of characters quoted.
    const SHOWN: usize = 40;
    let mut shown: String = value.chars().take(SHOWN).collect();
    if value.chars().count() > SHOWN {
        shown.push('…');
    }
    shown
}

impl fmt::Display for PlanPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// A line or column number; no file has more than `u32::MAX`.
pub(super) fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
