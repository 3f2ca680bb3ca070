//! Firmware without manifests: each file is a load. This program does not convert the phones
//! that it is for.

use crate::phone::{Generation79x0, LoadName};

/// What such a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standalone {
    /// The phones or modules, for a message.
    pub(super) what: &'static str,
    pub(super) models: &'static [&'static str],
}

const fn row(
    start: &'static str,
    ends: &'static [&'static str],
    what: &'static str,
    models: &'static [&'static str],
) -> (&'static str, &'static [&'static str], Standalone) {
    (start, ends, Standalone { what, models })
}

/// The beginnings and the extensions of names, in lower case.
const KINDS: [(&str, &[&str], Standalone); 18] = [
    row("s001", &[".sbn"], "the expansion module 7914", &["7914"]),
    row("b015", &[".sbn"], "the expansion module 7915", &["7915"]),
    row("b016", &[".sbn"], "the expansion module 7916", &["7916"]),
    row("cp7902", ZUP, "the 7902", &["7902"]),
    row("cp7905", ZUP, "the 7905", &["7905"]),
    row("cp7912", ZUP, "the 7912", &["7912"]),
    row(
        "ata",
        &[".zup", ".sbin"],
        "the analogue adapters ATA 186 and 188",
        &[],
    ),
    row("p004", BIN, "the 7910", &["7910"]),
    row("p00503", BIN, "the conference phone 7935", &["7935"]),
    row(
        "cmterm_7920",
        &[".bin"],
        "the wireless phone 7920",
        &["7920"],
    ),
    row("cmterm_7935", BIN, "the conference phone 7935", &["7935"]),
    row("cmterm_7936", BIN, "the conference phone 7936", &["7936"]),
    row("cmterm_7937", BIN, "the conference phone 7937", &["7937"]),
    row("apps37", BIN, "the conference phone 7937", &["7937"]),
    row("cmterm_7985", BIN, "the video phone 7985", &["7985"]),
    row(
        "p003",
        &[".bin"],
        "the 7940 and 7960, of a release without manifests",
        P3,
    ),
    row(
        "p0s3",
        &[".bin"],
        "the 7940 and 7960, of a release without manifests",
        P3,
    ),
    row(
        "p0m3",
        &[".bin"],
        "the 7940 and 7960, of a release without manifests",
        P3,
    ),
];

const ZUP: &[&str] = &[".zup", ".sbin"];
const BIN: &[&str] = &[".bin", ".sbn"];
const P3: &[&str] = &["7940", "7960"];

/// What a file of this name is for, if it is firmware without a manifest.
pub(super) fn of(name: &str) -> Option<Standalone> {
    let lower = name.to_ascii_lowercase();
    KINDS
        .iter()
        .find(|(start, ends, _)| {
            let has_end = ends.iter().any(|end| lower.ends_with(end));
            lower.starts_with(start) && (has_end || is_whole_release_of_79x0(&lower))
        })
        .map(|(.., kind)| *kind)
}

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
            ("ATA030204SIP090202A.zup", Some(&[])),
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
