//! Bundles on disk, good and bad: verdicts, refusals, unpacking, and `reflash verify`.

#[path = "bundle/made.rs"]
mod made;

use std::{fs, path::PathBuf};

use assert_cmd::Command;
use made::{Entry, good, good_entries, zip};
use proptest::prelude::*;
use reflash::bundle::{BundleError, BundleProtocol, Expectation, Signature, Verdict, examine};
use serde_json::Value;
use tempfile::TempDir;

struct Scene {
    folder: TempDir,
}

impl Scene {
    fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
        }
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Verdict and code of the first problem of a file with these bytes.
    fn judge(&self, bytes: &[u8]) -> (Verdict, Option<&'static str>) {
        let path = self.file("bundle.zip", bytes);
        let bundle = examine(&path, &Expectation::default()).unwrap();
        (
            bundle.verdict,
            bundle.problems.first().map(|problem| problem.code),
        )
    }
}

#[test]
fn a_whole_bundle_is_intact_and_known_by_its_checksum() {
    let scene = Scene::new();
    let path = scene.file("good.zip", &good());
    let bundle = examine(&path, &Expectation::default()).unwrap();
    assert_eq!(bundle.verdict, Verdict::Intact, "{:?}", bundle.problems);
    assert_eq!(bundle.protocol, Some(BundleProtocol::Sip));
    assert_eq!(bundle.loads[0].as_str(), "SIP45.9-3-1SR4-1S");
    assert_eq!(
        bundle.models.iter().map(|m| m.number).collect::<Vec<_>>(),
        ["7945", "7965"]
    );
    assert_eq!(bundle.manifests[0].hardware, Some(15));
    assert_eq!(bundle.manifests[0].images.len(), 5);
    assert!(
        bundle
            .members
            .iter()
            .any(|m| m.signature == Signature::Unchecked)
    );
    assert!(
        bundle
            .members
            .iter()
            .any(|m| m.signature == Signature::None)
    );

    let digests = bundle.digests.unwrap();
    for text in [
        &digests.md5,
        &digests.sha1,
        &digests.sha256,
        &digests.sha512,
    ] {
        let expectation = Expectation {
            checksums: vec![text.parse().unwrap()],
        };
        assert_eq!(
            examine(&path, &expectation).unwrap().verdict,
            Verdict::Known
        );
    }
}

#[test]
fn stored_deflated_and_grown_members_are_all_whole() {
    let scene = Scene::new();
    for method in [
        zip::CompressionMethod::Stored,
        zip::CompressionMethod::Deflated,
    ] {
        let bytes = made::by_library(&good_entries(), method);
        assert_eq!(scene.judge(&bytes).0, Verdict::Intact, "{method}");
    }
}

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
    let lying = made::lying_about_size(&good_entries());
    let prefixed = [&b"#!/bin/sh\n"[..], &whole].concat();
    let appended = [&whole[..], b"more"].concat();
    let cases: [(&str, Vec<u8>, &str); 14] = [
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
        ("a bit flipped", flipped, "member-damaged"),
        ("wrong CRC", crc, "header-disagreement"),
        ("another local size", local_size, "header-disagreement"),
        ("stored with two sizes", stored_sizes, "archive-damaged"),
        ("no header at the offset", offset, "archive-damaged"),
        ("an offset past the end", past_end, "archive-damaged"),
        ("one member not counted", miscounted, "archive-damaged"),
        ("unpacks to more", lying, "member-damaged"),
        ("bytes before", prefixed, "archive-damaged"),
        ("bytes behind", appended, "archive-truncated"),
    ];
    let scene = Scene::new();
    for (what, bytes, code) in cases {
        assert_eq!(
            scene.judge(&bytes),
            (Verdict::Damaged, Some(code)),
            "{what}"
        );
    }
}

#[test]
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
        ("folder", named("folder/"), "unsafe-name"),
        ("hidden", named(".bashrc"), "unsafe-name"),
        ("like a flag", named("-rf"), "unsafe-name"),
        ("no name", named(""), "unsafe-name"),
        ("NUL", named("a\0.sbn"), "unsafe-name"),
        ("terminal escape", named("a\u{1b}[2J"), "unsafe-name"),
        ("not ASCII", named("ä.sbn"), "unsafe-name"),
        ("long", named(&"n".repeat(201)), "unsafe-name"),
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
                twin.data
                    .splice(..0, made::local_header_of("inner.sbn", &entries[0].data));
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
                entries[0].size = Some(256 * 1024 * 1024 + 1);
            }),
            "over-limit",
        ),
        ("too many", zip(&many), "over-limit"),
        ("two end records", two_ends, "ambiguous-archive"),
        ("Zip64", zip64, "unsupported-archive"),
        ("split", split, "unsupported-archive"),
        (
            "huge manifest",
            with(&|entries| entries.push(Entry::new("x.loads", &[b'#'; 64 * 1024 + 1]))),
            "over-limit",
        ),
    ];
    let scene = Scene::new();
    for (what, bytes, code) in cases {
        assert_eq!(
            scene.judge(&bytes),
            (Verdict::Refused, Some(code)),
            "{what}"
        );
    }
}

#[test]
fn what_is_missing_makes_it_incomplete_and_other_files_are_foreign() {
    let scene = Scene::new();
    let without = |name: &str| {
        let mut entries = good_entries();
        entries.retain(|entry| entry.name != name);
        zip(&entries)
    };
    let cases = [
        (
            without("dsp45.9-3-1ES26.sbn"),
            Verdict::Incomplete,
            "missing-image",
        ),
        (
            zip(&[Entry::new("a.sbn", b"x")]),
            Verdict::Incomplete,
            "no-manifest",
        ),
        (
            zip(&[Entry::new("holiday.jpg", b"x")]),
            Verdict::Foreign,
            "no-firmware",
        ),
        (
            zip(&[Entry::new("cmterm.tar", b"x")]),
            Verdict::Foreign,
            "no-firmware",
        ),
        (zip(&[]), Verdict::Foreign, "no-firmware"),
        (
            b"<html>log in</html>".to_vec(),
            Verdict::Foreign,
            "not-a-zip",
        ),
        (vec![0; 70_000], Verdict::Foreign, "not-a-zip"),
        (
            zip(&[Entry::new("SIP45.1.loads", b"setup.exe\r\n")]),
            Verdict::Damaged,
            "manifest-invalid",
        ),
    ];
    for (bytes, verdict, code) in cases {
        assert_eq!(scene.judge(&bytes), (verdict, Some(code)));
    }
}

#[test]
fn unpacking_gives_the_members_byte_for_byte_and_nothing_else() {
    let scene = Scene::new();
    let path = scene.file("good.zip", &good());
    let bundle = examine(&path, &Expectation::default()).unwrap();
    let to = TempDir::new().unwrap();
    bundle.unpack(to.path()).unwrap();
    let entries = good_entries();
    assert_eq!(fs::read_dir(to.path()).unwrap().count(), entries.len());
    for entry in &entries {
        let file = to.path().join(&entry.name);
        assert_eq!(fs::read(&file).unwrap(), entry.data, "{}", entry.name);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(
                fs::metadata(&file).unwrap().permissions().mode() & 0o777,
                0o600
            );
        }
    }
}

#[test]
fn a_file_that_changed_since_is_not_unpacked_and_leaves_nothing() {
    let scene = Scene::new();
    let path = scene.file("good.zip", &good());
    let bundle = examine(&path, &Expectation::default()).unwrap();
    // The last member gets other bytes of the same length, with a CRC that holds.
    let mut other = good_entries();
    *other.last_mut().unwrap().data.last_mut().unwrap() ^= 1;
    let mut renamed = good_entries();
    renamed[0].name = "apps45.9-3-1ES27.sbn".to_owned();
    for bytes in [zip(&other), zip(&renamed), zip(&[]), b"gone".to_vec()] {
        fs::write(&path, bytes).unwrap();
        let to = TempDir::new().unwrap();
        let error = bundle.unpack(to.path()).unwrap_err();
        assert!(matches!(error, BundleError::Changed { .. }), "{error}");
        assert_eq!(fs::read_dir(to.path()).unwrap().count(), 0);
    }
}

#[test]
fn a_file_in_the_way_is_kept_and_what_was_written_is_removed() {
    let scene = Scene::new();
    let path = scene.file("good.zip", &good());
    let bundle = examine(&path, &Expectation::default()).unwrap();
    let to = TempDir::new().unwrap();
    let in_the_way = to.path().join("term65.default.loads");
    #[cfg(unix)]
    std::os::unix::fs::symlink("/nonexistent/target", &in_the_way).unwrap();
    #[cfg(not(unix))]
    fs::write(&in_the_way, "mine").unwrap();
    let error = bundle.unpack(to.path()).unwrap_err();
    assert!(matches!(error, BundleError::Write { .. }), "{error}");
    let left: Vec<_> = fs::read_dir(to.path())
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    assert_eq!(left, [in_the_way]);
}

#[test]
fn an_unfit_bundle_is_not_unpacked() {
    let scene = Scene::new();
    let path = scene.file("bad.zip", &zip(&[Entry::new("a.sbn", b"x")]));
    let bundle = examine(&path, &Expectation::default()).unwrap();
    let to = TempDir::new().unwrap();
    assert!(matches!(
        bundle.unpack(to.path()),
        Err(BundleError::Unfit { .. })
    ));
    assert_eq!(fs::read_dir(to.path()).unwrap().count(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_bytes_get_a_verdict(
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
        let (verdict, _) = Scene::new().judge(&bytes);
        prop_assert!(!matches!(verdict, Verdict::Known | Verdict::Genuine | Verdict::Intact));
    }

    #[test]
    fn no_part_of_a_bundle_passes_for_a_bundle(part in 0.0..1.0_f64) {
        let whole = good();
        #[expect(
            clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss,
            reason = "a share of a small length"
        )]
        let cut = (whole.len() as f64 * part) as usize;
        let (verdict, _) = Scene::new().judge(&whole[..cut]);
        prop_assert!(matches!(verdict, Verdict::Damaged | Verdict::Foreign), "{verdict:?}");
    }

    #[test]
    fn no_changed_byte_leads_to_a_panic_or_to_other_bytes(at in 0_usize..10_000, to in any::<u8>()) {
        let mut bytes = good();
        let at = at % bytes.len();
        bytes[at] = to;
        let scene = Scene::new();
        let path = scene.file("bundle.zip", &bytes);
        let bundle = examine(&path, &Expectation::default()).unwrap();
        if bundle.verdict == Verdict::Intact {
            let folder = TempDir::new().unwrap();
            bundle.unpack(folder.path()).unwrap();
        }
    }
}

fn reflash() -> Command {
    Command::cargo_bin("reflash").unwrap()
}

fn json(arguments: &[&str]) -> (Value, Option<i32>) {
    let output = reflash()
        .arg("verify")
        .arg("--json")
        .args(arguments)
        .output()
        .unwrap();
    let value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {output:?}"));
    (value, output.status.code())
}

#[test]
fn the_json_is_the_contract_s() {
    let scene = Scene::new();
    let path = scene.file("good.zip", &good());
    let (value, code) = json(&[path.to_str().unwrap()]);
    assert_eq!(code, Some(1));
    let bundle = &value["bundles"][0];
    let keys: Vec<_> = bundle
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let mut expected = [
        "path",
        "verdict",
        "digests",
        "catalogue",
        "protocol",
        "loads",
        "models",
        "members",
        "problems",
    ];
    expected.sort_unstable();
    let mut keys = keys;
    keys.sort_unstable();
    assert_eq!(keys, expected);
    assert_eq!(bundle["verdict"], "intact");
    assert_eq!(bundle["protocol"], "SIP");
    assert_eq!(bundle["catalogue"], Value::Null);
    assert_eq!(bundle["loads"], serde_json::json!(["SIP45.9-3-1SR4-1S"]));
    assert_eq!(bundle["models"], serde_json::json!(["7945", "7965"]));
    assert_eq!(bundle["digests"]["sha512"].as_str().unwrap().len(), 128);
    let member = &bundle["members"][0];
    assert_eq!(member["name"], "apps45.9-3-1ES26.sbn");
    assert_eq!(member["kind"], "image");
    assert_eq!(member["signature"], "unchecked");
    assert_eq!(member["key"], Value::Null);
    assert_eq!(member["size"], good_entries()[0].data.len());
    assert_eq!(member["sha256"].as_str().unwrap().len(), 64);
    let problem = &bundle["problems"][0];
    assert_eq!(problem["code"], "bundle-unknown");
    assert_eq!(problem["severity"], "warning");
    assert_eq!(problem["member"], Value::Null);
    assert!(
        problem["cure"]
            .as_str()
            .unwrap()
            .contains("--accept-unknown")
    );
}

#[test]
fn exit_codes_follow_the_verdict() {
    let scene = Scene::new();
    let path = scene.file("good.zip", &good());
    let path = path.to_str().unwrap();
    let md5 = json(&[path]).0["bundles"][0]["digests"]["md5"]
        .as_str()
        .unwrap()
        .to_uppercase();
    let (value, code) = json(&[path, "--checksum", &md5]);
    assert_eq!(
        (value["bundles"][0]["verdict"].as_str(), code),
        (Some("known"), Some(0))
    );
    assert_eq!(json(&[path, "--accept-unknown"]).1, Some(0));

    let wrong = "4088c17c622a1e181b1c2b1265349df6";
    let (value, code) = json(&[path, "--checksum", wrong, "--accept-unknown"]);
    let bundle = &value["bundles"][0];
    assert_eq!(
        (bundle["verdict"].as_str(), code),
        (Some("damaged"), Some(1))
    );
    let problem = &bundle["problems"][0];
    assert_eq!(problem["code"], "checksum-mismatch");
    let message = problem["message"].as_str().unwrap();
    assert!(
        message.contains(wrong) && message.contains(&md5.to_lowercase()),
        "{message}"
    );

    // Whatever else holds: a hostile file, and one that is no zip.
    let hostile = scene.file("hostile.zip", &zip(&[Entry::new("../x", b"x")]));
    let foreign = scene.file("foreign.zip", b"hello");
    for path in [hostile, foreign] {
        let (value, code) = json(&[path.to_str().unwrap(), "--checksum", wrong]);
        assert_eq!(
            (value["bundles"][0]["verdict"].as_str(), code),
            (Some("damaged"), Some(1))
        );
    }
}

#[test]
fn with_several_bundles_an_unmatched_checksum_fails_the_run_and_no_bundle() {
    let scene = Scene::new();
    let one = scene.file("one.zip", &good());
    let two = scene.file(
        "two.zip",
        &made::by_library(&good_entries(), zip::CompressionMethod::Deflated),
    );
    let wrong = "4088c17c622a1e181b1c2b1265349df6";
    let output = reflash()
        .args(["verify", "--json", "--accept-unknown", "--checksum", wrong])
        .args([&one, &two])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(value["bundles"][0]["verdict"], "intact");
    assert_eq!(value["bundles"][1]["verdict"], "intact");
    assert!(String::from_utf8_lossy(&output.stderr).contains(wrong));
    // A file that cannot be read does not make the other one the only one.
    let output = reflash()
        .args(["verify", "--json", "--checksum", wrong, "/nonexistent.zip"])
        .arg(&one)
        .output()
        .unwrap();
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(value["bundles"][0]["verdict"], "intact");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("/nonexistent.zip") && said.contains(wrong),
        "{said}"
    );
}

#[test]
fn only_what_the_command_line_alone_shows_wrong_is_a_usage_error() {
    let scene = Scene::new();
    let path = scene.file("good.zip", &good());
    for checksum in ["", "abc", &"0".repeat(33), &"g".repeat(32)] {
        let output = reflash()
            .args(["verify", "--checksum", checksum])
            .arg(&path)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{checksum}");
        assert!(output.stdout.is_empty());
    }
    assert_eq!(
        reflash().arg("verify").output().unwrap().status.code(),
        Some(2)
    );
    for (path, said) in [
        ("/nonexistent.zip", "cannot read"),
        (scene.folder.path().to_str().unwrap(), "is a folder"),
        ("/dev/null", "not a regular file"),
    ] {
        let output = reflash().args(["verify", path]).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{path}");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(error.contains(said) && error.contains('→'), "{error}");
    }
}

#[test]
fn people_read_a_block_of_80_columns_with_a_cure_for_each_problem() {
    let scene = Scene::new();
    let mut entries = good_entries();
    entries.retain(|entry| !entry.name.starts_with("dsp45"));
    entries.push(Entry::new("README-(first).txt", b"x"));
    let path = scene.file("short.zip", &zip(&entries));
    let output = reflash()
        .current_dir(scene.folder.path())
        .args(["verify", "-v", path.file_name().unwrap().to_str().unwrap()])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("short.zip: incomplete\n"), "{text}");
    for part in [
        "SIP45.9-3-1SR4-1S",
        "7945, 7965",
        "missing-image: dsp45",
        "→ ",
        "SHA-512",
        "other",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );

    let hostile = scene.file("hostile.zip", &zip(&[Entry::new("../\u{1b}[2J", b"x")]));
    let output = reflash().arg("verify").arg(hostile).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("refused") && !text.contains('\u{1b}'),
        "{text}"
    );
}
