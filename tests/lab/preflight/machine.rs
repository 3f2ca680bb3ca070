//! What `check` reports about this machine: ports, firewall, interfaces and privileges.

use std::fs;

use serde_json::Value;

use super::{REFLASH, check, codes, lan, message};
use crate::support::{lan::Lan, require_program};

#[test]
#[ignore = "needs root (network namespaces) and dnsmasq"]
fn the_process_that_uses_a_port_is_named() {
    require_program("dnsmasq");
    let mut lan = lan("ports");
    let mut command = lan.on("server", "dnsmasq");
    command
        .args(["--keep-in-foreground", "--port=0", "--conf-file=/dev/null"])
        .args(["--log-facility=-", "--user=root", "--pid-file"])
        .arg("--enable-tftp")
        .arg(format!("--tftp-root={}", lan.folder.path().display()));
    lan.start(command, "TFTP root is");
    let (code, findings) = check(&lan, &["--dhcp", "isolated"]);
    assert_eq!(code, Some(1));
    assert_eq!(codes(&findings, "error"), ["port-busy"], "{findings:#?}");
    assert!(
        findings[0]["message"]
            .as_str()
            .unwrap()
            .starts_with("dnsmasq (process ")
    );
    let cure = findings[0]["cure"].as_str().unwrap();
    assert!(
        cure.contains("sudo kill ") || cure.contains("systemctl stop "),
        "{cure}"
    );
}

#[test]
#[ignore = "needs root (network namespaces), iptables and nft"]
fn the_command_in_the_finding_opens_an_nft_or_iptables_firewall() {
    let lan = lan("walls");
    let rules = [
        ("nft", &["add", "table", "inet", "wall"][..]),
        (
            "nft",
            &[
                "add", "chain", "inet", "wall", "in", "{", "type", "filter", "hook", "input",
                "priority", "0", ";", "policy", "drop", ";", "}",
            ],
        ),
    ];
    require_program("nft");
    for (program, arguments) in rules {
        assert!(lan.run("server", program, arguments).status.success());
    }
    open_all(&lan);
    assert!(
        lan.run("server", "nft", &["flush", "ruleset"])
            .status
            .success()
    );
    require_program("iptables");
    let drop = lan.run("server", "iptables", &["-P", "INPUT", "DROP"]);
    assert!(drop.status.success(), "{drop:?}");
    open_all(&lan);
}

/// The firewall drops all packets; the command of each finding is run, and no finding is left. The
/// firewall drops the packets of the self-test too, which reports that.
fn open_all(lan: &Lan) {
    let (code, findings) = check(lan, &["--dhcp", "isolated"]);
    assert_eq!(code, Some(1));
    let blocked: Vec<&Value> = findings
        .iter()
        .filter(|finding| finding["code"] == "blocked-by-firewall")
        .collect();
    assert_eq!(blocked.len(), 4, "{findings:#?}");
    assert!(
        codes(&findings, "error").contains(&"self-test"),
        "{findings:#?}"
    );
    for finding in blocked {
        let cure = finding["cure"].as_str().unwrap();
        let line = cure.split_once("sudo ").unwrap().1;
        let pasted = lan.run("server", "sh", &["-c", line]);
        assert!(pasted.status.success(), "{line}: {pasted:?}");
    }
    let (_, findings) = check(lan, &["--dhcp", "isolated"]);
    let left = findings
        .iter()
        .filter(|finding| finding["code"] == "blocked-by-firewall");
    assert_eq!(left.count(), 0, "{findings:#?}");
}

#[test]
#[ignore = "needs root (network namespaces)"]
fn an_unusable_interface_is_reported_with_the_usable_ones() {
    let lan = Lan::build(
        "cards",
        &[("server", Some("192.0.2.10/24")), ("bare", None)],
    );
    let (code, findings) = check(&lan, &["--interface", "eth7"]);
    assert_eq!(code, Some(1));
    let message_text = message(&findings, "wrong-interface");
    assert!(message_text.contains("eth0 (192.0.2.10"), "{message_text}");
    lan.ip("switch", &["link", "set", "server", "down"]);
    wait_for_no_carrier(&lan);
    let (code, findings) = check(&lan, &["--interface", "eth0"]);
    assert_eq!(code, Some(1));
    assert!(message(&findings, "wrong-interface").contains("eth0 has no carrier"));
    let (code, findings) = check(&lan, &["--listen", "203.0.113.5"]);
    assert_eq!(code, Some(1));
    assert!(message(&findings, "wrong-interface").contains("203.0.113.5"));
}

/// A cable that was just unplugged takes the kernel a moment.
fn wait_for_no_carrier(lan: &Lan) {
    let carrier = || lan.run("server", "cat", &["/sys/class/net/eth0/carrier"]);
    for _ in 0..500 {
        if carrier().stdout == b"0\n" {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("the cable still carries");
}

#[test]
#[ignore = "needs root (network namespaces) and setpriv"]
fn without_privileges_the_skipped_checks_are_reported() {
    require_program("setpriv");
    let lan = lan("rights");
    let mut command = vec!["--reuid=65534", "--regid=65534", "--clear-groups"];
    command.extend(["--bounding-set=-all", "--inh-caps=-all", "sh", "-c"]);
    let copy = lan.folder.path().join("reflash");
    fs::copy(REFLASH, &copy).unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(lan.folder.path(), open).unwrap();
    let line = format!("exec {} check --json --interface eth0", copy.display());
    command.push(&line);
    let closed = "/proc/sys/net/ipv4/ip_unprivileged_port_start";
    lan.run("server", "sh", &["-c", &format!("echo 1024 > {closed}")]);
    let output = lan.run("server", "setpriv", &command);
    let document: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {output:?}"));
    assert_eq!(output.status.code(), Some(1));
    let findings = document["findings"].as_array().unwrap();
    assert_eq!(codes(findings, "error"), ["no-right"], "{findings:#?}");
    assert_eq!(codes(findings, "warning"), ["no-right"], "{findings:#?}");
}

#[test]
fn dhcp_router_without_our_dhcp_server_is_a_usage_error() {
    for verb in [&["check"][..], &["convert", "none.zip"]] {
        let output = std::process::Command::new(REFLASH)
            .args(verb)
            .args(["--dhcp-router", "192.0.2.1"])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{verb:?}: {output:?}");
    }
}
