//! The folder that `reflash provision` writes: its files, their modes, and what a second run
//! changes and leaves alone.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
};

use assert_cmd::Command;
use serde_json::Value;

use super::office::{OFFICE, Office, stderr, stdout};

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn every_file_is_written_and_readable_by_its_owner_only() {
    let office = Office::new(OFFICE);
    let assert = office.provision(&[]).success();
    let files = office.files();
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "README.txt",
            "ami.toml",
            "asterisk/chan_sip/extensions.conf",
            "asterisk/chan_sip/sip.conf",
            "asterisk/chan_sip/users.conf",
            "asterisk/extensions.conf",
            "asterisk/manager.conf",
            "asterisk/pjsip.conf",
            "asterisk/voicemail.conf",
            "files.sha256",
            "freepbx/extensions.csv",
            "secrets.toml",
            "tftp/SEP001D45AABB01.cnf.xml",
            "tftp/SEP001D45AABB02.cnf.xml",
            "tftp/XMLDefault.cnf.xml",
            "tftp/dialplan.xml",
        ]
    );
    for name in &names {
        assert_eq!(mode(&office.path("to").join(name)), 0o600, "{name}");
    }
    for folder in ["", "tftp", "asterisk", "asterisk/chan_sip", "freepbx"] {
        assert_eq!(mode(&office.path("to").join(folder)), 0o700, "{folder}");
    }
    // No temporary file is left beside the folder.
    assert_eq!(fs::read_dir(office.base.path()).unwrap().count(), 2);
    let made = String::from_utf8(files["secrets.toml"].clone()).unwrap();
    let secrets: Vec<_> = made.split('"').skip(3).step_by(4).collect();
    assert_eq!(
        secrets.len(),
        4,
        "a password, two PINs and the secret of AMI"
    );
    let texts =
        stdout(&assert) + &stderr(&assert) + std::str::from_utf8(&files["README.txt"]).unwrap();
    for secret in secrets.iter().chain(&["hunter2"]) {
        assert!(!texts.contains(*secret), "{texts}");
    }
    assert!(texts.contains("SEP001D45AABB01.cnf.xml") && texts.contains("README.txt"));
    let wide = |line: &&str| line.chars().count() > 80 && !line.contains("/tmp");
    let wide: Vec<_> = texts.lines().filter(wide).collect();
    assert_eq!(wide, [""; 0]);
    let lint = Command::cargo_bin("reflash")
        .unwrap()
        .args(["dial"])
        .arg(office.path("to/tftp/dialplan.xml"))
        .arg("1001")
        .assert();
    lint.success();
}

#[test]
fn a_second_run_keeps_passwords_and_removes_files_no_longer_needed() {
    let office = Office::new(OFFICE);
    office.provision(&[]).success();
    let first = office.files();
    office.provision(&["-q"]).success().stdout("");
    assert_eq!(office.files(), first);
    office.write_inventory(
        &OFFICE
            .replace("Reception", "Gate")
            .replace("001D45AABB02", "001D45AABB03"),
    );
    let assert = office.provision(&["--json"]).success();
    let second = office.files();
    assert_eq!(second["secrets.toml"], first["secrets.toml"]);
    assert!(!second.contains_key("tftp/SEP001D45AABB02.cnf.xml"));
    assert!(second.contains_key("tftp/SEP001D45AABB03.cnf.xml"));
    assert_ne!(
        second["tftp/SEP001D45AABB01.cnf.xml"],
        first["tftp/SEP001D45AABB01.cnf.xml"]
    );
    let document: Value = serde_json::from_str(&stdout(&assert)).unwrap();
    assert_eq!(
        document["removed"],
        serde_json::json!(["tftp/SEP001D45AABB02.cnf.xml"])
    );
    assert_eq!(document["phones"][1]["mac"], "001d45aabb03");
    assert_eq!(document["phones"][1]["model"], "7945");
    assert!(document.get("secrets").is_none());
    let listed: Vec<_> = document["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["path"].as_str().unwrap())
        .collect();
    let there: Vec<_> = second
        .keys()
        .map(String::as_str)
        .filter(|name| *name != "files.sha256")
        .collect();
    assert_eq!(listed, there);
}

#[test]
fn changed_and_foreign_files_are_kept() {
    let office = Office::new(OFFICE);
    office.provision(&[]).success();
    let sep = office.path("to/tftp/SEP001D45AABB01.cnf.xml");
    let mine = office.path("to/tftp/ringlist.xml");
    fs::write(&sep, "<device/>").unwrap();
    fs::write(&mine, "mine").unwrap();
    let before = office.files();
    let assert = office.provision(&[]).code(1);
    assert!(
        stderr(&assert).contains("was changed since"),
        "{}",
        stderr(&assert)
    );
    assert!(stderr(&assert).contains("--force"));
    assert_eq!(office.files(), before, "nothing was written");
    office.provision(&["--force"]).success();
    assert!(fs::read_to_string(&sep).unwrap().contains("<authPassword>"));
    assert_eq!(fs::read_to_string(&mine).unwrap(), "mine");
    // A phone that was removed from the inventory, and whose file was changed.
    let other = office.path("to/tftp/SEP001D45AABB02.cnf.xml");
    fs::write(&other, "<device/>").unwrap();
    office.write_inventory(&OFFICE.replace("001D45AABB02", "001D45AABB03"));
    let assert = office.provision(&[]).success();
    assert!(
        stdout(&assert).contains("it was changed since the last run"),
        "{}",
        stdout(&assert)
    );
    assert_eq!(fs::read_to_string(&other).unwrap(), "<device/>");
}

#[test]
fn foreign_folders_and_symbolic_links_are_refused() {
    let office = Office::new(OFFICE);
    fs::create_dir(office.path("to")).unwrap();
    fs::write(office.path("to/mine"), "").unwrap();
    let assert = office.provision(&[]).code(1);
    assert!(
        stderr(&assert).contains("did not write"),
        "{}",
        stderr(&assert)
    );
    assert_eq!(office.files().len(), 1);
    fs::remove_file(office.path("to/mine")).unwrap();
    office.provision(&[]).success();
    // A symbolic link in place of a file or a folder is not followed.
    let outside = office.path("outside");
    fs::write(&outside, "outside").unwrap();
    let readme = office.path("to/README.txt");
    fs::remove_file(&readme).unwrap();
    symlink(&outside, &readme).unwrap();
    let assert = office.provision(&["--force"]).code(1);
    assert!(
        stderr(&assert).contains("not a regular file"),
        "{}",
        stderr(&assert)
    );
    assert_eq!(fs::read_to_string(&outside).unwrap(), "outside");
    fs::remove_file(&readme).unwrap();
    office.provision(&[]).success();
    let folder = office.path("elsewhere");
    fs::rename(office.path("to/asterisk"), &folder).unwrap();
    symlink(&folder, office.path("to/asterisk")).unwrap();
    office.write_inventory(&OFFICE.replace("Reception", "Gate"));
    let before = fs::read(folder.join("pjsip.conf")).unwrap();
    let assert = office.provision(&[]).code(1);
    assert!(
        stderr(&assert).contains("not a folder"),
        "{}",
        stderr(&assert)
    );
    assert_eq!(fs::read(folder.join("pjsip.conf")).unwrap(), before);
    let left = |name: &String| name.contains(".new");
    assert!(
        !office.files().keys().any(left),
        "{:?}",
        office.files().keys()
    );
    for wrong in ["files.sha256", "secrets.toml"] {
        let office = Office::new(OFFICE);
        office.provision(&[]).success();
        fs::write(office.path("to").join(wrong), "hunter2 ../x").unwrap();
        let assert = office.provision(&[]).code(1);
        assert!(stderr(&assert).contains(wrong), "{}", stderr(&assert));
        assert!(!stderr(&assert).contains("hunter2"));
    }
}

#[test]
fn a_small_part_of_the_inventory_does_not_remove_the_files_of_the_others() {
    let site = "[site]\npbx = \"192.0.2.10\"\n";
    let phones = |count: u32| -> String {
        let phone = |at| {
            format!(
                "[[phone]]\nmac = \"001D45CC00{at:02}\"\nmodel = 7965\nextension = {}\n",
                2000 + at
            )
        };
        std::iter::once(site.to_owned())
            .chain((10..10 + count).map(phone))
            .collect()
    };
    let office = Office::new(&phones(30));
    office.provision(&[]).success();
    let before = office.files();
    office.write_inventory(&phones(3));
    let error = stderr(&office.provision(&[]).failure());
    assert!(
        error.contains("27 of the") && error.contains("--to"),
        "{error}"
    );
    assert_eq!(office.files(), before, "nothing was written");
    let text = stdout(&office.provision(&["--force"]).success());
    assert_eq!(text.matches("removed: no phone").count(), 11, "{text}");
    assert!(text.contains("  and 17 more files: removed"), "{text}");
    // Most of the files stay: no consent is needed.
    let office = Office::new(&phones(30));
    office.provision(&[]).success();
    office.write_inventory(&phones(28));
    let text = stdout(&office.provision(&[]).success());
    assert_eq!(text.matches("removed: no phone").count(), 2, "{text}");
}
