use std::{
    fs::File,
    os::unix::{fs::symlink, net::UnixListener},
};

use super::*;

fn folder() -> (tempfile::TempDir, ServedFolder) {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("English_United_States")).unwrap();
    fs::write(dir.path().join("English_United_States/mk-sip.jar"), "jar").unwrap();
    fs::write(dir.path().join("Jar41sip.8-3-1S.sbn"), "image").unwrap();
    fs::write(dir.path().join("empty.tlv"), "").unwrap();
    let folder = ServedFolder::open(dir.path()).unwrap();
    (dir, folder)
}

fn text(folder: &ServedFolder, name: &str) -> Option<String> {
    let file = folder.resolve(name).unwrap()?;
    Some(String::from_utf8(file.bytes.to_vec()).unwrap())
}

#[test]
fn names_are_found_as_phones_write_them() {
    let (_dir, folder) = folder();
    for name in [
        "English_United_States/mk-sip.jar",
        "/English_United_States/mk-sip.jar",
        "./english_united_states/MK-SIP.JAR",
    ] {
        assert_eq!(text(&folder, name).as_deref(), Some("jar"), "{name}");
    }
    assert_eq!(
        text(&folder, "jar41sip.8-3-1s.sbn ").as_deref(),
        Some("image")
    );
    assert_eq!(text(&folder, "empty.tlv").as_deref(), Some(""));
    let staged = folder.resolve("english_united_states/mk-sip.jar").unwrap();
    assert_eq!(&*staged.unwrap().name, "English_United_States/mk-sip.jar");
}

#[test]
fn the_exact_name_takes_precedence_over_one_in_another_case() {
    let (dir, folder) = folder();
    fs::write(dir.path().join("TERM65.default.loads"), "upper").unwrap();
    fs::write(dir.path().join("term65.default.loads"), "lower").unwrap();
    assert_eq!(
        text(&folder, "term65.default.loads").as_deref(),
        Some("lower")
    );
    assert_eq!(
        text(&folder, "TERM65.default.loads").as_deref(),
        Some("upper")
    );
    assert_eq!(
        text(&folder, "TERM65.DEFAULT.LOADS").as_deref(),
        Some("upper")
    );
}

#[test]
fn no_name_leads_out_of_the_folder() {
    let (dir, folder) = folder();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "secret").unwrap();
    symlink(outside.path().join("secret"), dir.path().join("file-out")).unwrap();
    symlink(outside.path(), dir.path().join("folder-out")).unwrap();
    symlink("circle", dir.path().join("circle")).unwrap();
    symlink("nowhere", dir.path().join("dangling")).unwrap();
    let up = format!(
        "../{}/secret",
        outside.path().file_name().unwrap().to_str().unwrap()
    );
    let absolute = outside.path().join("secret");
    let deep = "a/".repeat(3000);
    let long = "n".repeat(5000);
    for name in [
        "file-out",
        "FILE-OUT",
        "folder-out/secret",
        "circle",
        "circle/x",
        "dangling",
        &up,
        "English_United_States/../Jar41sip.8-3-1S.sbn",
        "English_United_States/./mk-sip.jar",
        "English_United_States//mk-sip.jar",
        "English_United_States\\mk-sip.jar",
        "empty.tlv\0",
        "empty.tlv/",
        "empty.tlv/x",
        "English_United_States",
        "",
        "/",
        "..",
        "absent",
        absolute.to_str().unwrap(),
        &deep,
        &long,
    ] {
        assert!(folder.resolve(name).unwrap().is_none(), "{name}");
    }
    // A link whose target is below the folder is followed.
    symlink("Jar41sip.8-3-1S.sbn", dir.path().join("inside")).unwrap();
    assert_eq!(text(&folder, "inside").as_deref(), Some("image"));
}

#[test]
fn fifos_sockets_and_devices_are_not_found_without_waiting() {
    let (dir, folder) = folder();
    let fifo = std::process::Command::new("mkfifo")
        .arg(dir.path().join("fifo"))
        .status()
        .unwrap();
    assert!(fifo.success());
    let _socket = UnixListener::bind(dir.path().join("socket")).unwrap();
    symlink("/dev/zero", dir.path().join("device")).unwrap();
    for name in ["fifo", "socket", "device"] {
        assert!(folder.resolve(name).unwrap().is_none(), "{name}");
    }
    // In /dev the devices are reached without a link.
    let dev = ServedFolder::open(Path::new("/dev")).unwrap();
    assert!(dev.resolve("zero").unwrap().is_none());
}

#[test]
fn phones_share_the_bytes_until_the_file_changes() {
    let (dir, folder) = folder();
    let path = dir.path().join("Jar41sip.8-3-1S.sbn");
    let past = SystemTime::now() - Duration::from_hours(1);
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(past)
        .unwrap();
    let ask = || folder.resolve("Jar41sip.8-3-1S.sbn").unwrap().unwrap();
    let (first, second) = (ask(), ask());
    assert!(Arc::ptr_eq(&first.bytes, &second.bytes));
    fs::write(&path, "other").unwrap();
    assert_eq!(
        &*ask().bytes,
        b"other",
        "the new bytes for whoever asks now"
    );
    assert_eq!(&*first.bytes, b"image", "the old ones for whoever has them");
}

#[test]
fn a_file_over_the_limit_is_refused_without_reading_it() {
    let (dir, folder) = folder();
    File::create(dir.path().join("huge.sbn"))
        .unwrap()
        .set_len(MAX_FOLDER_FILE_BYTES + 1)
        .unwrap();
    let error = folder.resolve("huge.sbn").unwrap_err();
    assert!(
        matches!(error, ServedFolderError::TooLarge { .. }),
        "{error}"
    );
}

#[test]
fn a_file_that_is_being_rewritten_is_served_whole_or_is_an_error() {
    let (dir, folder) = folder();
    let path = dir.path().join("image.sbn");
    let size = 1024 * 1024;
    fs::write(&path, vec![0; size]).unwrap();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for round in 1..=50_u8 {
                let next = dir.path().join("next");
                fs::write(&next, vec![round; size]).unwrap();
                fs::rename(&next, &path).unwrap();
            }
        });
        while !writer.is_finished() {
            match folder.resolve("image.sbn") {
                Ok(Some(file)) => {
                    assert_eq!(file.bytes.len(), size);
                    assert!(file.bytes.iter().all(|byte| *byte == file.bytes[0]));
                }
                Ok(None) => panic!("it is always there"),
                Err(error) => assert!(matches!(error, ServedFolderError::Changing { .. })),
            }
        }
    });
    assert_eq!(folder.resolve("image.sbn").unwrap().unwrap().bytes[0], 50);
}

#[test]
fn a_missing_folder_is_said_not_to_exist() {
    let error = ServedFolder::open(Path::new("/nonexistent/root")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot read /nonexistent/root: it does not exist"
    );
}
