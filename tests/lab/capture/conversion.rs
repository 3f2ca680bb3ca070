//! Announcements on the wire that confirm conversions and plan them.

use std::fs;

use serde_json::Value;

use super::{LAST, PHONE, REFLASH, TARGET, cdp, convert, end, is_step, lldp, play, send};
use crate::support::{
    namespaces::{CLIENT, PHONES, SERVER, TwoHosts},
    process::Running,
    require_program,
    synthetic::{KEY, bundle, set_mode},
};

fn sources(phone: &Value) -> Vec<&str> {
    let evidence = phone["evidence"].as_array().unwrap().iter();
    evidence
        .map(|one| one["witness"].as_str().unwrap())
        .collect()
}

#[test]
#[ignore = "needs root (network namespaces)"]
fn a_converted_phone_is_confirmed_by_what_it_announces() {
    let lab = TwoHosts::build("cdp");
    let folder = tempfile::tempdir().unwrap();
    let mut server = convert(&lab, folder.path());
    play(&lab);
    server.wait_for(|line| is_step(line, PHONE, "flashed"));
    // The boot loader's name, then the load.
    let frames = ["79XX_default_load", TARGET].map(|load| cdp(PHONE, PHONES[0], load));
    send(&lab, folder.path(), &frames, false);
    let step = server.wait_for(|line| is_step(line, PHONE, "confirmed"));
    assert_eq!(step["evidence"]["witness"], "cdp", "{step:#}");
    let phone = end(server);
    assert_eq!(phone["state"], "confirmed");
    assert_eq!(phone["to"], TARGET);
    assert!(sources(&phone).contains(&"cdp"), "{phone:#}");
}

#[test]
#[ignore = "needs root (network namespaces)"]
fn a_phone_that_announces_another_load_is_not_confirmed_and_lldp_confirms_it_later() {
    let lab = TwoHosts::build("lldp");
    let folder = tempfile::tempdir().unwrap();
    let mut server = convert(&lab, folder.path());
    play(&lab);
    server.wait_for(|line| is_step(line, PHONE, "flashed"));
    let old = "SCCP45.8-5-2S";
    let frames = [cdp(PHONE, PHONES[0], old), cdp(LAST, CLIENT, old)];
    send(&lab, folder.path(), &frames, false);
    server.wait_for(|line| line["phone"]["mac"] == LAST);
    assert!(
        !server
            .seen
            .iter()
            .any(|line| is_step(line, PHONE, "confirmed")),
        "{:#?}",
        server.seen
    );
    let names_old_load =
        |line: &Value| line["phone"]["mac"] == PHONE && line.to_string().contains(old);
    assert!(server.seen.iter().any(names_old_load), "{:#?}", server.seen);
    send(
        &lab,
        folder.path(),
        &[lldp(PHONE, PHONES[0], TARGET)],
        false,
    );
    server.wait_for(|line| is_step(line, PHONE, "confirmed"));
    let phone = end(server);
    assert!(sources(&phone).contains(&"lldp"), "{phone:#}");
}

#[test]
#[ignore = "needs root (network namespaces), curl and setpriv"]
fn without_cap_net_raw_a_run_continues_and_watch_names_the_setcap_command() {
    require_program("setpriv");
    require_program("curl");
    let lab = TwoHosts::build("noraw");
    let folder = tempfile::tempdir().unwrap();
    let bundle = bundle(folder.path());
    let program = folder.path().join("reflash");
    fs::copy(REFLASH, &program).unwrap();
    set_mode(&program, 0o755);
    let key = folder.path().join("key.pem");
    fs::copy(KEY, &key).unwrap();
    set_mode(&key, 0o644);
    let as_nobody = || {
        let mut command = lab.on_server("setpriv");
        command
            .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
            .args(["--inh-caps=-all"])
            .arg(&program)
            .current_dir("/");
        command
    };
    let mut command = as_nobody();
    command.arg("convert").arg(bundle).arg("--trust-key");
    command.arg(key).args(["--tftp-port", "1069"]);
    let journal = tempfile::tempdir().unwrap();
    set_mode(journal.path(), 0o777);
    command.env("XDG_STATE_HOME", journal.path());
    let mut server = Running::start(&mut command);
    let has = |line: &Value, words: &str| line.as_str().is_some_and(|line| line.contains(words));
    server.wait_for(|line| has(line, "serving "));
    server.wait_for(|line| has(line, "CAP_NET_RAW"));
    server.wait_for(|line| has(line, "sudo setcap"));
    let fetched = lab
        .on_phones("curl")
        .args(["-sS", "--max-time", "20", "--tftp-no-options"])
        .arg(format!("tftp://{SERVER}:1069/XMLDefault.cnf.xml"))
        .output()
        .unwrap();
    assert!(fetched.status.success(), "{fetched:?}");
    assert!(String::from_utf8(fetched.stdout).unwrap().contains(TARGET));
    server.signal("INT");
    assert_eq!(server.end(), Some(130));

    let output = as_nobody().arg("watch").output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains("CAP_NET_RAW"), "{words}");
    assert!(words.contains("sudo setcap"), "{words}");
}

#[test]
#[ignore = "needs root (network namespaces)"]
fn an_announcement_during_a_survey_decides_the_plan_of_its_phone() {
    let lab = TwoHosts::build("survey");
    let folder = tempfile::tempdir().unwrap();
    let mut command = lab.on_server(REFLASH);
    command.arg("convert").arg(bundle(folder.path()));
    command.args(["--trust-key", KEY, "--json", "--no-check"]);
    let mut server = Running::start(command.args(["--survey", "5s"]));
    server.kind("started");
    let frames = [
        cdp(PHONE, PHONES[0], "SCCP45.8-3-2S"),
        lldp(LAST, PHONES[1], TARGET),
    ];
    send(&lab, folder.path(), &frames, false);
    // There is no bridge: the diagnosis comes before the end of the survey.
    let needed = server.kind("diagnosis");
    assert_eq!(needed["code"], "bridge-needed", "{needed:#}");
    assert_eq!(needed["phone"]["mac"], PHONE);
    assert!(needed["cure"].as_str().unwrap().contains("--bridge"));
    let survey = server.kind("survey");
    let plans: Vec<_> = survey["phones"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["phone"]["mac"].as_str(), one["plan"].as_str()))
        .collect();
    assert_eq!(
        plans,
        [
            (Some(PHONE), Some("bridge-needed")),
            (Some(LAST), Some("already"))
        ]
    );
    assert_eq!(end(server)["state"], "failed");
}

#[test]
#[ignore = "needs root (network namespaces)"]
fn the_journal_records_the_vlan_of_a_phone_and_the_network_of_the_run() {
    let lab = TwoHosts::build("vlan");
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("run.jsonl");
    let mut command = lab.on_server(REFLASH);
    command.arg("convert").arg(bundle(folder.path()));
    command.args(["--trust-key", KEY, "--json", "--no-check"]);
    let mut server = Running::start(command.arg("--journal").arg(&journal));
    server.kind("started");
    let frame = lldp(PHONE, "198.51.100.7", "SCCP45.8-5-2S");
    send(&lab, folder.path(), &[frame], false);
    server.wait_for(|line| line["evidence"]["witness"] == "lldp");
    let phone = end(server);
    assert_eq!(phone["address"], "198.51.100.7");
    let text = fs::read_to_string(journal).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let network = &lines[0]["plan"]["network"];
    assert_eq!(
        (&network["address"], &network["prefix"]),
        (&SERVER.into(), &24.into())
    );
    // The policy of the frame: voice, known, tagged, VLAN 10.
    let vlan = lines.iter().find_map(|line| line["observed"].get("vlan"));
    let vlan = vlan.unwrap_or_else(|| panic!("{text}"));
    assert_eq!(
        (&vlan["vlan"], &vlan["witness"]),
        (&10.into(), &"lldp".into())
    );
}
