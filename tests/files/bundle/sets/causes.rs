//! Why files are missing or not used, where the other files show it, and what the cure is.

use std::fs;

use reflash::{bundle::Verdict, diagnose::Severity, phone::Protocol, simulator::signed_file};
use tempfile::TempDir;

use super::{
    super::fixtures::{Entry, zip},
    Files, LOAD, messages, one, trusting, verdicts,
};

#[test]
fn files_whose_manifests_are_renamed_too_are_not_called_unnamed() {
    for end in [" (1)", ".txt", ".bin"] {
        let bundle = Files::sip()
            .renamed(|name| match name.rsplit_once('.') {
                Some((stem, kind)) if end.starts_with(' ') => format!("{stem}{end}.{kind}"),
                _ => format!("{name}{end}"),
            })
            .bundle();
        assert_eq!(verdicts(&bundle), [(LOAD, Verdict::Incomplete)], "{end}");
        let text = messages(&bundle, "name-mismatch");
        assert_eq!(text.lines().count(), 8, "{end}: {text}");
        assert!(!text.contains("no manifest names it"), "{end}: {text}");
        assert!(
            text.contains("→ Rename it to the name in its header."),
            "{end}: {text}"
        );
    }
}

#[test]
fn a_download_that_was_not_completed_is_not_to_be_renamed() {
    let name = "cnu45.9-9-1ES4.sbn";
    let part = |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() - 100);
    let bundle = Files::sip()
        .changed(name, part)
        .renamed(|own| {
            if own == name {
                format!("{own}.part")
            } else {
                own.to_owned()
            }
        })
        .bundle();
    let text = messages(&bundle, "missing-image");
    for part in [
        "cnu45.9-9-1ES4.sbn.part', and is damaged",
        "download it again",
    ] {
        assert!(text.contains(part), "{text}");
    }
    assert!(!text.contains("Rename"), "{text}");
}

#[test]
fn recovery_manifests_of_models_without_a_load_do_not_count_as_errors() {
    let files = Files::sip();
    let own = files
        .0
        .iter()
        .find(|(name, _)| name == "term45.default.loads");
    let own = own.unwrap().1.clone();
    let bundle = files.clone().with("term75.default.loads", &own).bundle();
    assert_eq!(bundle.verdict, Verdict::Genuine);
    let severities: Vec<_> = bundle
        .problems
        .iter()
        .map(|problem| problem.severity)
        .collect();
    assert_eq!(severities, [Severity::Warning], "{:?}", bundle.problems);
    // That of a model of the load is what a phone requests.
    let bundle = files.with("term65.default.loads", &own).bundle();
    assert_eq!(bundle.verdict, Verdict::Damaged);
}

#[test]
fn an_archive_that_went_through_text_mode_has_its_cause_named() {
    let image = signed_file("cnu45.9-9-1ES4.sbn", &noise(300_000));
    let entries = [
        Entry::new("SIP45.9-9-1S.loads", b"cnu45.9-9-1ES4.sbn\r\n"),
        Entry::new("cnu45.9-9-1ES4.sbn", &image),
    ];
    let wide: Vec<u8> = zip(&entries)
        .iter()
        .flat_map(|byte| match byte {
            b'\n' => vec![b'\r', b'\n'],
            byte => vec![*byte],
        })
        .collect();
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("bundle.zip");
    fs::write(&path, wide).unwrap();
    let bundle = one(&path, &trusting());
    assert_eq!(bundle.verdict, Verdict::Damaged);
    let [problem] = &bundle.problems[..] else {
        panic!("{bundle:?}")
    };
    assert!(problem.message.contains("text mode"), "{problem:?}");
    assert!(problem.cure.contains("binary mode"), "{problem:?}");
}

#[test]
fn self_extracting_archives_and_folders_of_links_are_named_as_such() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("cmterm.exe");
    let entries = [Entry::new("a.sbn", b"x")];
    fs::write(&path, [b"MZ program".to_vec(), zip(&entries)].concat()).unwrap();
    let bundle = one(&path, &trusting());
    assert_eq!(bundle.verdict, Verdict::Foreign);
    let text = messages(&bundle, "not-an-archive");
    assert!(text.contains("a program for Windows"), "{text}");

    let real = Files::sip().folder();
    let links = TempDir::new().unwrap();
    for entry in fs::read_dir(real.path()).unwrap() {
        let entry = entry.unwrap();
        let link = links.path().join(entry.file_name());
        std::os::unix::fs::symlink(entry.path(), link).unwrap();
    }
    let text = messages(&one(links.path(), &trusting()), "no-firmware");
    assert!(text.contains("none of its files is read"), "{text}");
}

/// Bytes without a pattern.
fn noise(size: u32) -> Vec<u8> {
    (0..size)
        .map(|n| {
            let mixed = (n ^ n >> 7).wrapping_mul(2_654_435_761);
            (mixed ^ mixed >> 15)
                .wrapping_mul(2_246_822_519)
                .to_le_bytes()[2]
        })
        .collect()
}

#[test]
fn missing_files_that_are_elsewhere_packed_or_unreadable_are_found() {
    let image = "cnu45.9-9-1ES4.sbn";
    let packed = Files::sip()
        .without("cnu45")
        .with("cnu45.9-9-1ES4.sbn.gz", b"\x1f\x8b\x08 packed");
    let text = messages(&packed.bundle(), "missing-image");
    assert!(text.contains("→ Unpack 'cnu45.9-9-1ES4.sbn.gz'."), "{text}");

    let folder = Files::sip().folder();
    let below = folder.path().join("images");
    fs::create_dir(&below).unwrap();
    fs::rename(folder.path().join(image), below.join(image)).unwrap();
    let found = reflash::bundle::examine(folder.path(), &trusting()).unwrap();
    let text = messages(&found[0], "missing-image");
    assert!(text.contains("images/ has a file of this name"), "{text}");

    // Its manifest is there, as a link.
    let folder = Files::sip().folder();
    let manifest = folder.path().join(format!("{LOAD}.loads"));
    let elsewhere = TempDir::new().unwrap();
    fs::rename(&manifest, elsewhere.path().join("real")).unwrap();
    std::os::unix::fs::symlink(elsewhere.path().join("real"), &manifest).unwrap();
    let text = messages(&one(folder.path(), &trusting()), "no-load-manifest");
    assert!(text.contains("was skipped, see below"), "{text}");
}

#[test]
fn recovery_manifests_of_one_name_in_two_cases_are_named_as_such() {
    let files = Files::sip();
    let own = files
        .0
        .iter()
        .find(|(name, _)| name == "term45.default.loads");
    let own = own.unwrap().1.clone();
    let other = Files::of(Protocol::Sip, "8-8-1S", "8-8-1ES1");
    let other = other
        .0
        .iter()
        .find(|(name, _)| name == "term45.default.loads");
    let upper = "TERM45.DEFAULT.LOADS";
    for (bytes, code, part) in [
        (own, "file-skipped", "another file has the same name"),
        (
            other.unwrap().1.clone(),
            "recovery-missing",
            "two files have the name term45.default.loads",
        ),
    ] {
        let bundle = files.clone().with(upper, &bytes).bundle();
        let text = messages(&bundle, code);
        assert!(text.contains(part), "{text}");
        assert!(!messages(&bundle, "file-skipped").contains("not firmware"));
    }
}

#[test]
fn firmware_in_too_many_folders_is_named() {
    let folder = TempDir::new().unwrap();
    let deep = folder.path().join("a/b/c/d/e/f/g/h/i/j");
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("x.loads"), b"x").unwrap();
    let text = messages(&one(folder.path(), &trusting()), "file-skipped");
    assert!(text.contains("too deep"), "{text}");
}
