//! Bundles on disk, good and bad: verdicts, refusals, unpacking, and `reflash verify`.

mod archives;
mod containers;
mod fixtures;
mod hostile_tars;
mod sets;
mod tar_extensions;
mod tars;
mod unpacking;
mod verify;

use std::{
    fs,
    path::{Path, PathBuf},
};

use fixtures::{Entry, good, good_entries, unproven_entries, zip};
use reflash::{
    bundle::{Bundle, BundleProtocol, ExamineOptions, Signature, Verdict, examine},
    phone::{Family, Protocol},
    simulator::{Damage, Sizes, SyntheticBundle, TEST_KEY_PEM, test_key},
};
use tempfile::TempDir;

pub(crate) struct BundleFolder {
    pub(crate) folder: TempDir,
}

/// The one bundle that a file is.
pub(crate) fn one(path: &Path, expectation: &ExamineOptions) -> Bundle {
    let found = examine(path, expectation).unwrap();
    let [bundle] = <[Bundle; 1]>::try_from(found).unwrap();
    bundle
}

/// The rehearsal's key is trusted.
pub(crate) fn trusting() -> ExamineOptions {
    ExamineOptions {
        trusted: vec![test_key()],
        ..ExamineOptions::default()
    }
}

impl BundleFolder {
    pub(crate) fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
        }
    }

    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// The rehearsal's public key as a file.
    pub(crate) fn key(&self) -> PathBuf {
        self.file("rehearsal.pem", TEST_KEY_PEM.as_bytes())
    }

    /// Verdict and code of the first problem of a file with these bytes.
    pub(crate) fn verdict(&self, bytes: &[u8]) -> (Verdict, Option<&'static str>) {
        let path = self.file("bundle.zip", bytes);
        let bundle = one(&path, &trusting());
        (
            bundle.verdict,
            bundle.problems.first().map(|problem| problem.code),
        )
    }
}

#[test]
fn a_complete_bundle_is_genuine_under_its_key_and_known_by_its_checksum() {
    let dir = BundleFolder::new();
    let path = dir.file("good.zip", &good());
    let bundle = one(&path, &trusting());
    assert_eq!(bundle.verdict, Verdict::Genuine, "{:?}", bundle.problems);
    assert_eq!(bundle.protocol, Some(BundleProtocol::Sip));
    assert_eq!(bundle.loads[0].as_str(), "SIP45.9-3-1SR4-1S");
    assert_eq!(
        bundle.models.iter().map(|m| m.number).collect::<Vec<_>>(),
        ["7945", "7965"]
    );
    assert_eq!(bundle.manifests[0].hardware, Some(15));
    assert_eq!(bundle.manifests[0].images.len(), 5);
    for member in &bundle.members {
        let signed = member.name != "load436.txt";
        let expected = if signed {
            Signature::Valid
        } else {
            Signature::None
        };
        assert_eq!(member.signature, expected, "{member:?}");
        assert_eq!(member.key.as_deref(), signed.then_some("rehearsal"));
        let at = member.signed_at.map(|at| at.to_string());
        assert_eq!(at.as_deref(), signed.then_some("2015-04-22T07:21:26Z"));
    }
    // Without the option, that key is not trusted.
    let bundle = one(&path, &ExamineOptions::default());
    assert_eq!(bundle.verdict, Verdict::Damaged);
    assert_eq!(bundle.problems[0].code, "signature-invalid");
}

#[test]
fn a_bundle_without_a_known_key_is_intact_and_known_by_its_checksum() {
    let dir = BundleFolder::new();
    let path = dir.file("old.zip", &zip(&unproven_entries()));
    let bundle = one(&path, &ExamineOptions::default());
    assert_eq!(bundle.verdict, Verdict::Intact, "{:?}", bundle.problems);
    let codes: Vec<_> = bundle.problems.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, ["signature-unchecked", "bundle-unknown"]);
    let digests = bundle.digests.unwrap();
    for text in [
        &digests.md5,
        &digests.sha1,
        &digests.sha256,
        &digests.sha512,
    ] {
        let expectation = ExamineOptions {
            checksums: vec![text.parse().unwrap()],
            ..ExamineOptions::default()
        };
        assert_eq!(one(&path, &expectation).verdict, Verdict::Known);
    }
}

#[test]
fn the_test_key_file_is_the_key_of_the_simulator() {
    assert_eq!(include_str!("../support/test-key.pem"), TEST_KEY_PEM);
}

#[test]
fn every_kind_of_damage_gets_its_verdict_and_its_code() {
    let dir = BundleFolder::new();
    let made = SyntheticBundle::new(Family::F45, 1)
        .unwrap()
        .sizes(Sizes::Small);
    let path = dir.folder.path().join("made.zip");
    made.write_zip(&path).unwrap();
    assert_eq!(one(&path, &trusting()).verdict, Verdict::Genuine);
    for damage in Damage::ALL {
        made.clone().damaged(damage).write_zip(&path).unwrap();
        let bundle = one(&path, &trusting());
        let code = bundle.problems[0].code;
        assert_eq!(
            (bundle.verdict, code),
            damage.expected(),
            "{damage:?}: {:?}",
            bundle.problems
        );
        assert!(!bundle.problems[0].cure.is_empty());
        let to = TempDir::new().unwrap();
        assert!(bundle.unpack(to.path()).is_err());
        assert_eq!(fs::read_dir(to.path()).unwrap().count(), 0, "{damage:?}");
    }
}

#[test]
fn an_sccp_bundle_is_recognised_and_every_family_is_genuine_under_its_key() {
    let dir = BundleFolder::new();
    let path = dir.folder.path().join("made.zip");
    for family in [
        Family::F11,
        Family::F31,
        Family::F41,
        Family::F42,
        Family::F70,
        Family::F75,
    ] {
        for (protocol, expected) in [
            (Protocol::Sip, BundleProtocol::Sip),
            (Protocol::Sccp, BundleProtocol::Sccp),
        ] {
            let made = SyntheticBundle::new(family, 1)
                .unwrap()
                .sizes(Sizes::Small)
                .protocol(protocol);
            made.write_zip(&path).unwrap();
            let bundle = one(&path, &trusting());
            assert_eq!(
                (bundle.verdict, bundle.protocol),
                (Verdict::Genuine, Some(expected)),
                "{family:?}"
            );
            assert!(bundle.uses_trusted_key && bundle.key_generation.is_none());
        }
    }
}

#[test]
fn stored_deflated_and_streamed_members_are_read() {
    let dir = BundleFolder::new();
    for method in [
        zip::CompressionMethod::Stored,
        zip::CompressionMethod::Deflated,
    ] {
        let bytes = fixtures::by_library(&good_entries(), method);
        assert_eq!(dir.verdict(&bytes).0, Verdict::Genuine, "{method}");
    }
    // As `zip -` writes it: sizes behind the data, none before it.
    let streamed = fixtures::streamed(&good_entries());
    assert_eq!(dir.verdict(&streamed).0, Verdict::Genuine);
    let with_comment = [&good()[..good().len() - 2], b"\x05\0hello"].concat();
    assert_eq!(dir.verdict(&with_comment).0, Verdict::Genuine);
}

#[test]
fn a_bundle_with_a_missing_member_is_incomplete_and_other_files_are_foreign() {
    let dir = BundleFolder::new();
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
            "not-an-archive",
        ),
        (zip(&[]), Verdict::Foreign, "no-firmware"),
        (
            b"<html>log in</html>".to_vec(),
            Verdict::Foreign,
            "not-an-archive",
        ),
        (vec![0; 70_000], Verdict::Foreign, "not-an-archive"),
        (
            zip(&[Entry::new("load.loads", b"setup.exe\r\n")]),
            Verdict::Damaged,
            "manifest-invalid",
        ),
    ];
    for (bytes, verdict, code) in cases {
        assert_eq!(dir.verdict(&bytes), (verdict, Some(code)));
    }
}

#[test]
fn locale_files_of_multiplatform_firmware_are_named_as_such() {
    let dir = BundleFolder::new();
    let problem = |name: &str| {
        let path = dir.file(name, &zip(&[Entry::new("German.xml", b"<d/>")]));
        let bundle = one(&path, &ExamineOptions::default());
        assert_eq!(bundle.verdict, Verdict::Foreign);
        bundle.problems[0].message.clone()
    };
    let named = problem("cmterm-68xx_78xx_88xx.12-0-1MPP-245-Locale-1.zip");
    assert!(
        named.contains("locale files of multiplatform firmware (MPP)"),
        "{named}"
    );
    // The name of its folder says nothing.
    fs::create_dir(dir.folder.path().join("mpp")).unwrap();
    for other in [
        "cmterm-88xx.12-0-1MPP-245.zip",
        "po-locale-de_DE.zip",
        "mpp/po-locale-de_DE.zip",
    ] {
        assert!(problem(other).contains("none of its files"), "{other}");
    }
}

#[test]
fn a_known_digest_does_not_make_a_bundle_complete() {
    let dir = BundleFolder::new();
    let mut entries = good_entries();
    entries.remove(0);
    let path = dir.file("short.zip", &zip(&entries));
    let digests = one(&path, &ExamineOptions::default()).digests.unwrap();
    let expectation = ExamineOptions {
        checksums: vec![digests.sha256.parse().unwrap()],
        ..trusting()
    };
    assert_eq!(one(&path, &expectation).verdict, Verdict::Incomplete);
}
