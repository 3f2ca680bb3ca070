//! `watch` lists the phones that announce themselves.

use std::process::Command;

use serde_json::Value;

use super::{LAST, PHONE, REFLASH, TARGET, cdp, lldp, send};
use crate::support::{
    namespaces::{PHONES, TwoHosts},
    process::Running,
};

#[test]
#[ignore = "needs root (network namespaces)"]
fn watch_lists_the_phones_that_announce_themselves() {
    let lab = TwoHosts::build("watch");
    let folder = tempfile::tempdir().unwrap();
    let mut command = lab.on_server(REFLASH);
    command.args(["watch", "--interface", "eth0", "--json"]);
    let mut watch = Running::start(&mut command);
    let frames = [
        cdp(PHONE, PHONES[0], TARGET),
        lldp(LAST, PHONES[1], "SCCP45.8-5-2S"),
    ];
    let _sender = send(&lab, folder.path(), &frames, true);
    let line = watch.wait_for(|line| line["mac"] == PHONE);
    for (key, value) in [
        ("kind", "phone"),
        ("change", "new"),
        ("address", PHONES[0]),
        ("model", "7965"),
        ("load", TARGET),
        ("protocol", "SIP"),
        ("port", "Port 1"),
        ("witness", "cdp"),
        ("interface", "eth0"),
    ] {
        assert_eq!(line[key], value, "{key} of {line}");
    }
    assert_eq!(
        (&line["vlan"], &line["power"]),
        (&Value::Null, &12_000.into())
    );
    let line = watch.wait_for(|line| line["mac"] == LAST);
    assert_eq!(line["protocol"], "SCCP");
    assert_eq!(line["port"], "Port 1");
    assert_eq!(line["vlan"], 10);
    assert_eq!(line["witness"], "lldp");
    watch.signal("INT");
    assert_eq!(watch.end(), Some(130));
}

#[test]
#[ignore = "needs root (network namespaces)"]
fn watch_marks_a_phone_in_whose_name_another_host_sends_frames() {
    let lab = TwoHosts::build("disputed");
    let folder = tempfile::tempdir().unwrap();
    let mut command = lab.on_server(REFLASH);
    command.args(["watch", "--interface", "eth0", "--json"]);
    let mut watch = Running::start(&mut command);
    let mut forged = cdp(PHONE, PHONES[0], TARGET);
    forged[6..12].copy_from_slice(&[2, 0, 0, 0, 0, 0x66]);
    let own = cdp(PHONE, PHONES[0], "SCCP45.8-5-2S");
    let first = send(&lab, folder.path(), &[forged.clone()], true);
    let line = watch.wait_for(|line| line["mac"] == PHONE);
    assert_eq!(line["only_disputed"], true, "{line}");
    assert_eq!(line["disputed"], "020000000066");
    drop(first);
    let _sender = send(&lab, folder.path(), &[own, forged], true);
    let line = watch.wait_for(|line| line["mac"] == PHONE && line["only_disputed"].is_null());
    assert_eq!(line["load"], "SCCP45.8-5-2S", "{line}");
    assert_eq!(line["disputed"], "020000000066");
    let loads = watch.seen.iter().filter(|line| line["load"] == TARGET);
    assert_eq!(loads.count(), 1, "only before the phone reported itself");
    watch.signal("INT");
    assert_eq!(watch.end(), Some(130));
}

#[test]
#[ignore = "needs root (network namespaces)"]
fn watch_prints_changes_as_text_and_ends_with_a_table() {
    let lab = TwoHosts::build("list");
    let folder = tempfile::tempdir().unwrap();
    // Without --interface it selects the interface.
    let mut watch = Running::start(lab.on_server(REFLASH).arg("watch"));
    let frame = cdp(PHONE, PHONES[0], TARGET);
    let sender = send(&lab, folder.path(), &[frame], true);
    let has = |line: &Value, words: &str| line.as_str().is_some_and(|line| line.contains(words));
    watch.wait_for(|line| has(line, "listening on eth0"));
    watch.wait_for(|line| {
        has(
            line,
            "SEP025245480000 (7965) at 192.0.2.101: runs SIP45.9-3-1SR4-1S, Port 1",
        )
    });
    drop(sender);
    watch.signal("INT");
    watch.wait_for(|line| has(line, "MAC "));
    watch.wait_for(|line| has(line, "025245480000 192.0.2.101"));
    watch.wait_for(|line| has(line, "1 phone: 1 run SIP"));
    assert_eq!(watch.end(), Some(130));
}

#[test]
#[ignore = "needs root (network namespaces)"]
fn capture_continues_after_the_interface_was_down() {
    let lab = TwoHosts::build("updown");
    let folder = tempfile::tempdir().unwrap();
    let mut command = lab.on_server(REFLASH);
    command.args(["watch", "--interface", "eth0", "--json"]);
    let mut watch = Running::start(&mut command);
    let sender = send(
        &lab,
        folder.path(),
        &[cdp(PHONE, PHONES[0], "SCCP45.8-5-2S")],
        true,
    );
    watch.wait_for(|line| line["mac"] == PHONE);
    drop(sender);
    for state in ["down", "up"] {
        let mut ip = lab.on_server("ip");
        let status = ip.args(["link", "set", "eth0", state]).status().unwrap();
        assert!(status.success());
    }
    lab.wait_for_carrier();
    let _sender = send(&lab, folder.path(), &[cdp(PHONE, PHONES[0], TARGET)], true);
    let line = watch.wait_for(|line| line["load"] == TARGET);
    assert_eq!(line["change"], "changed");
    watch.signal("TERM");
    assert_eq!(watch.end(), Some(143));
}

#[test]
fn watch_reports_an_unknown_interface() {
    let output = Command::new(REFLASH)
        .args(["watch", "--interface", "nothing7"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.contains("no network interface 'nothing7'"), "{words}");
}
