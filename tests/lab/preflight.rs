//! `check` and the DHCP server of this program, on networks with other DHCP servers and clients,
//! firewalls, and programs that use its ports.

mod dhcp_servers;
mod during_run;
mod hostile_dhcp;
mod leases;
mod machine;
mod own_dhcp_server;

use std::fs;

use reflash::preflight;
use serde_json::Value;

use crate::support::lan::Lan;

const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");

const SERVER: &str = "192.0.2.10";

/// A LAN with this machine (`server`) and a router that serves DHCP.
fn lan(name: &str) -> Lan {
    Lan::build(
        name,
        &[
            ("server", Some("192.0.2.10/24")),
            ("router", Some("192.0.2.1/24")),
            ("other", Some("192.0.2.2/24")),
        ],
    )
}

/// `check --json` on the server: the exit code and the findings.
fn check(lan: &Lan, arguments: &[&str]) -> (Option<i32>, Vec<Value>) {
    let all = [&["check", "--json"], arguments].concat();
    let output = lan.run("server", REFLASH, &all);
    let text = String::from_utf8(output.stdout).unwrap();
    let document: Value = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{error}: {text} {:?}", output.stderr));
    let findings = document["findings"].as_array().unwrap().clone();
    for finding in &findings {
        let code = finding["code"].as_str().unwrap();
        assert!(preflight::code::ALL.contains(&code), "{code}");
    }
    (output.status.code(), findings)
}

fn codes<'a>(findings: &'a [Value], severity: &str) -> Vec<&'a str> {
    findings
        .iter()
        .filter(|finding| finding["severity"] == severity)
        .map(|finding| finding["code"].as_str().unwrap())
        .collect()
}

fn message<'a>(findings: &'a [Value], code: &str) -> &'a str {
    findings
        .iter()
        .find(|finding| finding["code"] == code)
        .unwrap_or_else(|| panic!("no {code} in {findings:#?}"))["message"]
        .as_str()
        .unwrap()
}

/// dnsmasq as a DHCP server on a host.
fn dnsmasq(lan: &mut Lan, host: &str, options: &[&str]) {
    let leases = lan.folder.path().join(format!("{host}.leases"));
    let mut command = lan.on(host, "dnsmasq");
    command
        .args(["--keep-in-foreground", "--port=0", "--conf-file=/dev/null"])
        .args(["--log-facility=-", "--log-dhcp", "--no-ping", "--user=root"])
        .args([
            "--dhcp-range=192.0.2.100,192.0.2.150,10m",
            "--interface=eth0",
        ])
        .args(["--bind-interfaces", "--dhcp-authoritative", "--pid-file"])
        .arg(format!("--dhcp-leasefile={}", leases.display()))
        .args(options);
    lan.start(command, "sockets bound exclusively to interface eth0");
}

/// ISC dhcpd on a host.
fn dhcpd(lan: &mut Lan, host: &str, options: &str) {
    let folder = lan.folder.path().to_owned();
    let conf = folder.join(format!("{host}.conf"));
    let leases = folder.join(format!("{host}.isc-leases"));
    fs::write(&leases, "").unwrap();
    fs::write(
        &conf,
        format!(
            "authoritative; ddns-update-style none;\n\
             option tftp150 code 150 = array of ip-address;\n{options}\n\
             subnet 192.0.2.0 netmask 255.255.255.0 {{ range 192.0.2.200 192.0.2.220; }}\n"
        ),
    )
    .unwrap();
    let mut command = lan.on(host, "dhcpd");
    command
        .args(["-4", "-f", "-d", "--no-pid", "-cf"])
        .arg(&conf);
    command.arg("-lf").arg(&leases).arg("eth0");
    lan.start(command, "Server starting service");
}
