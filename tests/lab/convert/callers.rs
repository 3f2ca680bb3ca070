//! Files that a user names who may call this program through sudo, and no other program: they are
//! opened as that user.
//!
//! Long because: one site with closed files, and the commands of all subcommands that name them.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::Path,
    process::{Command, Output},
};

use super::{REFLASH, roots};
use crate::support::{
    namespaces::TwoHosts,
    process::Running,
    require_program,
    synthetic::{self, bundle, set_mode},
};

/// What is in the files that only root may read.
const SECRET: &str = "root:$6$hash";

/// The user who calls sudo: nobody.
const CALLER: u32 = 65534;

/// A folder that the caller may enter, with files of root: a bundle and a key for every user, and
/// files and a folder for root only.
struct Site {
    folder: tempfile::TempDir,
}

impl Site {
    fn new() -> Self {
        let site = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        set_mode(site.folder.path(), 0o755);
        bundle(site.folder.path());
        for name in [
            "shadow",
            "shadow.toml",
            "shadow.csv",
            "dialplan.xml",
            "SEP001D45AABB0C.cnf.xml",
        ] {
            fs::write(site.path(name), SECRET).unwrap();
            set_mode(&site.path(name), 0o600);
        }
        for (name, mode) in [("closed", 0o700), ("temporary", 0o1777)] {
            fs::create_dir(site.path(name)).unwrap();
            set_mode(&site.path(name), mode);
        }
        fs::write(site.path("closed/dialplan.xml"), SECRET).unwrap();
        fs::copy(synthetic::KEY, site.path("key.pem")).unwrap();
        set_mode(&site.path("key.pem"), 0o644);
        let list = "mac,name\n001D45AABB0C,front\n";
        let office = "[site]\npbx = \"192.0.2.77\"\n\
                      [[phone]]\nmac = \"001D45AABB0C\"\nmodel = 7965\nextension = 1001\n";
        for (name, text) in [("phones.csv", list), ("office.toml", office)] {
            fs::write(site.path(name), text).unwrap();
            set_mode(&site.path(name), 0o644);
        }
        site
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// The program as sudo starts it, in the folder. `line`: `BUNDLE` stands for the bundle.
    fn command(&self, line: &str) -> Command {
        // A run that does not fail is not waited for.
        let mut command = Command::new("timeout");
        command.args(["20", REFLASH]);
        self.prepare(&mut command, line);
        command
            .env("SUDO_UID", CALLER.to_string())
            .env("SUDO_GID", CALLER.to_string());
        command
    }

    fn prepare(&self, command: &mut Command, line: &str) {
        let words = line.split(' ').map(|word| match word {
            "BUNDLE" => "cmterm-7945_7965-sip.9-3-1SR4-1.zip",
            word => word,
        });
        command.args(words).current_dir(self.folder.path());
        if line.starts_with("convert") || line.starts_with("serve") {
            command.args(["--listen", "127.0.0.1", "--tftp-port", "0"]);
            command.args(["--http-port", "0", "--json"]);
        }
        command.env("TMPDIR", self.path("temporary"));
    }
}

/// Checks that the command failed for lack of permission, and printed nothing of a secret file.
fn assert_denied(output: &Output, line: &str) {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    let text = String::from_utf8_lossy(&text);
    assert_ne!(output.status.code(), Some(0), "{line}: {text}");
    assert!(output.status.code().is_some(), "{line}: {text}");
    assert!(!text.contains("$6$"), "{line}: {text}");
    let is_denied = [
        "ermission denied",
        "may not read",
        "cannot be read by nobody",
    ]
    .iter()
    .any(|words| text.contains(words));
    assert!(is_denied, "{line}: {text}");
}

/// Commands that name a file which only root may read.
const READS: [&str; 27] = [
    "convert shadow",
    "convert BUNDLE shadow",
    "convert closed",
    "convert BUNDLE --trust-key shadow",
    "convert BUNDLE --trust-key key.pem --bridge shadow",
    "convert BUNDLE --trust-key key.pem --inventory shadow.toml",
    "convert BUNDLE --trust-key key.pem --inventory shadow.csv",
    "convert BUNDLE --trust-key key.pem --inventory office.toml --secrets shadow.toml",
    "convert BUNDLE --trust-key key.pem --add dialplan.xml",
    "convert BUNDLE --trust-key key.pem --add SEP001D45AABB0C.cnf.xml",
    "convert BUNDLE --trust-key key.pem --add closed",
    "convert --resume --journal shadow",
    "serve closed",
    "verify shadow",
    "verify BUNDLE --trust-key shadow",
    "stage shadow --call-manager 192.0.2.77 --to new",
    "stage BUNDLE --trust-key key.pem --call-manager 192.0.2.77 --add dialplan.xml --to new",
    "lint SEP001D45AABB0C.cnf.xml",
    "lint phones.csv --bundle shadow",
    "provision shadow.toml --to temporary/new",
    "provision office.toml --to temporary/new --firmware shadow",
    "rehearse shadow",
    "rehearse --inventory shadow.csv",
    "report shadow",
    "replay shadow",
    "replay phones.csv --bundle shadow",
    "dial dialplan.xml 5",
];

#[test]
#[ignore = "needs root (the ids of sudo)"]
fn a_file_that_only_root_may_read_is_not_read_for_the_user_who_called_sudo() {
    let site = Site::new();
    for line in READS {
        let output = site.command(line).output().unwrap();
        assert_denied(&output, line);
    }
    assert_eq!(roots(&site.path("temporary")), 0);
    // The message names the user whose permissions count.
    let output = site.command(READS[5]).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(words.contains("reflash opens files as nobody"), "{words}");
}

#[test]
#[ignore = "needs root (the ids of sudo)"]
fn a_closed_file_of_add_or_trust_key_names_the_command_that_opens_it() {
    let site = Site::new();
    let own = site.path("own.xml");
    fs::write(&own, "<x/>").unwrap();
    std::os::unix::fs::chown(&own, Some(CALLER), Some(CALLER)).unwrap();
    set_mode(&own, 0);
    let who = "cannot be read by nobody, who started reflash; it opens files as this user and not as root";
    for (line, error, cure) in [
        (
            "--trust-key shadow",
            "--trust-key shadow",
            "sudo install -o nobody -m 600 FOLDER/shadow shadow",
        ),
        (
            "--trust-key key.pem --add dialplan.xml",
            "--add dialplan.xml",
            "sudo install -o nobody -m 600 FOLDER/dialplan.xml dialplan.xml",
        ),
        (
            "--trust-key key.pem --add closed",
            "--add closed",
            "sudo cp -r FOLDER/closed closed && sudo chown -R nobody closed",
        ),
        (
            "--trust-key key.pem --add closed/dialplan.xml",
            "closed to this user",
            "sudo install -o nobody -m 600 FOLDER/closed/dialplan.xml dialplan.xml",
        ),
        (
            "--trust-key key.pem --add own.xml",
            "--add own.xml",
            "Make it readable: chmod u+r FOLDER/own.xml",
        ),
    ] {
        let output = site
            .command(&format!("convert BUNDLE {line}"))
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(output.status.code(), Some(1), "{line}: {said}");
        let cure = cure.replace("FOLDER", site.folder.path().to_str().unwrap());
        for part in [error, who, &cure] {
            assert!(said.contains(part), "{line}: {part}: {said}");
        }
    }
}

/// A folder of a process leads past the permissions of the folders above it.
#[test]
#[ignore = "needs root (the ids of sudo)"]
fn a_folder_of_a_process_of_root_opens_no_file_for_the_user_who_called_sudo() {
    let site = Site::new();
    let inside = site.path("vault/inside");
    fs::create_dir_all(&inside).unwrap();
    fs::write(inside.join("dialplan.xml"), SECRET).unwrap();
    set_mode(&inside, 0o755);
    set_mode(&site.path("vault"), 0o700);
    let mut process = Command::new("sleep")
        .arg("60")
        .current_dir(&inside)
        .spawn()
        .unwrap();
    let add = "convert BUNDLE --trust-key key.pem --add /proc";
    let line = format!("{add}/{}/cwd/dialplan.xml", process.id());
    let output = site.command(&line).output().unwrap();
    process.kill().unwrap();
    process.wait().unwrap();
    assert_denied(&output, &line);
}

#[test]
#[ignore = "needs root (the ids of doas)"]
fn the_user_who_called_doas_counts_whatever_the_ids_of_sudo_are() {
    let site = Site::new();
    let line = "verify shadow";
    let mut command = site.command(line);
    command.env("SUDO_UID", "0").env("SUDO_GID", "0");
    command.env("DOAS_USER", "nobody");
    assert_denied(&command.output().unwrap(), line);
}

#[test]
#[ignore = "needs root (the ids of sudo)"]
fn no_file_is_written_where_the_user_who_called_sudo_may_not_write() {
    let site = Site::new();
    let journal = site.path("temporary/run.jsonl");
    let convert = "convert BUNDLE --trust-key key.pem --no-check --timeout 1s --journal ";
    let recorded = site
        .command(&format!("{convert}temporary/run.jsonl"))
        .output()
        .unwrap();
    assert_eq!(recorded.status.code(), Some(1), "{recorded:?}");
    let owner = journal.metadata().map(|metadata| metadata.uid());
    assert!(matches!(owner, Ok(CALLER)), "{owner:?} {recorded:?}");
    for line in [
        &format!("{convert}new"),
        &format!("{convert}shadow --resume"),
        "serve temporary --journal new",
        "rehearse --journal new",
        "stage BUNDLE --trust-key key.pem --call-manager 192.0.2.77 --to new",
        "provision office.toml --to new",
        "report temporary/run.jsonl --format csv --to new",
        "report temporary/run.jsonl --format csv --to shadow",
        "man --to new",
    ] {
        let output = site.command(line).output().unwrap();
        assert_denied(&output, line);
        assert!(!site.path("new").exists(), "{line}");
    }
    assert_eq!(fs::read_to_string(site.path("shadow")).unwrap(), SECRET);
    let report = "report temporary/run.jsonl --format csv --to temporary/report.csv";
    let output = site.command(report).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let owner = site.path("temporary/report.csv").metadata().unwrap().uid();
    assert_eq!(owner, CALLER);
}

#[test]
#[ignore = "needs root (another user) and setpriv"]
fn a_set_user_id_program_opens_files_as_the_user_who_started_it() {
    require_program("setpriv");
    let site = Site::new();
    for (line, name) in [
        ("verify shadow", "shadow"),
        (
            "convert BUNDLE --trust-key key.pem --inventory shadow.toml",
            "inventory",
        ),
    ] {
        // The effective user stays root, as in a program whose file has the set-user-ID bit.
        let mut command = Command::new("setpriv");
        command.args([
            "--ruid",
            "65534",
            "--rgid",
            "65534",
            "--clear-groups",
            REFLASH,
        ]);
        site.prepare(&mut command, line);
        // Such a caller chooses the environment.
        command.env("SUDO_UID", "0").env("SUDO_GID", "0");
        assert_denied(&command.output().unwrap(), name);
    }
}

#[test]
#[ignore = "needs root (the ids of sudo)"]
fn the_user_who_called_sudo_cannot_name_another_user() {
    let site = Site::new();
    for name in ["root", "daemon"] {
        let line = format!("convert BUNDLE --trust-key key.pem --no-check --user {name}");
        let output = site.command(&line).output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{words}");
        let expected = format!("--user {name} is not possible for nobody");
        assert!(words.contains(&expected), "{words}");
    }
}

#[test]
#[ignore = "needs root (network namespaces)"]
fn firewall_programs_are_not_searched_in_the_path_of_the_user_who_called_sudo() {
    let site = Site::new();
    let lab = TwoHosts::build("path");
    let marker = site.path("temporary/ran-as-root");
    for name in ["nft", "iptables-save", "ufw", "firewall-cmd"] {
        let program = site.path("temporary").join(name);
        let script = format!("#!/bin/sh\nid -u >> {}\n", marker.display());
        fs::write(&program, script).unwrap();
        set_mode(&program, 0o755);
    }
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", site.path("temporary").display());
    let output = lab
        .on_server("env")
        .args(["SUDO_UID=65534", "SUDO_GID=65534", &format!("PATH={path}")])
        .args([REFLASH, "check", "--json", "--interface", "eth0"])
        .output()
        .unwrap();
    assert!(output.stdout.starts_with(b"{"), "{output:?}");
    assert!(!marker.exists(), "{:?}", fs::read_to_string(&marker));
}

/// What this program could have changed on a machine.
fn state_of(lab: &TwoHosts) -> Vec<String> {
    let kept = [
        "ip -4 address",
        "ip -d link show eth0",
        "ip -4 route show table all",
        "ip rule",
        "ip neighbour show nud permanent",
        "nft list ruleset",
        "sysctl net.ipv4.ip_forward net.ipv4.conf net.ipv4.ip_unprivileged_port_start",
    ];
    kept.map(|line| {
        let mut words = line.split(' ');
        let output = lab
            .on_server(words.next().unwrap())
            .args(words)
            .output()
            .unwrap();
        assert!(output.status.success(), "{line}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    })
    .to_vec()
}

/// The probe of the DHCP server takes 6 s.
#[test]
#[ignore = "needs root (network namespaces), nft and sysctl"]
fn kill_9_leaves_the_machine_as_it_was() {
    require_program("nft");
    require_program("sysctl");
    let site = Site::new();
    let lab = TwoHosts::build("kill");
    let before = state_of(&lab);
    let mut command = lab.on_server(REFLASH);
    command.args(["convert", "cmterm-7945_7965-sip.9-3-1SR4-1.zip"]);
    command.args(["--trust-key", "key.pem", "--json", "--interface", "eth0"]);
    command.args(["--dhcp", "isolated"]);
    command.current_dir(site.folder.path());
    command.env("TMPDIR", site.path("temporary"));
    let mut server = Running::start(&mut command);
    server.kind("started");
    server.signal("KILL");
    server.end();
    assert_eq!(state_of(&lab), before);
    let left: Vec<_> = fs::read_dir(site.path("temporary"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    let [root] = left.as_slice() else {
        panic!("{left:?}");
    };
    let mode = Path::new(root).metadata().unwrap().mode();
    assert_eq!(
        mode & 0o777,
        0o700,
        "private until the next start removes it"
    );
}
