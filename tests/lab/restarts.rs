//! Phones that register by SCCP, each in a namespace with its own MAC, and `convert --restart`. The
//! phones keep the evidence of what they were sent.
//!
//! Slow because two orders are 2 s apart, by rule.

use std::{
    collections::BTreeMap,
    process::{Child, Stdio},
};

use serde_json::Value;

use crate::support::{
    helper,
    lan::Lan,
    process::Running,
    synthetic::{self, KEY, set_mode},
};

const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");
const SERVER: &str = "10.78.0.1";
/// How long phones play: 24 of them are ordered 2 s apart, with two pauses for a conversion.
const SECONDS: u32 = 90;
const TARGET: &str = "SIP45.9-3-1SR4-1S";

/// How many phones do what. A number is the length of the Register.
const SCRIPTS: [(usize, &str); 17] = [
    (5, "124"),
    (3, "172 split"),
    (2, "44"),
    (3, "64 split"),
    (3, "68"),
    (3, "124 xml"),
    (2, "20"),
    (2, "124 late"),
    (1, "172 late split"),
    (2, "124 never"),
    (3, "124 call"),
    (2, "124 signed"),
    (2, "124 already"),
    (3, "124 unlisted"),
    (2, "124 standby"),
    (1, "124 spoofs"),
    (1, "64 late xml"),
];

/// What keeps a phone from being restarted, or from obeying.
const NOT_CONVERTED: [&str; 7] = [
    "never", "call", "signed", "already", "unlisted", "standby", "spoofs",
];

/// One phone: its number and what it does.
struct ScriptedPhone {
    number: usize,
    script: &'static str,
}

impl ScriptedPhone {
    fn host(&self) -> String {
        format!("p{}", self.number)
    }

    fn address(&self) -> String {
        format!("10.78.0.{}", 100 + self.number)
    }

    fn mac(&self) -> String {
        format!("001d45aabb{:02x}", self.number)
    }

    fn does(&self, what: &str) -> bool {
        self.script.split(' ').any(|word| word == what)
    }

    /// Whether what it found and what the report says of it are as they must be.
    fn ends_right(&self, found: &Value, view: Option<&Value>) -> bool {
        let obeys = NOT_CONVERTED.iter().all(|word| !self.does(word));
        // A Reset that is ignored is repeated once on its connection.
        let expected = match () {
            () if self.does("late") || self.does("never") => 2,
            () if obeys => 1,
            () => 0,
        };
        found["resets"].as_array().unwrap().len() == expected
            && (found["load"] == TARGET) == (obeys || self.does("already"))
            && view.is_none_or(|view| match () {
                () if obeys => view["restart"] == "back" && view["state"] == "confirmed",
                () if self.does("never") => view["restart"] == "ignored",
                () => view["restart"].is_null(),
            })
    }
}

fn phones(scripts: &[(usize, &'static str)]) -> Vec<ScriptedPhone> {
    let scripts = scripts
        .iter()
        .flat_map(|(count, script)| std::iter::repeat_n(*script, *count));
    let numbered = (1..).zip(scripts);
    numbered
        .map(|(number, script)| ScriptedPhone { number, script })
        .collect()
}

/// The server and a host for each phone, with the phone's MAC.
fn lan(name: &str, phones: &[ScriptedPhone]) -> Lan {
    let hosts: Vec<(String, String)> = phones
        .iter()
        .map(|phone| (phone.host(), format!("{}/16", phone.address())))
        .collect();
    let server = format!("{SERVER}/16");
    let mut all = vec![("server", Some(server.as_str()))];
    all.extend(
        hosts
            .iter()
            .map(|(host, address)| (host.as_str(), Some(address.as_str()))),
    );
    let lan = Lan::build(name, &all);
    set_mode(lan.folder.path(), 0o755);
    for phone in phones {
        let mac = phone.mac();
        let mac: Vec<&str> = (0..6).map(|byte| &mac[2 * byte..2 * byte + 2]).collect();
        let mac = mac.join(":");
        lan.ip(&phone.host(), &["link", "set", "eth0", "address", &mac]);
    }
    lan
}

fn start(lan: &Lan, phone: &ScriptedPhone, mac: &str, seconds: u32) -> Child {
    let mut command = lan.on(&phone.host(), helper());
    command
        .args(["sccp-phone", &phone.address(), &format!("{SERVER}:69"), mac])
        .arg(seconds.to_string())
        .args(phone.script.split(' '))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
    command.spawn().unwrap()
}

fn evidence(child: Child) -> Value {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The phones of the report by MAC.
fn by_mac(report: &Value) -> BTreeMap<&str, &Value> {
    let phones = report["phones"].as_array().unwrap().iter();
    phones
        .filter_map(|phone| Some((phone["mac"].as_str()?, phone)))
        .collect()
}

#[test]
#[ignore = "needs root (network namespaces)"]
fn forty_phones_are_restarted_in_waves_and_none_against_the_rules() {
    let phones = phones(&SCRIPTS);
    assert_eq!(phones.len(), 40);
    let lan = lan("restarts", &phones);
    let bundle = synthetic::bundle(lan.folder.path());
    let is_listed = |phone: &&ScriptedPhone| !phone.does("unlisted") && !phone.does("spoofs");
    let listed: Vec<String> = phones
        .iter()
        .filter(is_listed)
        .map(ScriptedPhone::mac)
        .collect();
    let mut command = lan.on("server", REFLASH);
    command
        .arg("convert")
        .arg(&bundle)
        .args([
            "--trust-key",
            KEY,
            "--interface",
            "eth0",
            "--json",
            "--dhcp",
            "isolated",
        ])
        .args(["--only", &listed.join(","), "--restart", "--yes"]);
    let mut run = Running::start(&mut command);
    run.kind("started");
    let standby = phones.iter().find(|phone| phone.does("standby")).unwrap();
    let children: Vec<Child> = phones
        .iter()
        .map(|phone| {
            let named = if phone.does("spoofs") {
                standby.mac()
            } else {
                phone.mac()
            };
            start(&lan, phone, &named, SECONDS)
        })
        .collect();
    let found: Vec<Value> = children.into_iter().map(evidence).collect();
    run.signal("INT");
    let report = run.kind("finished")["report"].clone();
    run.end();
    let reported = by_mac(&report);
    let mut wrong = Vec::new();
    for (phone, found) in phones.iter().zip(&found) {
        let view = reported.get(phone.mac().as_str()).copied();
        let is_right = phone.ends_right(found, view);
        if !is_right {
            wrong.push(format!(
                "{} {}: {found}\n  {view:#?}",
                phone.number, phone.script
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let withheld = |word: &str| -> Vec<&Value> {
        let phones = phones.iter().filter(|phone| phone.does(word));
        phones
            .map(|phone| &reported[phone.mac().as_str()]["restart_withheld"])
            .collect()
    };
    assert_eq!(withheld("call"), ["in-call"; 3]);
    assert_eq!(withheld("signed"), ["trust-list"; 2]);
    assert_eq!(withheld("already"), ["converted"; 2]);
    assert_eq!(withheld("unlisted"), ["not-listed"; 3]);
    let xml = phones
        .iter()
        .find(|phone| phone.script == "124 xml")
        .unwrap();
    let xml = reported[xml.mac().as_str()];
    assert_eq!(xml["switch"], "switch-1");
    // The pilot alone, then five.
    let wave = |number: u64| {
        reported
            .values()
            .filter(|it| it["restart_wave"] == number)
            .count()
    };
    assert!(wave(1) <= 3, "{} pilots", wave(1));
    assert!(
        (1..=5).contains(&wave(2)),
        "{} phones in the second wave",
        wave(2)
    );
}
