//! Containers: tars, gzips, packages and folders hold the same bundle, nested once at most.

use std::fs;

use reflash::bundle::{Bundle, ExamineOptions, Verdict, examine};
use tempfile::TempDir;

use super::{
    BundleFolder,
    fixtures::{self, Entry, good, good_entries, unproven_entries, zip},
    one,
    tars::{gzip, header, package, tar, tar_in},
    trusting,
};

fn names(bundle: &Bundle) -> Vec<&str> {
    let mut names: Vec<_> = bundle
        .members
        .iter()
        .map(|member| member.name.as_str())
        .collect();
    names.sort_unstable();
    names
}

/// Unpacks the bundle and compares the files with the good ones.
fn assert_unpacks(bundle: &Bundle) {
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
        // The name does not show the format.
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
        assert_unpacks(&bundle);
    }
    let folder = dir.folder.path().join("unpacked");
    fs::create_dir(&folder).unwrap();
    for entry in &entries {
        fs::write(folder.join(&entry.name), &entry.data).unwrap();
    }
    fs::write(folder.join(".DS_Store"), b"x").unwrap();
    let bundle = one(&folder, &trusting());
    assert_eq!((bundle.verdict, &bundle.digests), (Verdict::Genuine, &None));
    assert_unpacks(&bundle);
    fs::write(folder.join("apps45.9-3-1ES26.sbn"), b"other").unwrap();
    let to = TempDir::new().unwrap();
    assert!(bundle.unpack(to.path()).is_err());
    assert_eq!(fs::read_dir(to.path()).unwrap().count(), 0);
}

#[test]
fn every_bundle_in_a_repack_is_found() {
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
    entries.push(Entry::new("old.zip", &zip(&unproven_entries())));
    entries.push(Entry::new(
        "pictures.tgz",
        &gzip(&tar(&[Entry::new("a.jpg", b"x")])),
    ));
    let outer = zip(&entries);
    let path = dir.file("outer.zip", &outer);
    let found = examine(&path, &trusting()).unwrap();
    let entries_found: Vec<_> = found
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
    assert_eq!(entries_found, expected);
    assert_unpacks(&found[0]);
    assert_unpacks(&found[1]);
    // The inner archive was replaced since.
    let bundle = &found[1];
    entries[12].data = tar(&unproven_entries());
    fs::write(&path, zip(&entries)).unwrap();
    let to = TempDir::new().unwrap();
    assert!(bundle.unpack(to.path()).is_err());
    assert_eq!(fs::read_dir(to.path()).unwrap().count(), 0);

    // A known checksum of the outer file covers everything in it.
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

#[test]
fn a_zip_written_by_the_library_with_folders_is_read() {
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
    assert_unpacks(&bundle);
}
