//! The phone platform that a file is for, from its name. It determines which keys are valid.

use super::keys::IMAGE_KEYS;
use crate::phone::{Generation79x0, LoadName};

/// The platform shown by a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Platform {
    /// As in the table of keys.
    pub(super) name: &'static str,
    pub(super) keys: KnownKeys,
}

/// Which of a platform's keys are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KnownKeys {
    /// All: phones reject a file that is signed with another one.
    All,
    /// Perhaps not all: few files of the platform were seen.
    Some,
}

/// Platforms of which perhaps not all keys are known.
const FEW_FILES: [&str; 3] = ["7910", "8961", "88xx"];

/// What precedes the platform code in a name.
const PREFIXES: [&str; 17] = [
    "sccp", "sip", "jar", "cnu", "apps", "dsp", "cvm", "term", "boot", "knl", "bfs", "app",
    "dkern", "kern", "rootfs", "sboot", "skern",
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
const LONG_CODES: [(&str, &str); 10] = [
    ("6901", "6901"),
    ("6911", "6911"),
    ("6945", "6945"),
    ("6921", "69xx"),
    ("6941", "69xx"),
    ("6961", "69xx"),
    ("69xx", "69xx"),
    ("894x", "894x"),
    ("8961", "8961"),
    ("88xx", "88xx"),
];

/// Complete prefixes: wireless phones, expansion modules, which use the common key, and phones
/// whose names have no platform code.
const STARTS: [(&str, &str); 10] = [
    ("cp7921", "7921"),
    ("cp7925", "7925"),
    ("cp7926", "7926"),
    ("s001", "common"),
    ("b015", "common"),
    ("b016", "common"),
    ("p0s3", "7940_7960"),
    ("p0m3", "7940_7960"),
    ("p003", "7940_7960"),
    ("p004", "7910"),
];

impl Platform {
    /// The platform of the file `name`, if the name shows it.
    pub(super) fn of(name: &str) -> Option<Self> {
        let lower = name.to_ascii_lowercase();
        let start = STARTS.iter().find(|(start, _)| lower.starts_with(start));
        let platform = match start {
            Some((_, platform)) => platform,
            // Several prefixes may match: apps, app.
            None => PREFIXES
                .iter()
                .filter_map(|start| lower.strip_prefix(start))
                .find_map(code)?,
        };
        let is_certain = !FEW_FILES.contains(&platform) && !is_before_the_loader(name);
        Some(Self {
            name: platform,
            keys: if is_certain {
                KnownKeys::All
            } else {
                KnownKeys::Some
            },
        })
    }
}

/// Whether a file is of a release of the 7940 and 7960 whose loader was not seen, and with it the
/// keys that such phones have.
fn is_before_the_loader(name: &str) -> bool {
    let load = name.rsplit_once('.').map_or(name, |(load, _)| load);
    LoadName::new(load)
        .generation_79x0()
        .is_some_and(|generation| generation < Generation79x0::Loader)
}

fn code(rest: &str) -> Option<&'static str> {
    if let Some((_, platform)) = LONG_CODES.iter().find(|(code, _)| rest.starts_with(code)) {
        return Some(platform);
    }
    let (_, platform) = CODES.iter().find(|(code, _)| rest.starts_with(code))?;
    // `sip45.` and `jar45sip.`; not `sip4500.`
    rest[2..].starts_with(['.', 's']).then_some(*platform)
}

/// Whether phones verify a file of this name with keys that are all known here.
pub(in super::super) fn has_known_key(name: &str) -> bool {
    Platform::of(name).is_some_and(|platform| {
        let is_own = |key: &super::keys::ImageKey| key.platform == platform.name;
        platform.keys == KnownKeys::All && IMAGE_KEYS.iter().any(is_own)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platform_follows_from_the_name() {
        let all = |name| Some((name, KnownKeys::All));
        let some = |name| Some((name, KnownKeys::Some));
        let cases = [
            ("SIP45.9-3-1SR4-1S.loads", all("7945_7965")),
            ("SCCP11.8-5-2S.loads", all("7906_7911")),
            ("term06.default.loads", all("7906_7911")),
            ("TERM65.DEFAULT.loads", all("7945_7965")),
            ("term71.default.loads", all("7970_7971")),
            ("Jar41sip.8-3-0-50.sbn", all("7941_7961")),
            ("apps42.9-4-2ES26.sbn", all("7942_7962")),
            ("cvm75sccp.9-4-2ES26.sbn", all("7975")),
            ("cnu31.9-2-1TH1-13.sbn", all("7931")),
            ("BOOT69xx.0-0-0-14.zz.sgn", all("69xx")),
            ("SIP69xx.9-4-1-3.loads", all("69xx")),
            ("SCCP6945.9-3-1-3.bin1.sgn", all("6945")),
            ("APP6901SCCP.9-2-1-a.zz.sgn", all("6901")),
            ("BFS6911SCCP.9-2-1-a.zz.sgn", all("6911")),
            ("BOOT894x.0-0-2-0.bin.sgn", all("894x")),
            ("CP7921G-1.4.6.3.LOADS", all("7921")),
            ("CP7926G-1.4.1SR1.LOADS", all("7926")),
            ("B015-1-0-4-2.SBN", all("common")),
            ("S00105000400.sbn", all("common")),
            ("P0S3-8-12-00.sb2", all("7940_7960")),
            ("P003-07-5-00.sbn", all("7940_7960")),
            ("P0030801SR02.loads", all("7940_7960")),
            ("P0S3-06-3-00.sbn", some("7940_7960")),
            ("P00305000700.sbn", some("7940_7960")),
            ("P00405000700.sbn", some("7910")),
            ("sip8961.9-4-2SR4-1.loads", some("8961")),
            ("dkern8961.100609R2-9-4-2SR4-1.sebn", some("8961")),
            ("sip88xx.12-0-1-11.loads", some("88xx")),
            ("sip78xx.11-0-1-11.loads", None),
            ("sip4500.loads", None),
            ("EA15FW-BF3-220.SBN", None),
            ("", None),
            ("sip4ä.loads", None),
        ];
        for (name, expected) in cases {
            let found = Platform::of(name).map(|platform| (platform.name, platform.keys));
            assert_eq!(found, expected, "{name}");
            let is_known = expected.is_some_and(|(_, keys)| keys == KnownKeys::All);
            assert_eq!(has_known_key(name), is_known, "{name}");
        }
    }
}
