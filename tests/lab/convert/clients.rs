//! Files fetched with other TFTP and HTTP clients, beside phones that convert.

use std::{fs, path::PathBuf, process::Command};

use serde_json::Value;

use super::{REFLASH, TftpClient, fetch_over_http, fetch_with_all, files};
use crate::support::{
    helper,
    namespaces::{CLIENT, PHONES, SERVER, TwoHosts},
    own_loopback,
    process::Running,
    require_program,
    synthetic::{self, bundle},
};

#[test]
#[ignore = "needs root (network namespaces), atftp, busybox, curl and tftp"]
fn phones_convert_by_both_routes_while_other_clients_fetch_every_file() {
    let lab = TwoHosts::build("convert");
    let folder = tempfile::tempdir().unwrap();
    let bundle = bundle(folder.path());
    let mut server = lab.on_server(REFLASH);
    server.arg("convert").arg(&bundle);
    server.args([
        "--trust-key",
        synthetic::KEY,
        "--json",
        "--expect",
        "2",
        "--timeout",
        "2m",
    ]);
    let mut server = Running::start(&mut server);
    let started = server.kind("started");
    assert_eq!(started["tftp"], format!("{SERVER}:69"));
    assert_eq!(started["http"], format!("{SERVER}:6970"));
    let root = PathBuf::from(started["root"].as_str().unwrap());
    assert!(root.is_dir());

    let mut wanted = files();
    let generated = fs::read(root.join("target").join("XMLDefault.cnf.xml")).unwrap();
    wanted.insert("XMLDefault.cnf.xml".to_owned(), generated);
    for (name, bytes) in &wanted {
        for (client, path) in fetch_with_all(&lab, name, folder.path()) {
            assert!(
                fs::read(path).unwrap() == *bytes,
                "{client} got other bytes of {name}"
            );
        }
    }
    // The last one: the report has the newest files of a client.
    let over_http = fetch_over_http(&lab, "XMLDefault.cnf.xml");
    assert!(over_http == wanted["XMLDefault.cnf.xml"]);

    let phones = lab
        .on_phones(helper())
        .args(["simulated-phones", &format!("{SERVER}:69"), "mixed"])
        .args(&PHONES[..2])
        .output()
        .unwrap();
    assert!(phones.status.success(), "{phones:?}");
    let files = files();
    let holding = String::from_utf8(phones.stdout).unwrap();
    assert_eq!(holding.lines().count(), 2, "{holding}");
    for phone in holding.lines() {
        let (load, images) = phone.split_once(' ').unwrap();
        assert_eq!(load, "SIP45.9-3-1SR4-1S");
        let images: Vec<&str> = images.split(' ').collect();
        assert_eq!(images.len(), 5, "{phone}");
        assert!(images.iter().all(|image| files.contains_key(*image)));
    }

    let report = server.kind("finished")["report"].clone();
    assert_eq!(server.end(), Some(0));
    let phones = report["phones"].as_array().unwrap();
    let clients = report["others"].as_array().unwrap();
    assert_eq!((phones.len(), clients.len()), (2, 1), "{report:#}");
    for phone in phones {
        assert!(
            ["confirmed", "flashed"].contains(&phone["state"].as_str().unwrap()),
            "{phone:#}"
        );
        assert_eq!(phone["to"], "SIP45.9-3-1SR4-1S");
    }
    assert!(
        phones.iter().any(|phone| phone["pass"] == 2),
        "one phone recovers first and then requests its load by name"
    );
    assert_eq!(clients[0]["address"], CLIENT);
    let over_http: Vec<_> = clients[0]["files"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|file| file["transport"] == "http")
        .map(|file| (file["name"].as_str(), file["outcome"].as_str()))
        .collect();
    assert_eq!(over_http, [(Some("XMLDefault.cnf.xml"), Some("delivered"))]);
    assert!(!root.exists(), "the root folder is removed");
}

/// The rules that the README prints for a firewall that drops by default.
fn rules_of_readme() -> Vec<String> {
    let readme = include_str!("../../../README.md");
    let (_, section) = readme.split_once("### `blocked-by-firewall`").unwrap();
    let (_, code) = section.split_once("```\n").unwrap();
    let (code, _) = code.split_once("```").unwrap();
    code.lines().map(ToOwned::to_owned).collect()
}

/// Each `check` waits 6 s for DHCP servers.
#[test]
#[ignore = "needs root (network namespaces), curl and nft"]
fn a_firewall_that_drops_by_default_needs_the_rules_of_the_readme_and_no_more() {
    require_program("nft");
    let lab = TwoHosts::build("deny");
    let folder = tempfile::tempdir().unwrap();
    let bundle = bundle(folder.path());
    let nft = |line: &str| {
        let output = lab.on_server("sh").args(["-c", line]).output().unwrap();
        assert!(output.status.success(), "{line}: {output:?}");
    };
    let blocked = || {
        let output = lab
            .on_server(REFLASH)
            .args(["check", "--json", "--interface", "eth0"])
            .output()
            .unwrap();
        let checked: Value = serde_json::from_slice(&output.stdout).unwrap();
        let findings = checked["findings"].as_array().unwrap().iter();
        findings
            .filter(|finding| finding["code"] == "blocked-by-firewall")
            .map(|finding| finding["message"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let rules = rules_of_readme();
    assert_eq!(rules.len(), 3, "{rules:#?}");
    nft("nft add table inet filter");
    nft("nft add chain inet filter input '{ type filter hook input priority 0; policy drop; }'");
    // Port 69 alone is not enough: no acknowledgement arrives.
    nft(rules.iter().find(|rule| rule.contains("dport 69")).unwrap());
    let found = blocked();
    let [transfers, http] = found.as_slice() else {
        panic!("{found:#?}");
    };
    assert!(
        transfers.contains("blocks the acknowledgements of transfers"),
        "{transfers}"
    );
    assert!(http.contains("TCP port 6970"), "{http}");

    nft("nft flush chain inet filter input");
    for rule in &rules {
        nft(rule);
    }
    assert_eq!(blocked(), [""; 0]);
    let mut server = lab.on_server(REFLASH);
    server.arg("convert").arg(&bundle);
    server.args(["--trust-key", synthetic::KEY, "--json"]);
    server.args(["--expect", "2", "--timeout", "1m"]);
    let mut server = Running::start(&mut server);
    server.kind("started");
    assert!(!fetch_over_http(&lab, "XMLDefault.cnf.xml").is_empty());
    let phones = lab
        .on_phones(helper())
        .args(["simulated-phones", &format!("{SERVER}:69"), "mixed"])
        .args(&PHONES[..2])
        .output()
        .unwrap();
    assert!(phones.status.success(), "{phones:?}");
    let report = server.kind("finished")["report"].clone();
    assert_eq!(server.end(), Some(0), "{report:#}");
    let phones = report["phones"].as_array().unwrap();
    assert!(
        phones
            .iter()
            .all(|phone| phone["to"] == "SIP45.9-3-1SR4-1S")
    );
}

/// They look as behind a router that translates addresses: one address, and other ports than they chose. Requests
/// for images name no phone, so the report cannot say which of them has which image.
#[test]
fn sixteen_phones_behind_one_address_convert_with_default_flags() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = bundle(folder.path());
    let mut server = Command::new(REFLASH);
    server.arg("convert").arg(&bundle);
    server.args(["--trust-key", synthetic::KEY, "--json"]);
    server.args(["--listen", &own_loopback().to_string()]);
    server.args(["--tftp-port", "0", "--http-port", "0", "--sip-port", "0"]);
    server.args(["--sccp-port", "0", "--journal"]);
    server.arg(folder.path().join("journal.jsonl"));
    let mut server = Running::start(&mut server);
    let started = server.kind("started");
    let address = own_loopback().to_string();
    let phones = Command::new(helper())
        .args(["simulated-phones", started["tftp"].as_str().unwrap()])
        .arg("recovery")
        .args([address.as_str(); 16])
        .output()
        .unwrap();
    assert!(phones.status.success(), "{phones:?}");
    let holding = String::from_utf8(phones.stdout).unwrap();
    assert_eq!(holding.lines().count(), 16, "{holding}");
    for phone in holding.lines() {
        let words: Vec<&str> = phone.split(' ').collect();
        // The name of the load before and after a second pass by name: the same images.
        assert!(
            ["term65.default", "SIP45.9-3-1SR4-1S"].contains(&words[0]),
            "{phone}"
        );
        assert_eq!(words.len(), 6, "{phone}");
    }
    server.signal("INT");
    server.signal("INT");
    let report = server.kind("finished")["report"].clone();
    let phones = report["phones"].as_array().unwrap();
    // A request that names another MAC at the address of a phone that fetches is disputed.
    assert!((1..=16).contains(&phones.len()), "{report:#}");
    assert!(phones.iter().all(|phone| phone["state"] != "failed"));
}

#[test]
fn a_name_that_is_absent_over_http_and_tftp_is_one_request() {
    let folder = tempfile::tempdir().unwrap();
    let port = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap().port()
    };
    let mut command = Command::new(REFLASH);
    command.arg("serve").arg(folder.path()).arg("--json");
    command.args(["--listen", "127.0.0.1", "--tftp-port", "0"]);
    command.args(["--http-port", &port.to_string()]);
    let mut server = Running::start(&mut command);
    let started = server.kind("started");
    assert_eq!(started["http"], format!("127.0.0.1:{port}"));
    let mut http = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    let name = "CTLSEP001122334455.tlv";
    std::io::Write::write_all(
        &mut http,
        format!("GET /{name} HTTP/1.0\r\n\r\n").as_bytes(),
    )
    .unwrap();
    let mut response = String::new();
    std::io::Read::read_to_string(&mut http, &mut response).unwrap();
    assert!(response.starts_with("HTTP/1.0 404 "), "{response}");
    let phone = TftpClient::at([127, 0, 0, 1], &started["tftp"]);
    phone.request(name);
    assert_eq!(phone.receive().0, 5);
    server.signal("INT");
    let report = server.kind("finished")["report"].clone();
    let files = report["phones"][0]["files"].as_array().unwrap();
    assert_eq!(files.len(), 1, "{report:#}");
    assert_eq!(files[0]["transport"], "tftp");
    assert_eq!(server.end(), Some(130));
}
