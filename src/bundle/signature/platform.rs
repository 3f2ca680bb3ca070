//! The phone platform that a file is for, from its name. It determines which keys are valid.

use super::keys::IMAGE_KEYS;

/// The platform shown by a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Platform {
    /// A platform with known keys, under the name used in the key table.
    Keyed(&'static str),
    /// A platform with keys that may not be all: a file that is signed with another one is not
    /// rejected.
    Tried(&'static str),
    /// The name does not show the platform.
    Unknown,
}

/// What precedes the platform code in a name.
const PREFIXES: [&str; 12] = [
    "sccp", "sip", "jar", "cnu", "apps", "dsp", "cvm", "term", "boot", "knl", "bfs", "app",
];

/// Codes in loads, recovery manifests and images for the 7906 to 7975.
const CODES: [(&str, &str); 12] = [
    ("06", "7906_7911"),
    ("11", "7906_7911"),
    ("31", "7931"),
    ("41", "7941_7961"),
    ("61", "7941_7961"),
    ("42", "7942_7962"),
    ("62", "7942_7962"),
    ("45", "7945_7965"),
    ("65", "7945_7965"),
    ("70", "7970_7971"),
    ("71", "7970_7971"),
    ("75", "7975"),
];

/// Codes of four characters.
const LONG_CODES: [(&str, &str); 8] = [
    ("6901", "6901"),
    ("6911", "6911"),
    ("6945", "6945"),
    ("6921", "69xx"),
    ("6941", "69xx"),
    ("6961", "69xx"),
    ("69xx", "69xx"),
    ("894x", "894x"),
];

/// Complete prefixes: wireless phones, and expansion modules, which use the common key.
const STARTS: [(&str, Platform); 10] = [
    ("cp7921", Platform::Keyed("7921")),
    ("cp7925", Platform::Keyed("7925")),
    ("cp7926", Platform::Keyed("7926")),
    ("s001", Platform::Keyed("common")),
    ("b015", Platform::Keyed("common")),
    ("b016", Platform::Keyed("common")),
    ("p0s3", Platform::Tried("7940_7960")),
    ("p0m3", Platform::Tried("7940_7960")),
    ("p003", Platform::Tried("7940_7960")),
    ("p004", Platform::Tried("7910")),
];

impl Platform {
    /// The platform of the file `name`.
    pub(in super::super) fn of(name: &str) -> Self {
        let lower = name.to_ascii_lowercase();
        if let Some((_, platform)) = STARTS.iter().find(|(start, _)| lower.starts_with(start)) {
            return *platform;
        }
        // Several prefixes may match: apps, app.
        PREFIXES
            .iter()
            .filter_map(|start| lower.strip_prefix(start))
            .find_map(code)
            .map_or(Self::Unknown, Self::Keyed)
    }
}

fn code(rest: &str) -> Option<&'static str> {
    if let Some((_, platform)) = LONG_CODES.iter().find(|(code, _)| rest.starts_with(code)) {
        return Some(platform);
    }
    let (_, platform) = CODES.iter().find(|(code, _)| rest.starts_with(code))?;
    // `sip45.` and `jar45sip.`; not `sip4500.`
    rest[2..].starts_with(['.', 's']).then_some(*platform)
}

/// Whether phones verify a file of this name with a key that is known here.
pub(in super::super) fn has_known_key(name: &str) -> bool {
    match Platform::of(name) {
        Platform::Keyed(platform) => IMAGE_KEYS.iter().any(|key| key.platform == platform),
        Platform::Tried(_) | Platform::Unknown => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platform_follows_from_the_name() {
        use Platform::{Keyed, Tried, Unknown};
        let cases = [
            ("SIP45.9-3-1SR4-1S.loads", Keyed("7945_7965")),
            ("SCCP11.8-5-2S.loads", Keyed("7906_7911")),
            ("term06.default.loads", Keyed("7906_7911")),
            ("TERM65.DEFAULT.loads", Keyed("7945_7965")),
            ("term71.default.loads", Keyed("7970_7971")),
            ("Jar41sip.8-3-0-50.sbn", Keyed("7941_7961")),
            ("apps42.9-4-2ES26.sbn", Keyed("7942_7962")),
            ("cvm75sccp.9-4-2ES26.sbn", Keyed("7975")),
            ("cnu31.9-2-1TH1-13.sbn", Keyed("7931")),
            ("BOOT69xx.0-0-0-14.zz.sgn", Keyed("69xx")),
            ("SIP69xx.9-4-1-3.loads", Keyed("69xx")),
            ("SCCP6945.9-3-1-3.bin1.sgn", Keyed("6945")),
            ("APP6901SCCP.9-2-1-a.zz.sgn", Keyed("6901")),
            ("BFS6911SCCP.9-2-1-a.zz.sgn", Keyed("6911")),
            ("BOOT894x.0-0-2-0.bin.sgn", Keyed("894x")),
            ("CP7921G-1.4.6.3.LOADS", Keyed("7921")),
            ("CP7926G-1.4.1SR1.LOADS", Keyed("7926")),
            ("B015-1-0-4-2.SBN", Keyed("common")),
            ("S00105000400.sbn", Keyed("common")),
            ("P0S3-8-12-00.sb2", Tried("7940_7960")),
            ("P00405000700.sbn", Tried("7910")),
            ("sip78xx.11-0-1-11.loads", Unknown),
            ("sip4500.loads", Unknown),
            ("EA15FW-BF3-220.SBN", Unknown),
            ("", Unknown),
            ("sip4ä.loads", Unknown),
        ];
        for (name, platform) in cases {
            assert_eq!(Platform::of(name), platform, "{name}");
            assert_eq!(has_known_key(name), matches!(platform, Keyed(_)), "{name}");
        }
    }
}
