//! The lint of a served folder is that of `lint`.

use std::{fs, process::Command};

use super::REFLASH;
use crate::support::process::Running;

#[test]
fn a_folder_is_linted_as_by_lint_names_that_no_phone_requests_included() {
    let folder = tempfile::tempdir().unwrap();
    let device = "<device><devicePool/></device>";
    fs::write(folder.path().join("sep001d45aabb0c.cnf.xml"), device).unwrap();
    fs::write(folder.path().join("SEP001D45AABB0D.cnf.xml.txt"), device).unwrap();
    fs::write(folder.path().join("notes.txt"), "not for phones").unwrap();
    let errors = tempfile::NamedTempFile::new().unwrap();
    let mut command = Command::new(REFLASH);
    command.arg("serve").arg(folder.path());
    command.args(["--listen", "127.0.0.1", "--tftp-port", "0"]);
    command.args(["--http-port", "0", "--json"]);
    command.stderr(errors.reopen().unwrap());
    let mut server = Running::start(&mut command);
    server.kind("started");
    server.signal("INT");
    server.kind("finished");
    let served = fs::read_to_string(errors.path()).unwrap();
    let lint = Command::new(REFLASH)
        .arg("lint")
        .arg(folder.path())
        .output()
        .unwrap();
    let lint = String::from_utf8(lint.stdout).unwrap();
    // Notes are for `lint` alone.
    let codes = |text: &str| -> Vec<String> {
        let flat = text.replace("\n    ", " ");
        let lines = flat.lines().filter(|line| !line.contains(": note: "));
        let codes = lines.filter_map(|line| Some(line.rsplit_once('[')?.1.to_owned()));
        let mut codes: Vec<String> = codes.collect();
        codes.sort();
        codes
    };
    assert!(served.contains("cnf.xml.txt"), "{served}");
    assert_eq!(codes(&served), codes(&lint), "{served}\n{lint}");
    assert!(!served.contains("notes.txt"), "{served}");
}
