use std::{
    io::Write as _,
    ops::Range,
    os::unix::{fs::symlink, net::UnixListener},
    sync::mpsc,
    task::{Poll, Wake, Waker},
    time::Duration,
};

use super::*;
use crate::stage::{FileReader, READ_BYTES};

const LIMIT: Duration = Duration::from_secs(10);

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
    Some(String::from_utf8(file.bytes().unwrap().to_vec()).unwrap())
}

struct Woken(mpsc::SyncSender<()>);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        // The reader may be gone.
        let _ = self.0.try_send(());
    }
}

/// Reads from the start of a part, waiting for the disk.
fn read_some(reader: &mut FileReader, part: Range<u64>) -> Result<Vec<u8>, ServedFolderError> {
    let (sender, woken) = mpsc::sync_channel(1);
    let waker = Waker::from(Arc::new(Woken(sender)));
    loop {
        match reader.poll(part.clone(), &waker) {
            Poll::Ready(read) => return read.map(|(bytes, range)| bytes[range].to_vec()),
            Poll::Pending => woken.recv_timeout(LIMIT).expect("the file is read"),
        }
    }
}

fn read_all(file: OpenFile) -> Result<Vec<u8>, ServedFolderError> {
    let mut all = Vec::new();
    let size = file.size();
    let mut reader = FileReader::new(file, 512);
    while (all.len() as u64) < size {
        all.extend(read_some(&mut reader, all.len() as u64..size)?);
    }
    Ok(all)
}

/// Larger than what is read at once.
fn large(folder: &Path, name: &str) -> Vec<u8> {
    let bytes: Vec<u8> = (0..400_000_u32).flat_map(u32::to_le_bytes).collect();
    fs::write(folder.join(name), &bytes).unwrap();
    bytes
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
fn a_large_file_is_read_in_parts_and_transfers_share_its_descriptor() {
    let (dir, folder) = folder();
    let bytes = large(dir.path(), "image.sbn");
    let ask = || folder.resolve("image.sbn").unwrap().unwrap();
    let (first, second) = (ask(), ask());
    assert!(
        first.bytes().is_none(),
        "nothing is read when it is requested"
    );
    assert_eq!(first.size(), bytes.len() as u64);
    assert_eq!(folder.open.lock().unwrap().len(), 1);
    assert!(first.has_bytes_of(&second));
    assert_eq!(read_all(first).unwrap(), bytes);
    assert_eq!(read_all(second).unwrap(), bytes);
    let again = ask();
    let mut reader = FileReader::new(again, 1000);
    for start in [0, 33_000, 32_000, 33_000, 1_599_000, 0] {
        let part = start..start + 1000;
        let within = usize::try_from(start).unwrap();
        let read = read_some(&mut reader, part).unwrap();
        assert_eq!(read, bytes[within..within + 1000], "{start}");
    }
}

#[test]
fn a_transfer_holds_at_most_three_parts_of_a_file() {
    let (dir, folder) = folder();
    let bytes = large(dir.path(), "image.sbn");
    let file = folder.resolve("image.sbn").unwrap().unwrap();
    let mut reader = FileReader::new(file, 512);
    for start in (0..bytes.len() as u64).step_by(512) {
        let end = (start + 512).min(bytes.len() as u64);
        read_some(&mut reader, start..end).unwrap();
        assert!(reader.bytes_in_memory() <= 3 * READ_BYTES);
    }
}

#[test]
fn a_file_that_is_replaced_while_it_is_sent_is_sent_as_it_was() {
    let (dir, folder) = folder();
    let bytes = large(dir.path(), "image.sbn");
    let file = folder.resolve("image.sbn").unwrap().unwrap();
    let mut reader = FileReader::new(file, 512);
    assert_eq!(read_some(&mut reader, 0..512).unwrap(), bytes[..512]);
    fs::write(dir.path().join("next"), vec![9; 1_600_000]).unwrap();
    fs::rename(dir.path().join("next"), dir.path().join("image.sbn")).unwrap();
    let end = read_some(&mut reader, 1_599_488..1_600_000).unwrap();
    assert_eq!(end, bytes[1_599_488..]);
    let now = folder.resolve("image.sbn").unwrap().unwrap();
    assert_eq!(read_all(now).unwrap(), vec![9; 1_600_000]);
}

#[test]
fn a_file_that_is_changed_or_cut_while_it_is_sent_is_an_error() {
    let change = |file: &mut File| file.write_all(b"other").unwrap();
    let cut = |file: &mut File| file.set_len(100_000).unwrap();
    let empty = |file: &mut File| file.set_len(0).unwrap();
    let grow = |file: &mut File| file.set_len(2_000_000).unwrap();
    // The modification time is set back, as by `cp -p`.
    let hide = |file: &mut File| {
        let modified = file.metadata().unwrap().modified().unwrap();
        file.write_all(b"other").unwrap();
        file.set_modified(modified).unwrap();
    };
    for (what, act) in [
        ("changed", &change as &dyn Fn(&mut File)),
        ("cut", &cut),
        ("emptied", &empty),
        ("longer", &grow),
        ("changed, its time set back", &hide),
    ] {
        let (dir, folder) = folder();
        large(dir.path(), "image.sbn");
        let path = dir.path().join("image.sbn");
        let file = folder.resolve("image.sbn").unwrap().unwrap();
        let mut reader = FileReader::new(file, 512);
        read_some(&mut reader, 0..512).unwrap();
        act(&mut File::options().write(true).open(&path).unwrap());
        let error = read_some(&mut reader, 1_000_000..1_000_512).unwrap_err();
        assert!(
            matches!(error, ServedFolderError::Changing { .. }),
            "{what}: {error}"
        );
    }
}

#[test]
fn a_large_file_that_is_written_during_its_request_is_not_served_in_two_versions() {
    let (dir, folder) = folder();
    large(dir.path(), "image.sbn");
    let path = dir.path().join("image.sbn");
    let file = folder.resolve("image.sbn").unwrap().unwrap();
    // Within the resolution of its time stamps: the size and the times are the same.
    fs::write(&path, vec![9; 1_600_000]).unwrap();
    match read_all(file) {
        Ok(bytes) => assert!(bytes.iter().all(|byte| *byte == 9)),
        Err(error) => assert!(matches!(error, ServedFolderError::Changing { .. })),
    }
}

#[test]
fn the_number_of_open_files_is_bounded() {
    let (dir, mut folder) = folder();
    folder.max_open = 2;
    for name in ["a", "b", "c"] {
        large(dir.path(), name);
    }
    let first = folder.resolve("a").unwrap();
    let _second = folder.resolve("b").unwrap();
    let same = folder.resolve("a").unwrap();
    let error = folder.resolve("c").unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{} is not served: 2 other files are being served, which is the limit",
            folder.root().join("c").display()
        )
    );
    assert!(
        folder.resolve("empty.tlv").unwrap().is_some(),
        "a small file"
    );
    drop((first, same));
    assert!(folder.resolve("c").unwrap().is_some());
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
                    assert_eq!(file.size(), size as u64);
                    let bytes = read_all(file).unwrap();
                    assert!(bytes.iter().all(|byte| *byte == bytes[0]));
                }
                Ok(None) => panic!("it is always there"),
                Err(error) => assert!(matches!(error, ServedFolderError::Changing { .. })),
            }
        }
    });
    let last = folder.resolve("image.sbn").unwrap().unwrap();
    assert_eq!(read_all(last).unwrap()[0], 50);
}

#[test]
fn a_missing_folder_is_said_not_to_exist() {
    let error = ServedFolder::open(Path::new("/nonexistent/root")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot read /nonexistent/root: it does not exist"
    );
}
