//! Tars, gzips, packages, folders, and one level of them within each other.

use std::{fs, io::Write as _};

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use reflash::{
    bundle::{Bundle, ExamineOptions, Verdict, examine},
    simulator::signed_file,
};
use tempfile::TempDir;

use super::{
    BundleFolder,
    fixtures::{self, Entry, good, good_entries, old_entries, zip},
    one, trusting,
};

/// One member of a tar, of this type.
fn header(name: &str, size: usize, kind: u8) -> Vec<u8> {
    let mut block = vec![0; 512];
    block[..name.len()].copy_from_slice(name.as_bytes());
    block[100..107].copy_from_slice(b"0000777");
    block[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
    block[156] = kind;
    block[257..265].copy_from_slice(b"ustar\x0000");
    reseal(&mut block);
    block
}

/// Makes the checksum right again.
fn reseal(block: &mut [u8]) {
    block[148..156].fill(b' ');
    let sum: u32 = block[..512].iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

fn member(name: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = header(name, data.len(), b'0');
    bytes.extend(data);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

fn end(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize((bytes.len() + 1024).next_multiple_of(10_240), 0);
    bytes
}

fn tar_in(folder: &str, entries: &[Entry]) -> Vec<u8> {
    let members = entries
        .iter()
        .map(|entry| member(&format!("{folder}{}", entry.name), &entry.data));
    end(members.collect::<Vec<_>>().concat())
}

fn tar(entries: &[Entry]) -> Vec<u8> {
    tar_in("", entries)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A package as a call manager takes it: the installer is in it too.
fn package() -> Vec<u8> {
    let mut entries = good_entries();
    entries.push(Entry::new("copstart.sh", b"#!/bin/sh\nreboot\n"));
    let mut header = signed_file("cmterm-7945.cop.sgn", b"");
    // Its signer is another one than that of images.
    header[16] = b'P';
    [header, gzip(&tar(&entries))].concat()
}

fn names(bundle: &Bundle) -> Vec<&str> {
    let mut names: Vec<_> = bundle
        .members
        .iter()
        .map(|member| member.name.as_str())
        .collect();
    names.sort_unstable();
    names
}

/// Unpacks it and holds the files against the good ones.
fn unpacks(bundle: &Bundle) {
    let to = TempDir::new().unwrap();
    bundle.unpack(to.path()).unwrap();
    let mut entries = good_entries();
    entries.retain(|entry| entry.name != "load436.txt");
    assert_eq!(fs::read_dir(to.path()).unwrap().count(), entries.len());
    for entry in entries {
        assert_eq!(fs::read(to.path().join(&entry.name)).unwrap(), entry.data);
    }
}

#[test]
fn every_container_gives_the_same_bundle() {
    let dir = BundleFolder::new();
    let entries = good_entries();
    let with_root = {
        let root = header("./", 0, b'5');
        [root, tar_in("./", &entries)].concat()
    };
    let files = [
        ("good.zip", good()),
        ("good.tar", tar(&entries)),
        ("root.tar", with_root),
        ("good.tar.gz", gzip(&tar(&entries))),
        ("good.tgz", gzip(&tar(&entries))),
        ("cmterm-7945.cop.sgn", package()),
        // The name says nothing.
        ("download", gzip(&tar(&entries))),
    ];
    for (name, bytes) in files {
        let path = dir.file(name, &bytes);
        let bundle = one(&path, &trusting());
        assert_eq!(
            bundle.verdict,
            Verdict::Genuine,
            "{name}: {:?}",
            bundle.problems
        );
        assert_eq!(names(&bundle).len(), 9, "{name}");
        assert!(bundle.digests.is_some());
        unpacks(&bundle);
    }
    let folder = dir.folder.path().join("unpacked");
    fs::create_dir(&folder).unwrap();
    for entry in &entries {
        fs::write(folder.join(&entry.name), &entry.data).unwrap();
    }
    fs::write(folder.join(".DS_Store"), b"x").unwrap();
    let bundle = one(&folder, &trusting());
    assert_eq!((bundle.verdict, &bundle.digests), (Verdict::Genuine, &None));
    unpacks(&bundle);
    fs::write(folder.join("apps45.9-3-1ES26.sbn"), b"other").unwrap();
    let to = TempDir::new().unwrap();
    assert!(bundle.unpack(to.path()).is_err());
    assert_eq!(fs::read_dir(to.path()).unwrap().count(), 0);
}

#[test]
fn what_is_in_a_repack_is_an_entry_of_its_own() {
    let dir = BundleFolder::new();
    let in_folder: Vec<_> = good_entries()
        .into_iter()
        .map(|entry| Entry::new(&format!("7945/Sip/{}", entry.name), &entry.data))
        .collect();
    let mut entries = in_folder;
    entries.push(Entry::new("7945/", b""));
    entries.push(Entry::new("read me.txt", b"x"));
    entries.push(Entry::new("docs/guide.txt", b"x"));
    entries.push(Entry::new("7945/tar/inner.tar", &tar(&good_entries())));
    entries.push(Entry::new("old.zip", &zip(&old_entries())));
    entries.push(Entry::new(
        "pictures.tgz",
        &gzip(&tar(&[Entry::new("a.jpg", b"x")])),
    ));
    let outer = zip(&entries);
    let path = dir.file("outer.zip", &outer);
    let found = examine(&path, &trusting()).unwrap();
    let told: Vec<_> = found
        .iter()
        .map(|bundle| {
            let path = bundle.path.to_str().unwrap();
            (
                path.rsplit_once("outer.zip").unwrap().1,
                bundle.verdict,
                bundle.digests.is_some(),
            )
        })
        .collect();
    let expected = [
        ("!7945/Sip/", Verdict::Genuine, false),
        ("!7945/tar/inner.tar", Verdict::Genuine, true),
        ("!old.zip", Verdict::Genuine, true),
    ];
    assert_eq!(told, expected);
    unpacks(&found[0]);
    unpacks(&found[1]);
    // The archive within was exchanged since.
    let bundle = &found[1];
    entries[12].data = tar(&old_entries());
    fs::write(&path, zip(&entries)).unwrap();
    let to = TempDir::new().unwrap();
    assert!(bundle.unpack(to.path()).is_err());
    assert_eq!(fs::read_dir(to.path()).unwrap().count(), 0);

    // Whoever knows the outer file knows what is in it.
    fs::write(&path, outer).unwrap();
    let outer = one(
        &dir.file("plain.zip", &fs::read(&path).unwrap()[..0]),
        &trusting(),
    );
    assert_eq!(outer.verdict, Verdict::Damaged);
    let sha256 = {
        use sha2::{Digest as _, Sha256};
        let digest = Sha256::digest(fs::read(&path).unwrap());
        digest
            .iter()
            .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
    };
    let expectation = ExamineOptions {
        checksums: vec![sha256.parse().unwrap()],
        ..trusting()
    };
    let found = examine(&path, &expectation).unwrap();
    assert!(
        found.iter().all(|bundle| bundle.verdict == Verdict::Known),
        "{found:?}"
    );
    assert!(reflash::bundle::unmatched_checksums(&found, &expectation).is_empty());
}

#[test]
fn deeper_nesting_is_refused() {
    let dir = BundleFolder::new();
    let inner = zip(&[Entry::new("inner.tar", &tar(&good_entries()))]);
    let folder = tar_in("folder/", &good_entries());
    for (name, bytes) in [("inner.zip", inner), ("inner.tar", folder)] {
        let path = dir.file("outer.zip", &zip(&[Entry::new(name, &bytes)]));
        let bundle = one(&path, &trusting());
        let code = bundle.problems[0].code;
        assert_eq!(
            (bundle.verdict, code),
            (Verdict::Refused, "nested-too-deep"),
            "{name}"
        );
        assert!(
            bundle
                .path
                .to_str()
                .unwrap()
                .ends_with(&format!("outer.zip!{name}"))
        );
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table, a few lines a case")]
fn every_kind_of_damaged_or_hostile_tar_is_caught() {
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
            "long name",
            kind(b'L'),
            Verdict::Refused,
            "unsupported-archive",
        ),
        ("pax", kind(b'x'), Verdict::Refused, "unsupported-archive"),
        (
            "global pax",
            kind(b'g'),
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
        assert_eq!(dir.judge(&bytes), (verdict, Some(code)), "{what}");
    }
}

#[test]
fn every_truncation_of_a_tar_a_gzip_and_a_package_is_caught() {
    let dir = BundleFolder::new();
    let small = [
        Entry::new("load.loads", b"a.sbn\n"),
        Entry::new("a.sbn", b"image"),
    ];
    let bytes = tar(&small);
    // The last kilobytes are zeros: a tar needs two blocks of them and no more.
    let needed = 4 * 512 + 1_024;
    for cut in 0..needed {
        let (verdict, _) = dir.judge(&bytes[..cut]);
        assert!(
            matches!(verdict, Verdict::Damaged | Verdict::Foreign),
            "{cut}: {verdict:?}"
        );
    }
    let package = [signed_file("x.cop.sgn", b""), gzip(&bytes)].concat();
    assert_eq!(dir.judge(&package).0, Verdict::Intact);
    for bytes in [gzip(&bytes), package] {
        for cut in 0..bytes.len() {
            let (verdict, _) = dir.judge(&bytes[..cut]);
            assert!(
                matches!(verdict, Verdict::Damaged | Verdict::Foreign),
                "{cut}: {verdict:?}"
            );
        }
    }
}

#[cfg(unix)]
#[test]
fn links_in_a_folder_are_not_followed() {
    let dir = BundleFolder::new();
    let folder = dir.folder.path().join("folder");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("load.loads"), b"a.sbn\n").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", folder.join("a.sbn")).unwrap();
    let bundle = one(&folder, &trusting());
    assert_eq!(
        (bundle.verdict, bundle.problems[0].code),
        (Verdict::Incomplete, "missing-image")
    );
    assert!(bundle.problems[0].message.contains("is a link"));
    fs::remove_file(folder.join("a.sbn")).unwrap();
    fs::write(folder.join("a.sbn"), b"image").unwrap();
    std::os::unix::fs::symlink("/", folder.join("root")).unwrap();
    let bundle = one(&folder, &trusting());
    assert_eq!(bundle.verdict, Verdict::Intact);
    let note = bundle.problems.last().unwrap();
    assert_eq!(
        (note.code, note.member.as_deref()),
        ("file-skipped", Some("root"))
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_changed_bytes_get_a_verdict_and_never_pass_with_other_members(
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
    fn any_tar_gets_a_verdict(
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

#[test]
fn a_zip_by_the_library_with_folders_is_read() {
    let dir = BundleFolder::new();
    let entries: Vec<_> = good_entries()
        .into_iter()
        .map(|entry| Entry::new(&format!("firmware/{}", entry.name), &entry.data))
        .collect();
    let bytes = fixtures::by_library(&entries, zip::CompressionMethod::Deflated);
    let bundle = one(&dir.file("outer.zip", &bytes), &trusting());
    assert_eq!(bundle.verdict, Verdict::Genuine);
    assert!(
        bundle
            .path
            .to_str()
            .unwrap()
            .ends_with("outer.zip!firmware/")
    );
    unpacks(&bundle);
}
