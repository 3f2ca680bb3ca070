//! An inventory in a temporary folder, and `reflash provision` run on it.

use std::{collections::BTreeMap, fs, path::PathBuf};

use assert_cmd::Command;

pub(super) const OFFICE: &str = "[site]\npbx = \"192.0.2.10\"\ntime_zone = \"Europe/Vienna\"\n\
    dial_plan = \"internal\"\nvoicemail = \"*97\"\n\
    [[phone]]\nmac = \"001D45AABB01\"\nmodel = 7965\nextension = 1001\nname = \"Reception\"\n\
    [[phone]]\nmac = \"001D45AABB02\"\nmodel = 7945\nextension = 1002\nsecret = \"hunter2\"\n";

/// An inventory in a folder of its own.
pub(super) struct Office {
    pub(super) base: tempfile::TempDir,
}

impl Office {
    pub(super) fn new(text: &str) -> Self {
        let office = Self {
            base: tempfile::tempdir().unwrap(),
        };
        office.write_inventory(text);
        office
    }

    pub(super) fn write_inventory(&self, text: &str) {
        fs::write(self.path("office.toml"), text).unwrap();
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.base.path().join(name)
    }

    pub(super) fn provision(&self, further: &[&str]) -> assert_cmd::assert::Assert {
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
    pub(super) fn files(&self) -> BTreeMap<String, Vec<u8>> {
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

pub(super) fn stdout(assert: &assert_cmd::assert::Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

pub(super) fn stderr(assert: &assert_cmd::assert::Assert) -> String {
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}
