//! `reflash provision` from outside, and what it leaves in its folder.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
};

use assert_cmd::Command;
use reflash::{
    phone::Family,
    simulator::{Sizes, SyntheticBundle},
};
use serde_json::Value;

const OFFICE: &str = "[site]\npbx = \"192.0.2.10\"\ntime_zone = \"Europe/Vienna\"\n\
    dial_plan = \"internal\"\nvoicemail = \"*97\"\n\
    [[phone]]\nmac = \"001D45AABB01\"\nmodel = 7965\nextension = 1001\nname = \"Reception\"\n\
    [[phone]]\nmac = \"001D45AABB02\"\nmodel = 7945\nextension = 1002\nsecret = \"hunter2\"\n";

/// An inventory in a folder of its own.
struct Office {
    base: tempfile::TempDir,
}

impl Office {
    fn new(text: &str) -> Self {
        let office = Self {
            base: tempfile::tempdir().unwrap(),
        };
        office.says(text);
        office
    }

    fn says(&self, text: &str) {
        fs::write(self.path("office.toml"), text).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.base.path().join(name)
    }

    fn provision(&self, further: &[&str]) -> assert_cmd::assert::Assert {
        Command::cargo_bin("reflash")
            .unwrap()
            .arg("provision")
            .arg(self.path("office.toml"))
            .arg("--to")
            .arg(self.path("to"))
            .args(further)
            .assert()
    }

    /// Every file with its bytes, by its path below the folder.
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let root = self.path("to");
        let mut files = BTreeMap::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path
                        .strip_prefix(&root)
                        .unwrap()
                        .to_str()
                        .unwrap()
                        .to_owned();
                    files.insert(name, fs::read(path).unwrap());
                }
            }
        }
        files
    }
}

fn stdout(assert: &assert_cmd::assert::Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

fn stderr(assert: &assert_cmd::assert::Assert) -> String {
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn everything_is_there_and_for_its_owner_alone() {
    let office = Office::new(OFFICE);
    let assert = office.provision(&[]).success();
    let files = office.files();
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "README.txt",
            "asterisk/chan_sip/extensions.conf",
            "asterisk/chan_sip/sip.conf",
            "asterisk/chan_sip/users.conf",
            "asterisk/extensions.conf",
            "asterisk/pjsip.conf",
            "asterisk/voicemail.conf",
            "files.sha256",
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
    for folder in ["", "tftp", "asterisk", "asterisk/chan_sip"] {
        assert_eq!(mode(&office.path("to").join(folder)), 0o700, "{folder}");
    }
    // Nothing else is left beside it.
    assert_eq!(fs::read_dir(office.base.path()).unwrap().count(), 2);
    let made = String::from_utf8(files["secrets.toml"].clone()).unwrap();
    let secrets: Vec<_> = made.split('"').skip(3).step_by(4).collect();
    assert_eq!(secrets.len(), 3, "a password and two PINs");
    let told =
        stdout(&assert) + &stderr(&assert) + std::str::from_utf8(&files["README.txt"]).unwrap();
    for secret in secrets.iter().chain(&["hunter2"]) {
        assert!(!told.contains(*secret), "{told}");
    }
    assert!(told.contains("SEP001D45AABB01.cnf.xml") && told.contains("README.txt"));
    let wide = |line: &&str| line.chars().count() > 80 && !line.contains("/tmp");
    let wide: Vec<_> = told.lines().filter(wide).collect();
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
fn a_second_run_changes_no_password_and_takes_away_what_is_not_needed() {
    let office = Office::new(OFFICE);
    office.provision(&[]).success();
    let first = office.files();
    office.provision(&["-q"]).success().stdout("");
    assert_eq!(office.files(), first);
    office.says(
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
fn what_somebody_changed_or_put_there_is_left_alone() {
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
    // A phone that is not on the list any more, with a file that somebody changed.
    let other = office.path("to/tftp/SEP001D45AABB02.cnf.xml");
    fs::write(&other, "<device/>").unwrap();
    office.says(&OFFICE.replace("001D45AABB02", "001D45AABB03"));
    let assert = office.provision(&[]).success();
    assert!(
        stdout(&assert).contains("it was changed since the last run"),
        "{}",
        stdout(&assert)
    );
    assert_eq!(fs::read_to_string(&other).unwrap(), "<device/>");
}

#[test]
fn folders_of_others_and_links_are_refused() {
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
    // A link in place of a file, and of a folder, leads nowhere.
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
    office.says(&OFFICE.replace("Reception", "Gate"));
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
fn passwords_are_shown_when_they_are_asked_for() {
    let office = Office::new(OFFICE);
    let text = stdout(&office.provision(&["--show-secrets"]).success());
    assert!(text.contains("hunter2") && text.contains("PIN"), "{text}");
    let text = stdout(&office.provision(&["--show-secrets", "--json"]).success());
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["secrets"][1]["user"], "1002");
    assert_eq!(document["secrets"][1]["secret"], "hunter2");
    assert_eq!(document["secrets"][0]["secret"].as_str().unwrap().len(), 12);
}

#[test]
fn faults_are_findings_and_nothing_is_written() {
    let wrong = OFFICE
        .replace("Reception", "a;b")
        .replace("Europe/Vienna", "Europe/Wien");
    let office = Office::new(&wrong);
    let assert = office.provision(&["--json"]).code(1);
    let document: Value = serde_json::from_str(&stdout(&assert)).unwrap();
    let places: Vec<_> = document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| {
            (
                found["line"].as_u64().unwrap(),
                found["code"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(places, [(3, "inventory-fault"), (10, "inventory-fault")]);
    let assert = office.provision(&[]).code(1);
    assert!(
        stdout(&assert).contains("office.toml:3:13: error:"),
        "{}",
        stdout(&assert)
    );
    assert!(!office.path("to").exists());
    office.says(&OFFICE.replace("internal", "nowhere.xml"));
    let assert = office.provision(&[]).code(1);
    assert!(
        stderr(&assert).contains("nowhere.xml"),
        "{}",
        stderr(&assert)
    );
    fs::write(
        office.path("nowhere.xml"),
        "<DIALTEMPLATE><template MATCH=\"1\"/></DIALTEMPLATE",
    )
    .unwrap();
    let assert = office.provision(&[]).code(1);
    assert!(
        stderr(&assert).contains("nowhere.xml"),
        "{}",
        stderr(&assert)
    );
    fs::write(
        office.path("nowhere.xml"),
        "<DIALTEMPLATE><TEMPLATE MATCH=\"1...\" Timeout=\"0\"/></DIALTEMPLATE>",
    )
    .unwrap();
    office.provision(&[]).success();
    let written = fs::read_to_string(office.path("to/tftp/dialplan.xml")).unwrap();
    assert!(written.contains("1..."), "{written}");
}

#[test]
fn with_firmware_the_root_is_whole_and_each_phone_s_load_is_named() {
    let office = Office::new(OFFICE);
    let bundle = office.path("cmterm-7945_7965-sip.9-3-1SR4-1.zip");
    let made = SyntheticBundle::new(Family::F45, 7)
        .unwrap()
        .sizes(Sizes::Small);
    made.write_zip(&bundle).unwrap();
    let bundle = bundle.to_str().unwrap();
    let assert = office.provision(&["--firmware", bundle]).code(1);
    assert!(
        stderr(&assert).contains("genuine")
            || stderr(&assert).contains("damaged")
            || stderr(&assert).contains("verify"),
        "{}",
        stderr(&assert)
    );
    assert!(!office.path("to").exists());
    let key = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/test-key.pem");
    let assert = office
        .provision(&["--firmware", bundle, "--trust-key", key, "--json"])
        .success();
    let document: Value = serde_json::from_str(&stdout(&assert)).unwrap();
    let load = made.load();
    assert_eq!(document["loads"], serde_json::json!([load.as_str()]));
    let files = office.files();
    for (name, bytes) in made.files() {
        assert_eq!(files.get(&format!("tftp/{name}")), Some(&bytes), "{name}");
    }
    for sep in ["001D45AABB01", "001D45AABB02"] {
        let sep = String::from_utf8(files[&format!("tftp/SEP{sep}.cnf.xml")].clone()).unwrap();
        assert!(sep.contains(&format!("<loadInformation>{load}</loadInformation>")));
        assert!(files.contains_key(&format!("tftp/{}", load.manifest())));
    }
    let default = String::from_utf8(files["tftp/XMLDefault.cnf.xml"].clone()).unwrap();
    assert!(
        default.contains(&format!(">{load}</loadInformation436>")),
        "{default}"
    );
    assert!(default.contains("<processNodeName>192.0.2.10</processNodeName>"));
    // Without it, the firmware goes and the phones keep their load.
    office.provision(&[]).success();
    assert!(
        !office
            .files()
            .contains_key(&format!("tftp/{}", load.manifest()))
    );
}

#[test]
fn the_command_line_s_own_faults_end_with_2() {
    for args in [
        &["provision"][..],
        &["provision", "a.toml"],
        &["provision", "--to", "x"],
    ] {
        Command::cargo_bin("reflash")
            .unwrap()
            .args(args)
            .assert()
            .code(2);
    }
    let help = Command::cargo_bin("reflash")
        .unwrap()
        .args(["provision", "--help"])
        .assert()
        .success();
    assert!(stdout(&help).contains("Example:"));
}
