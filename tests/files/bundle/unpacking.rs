//! What is written, and what is left when it cannot be.

use std::fs;

use reflash::bundle::{BundleError, ExamineOptions};
use tempfile::TempDir;

use super::{
    BundleFolder,
    fixtures::{Entry, good, good_entries, zip},
    one, trusting,
};

#[test]
fn unpacking_writes_exactly_the_members() {
    let dir = BundleFolder::new();
    let path = dir.file("good.zip", &good());
    let bundle = one(&path, &trusting());
    let to = TempDir::new().unwrap();
    bundle.unpack(to.path()).unwrap();
    // A file that is no firmware stays in the archive.
    let mut entries = good_entries();
    entries.retain(|entry| entry.name != "load436.txt");
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
fn a_bundle_that_changed_since_is_not_unpacked_and_leaves_no_file() {
    let dir = BundleFolder::new();
    let path = dir.file("good.zip", &good());
    let bundle = one(&path, &trusting());
    // The last member gets other bytes of the same length, with a CRC that holds.
    let mut other = good_entries();
    *other[7].data.last_mut().unwrap() ^= 1;
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
fn a_file_that_was_swapped_after_its_digest_was_taken_is_not_unpacked_whatever_its_times_are() {
    let dir = BundleFolder::new();
    let path = dir.file("good.zip", &good());
    let folder = dir.folder.path().join("unpacked");
    fs::create_dir(&folder).unwrap();
    for entry in good_entries() {
        fs::write(folder.join(&entry.name), &entry.data).unwrap();
    }
    let bundles = [one(&path, &trusting()), one(&folder, &trusting())];
    let mut other = good_entries();
    *other[7].data.last_mut().unwrap() ^= 1;
    let image = folder.join(&other[7].name);
    for (path, bytes) in [(&path, zip(&other)), (&image, other[7].data.clone())] {
        // Of the same size and modification time, under the same name.
        let before = fs::metadata(path).unwrap();
        assert_eq!(before.len(), bytes.len() as u64);
        let swapped = dir.folder.path().join("swapped");
        fs::write(&swapped, bytes).unwrap();
        let file = fs::File::options().write(true).open(&swapped).unwrap();
        file.set_modified(before.modified().unwrap()).unwrap();
        fs::rename(&swapped, path).unwrap();
    }
    for bundle in bundles {
        let to = TempDir::new().unwrap();
        assert!(
            bundle.unpack(to.path()).is_err(),
            "{}",
            bundle.path.display()
        );
        assert_eq!(fs::read_dir(to.path()).unwrap().count(), 0);
    }
}

#[test]
fn an_existing_file_is_kept_and_written_files_are_removed() {
    let dir = BundleFolder::new();
    let path = dir.file("good.zip", &good());
    let bundle = one(&path, &trusting());
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
fn a_refused_bundle_is_not_unpacked() {
    let dir = BundleFolder::new();
    let path = dir.file("bad.zip", &zip(&[Entry::new("a.sbn", b"x")]));
    let bundle = one(&path, &ExamineOptions::default());
    let to = TempDir::new().unwrap();
    assert!(matches!(
        bundle.unpack(to.path()),
        Err(BundleError::NotUsable { .. })
    ));
    assert_eq!(fs::read_dir(to.path()).unwrap().count(), 0);
}
