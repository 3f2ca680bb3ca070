//! Folders that are the TFTP root of a PBX: thousands of files, of which some cannot be read.

use std::{fs, os::unix::fs::PermissionsExt as _};

use reflash::bundle::{Verdict, examine};

use super::{
    super::{one, trusting},
    Files, LOAD, messages, verdicts,
};

#[test]
fn the_firmware_in_a_folder_of_thousands_of_files_is_judged() {
    let mut files = Files::sip();
    for phone in 0..3_000 {
        let name = format!("SEP0002FD{phone:06}.cnf.xml");
        files.0.push((name, b"<device/>".to_vec()));
    }
    let folder = files.folder();
    let sounds = folder.path().join("ringtones");
    fs::create_dir(&sounds).unwrap();
    for sound in 0..200 {
        fs::write(sounds.join(format!("{sound}.raw")), b"x").unwrap();
    }
    let bundle = one(folder.path(), &trusting());
    assert_eq!(verdicts(&bundle), [(LOAD, Verdict::Genuine)]);
    let skipped = messages(&bundle, "file-skipped");
    assert!(
        skipped.contains("and 2960 more are configurations"),
        "{skipped}"
    );
}

#[test]
fn large_files_and_archives_over_the_limit_are_skipped() {
    let folder = Files::sip().folder();
    let image = fs::File::create(folder.path().join("backup.iso")).unwrap();
    image.set_len((256 << 20) + 1).unwrap();
    for archive in 0..17 {
        fs::write(folder.path().join(format!("old{archive:02}.zip")), b"x").unwrap();
    }
    let bundle = one(folder.path(), &trusting());
    assert_eq!(verdicts(&bundle), [(LOAD, Verdict::Genuine)]);
    let skipped = messages(&bundle, "file-skipped");
    for part in [
        "backup.iso: it is larger than any firmware and is skipped",
        "old16.zip: it is an archive that was not opened",
    ] {
        assert!(skipped.contains(part), "{skipped}");
    }
}

#[test]
fn a_file_that_may_not_be_read_is_named_and_the_rest_is_judged() {
    let folder = Files::sip().folder();
    let closed = |name: &str| {
        let path = folder.path().join(name);
        fs::write(&path, b"secret").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
        // Root may read anything.
        fs::File::open(&path).is_err()
    };
    if !closed("SEP000102030405.cnf.xml") {
        return;
    }
    let bundle = one(folder.path(), &trusting());
    assert_eq!(verdicts(&bundle), [(LOAD, Verdict::Genuine)]);
    assert!(messages(&bundle, "file-skipped").contains("may not read it"));
    assert!(closed("cnu45.9-9-1ES4.sbn"));
    let bundles = examine(folder.path(), &trusting()).unwrap();
    assert_eq!(verdicts(&bundles[0]), [(LOAD, Verdict::Incomplete)]);
    let missing = messages(&bundles[0], "missing-image");
    assert!(missing.contains("this user may not read"), "{missing}");
}
