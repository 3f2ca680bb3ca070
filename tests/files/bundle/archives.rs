//! Archives that are broken or that lie.

use proptest::prelude::*;
use reflash::bundle::{ExamineOptions, Verdict};
use tempfile::TempDir;

use super::{
    BundleFolder,
    fixtures::{self, Entry, good, good_entries, zip},
    one, trusting,
};

#[test]
fn every_kind_of_broken_file_is_damaged() {
    let whole = good();
    let cut = |n: usize| whole[..n].to_vec();
    let mut flipped = whole.clone();
    flipped[200] ^= 0x40;
    let crc = {
        let mut entries = good_entries();
        entries[0].crc = Some(1);
        zip(&entries)
    };
    let local_size = {
        let mut entries = good_entries();
        entries[0].local_size = Some(5);
        zip(&entries)
    };
    let stored_sizes = {
        let mut entries = good_entries();
        entries[0].size = Some(5);
        zip(&entries)
    };
    let offset = {
        let mut entries = good_entries();
        entries[1].offset = Some(3);
        zip(&entries)
    };
    let past_end = {
        let mut entries = good_entries();
        entries[1].offset = Some(0x7fff_ffff);
        zip(&entries)
    };
    let miscounted = {
        let mut bytes = whole.clone();
        let end = bytes.len() - 22;
        bytes[end + 8] -= 1;
        bytes[end + 10] -= 1;
        bytes
    };
    let lying = fixtures::with_wrong_sizes(&good_entries());
    let cut_at_inner_end = {
        let mut entries = good_entries();
        let inner = good();
        entries.insert(0, Entry::new("jar45sip.sbn", &inner));
        let header = 30 + "jar45sip.sbn".len();
        zip(&entries)[..header + inner.len()].to_vec()
    };
    let prefixed = [&b"#!/bin/sh\n"[..], &whole].concat();
    let between = {
        let end = whole.len() - 22;
        [&whole[..end], b"more", &whole[end..]].concat()
    };
    let appended = [&whole[..], b"more"].concat();
    let cases: [(&str, Vec<u8>, &str); 16] = [
        ("empty", Vec::new(), "empty-file"),
        (
            "cut in the end record",
            cut(whole.len() - 1),
            "archive-truncated",
        ),
        (
            "cut in the directory",
            cut(whole.len() - 100),
            "archive-truncated",
        ),
        ("cut in the data", cut(100), "archive-truncated"),
        (
            "cut behind a zip in it",
            cut_at_inner_end,
            "archive-damaged",
        ),
        ("a bit flipped", flipped, "member-damaged"),
        ("wrong CRC", crc, "header-disagreement"),
        ("another local size", local_size, "header-disagreement"),
        ("stored with two sizes", stored_sizes, "archive-damaged"),
        ("no header at the offset", offset, "archive-damaged"),
        ("an offset past the end", past_end, "archive-damaged"),
        ("one member not counted", miscounted, "archive-damaged"),
        ("unpacks to more", lying, "member-damaged"),
        ("bytes before", prefixed, "archive-damaged"),
        ("bytes before the end record", between, "archive-damaged"),
        ("bytes behind", appended, "archive-truncated"),
    ];
    let dir = BundleFolder::new();
    for (what, bytes, code) in cases {
        assert_eq!(
            dir.verdict(&bytes),
            (Verdict::Damaged, Some(code)),
            "{what}"
        );
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table, one line or two a case")]
fn every_kind_of_hostile_archive_is_refused() {
    let with = |change: &dyn Fn(&mut Vec<Entry>)| {
        let mut entries = good_entries();
        change(&mut entries);
        zip(&entries)
    };
    let named = |name: &str| with(&|entries| entries.push(Entry::new(name, b"x")));
    let attributes = |value: u32| with(&|entries| entries[0].attributes = value);
    let two_ends = {
        // The comment of the outer end record is a whole end record.
        let mut bytes = good();
        let at = bytes.len() - 2;
        let inner = bytes[bytes.len() - 22..].to_vec();
        bytes[at] = 22;
        [bytes, inner].concat()
    };
    let end_in_comment = {
        // The same, but followed by one byte: readers differ on whether it counts.
        let mut bytes = good();
        let at = bytes.len() - 2;
        let inner = bytes[bytes.len() - 22..].to_vec();
        bytes[at] = 23;
        [bytes, inner, vec![b'!']].concat()
    };
    let zip64 = {
        let mut bytes = good();
        let end = bytes.len() - 22;
        bytes[end + 8..end + 12].fill(0xff);
        bytes
    };
    let split = {
        let mut bytes = good();
        let end = bytes.len() - 22;
        bytes[end + 4] = 1;
        bytes
    };
    let many: Vec<_> = (0..1001)
        .map(|n| Entry::new(&format!("{n}.sbn"), b"x"))
        .collect();
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("traversal", named("../../etc/passwd"), "unsafe-name"),
        ("absolute", named("/etc/passwd"), "unsafe-name"),
        ("backslash", named("..\\x.sbn"), "unsafe-name"),
        ("drive", named("c:x.sbn"), "unsafe-name"),
        ("folder with bytes", named("folder/"), "not-a-regular-file"),
        ("out of a folder", named("a/../../b"), "unsafe-name"),
        ("no name", named(""), "unsafe-name"),
        ("NUL", named("a\0.sbn"), "unsafe-name"),
        ("terminal escape", named("a\u{1b}[2J"), "unsafe-name"),
        (
            "same name",
            named("term65.default.loads"),
            "duplicate-member",
        ),
        (
            "same but for case",
            named("TERM65.default.LOADS"),
            "duplicate-member",
        ),
        ("link", attributes(0o120_777 << 16), "not-a-regular-file"),
        ("device", attributes(0o020_666 << 16), "not-a-regular-file"),
        ("pipe", attributes(0o010_666 << 16), "not-a-regular-file"),
        (
            "Unix folder",
            attributes(0o040_755 << 16),
            "not-a-regular-file",
        ),
        ("DOS folder", attributes(0x10), "not-a-regular-file"),
        (
            "encrypted",
            with(&|entries| entries[0].flags = 1),
            "encrypted-member",
        ),
        (
            "masked",
            with(&|entries| entries[0].flags = 1 << 13),
            "encrypted-member",
        ),
        (
            "LZMA",
            with(&|entries| entries[0].method = 14),
            "unsupported-method",
        ),
        (
            "another name inside",
            with(&|entries| entries[0].local_name = Some("apps45.9-3-1ES27.sbn".to_owned())),
            "header-disagreement",
        ),
        (
            "overlapping",
            with(&|entries| {
                let mut twin = entries[0].clone();
                twin.name = "twin.sbn".to_owned();
                twin.local_name = None;
                twin.data.splice(
                    ..0,
                    fixtures::local_header_of("inner.sbn", &entries[0].data),
                );
                let mut inner = Entry::new("inner.sbn", &entries[0].data);
                inner.offset = Some(u64::from(u32::MAX));
                entries.insert(0, twin);
                inner.offset = Some(30 + "twin.sbn".len() as u64);
                inner.listed_only = true;
                entries.push(inner);
            }),
            "overlapping-members",
        ),
        (
            "bomb",
            with(&|entries| {
                entries[0].method = 8;
                entries[0].size = Some(u32::try_from(entries[0].data.len()).unwrap() * 200 + 1);
                entries[0].local_size = entries[0].size;
            }),
            "over-limit",
        ),
        (
            "huge member",
            with(&|entries| {
                entries[0].method = 8;
                entries[0].data = vec![0; 1_400_000];
                entries[0].size = Some(256 * 1024 * 1024 + 1);
                entries[0].local_size = entries[0].size;
            }),
            "over-limit",
        ),
        (
            "huge in all",
            with(&|entries| {
                for entry in &mut entries[..3] {
                    entry.method = 8;
                    entry.data = vec![0; 1_100_000];
                    entry.size = Some(200 * 1024 * 1024);
                    entry.local_size = entry.size;
                }
            }),
            "over-limit",
        ),
        ("too many", zip(&many), "over-limit"),
        ("two end records", two_ends, "ambiguous-archive"),
        (
            "an end record in a comment",
            end_in_comment,
            "ambiguous-archive",
        ),
        ("Zip64", zip64, "unsupported-archive"),
        ("split", split, "unsupported-archive"),
    ];
    let dir = BundleFolder::new();
    for (what, bytes, code) in cases {
        assert_eq!(
            dir.verdict(&bytes),
            (Verdict::Refused, Some(code)),
            "{what}"
        );
    }
}

#[test]
fn a_file_too_large_to_be_a_bundle_is_not_read() {
    let dir = BundleFolder::new();
    let path = dir.file("sparse.zip", b"PK");
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_len((1 << 30) + 1).unwrap();
    let mut bundle = one(&path, &ExamineOptions::default());
    assert_eq!(
        (bundle.verdict, bundle.problems[0].code),
        (Verdict::Refused, "over-limit")
    );
    assert_eq!(bundle.digests, None);
    bundle.set_checksum_mismatch(&"0".repeat(32).parse().unwrap());
    assert_eq!(bundle.verdict, Verdict::Damaged);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn random_bytes_get_a_verdict(
        start in prop_oneof![Just(&b""[..]), Just(&b"PK\x03\x04"[..])],
        middle in proptest::collection::vec(any::<u8>(), 0..400),
        count in 0_u8..4,
        directory in 0_u16..400,
    ) {
        let mut bytes = [start, &middle].concat();
        let offset = u32::from(directory);
        let size = u32::try_from(bytes.len()).unwrap().saturating_sub(offset);
        bytes.extend(b"PK\x05\x06\0\0\0\0");
        bytes.extend([count, 0, count, 0]);
        bytes.extend(size.to_le_bytes());
        bytes.extend(offset.to_le_bytes());
        bytes.extend([0, 0]);
        let (verdict, _) = BundleFolder::new().verdict(&bytes);
        prop_assert!(!matches!(verdict, Verdict::Known | Verdict::Genuine | Verdict::Intact));
    }

    #[test]
    fn no_truncated_bundle_is_accepted(part in 0.0..1.0_f64) {
        let whole = good();
        #[expect(
            clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss,
            reason = "a share of a small length"
        )]
        let cut = (whole.len() as f64 * part) as usize;
        let (verdict, _) = BundleFolder::new().verdict(&whole[..cut]);
        prop_assert!(matches!(verdict, Verdict::Damaged | Verdict::Foreign), "{verdict:?}");
    }

    #[test]
    fn a_changed_byte_never_panics_or_changes_a_member(at in 0_usize..10_000, to in any::<u8>()) {
        let mut bytes = good();
        let at = at % bytes.len();
        bytes[at] = to;
        let dir = BundleFolder::new();
        let path = dir.file("bundle.zip", &bytes);
        let bundle = one(&path, &trusting());
        if bundle.verdict == Verdict::Genuine {
            let folder = TempDir::new().unwrap();
            bundle.unpack(folder.path()).unwrap();
        }
    }
}
