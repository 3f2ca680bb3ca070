//! Damaged, truncated, hostile and random tars, gzips and packages are never taken for genuine.

use std::{fs, io::Write as _};

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use reflash::{
    bundle::{Verdict, examine},
    simulator::signed_file,
};
use tempfile::TempDir;

use super::{
    BundleFolder,
    fixtures::{Entry, good_entries},
    tars::{end, gzip, header, member, package, reseal, tar},
    trusting,
};

#[test]
#[expect(clippy::too_many_lines, reason = "a table, a few lines a case")]
fn every_kind_of_damaged_or_hostile_tar_is_rejected() {
    let good = tar(&good_entries());
    let with = |more: Vec<u8>| [&more[..], &good].concat();
    let kind = |kind: u8| with(header("odd", 0, kind));
    let damaged_checksum = {
        let mut bytes = good.clone();
        bytes[0] ^= 1;
        bytes
    };
    let size = |digits: &[u8]| {
        let mut bytes = good.clone();
        bytes[124..124 + digits.len()].copy_from_slice(digits);
        reseal(&mut bytes);
        bytes
    };
    let after = {
        let mut bytes = good.clone();
        *bytes.last_mut().unwrap() = 1;
        bytes
    };
    let many: Vec<u8> = (0..1_001)
        .flat_map(|n| member(&format!("{n}.sbn"), b""))
        .collect();
    let packed = gzip(&good);
    let flipped = {
        let mut bytes = packed.clone();
        let at = bytes.len() - 6;
        bytes[at] ^= 1;
        bytes
    };
    let bomb = {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&vec![0; 20_000_000]).unwrap();
        encoder.finish().unwrap()
    };
    let twice =
        |name: &str| with([member(name, b"x"), member(&name.to_uppercase(), b"x")].concat());
    let mut broken_header = package();
    broken_header[9] ^= 1;
    let cases: Vec<(&str, Vec<u8>, Verdict, &str)> = vec![
        (
            "cut in a member",
            good[..3_000].to_vec(),
            Verdict::Damaged,
            "archive-truncated",
        ),
        (
            "cut before its end",
            good[..good.len() - 10_240].to_vec(),
            Verdict::Damaged,
            "archive-truncated",
        ),
        (
            "checksum",
            damaged_checksum,
            Verdict::Damaged,
            "archive-damaged",
        ),
        ("bytes behind", after, Verdict::Damaged, "archive-damaged"),
        (
            "size in letters",
            size(b"zzz"),
            Verdict::Refused,
            "over-limit",
        ),
        ("binary size", size(&[0x80]), Verdict::Refused, "over-limit"),
        (
            "huge size",
            size(b"77777777777"),
            Verdict::Refused,
            "over-limit",
        ),
        (
            "larger than the file",
            size(b"00010000000"),
            Verdict::Damaged,
            "archive-truncated",
        ),
        (
            "hard link",
            kind(b'1'),
            Verdict::Refused,
            "not-a-regular-file",
        ),
        ("link", kind(b'2'), Verdict::Refused, "not-a-regular-file"),
        (
            "character device",
            kind(b'3'),
            Verdict::Refused,
            "not-a-regular-file",
        ),
        (
            "block device",
            kind(b'4'),
            Verdict::Refused,
            "not-a-regular-file",
        ),
        ("pipe", kind(b'6'), Verdict::Refused, "not-a-regular-file"),
        (
            "sparse",
            kind(b'S'),
            Verdict::Refused,
            "unsupported-archive",
        ),
        (
            "multi-volume",
            kind(b'M'),
            Verdict::Refused,
            "unsupported-archive",
        ),
        (
            "traversal",
            with(member("../x", b"x")),
            Verdict::Refused,
            "unsafe-name",
        ),
        (
            "traversal by a folder",
            with(header("../", 0, b'5')),
            Verdict::Refused,
            "unsafe-name",
        ),
        (
            "absolute",
            with(member("/etc/passwd", b"x")),
            Verdict::Refused,
            "unsafe-name",
        ),
        (
            "backslash",
            with(member("a\\b", b"x")),
            Verdict::Refused,
            "unsafe-name",
        ),
        (
            "no name",
            with(member("", b"x")),
            Verdict::Refused,
            "unsafe-name",
        ),
        (
            "duplicate",
            twice("a.sbn"),
            Verdict::Refused,
            "duplicate-member",
        ),
        ("too many", end(many), Verdict::Refused, "over-limit"),
        (
            "gzip cut",
            packed[..packed.len() - 9].to_vec(),
            Verdict::Damaged,
            "archive-truncated",
        ),
        (
            "gzip checksum",
            flipped,
            Verdict::Damaged,
            "archive-damaged",
        ),
        (
            "two gzips",
            [&packed[..], &packed].concat(),
            Verdict::Damaged,
            "archive-damaged",
        ),
        (
            "bytes after gzip",
            [&packed[..], b"x"].concat(),
            Verdict::Damaged,
            "archive-damaged",
        ),
        ("bomb", bomb, Verdict::Refused, "over-limit"),
        (
            "package cut in its header",
            package()[..300].to_vec(),
            Verdict::Damaged,
            "header-damaged",
        ),
        (
            "package cut after its header",
            package()[..404].to_vec(),
            Verdict::Damaged,
            "header-damaged",
        ),
        (
            "package with a wrong header",
            broken_header,
            Verdict::Damaged,
            "header-damaged",
        ),
        (
            "one signed file",
            signed_file("a.sbn", b"x"),
            Verdict::Foreign,
            "not-an-archive",
        ),
        (
            "gzip of no tar",
            gzip(&[b'x'; 2_000]),
            Verdict::Foreign,
            "not-an-archive",
        ),
    ];
    let dir = BundleFolder::new();
    for (what, bytes, verdict, code) in cases {
        assert_eq!(dir.verdict(&bytes), (verdict, Some(code)), "{what}");
    }
}

#[test]
fn every_truncation_of_a_tar_a_gzip_and_a_package_is_rejected() {
    let dir = BundleFolder::new();
    let small = [
        Entry::new("load.loads", b"a.sbn\n"),
        Entry::new("a.sbn", b"image"),
    ];
    let bytes = tar(&small);
    // The last kilobytes are zeros: a tar needs two blocks of them and no more.
    let needed = 4 * 512 + 1_024;
    for cut in 0..needed {
        let (verdict, _) = dir.verdict(&bytes[..cut]);
        assert!(
            matches!(verdict, Verdict::Damaged | Verdict::Foreign),
            "{cut}: {verdict:?}"
        );
    }
    let package = [signed_file("x.cop.sgn", b""), gzip(&bytes)].concat();
    assert_eq!(dir.verdict(&package).0, Verdict::Intact);
    for bytes in [gzip(&bytes), package] {
        for cut in 0..bytes.len() {
            let (verdict, _) = dir.verdict(&bytes[..cut]);
            assert!(
                matches!(verdict, Verdict::Damaged | Verdict::Foreign),
                "{cut}: {verdict:?}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn changed_bytes_get_a_verdict_and_never_pass_with_other_members(
        changes in proptest::collection::vec((0_usize..14_000, any::<u8>()), 1..4),
        form in 0_usize..3,
    ) {
        let whole = match form {
            0 => tar(&good_entries()),
            1 => gzip(&tar(&good_entries())),
            _ => package(),
        };
        let mut bytes = whole.clone();
        for (at, to) in changes {
            let at = at % bytes.len();
            bytes[at] = to;
        }
        let dir = BundleFolder::new();
        let path = dir.file("bundle", &bytes);
        for bundle in examine(&path, &trusting()).unwrap() {
            if bundle.verdict == Verdict::Genuine {
                let to = TempDir::new().unwrap();
                bundle.unpack(to.path()).unwrap();
                for entry in good_entries().iter().filter(|entry| entry.name != "load436.txt") {
                    let path = to.path().join(&entry.name);
                    prop_assert!(fs::read(path).unwrap() == entry.data);
                }
            }
        }
    }

    #[test]
    fn a_random_tar_gets_a_verdict(
        name in "[a-z./]{0,20}",
        kind in any::<u8>(),
        size in 0_usize..5_000,
        rest in proptest::collection::vec(any::<u8>(), 0..3_000),
        packed in any::<bool>(),
    ) {
        let bytes = [header(&name, size, kind), rest].concat();
        let bytes = if packed { gzip(&bytes) } else { bytes };
        let dir = BundleFolder::new();
        let path = dir.file("bundle", &bytes);
        for bundle in examine(&path, &trusting()).unwrap() {
            prop_assert!(!matches!(bundle.verdict, Verdict::Known | Verdict::Genuine));
        }
    }
}
