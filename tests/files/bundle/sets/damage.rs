//! Renamed, mixed, damaged and foreign files: the cause is named.

use std::{fs, path::PathBuf};

use reflash::{
    bundle::Verdict,
    phone::{Family, Protocol},
    simulator::{Sizes, SyntheticBundle, signed_file},
};
use tempfile::TempDir;

use super::{Change, Files, LOAD, messages, one, trusting, verdicts};

#[test]
fn renamed_files_and_mixed_releases_have_their_cause_named() {
    let rename = |from: &'static str, to: &'static str| {
        Files::sip().renamed(move |name| {
            if name.starts_with(from) {
                name.replace(".sbn", to)
            } else {
                name.to_owned()
            }
        })
    };
    for ending in [" (1).sbn", ".sbn.txt", ".sbn.download", " - Copy.sbn"] {
        let bundle = rename("cnu45", ending).bundle();
        assert_eq!(verdicts(&bundle), [(LOAD, Verdict::Incomplete)], "{ending}");
        let text = messages(&bundle, "missing-image");
        let cure = format!("Rename 'cnu45.9-9-1ES4{ending}' to 'cnu45.9-9-1ES4.sbn'");
        assert!(text.contains(&cure), "{text}");
        assert!(messages(&bundle, "name-mismatch").is_empty());
    }
    let texts = Files::sip()
        .renamed(|name| name.replace(".loads", ".loads.txt"))
        .bundle();
    assert_eq!(verdicts(&texts), [(LOAD, Verdict::Incomplete)]);
    let text = messages(&texts, "name-mismatch");
    assert!(
        text.contains(&format!("Rename '{LOAD}.loads.txt' to '{LOAD}.loads'")),
        "{text}"
    );
    // A second copy does no harm.
    let name = format!("{LOAD}.loads");
    let manifest = Files::sip()
        .0
        .into_iter()
        .find(|(own, _)| *own == name)
        .unwrap()
        .1;
    let copy = Files::sip()
        .with(&format!("{LOAD} (1).loads"), &manifest)
        .bundle();
    assert_eq!(verdicts(&copy), [(LOAD, Verdict::Genuine)]);
    assert!(messages(&copy, "name-mismatch").contains("another copy"));
    // Images of one release under the manifests of another.
    let mixed = Files::of(Protocol::Sip, "9-9-1SR2-1S", "8-8-1ES1")
        .without("SIP")
        .without("term")
        .0
        .into_iter()
        .fold(
            Files(
                Files::sip()
                    .0
                    .into_iter()
                    .filter(|(name, _)| !name.contains(".sbn"))
                    .collect(),
            ),
            |files, (name, bytes)| files.with(&name, &bytes),
        )
        .bundle();
    assert_eq!(verdicts(&mixed), [(LOAD, Verdict::Incomplete)]);
    let text = messages(&mixed, "missing-image");
    assert!(
        text.contains("jar45sip.8-8-1ES1.sbn of another release"),
        "{text}"
    );
}

#[test]
fn a_missing_image_beside_others_of_its_release_is_only_missing() {
    let of = |family| {
        let made = SyntheticBundle::new(family, 3).unwrap();
        Files(made.sizes(Sizes::Small).files())
    };
    let all = of(Family::F894);
    let names = |files: &Files| {
        files
            .0
            .iter()
            .map(|(name, _)| name.clone())
            .collect::<Vec<_>>()
    };
    let bin = names(&all).into_iter().find(|name| name.contains(".bin9"));
    let without_one = all.without(&bin.expect("an image of the 8941"));
    let mut only_manifest = of(Family::F69);
    only_manifest.0.retain(|(name, _)| name.contains(".loads"));
    for files in [without_one, only_manifest] {
        let text = messages(&files.bundle(), "missing-image");
        assert!(text.contains("it is not in the bundle"), "{text}");
        assert!(!text.contains("another release"), "{text}");
    }
}

#[test]
fn damage_by_a_transfer_in_text_mode_is_named() {
    let narrow = |bytes: &mut Vec<u8>| {
        let text: Vec<u8> = bytes.clone();
        let mut out = Vec::new();
        for (at, byte) in text.iter().enumerate() {
            if *byte != b'\r' || text.get(at + 1) != Some(&b'\n') {
                out.push(*byte);
            }
        }
        *bytes = out;
    };
    let wide = |bytes: &mut Vec<u8>| {
        *bytes = bytes
            .iter()
            .flat_map(|byte| match byte {
                b'\n' => vec![b'\r', b'\n'],
                byte => vec![*byte],
            })
            .collect();
    };
    let manifest = format!("{LOAD}.loads");
    let cases: [(&str, Change<'_>, &str); 3] = [
        (&manifest, &narrow, "CR LF became LF"),
        (&manifest, &wide, "LF became CR LF"),
        (
            "apps45.9-9-1ES4.sbn",
            &wide,
            "each LF in its header became CR LF",
        ),
    ];
    for (name, change, said) in cases {
        let bundle = Files::sip().changed(name, change).bundle();
        assert_eq!(bundle.verdict, Verdict::Damaged, "{name}");
        let text: String = ["signature-invalid", "header-damaged"]
            .iter()
            .map(|code| messages(&bundle, code))
            .collect();
        assert!(
            text.contains(said) && text.contains("binary mode"),
            "{text}"
        );
    }
    // Any other damage is not attributed to it.
    let flipped = Files::sip().changed(&manifest, |bytes| *bytes.last_mut().unwrap() ^= 1);
    let text = messages(&flipped.bundle(), "signature-invalid");
    assert!(!text.contains("text mode"), "{text}");
}

#[test]
fn files_that_are_evidently_something_else_are_damage_with_its_cause() {
    let cases: [(&[u8], &str); 5] = [
        (
            b"<!DOCTYPE html><html><body>404</body></html>\n",
            "web page",
        ),
        (b"<?xml version=\"1.0\"?><html/>", "web page"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n",
            "git lfs pull",
        ),
        (b"/annex/objects/SHA256E-s9--00.sbn\n", "git annex get"),
        (&[0; 900], "zeros"),
    ];
    for (bytes, said) in cases {
        for name in [
            &format!("{LOAD}.loads")[..],
            "cnu45.9-9-1ES4.sbn",
            "term65.default.loads",
        ] {
            let bundle = Files::sip().with(name, bytes).bundle();
            assert_eq!(
                verdicts(&bundle),
                [(LOAD, Verdict::Damaged)],
                "{name} {said}"
            );
            let text: String = ["manifest-invalid", "payload-damaged"]
                .iter()
                .map(|code| messages(&bundle, code))
                .collect();
            assert!(text.contains(said), "{name}: {text}");
        }
    }
}

#[test]
fn a_damaged_set_and_a_stray_file_do_not_spoil_a_whole_set() {
    let other = SyntheticBundle::new(Family::F75, 3)
        .unwrap()
        .sizes(Sizes::Small);
    let broken = Files(other.files()).changed("dsp75.9-3-1ES26.sbn", |bytes| bytes[900] ^= 1);
    let bundle = Files::sip().and(&broken).bundle();
    assert_eq!(
        verdicts(&bundle),
        [
            (LOAD, Verdict::Genuine),
            ("SIP75.9-3-1SR4-1S", Verdict::Damaged)
        ]
    );
    assert_eq!(bundle.verdict, Verdict::Genuine);
    assert_eq!(
        bundle.models.iter().map(|m| m.number).collect::<Vec<_>>(),
        ["7945", "7965"]
    );
    let served = |name: &str| {
        let member = bundle.members.iter().find(|member| member.name == name);
        !member.unwrap().served_as.is_empty()
    };
    assert!(served("dsp45.9-9-1ES4.sbn") && !served("cnu75.9-3-1ES26.sbn"));
    let mut stray = signed_file("cvm42sip.9-9-1ES4.sbn", b"stray");
    *stray.last_mut().unwrap() ^= 1;
    let bundle = Files::sip().with("cvm42sip.9-9-1ES4.sbn", &stray).bundle();
    assert_eq!(bundle.verdict, Verdict::Genuine);
    let text = messages(&bundle, "signature-invalid");
    assert!(text.contains("no manifest names it"), "{text}");
}

#[test]
fn single_files_and_other_archives_are_named_with_what_to_do() {
    let folder = TempDir::new().unwrap();
    let path: PathBuf = folder.path().join("file");
    for (bytes, parts) in [
        (
            signed_file("term65.default.loads", b"a.sbn\r\n"),
            ["recovery manifest of the 7965", "whole bundle"],
        ),
        (
            signed_file("SIP45.9-9-1S.loads", b"a.sbn\r\n"),
            ["load SIP45.9-9-1S for 7945, 7965", "whole bundle"],
        ),
        (
            signed_file("B015-9-9-1.SBN", b"x"),
            ["expansion module 7915", "whole bundle"],
        ),
        (
            b"Rar!\x1a\x07\x01\0 rest of it".to_vec(),
            ["a RAR archive", "give the folder"],
        ),
        (
            b"7z\xbc\xaf\x27\x1c\0\x04 rest".to_vec(),
            ["a 7z archive", "give the folder"],
        ),
        (
            b"\xfd7zXZ\0\0\x04 rest of it".to_vec(),
            ["an xz archive", "give the folder"],
        ),
        (
            b"BZh91AY&SY rest of it".to_vec(),
            ["a bzip2 archive", "give the folder"],
        ),
        (
            b"PK\x07\x08PK\x03\x04 rest of it".to_vec(),
            ["a split ZIP", "join them"],
        ),
        (
            b"version https://git-lfs.github.com/spec/v1\n".to_vec(),
            ["Git LFS pointer", "git lfs pull"],
        ),
        (
            b"<html>please log in</html>".to_vec(),
            ["a web page", "log in first"],
        ),
    ] {
        fs::write(&path, bytes).unwrap();
        let bundle = one(&path, &trusting());
        assert_eq!(bundle.verdict, Verdict::Foreign);
        let text = messages(&bundle, "not-an-archive");
        assert!(parts.iter().all(|part| text.contains(part)), "{text}");
    }
}
