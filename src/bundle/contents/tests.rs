//! Verdicts from the files of a bundle.

use super::*;

fn judge(entries: Vec<ScannedEntry>) -> Contents {
    let folder = CollectedFolder {
        entries,
        damaged: Vec::new(),
    };
    conclude(&folder, &[], false)
}

fn read(name: &str, size: u64, manifest: Option<&str>) -> ScannedEntry {
    ScannedEntry {
        name: name.to_owned(),
        size,
        sha256: String::new(),
        sha1: None,
        header: ImageHeader::None,
        verification: None,
        payload_error: None,
        payload_doubt: None,
        hint: None,
        content: None,
        text_mode: None,
        body_md5: None,
        load_id: None,
        loader_version: None,
        manifest: manifest.map(|body| crate::bundle::manifest::parse(name, body.as_bytes())),
    }
}

#[test]
fn missing_image_is_reported_once_with_every_manifest() {
    let contents = judge(vec![
        read("load.loads", 9, Some("a.sbn\nB.sbn\n")),
        read("other.loads", 9, Some("a.sbn\nb.sbn\n")),
        read("b.SBN", 1, None),
    ]);
    assert_eq!(contents.verdict, Verdict::Incomplete);
    let [problem] = contents.problems.as_slice() else {
        panic!("{:?}", contents.problems)
    };
    assert_eq!(
        (problem.code, problem.member.as_deref()),
        ("missing-image", Some("a.sbn"))
    );
    assert!(
        problem
            .message
            .starts_with("load.loads, other.loads name it")
    );
}

#[test]
fn contents_lead_to_the_expected_verdict() {
    let cases: [(Vec<ScannedEntry>, Verdict, Option<&str>); 8] = [
        (
            vec![read("load.loads", 9, Some("a.sbn")), read("a.sbn", 1, None)],
            Verdict::Intact,
            Some("signature-unchecked"),
        ),
        (
            vec![read("load.loads", 9, Some("a.sbn")), read("a.sbn", 0, None)],
            Verdict::Damaged,
            Some("empty-image"),
        ),
        (
            vec![read("load.loads", 9, Some("a.txt")), read("a.txt", 1, None)],
            Verdict::Damaged,
            Some("manifest-invalid"),
        ),
        (
            vec![
                read(
                    "sip78xx.1.loads",
                    9,
                    Some("[PLATFORM_1]\nkern=k.sbn size=3\n"),
                ),
                read("k.sbn", 2, None),
            ],
            Verdict::Damaged,
            Some("size-mismatch"),
        ),
        (
            vec![read("a.sbn", 1, None)],
            Verdict::Incomplete,
            Some("no-manifest"),
        ),
        (
            vec![read("a.bin", 1, None)],
            Verdict::Foreign,
            Some("no-firmware"),
        ),
        (
            vec![read("a.tar", 1, None)],
            Verdict::Foreign,
            Some("no-firmware"),
        ),
        (Vec::new(), Verdict::Foreign, Some("no-firmware")),
    ];
    for (members, verdict, code) in cases {
        let contents = judge(members);
        assert_eq!(contents.verdict, verdict, "{contents:?}");
        assert_eq!(
            contents.problems.first().map(|p| p.code),
            code,
            "{contents:?}"
        );
    }
}

#[test]
fn a_loader_of_another_release_than_its_manifest_is_damage() {
    let manifest = "P003-9-9-00.sbn\nP0S3-9-9-00.sb2\nLA_VERSION=PAS30990\n";
    let with_loader = |version: &str| {
        let mut loader = read("P003-9-9-00.sbn", 9, None);
        loader.loader_version = Some(version.to_owned());
        let application = read("P0S3-9-9-00.sb2", 9, None);
        judge(vec![
            read("P0S3-9-9-00.loads", 9, Some(manifest)),
            loader,
            application,
        ])
    };
    let codes = |contents: &Contents| -> Vec<&str> {
        contents
            .problems
            .iter()
            .map(|problem| problem.code)
            .collect()
    };
    assert!(codes(&with_loader("PAS30980")).contains(&"loader-version"));
    assert!(!codes(&with_loader("PAS30990")).contains(&"loader-version"));
}
