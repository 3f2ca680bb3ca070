//! Firmware that this program does not install: for which phones it is, and why. Much of it has no
//! manifest, and each file is a load.

use crate::phone::{
    Generation79x0, LoadName, Protocol,
    Unsupported::{
        self, Adapter, BeforeLoader, BinaryProfile, Mgcp, Module, Multiplatform, SccpOnly, SipOnly,
    },
};

/// What such firmware is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standalone {
    /// The phones or modules, for a message.
    pub(super) what: &'static str,
    pub(super) models: &'static [&'static str],
    /// Why it is not installed.
    pub(super) why: Unsupported,
}

type Row = (&'static str, &'static [&'static str], Standalone);

const fn row(
    start: &'static str,
    ends: &'static [&'static str],
    why: Unsupported,
    what: &'static str,
    models: &'static [&'static str],
) -> Row {
    (start, ends, Standalone { what, models, why })
}

const ZUP: &[&str] = &[".zup", ".sbin"];
const BIN: &[&str] = &[".bin", ".sbn"];
/// Its files are loads only if a manifest names them.
const NONE: &[&str] = &[];
const P3: &[&str] = &["7940", "7960"];
const MODULES: &[&str] = &[".sbn"];
const EARLY: &str = "the 7940 and 7960, of a release without manifests";

/// The beginnings of names, and the extensions of files that are loads without a manifest, in lower
/// case.
const KINDS: [Row; 28] = [
    row(
        "s001",
        MODULES,
        Module,
        "the expansion module 7914",
        &["7914"],
    ),
    row(
        "b015",
        MODULES,
        Module,
        "the expansion module 7915",
        &["7915"],
    ),
    row(
        "b016",
        MODULES,
        Module,
        "the expansion module 7916",
        &["7916"],
    ),
    row("cp7902", ZUP, SccpOnly, "the 7902", &["7902"]),
    row("cp7905", ZUP, BinaryProfile, "the 7905", &["7905"]),
    row("cp7912", ZUP, BinaryProfile, "the 7912", &["7912"]),
    row(
        "ata187",
        NONE,
        Adapter,
        "the analog adapter ATA 187",
        &["ATA187"],
    ),
    row(
        "ata190",
        NONE,
        Adapter,
        "the analog adapter ATA 190",
        &["ATA190"],
    ),
    row(
        "ata191",
        NONE,
        Adapter,
        "the analog adapters ATA 191 and 192",
        &["ATA191", "ATA192"],
    ),
    row(
        "ata0",
        ZUP,
        BinaryProfile,
        "the analog adapters ATA 186 and 188",
        &["ATA186", "ATA188"],
    ),
    row("p004", BIN, SccpOnly, "the 7910", &["7910"]),
    row(
        "p00503",
        BIN,
        SccpOnly,
        "the conference phone 7935",
        &["7935"],
    ),
    row(
        "cmterm_7920",
        &[".bin"],
        SccpOnly,
        "the wireless phone 7920",
        &["7920"],
    ),
    row(
        "cp7921",
        NONE,
        SccpOnly,
        "the wireless phone 7921",
        &["7921"],
    ),
    row(
        "cp7925",
        NONE,
        SccpOnly,
        "the wireless phone 7925",
        &["7925"],
    ),
    row(
        "cp7926",
        NONE,
        SccpOnly,
        "the wireless phone 7926",
        &["7926"],
    ),
    row(
        "cmterm_7935",
        BIN,
        SccpOnly,
        "the conference phone 7935",
        &["7935"],
    ),
    row(
        "cmterm_7936",
        BIN,
        SccpOnly,
        "the conference phone 7936",
        &["7936"],
    ),
    row(
        "cmterm_7937",
        BIN,
        SccpOnly,
        "the conference phone 7937",
        &["7937"],
    ),
    row(
        "apps37",
        BIN,
        SccpOnly,
        "the conference phone 7937",
        &["7937"],
    ),
    row(
        "cnu37",
        BIN,
        SccpOnly,
        "the conference phone 7937",
        &["7937"],
    ),
    row(
        "cmterm_7985",
        BIN,
        SccpOnly,
        "the video phone 7985",
        &["7985"],
    ),
    row("cp3905", NONE, SipOnly, "the 3905", &["3905"]),
    row("sip6821", NONE, Multiplatform, "the 6821", &["6821"]),
    row(
        "sip68",
        NONE,
        Multiplatform,
        "the 68xx",
        &["6841", "6851", "6861", "6871"],
    ),
    row("p003", &[".bin"], BeforeLoader, EARLY, P3),
    row("p0s3", &[".bin"], BeforeLoader, EARLY, P3),
    row("p0m3", &[".bin"], Mgcp, "the 7940 and 7960, with MGCP", P3),
];

/// What a file of this name is for, if it is firmware without a manifest.
pub(super) fn of(name: &str) -> Option<Standalone> {
    let lower = name.to_ascii_lowercase();
    let has_end = |ends: &[&str]| ends.iter().any(|end| lower.ends_with(end));
    find(&lower, |ends| {
        has_end(ends) || is_whole_release_of_79x0(&lower)
    })
}

/// What a load of this name is for, with a manifest or without one, if its phones get no load from
/// this program. The releases of the 7940 and 7960 before the loader are not told apart here.
pub(super) fn of_load(load: &LoadName) -> Option<Standalone> {
    let lower = load.as_str().to_ascii_lowercase();
    find(&lower, |_| true).filter(|kind| kind.why != BeforeLoader)
}

fn find(lower: &str, fits: impl Fn(&[&str]) -> bool) -> Option<Standalone> {
    let mut rows = KINDS.iter();
    let row = rows.find(|(start, ends, _)| lower.starts_with(start) && fits(ends));
    row.map(|(.., kind)| *kind)
}

/// The protocol of a load: as its name shows it, or the only one of its phones.
pub(super) fn protocol(load: &LoadName) -> Option<Protocol> {
    let of_phones = || {
        let upper = load.as_str().to_ascii_uppercase();
        match of_load(load)?.why {
            SccpOnly => Some(Protocol::Sccp),
            SipOnly | Adapter => Some(Protocol::Sip),
            BinaryProfile if upper.contains("SIP") => Some(Protocol::Sip),
            BinaryProfile if upper.contains("SCCP") => Some(Protocol::Sccp),
            _ => None,
        }
    };
    load.protocol().or_else(of_phones)
}

/// What a file is by its first bytes and its length, where its name does not show it.
pub(super) fn of_content(start: &[u8], length: u64) -> Option<Standalone> {
    let by_name = |name| of(name);
    if start.starts_with(&WIRELESS_7920) {
        return by_name("cmterm_7920.bin");
    }
    if start.starts_with(KUP) {
        return Some(Standalone {
            what: "the 7905, the 7912, or an analog adapter ATA 186 or 188",
            models: &[],
            why: BinaryProfile,
        });
    }
    let stated = start.get(LENGTH_7936..)?.first_chunk()?;
    (u64::from(u32::from_le_bytes(*stated)) == length).then_some(Standalone {
        what: "the conference phones 7935 and 7936",
        models: &["7935", "7936"],
        why: SccpOnly,
    })
}

/// The first bytes of firmware of the 7920.
const WIRELESS_7920: [u8; 4] = [0x3c, 0x32, 0xf8, 0xbd];
/// The first bytes of firmware of the 7905, 7912, ATA 186 and ATA 188.
const KUP: &[u8] = b"kup1";
/// The offset of the length of the file in firmware of the 7935 and 7936, little-endian.
const LENGTH_7936: usize = 0x0c;

/// Whether the file is a signed image of a 7940 or 7960 from before the loader: all of its firmware.
fn is_whole_release_of_79x0(lower: &str) -> bool {
    let load = lower.strip_suffix(".sbn").map(LoadName::new);
    load.and_then(|load| load.generation_79x0()) == Some(Generation79x0::Signed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_without_manifests_are_recognised_by_name() {
        for (name, models) in [
            ("B015-1-0-4-2.SBN", Some(&["7915"][..])),
            ("S00105000400.sbn", Some(&["7914"])),
            ("CP7905080003SIP060412A.sbin", Some(&["7905"])),
            ("CP7912080000SCCP051117A.zup", Some(&["7912"])),
            ("ATA030204SIP090202A.zup", Some(&["ATA186", "ATA188"])),
            ("P00405000700.sbn", Some(&["7910"])),
            ("cmterm_7920.4.0-03-02.bin", Some(&["7920"])),
            ("cmterm_7936.3-3-21-0.bin", Some(&["7936"])),
            ("P0S3-04-4-00.bin", Some(P3)),
            ("P0S3-06-3-00.sbn", Some(P3)),
            ("P00305000700.sbn", Some(P3)),
            ("P003-8-12-00.sbn", None),
            ("P0S3-8-12-00.sb2", None),
            ("jar45sip.9-3-1.sbn", None),
            ("readme.bin", None),
        ] {
            assert_eq!(of(name).map(|kind| kind.models), models, "{name}");
        }
    }
}
