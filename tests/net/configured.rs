//! Phones of an inventory get firmware and configuration in one run, from flashed to registered.

mod listed;

use std::{
    fs,
    net::{Ipv4Addr, SocketAddrV4, UdpSocket},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use reflash::{
    phone::{Family, Protocol},
    simulator::{Release, Sizes, SyntheticBundle},
};
use serde_json::Value;

use crate::support::process::Running;

const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");
const KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/test-key.pem");
const LOAD: &str = "SIP45.9-3-1SR4-1S";
const SECRET: &str = "hunter2";

fn small() -> SyntheticBundle {
    SyntheticBundle::new(Family::F45, 7)
        .unwrap()
        .sizes(Sizes::Small)
}

fn written(made: &SyntheticBundle, folder: &Path) -> PathBuf {
    let path = folder.join(made.file_name());
    made.write_zip(&path).unwrap();
    path
}

/// An inventory of this many simulated 7965s.
fn office(phones: u8) -> String {
    let site = "[site]\npbx = \"192.0.2.77\"\ntime_zone = \"UTC\"\ndial_plan = \"internal\"\n";
    let phone = |at| {
        format!(
            "[[phone]]\nmac = \"0252454800{at:02}\"\nmodel = 7965\nextension = 10{at:02}\n\
             secret = \"{SECRET}\"\n"
        )
    };
    let phones = (0..phones).map(phone);
    std::iter::once(site.to_owned()).chain(phones).collect()
}

/// A rehearsal of 7965s with this inventory: its exit code and its lines.
fn rehearse(folder: &Path, list: &str, arguments: &[&str]) -> (Option<i32>, Vec<Value>) {
    let path = folder.join("office.toml");
    fs::write(&path, list).unwrap();
    let output = Command::new(REFLASH)
        .args(["rehearse", "--trust-key", KEY, "--json", "--model", "7965"])
        .arg(written(&small(), folder))
        .arg("--inventory")
        .arg(path)
        .args(arguments)
        .output()
        .unwrap();
    let all = [&output.stdout[..], &output.stderr].concat();
    let text = String::from_utf8(all).unwrap();
    assert!(!text.contains(SECRET), "{text}");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    (output.status.code(), lines.collect())
}

/// The names that a phone of the report requested.
fn asked(phone: &Value) -> Vec<&str> {
    let files = phone["files"].as_array().unwrap();
    files
        .iter()
        .filter_map(|file| file["name"].as_str())
        .collect()
}

fn check(lines: &[Value], count: usize) -> Vec<Value> {
    let last = lines.last().expect("a last line");
    assert_eq!(last["kind"], "finished");
    let phones = last["report"]["phones"].as_array().unwrap().clone();
    assert_eq!(phones.len(), count, "{last:#}");
    for phone in &phones {
        let sep = format!(
            "SEP{}.cnf.xml",
            phone["mac"].as_str().unwrap().to_uppercase()
        );
        let files = phone["files"].as_array().unwrap();
        let delivered = |file: &&Value| file["name"] == *sep && file["outcome"] == "delivered";
        assert!(files.iter().any(|file| delivered(&file)), "{phone:#}");
        let names = asked(phone);
        assert!(!names.contains(&"XMLDefault.cnf.xml"), "{phone:#}");
        // Only its own file names the load.
        assert!(names.contains(&"SIP45.9-3-1SR4-1S.loads"), "{phone:#}");
        assert_eq!(
            (&phone["state"], &phone["to"]),
            (&"confirmed".into(), &LOAD.into())
        );
    }
    phones
}

#[test]
fn phones_by_both_routes_take_the_load_that_their_own_file_names() {
    let folder = tempfile::tempdir().unwrap();
    let (code, lines) = rehearse(folder.path(), &office(2), &["--phones", "2"]);
    assert_eq!(code, Some(0));
    let phones = check(&lines, 2);
    let recovered = |phone: &&Value| asked(phone).contains(&"term65.default.loads");
    let recovered: Vec<_> = phones.iter().filter(recovered).collect();
    assert_eq!(
        recovered.len(),
        1,
        "the other phone read its load from its own file"
    );
    assert_eq!(recovered[0]["pass"], 2, "recovery, then its load by name");
}

#[test]
fn phones_that_need_the_bridge_get_it_first_and_the_target_next() {
    let folder = tempfile::tempdir().unwrap();
    let old = small().protocol(Protocol::Sccp).release(Release {
        load: "8-5-2S".to_owned(),
        images: "8-5-2TH1-9".to_owned(),
    });
    let bridge = written(&old, folder.path());
    let more = ["--phones", "2", "--fault", "needs-bridge", "--bridge"];
    let more = [&more[..], &[bridge.to_str().unwrap()]].concat();
    let (code, lines) = rehearse(folder.path(), &office(2), &more);
    assert_eq!(code, Some(0), "{:#}", lines.last().unwrap());
    let phones = check(&lines, 2);
    let by_name = |phone: &&Value| asked(phone).contains(&"SCCP45.8-5-2S.loads");
    let by_name = phones.iter().filter(by_name).count();
    assert_eq!(by_name, 1, "the phone in recovery requests term65.default");
}

#[test]
fn a_phone_without_a_secret_is_converted_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let list = office(1) + "[[phone]]\nmac = \"025245480001\"\nmodel = 7965\nextension = 1001\n";
    let (code, lines) = rehearse(folder.path(), &list, &["--phones", "2"]);
    assert_eq!(code, Some(0));
    let report = &lines.last().unwrap()["report"];
    for phone in report["phones"].as_array().unwrap() {
        let takes_the_default = asked(phone).contains(&"XMLDefault.cnf.xml");
        assert_eq!(takes_the_default, phone["mac"] == "025245480001");
        assert_eq!(phone["state"], "confirmed");
    }
}

/// The file as a TFTP client gets it, or `None` for error 1.
fn get(server: &Value, name: &str) -> Option<String> {
    let server: SocketAddrV4 = server.as_str().unwrap().parse().unwrap();
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let patience = Some(Duration::from_secs(20));
    socket.set_read_timeout(patience).unwrap();
    let request = [b"\x00\x01", name.as_bytes(), b"\x00octet\x00"].concat();
    socket.send_to(&request, server).unwrap();
    let mut text = Vec::new();
    let mut buffer = [0; 516];
    loop {
        let (length, from) = socket.recv_from(&mut buffer).unwrap();
        if buffer[..2] == [0, 5] {
            return None;
        }
        assert_eq!(buffer[..2], [0, 3]);
        text.extend(&buffer[4..length]);
        socket.send_to(&[0, 4, buffer[2], buffer[3]], from).unwrap();
        if length < buffer.len() {
            return Some(String::from_utf8(text).unwrap());
        }
    }
}

/// A conversion on loopback, in a folder of its own.
struct Site(tempfile::TempDir);

impl Site {
    fn new(list: &str) -> Self {
        let site = Self(tempfile::tempdir().unwrap());
        written(&small(), site.0.path());
        fs::write(site.list(), list).unwrap();
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn list(&self) -> PathBuf {
        self.path("office.toml")
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = Command::new(REFLASH);
        command.args(["convert", "--listen", "127.0.0.1", "--tftp-port", "0"]);
        command.args(["--http-port", "0", "--journal", "run.jsonl"]);
        command.args(more).current_dir(self.0.path());
        command
    }

    fn begin(&self, more: &[&str]) -> Command {
        let mut command = self.command(&["--trust-key", KEY]);
        command.arg(small().file_name());
        command.args(["--inventory", "office.toml"]).args(more);
        command
    }

    /// Runs a command that fails before it serves: its message.
    fn refused(command: &mut Command) -> String {
        let output = command.output().unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), &*output.stdout),
            (Some(1), &b""[..]),
            "{words}"
        );
        assert!(!words.contains(SECRET), "{words}");
        words
    }
}

const SEP: &str = "SEP025245480000.cnf.xml";

#[test]
fn a_resumed_run_serves_the_same_configurations_or_names_the_file_that_changed() {
    let site = Site::new(&office(1));
    fs::write(site.path("ring.xml"), "<ringList/>").unwrap();
    let mut server = Running::start(&mut site.begin(&["--json", "--add", "ring.xml"]));
    let tftp = server.kind("started")["tftp"].clone();
    let first = get(&tftp, SEP).unwrap();
    for wanted in [
        "<processNodeName>192.0.2.77</processNodeName>",
        "<loadInformation>SIP45.9-3-1SR4-1S</loadInformation>",
        "<dialTemplate>dialplan.xml</dialTemplate>",
        SECRET,
    ] {
        assert!(first.contains(wanted), "{wanted}");
    }
    assert!(get(&tftp, "dialplan.xml").unwrap().contains("DIALTEMPLATE"));
    assert_eq!(get(&tftp, "ring.xml").as_deref(), Some("<ringList/>"));
    assert_eq!(get(&tftp, "SEP025245480009.cnf.xml"), None);
    server.signal("KILL");
    server.end();
    let record = fs::read_to_string(site.path("run.jsonl")).unwrap();
    assert!(record.contains("office.toml") && !record.contains(SECRET));

    // Without the files on the command line, and in another folder.
    let journal = site.path("run.jsonl");
    let mut again = Command::new(REFLASH);
    again.args(["convert", "--json", "--listen", "127.0.0.1", "--resume"]);
    again.args(["--tftp-port", "0", "--http-port", "0", "--journal"]);
    let mut again = Running::start(again.arg(journal).current_dir("/"));
    let tftp = again.kind("started")["tftp"].clone();
    assert_eq!(get(&tftp, SEP).as_ref(), Some(&first));
    assert_eq!(get(&tftp, "ring.xml").as_deref(), Some("<ringList/>"));
    again.signal("KILL");
    again.end();

    fs::write(site.path("ring.xml"), "<ringList></ringList>").unwrap();
    let words = Site::refused(&mut site.command(&["--resume"]));
    assert!(words.contains("ring.xml has changed since"), "{words}");
    let changed = office(1).replace("192.0.2.77", "192.0.2.78");
    fs::write(site.list(), changed).unwrap();
    let words = Site::refused(&mut site.command(&["--resume", "--add", "ring.xml"]));
    assert!(words.contains("office.toml has changed since"), "{words}");
    // Naming the files again accepts the changes.
    let named = [
        "--resume",
        "--json",
        "--add",
        "ring.xml",
        "--inventory",
        "office.toml",
    ];
    let mut named = Running::start(&mut site.command(&named));
    let tftp = named.kind("started")["tftp"].clone();
    assert!(get(&tftp, SEP).unwrap().contains("192.0.2.78"));
    named.signal("KILL");
    named.end();
}

#[test]
fn a_resumed_run_reads_the_secrets_from_the_file_of_its_first_session() {
    let site = Site::new(&office(1).replace(&format!("secret = \"{SECRET}\"\n"), ""));
    let secrets = |folder: &str, secret: &str| {
        fs::create_dir_all(site.path(folder)).unwrap();
        let file = site.path(folder).join("secrets.toml");
        fs::write(file, format!("[secret]\n\"1000\" = \"{secret}\"\n")).unwrap();
    };
    secrets("made", SECRET);
    let mut server = Running::start(&mut site.begin(&["--json", "--secrets", "made"]));
    let tftp = server.kind("started")["tftp"].clone();
    let first = get(&tftp, SEP).unwrap();
    assert!(first.contains(SECRET));
    server.signal("KILL");
    server.end();
    let record = fs::read_to_string(site.path("run.jsonl")).unwrap();
    assert!(record.contains("secrets.toml") && !record.contains(SECRET));

    // Another file next to the inventory is not used instead.
    secrets(".", "another1");
    let mut again = Running::start(&mut site.command(&["--resume", "--json"]));
    let tftp = again.kind("started")["tftp"].clone();
    assert_eq!(get(&tftp, SEP).as_ref(), Some(&first));
    again.signal("KILL");
    again.end();

    secrets("made", "changed1");
    let words = Site::refused(&mut site.command(&["--resume"]));
    assert!(
        words.contains("made/secrets.toml has changed since"),
        "{words}"
    );
    let named = ["--resume", "--json", "--inventory", "office.toml"];
    let named = [&named[..], &["--secrets", "made"]].concat();
    let mut named = Running::start(&mut site.command(&named));
    let tftp = named.kind("started")["tftp"].clone();
    assert!(get(&tftp, SEP).unwrap().contains("changed1"));
    named.signal("KILL");
    named.end();
}

#[test]
fn only_selected_phones_get_a_configuration_and_the_output_counts_the_others() {
    let site = Site::new(&office(2));
    let only = ["--json", "--only", "025245480000"];
    let mut server = Running::start(&mut site.begin(&only));
    let tftp = server.kind("started")["tftp"].clone();
    assert!(get(&tftp, SEP).is_some());
    assert_eq!(get(&tftp, "SEP025245480001.cnf.xml"), None);
    server.signal("KILL");
    server.end();

    let site = Site::new(&(office(1) + "[[phone]]\nmac = \"025245480001\"\nmodel = 7965\n"));
    let output = site.begin(&["--timeout", "1s"]).output().unwrap();
    let words = String::from_utf8(output.stdout).unwrap();
    for wanted in [
        "serving configurations for 1 phone made from office.toml; PBX: 192.0.2.77",
        "no configuration for 1 phone of office.toml: extension or secret missing",
    ] {
        assert_eq!(words.matches(wanted).count(), 1, "{wanted}: {words}");
    }
    assert!(!words.contains(SECRET));
}

#[test]
fn files_that_phones_would_reject_prevent_the_start() {
    let site = Site::new(&office(1));
    fs::write(
        site.path(SEP),
        "<device><deviceProtocol>SIP</deviceProtocol></device>",
    )
    .unwrap();
    fs::write(site.path("dialplan.xml"), "<DIALTEMPLATE/>").unwrap();
    let words = Site::refused(&mut site.begin(&["--add", "dialplan.xml"]));
    assert!(
        words.contains("two files are named dialplan.xml"),
        "{words}"
    );
    let good = generated_configuration(&site);
    fs::write(site.path(SEP), good).unwrap();
    let words = Site::refused(&mut site.begin(&["--add", SEP]));
    assert!(
        words.contains(&format!("two files are named {SEP}")),
        "{words}"
    );

    fs::write(site.list(), office(1).replace("\"UTC\"", "\"Nowhere\"")).unwrap();
    let words = Site::refused(&mut site.begin(&[]));
    assert!(words.contains("office.toml:3:"), "{words}");
    assert!(words.contains("no configurations can be made"), "{words}");
}

/// The configuration of the first phone, as another run serves it.
fn generated_configuration(site: &Site) -> String {
    let other = Site::new(&fs::read_to_string(site.list()).unwrap());
    let mut server = Running::start(&mut other.begin(&["--json"]));
    let made = get(&server.kind("started")["tftp"], SEP).unwrap();
    server.signal("KILL");
    server.end();
    made
}
