//! `check` and our own DHCP server against other people's DHCP servers and clients, firewalls and
//! port holders, each in network namespaces of the test's own.

mod during_run;
mod leases;
mod own_dhcp_server;

use std::fs;

use reflash::{dhcp::ServerKind, preflight};
use serde_json::Value;

use crate::support::{lan::Lan, require_program};

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

#[test]
#[ignore = "needs root (network namespaces) and dnsmasq"]
fn a_dhcp_server_that_names_this_machine_stops_nothing() {
    require_program("dnsmasq");
    let mut lan = lan("right");
    let here = format!("--dhcp-option=150,{SERVER}");
    dnsmasq(
        &mut lan,
        "router",
        &[&here, "--dhcp-option=66,\"192.0.2.10\""],
    );
    let (code, findings) = check(&lan, &[]);
    assert_eq!(code, Some(0), "{findings:#?}");
    assert_eq!(codes(&findings, "error"), [""; 0]);
    assert!(
        message(&findings, "dhcp").contains("192.0.2.1 announces this machine"),
        "{findings:#?}"
    );
    assert!(message(&findings, "self-test").contains("192.0.2.10, UDP port 69"));
    let leases = fs::read_to_string(lan.folder.path().join("router.leases")).unwrap_or_default();
    assert_eq!(leases.trim(), "", "no address was taken");
    let (code, findings) = check(&lan, &["--dhcp", "isolated"]);
    assert_eq!(code, Some(1));
    assert!(
        codes(&findings, "error").contains(&"second-dhcp"),
        "{findings:#?}"
    );
}

#[test]
#[ignore = "needs root (network namespaces) and dnsmasq"]
fn a_dhcp_server_without_option_150_is_named_with_the_lines_for_it() {
    require_program("dnsmasq");
    let mut lan = lan("no150");
    dnsmasq(&mut lan, "router", &[]);
    let (code, findings) = check(&lan, &[]);
    assert_eq!(code, Some(1));
    let said = message(&findings, "no-tftp-address");
    assert!(
        said.contains("192.0.2.1 offers an address but no TFTP server"),
        "{said}"
    );
    let cure = findings[0]["cure"].as_str().unwrap();
    for line in [
        "dhcp-option=150,192.0.2.10",
        "option 150 ip 192.0.2.10",
        "MultiValued",
    ] {
        assert!(cure.contains(line), "{cure}");
    }
    // For people the cure is short, and keeps to the width of a terminal.
    let output = lan.run("server", REFLASH, &["check"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("reflash check --paste KIND"), "{text}");
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    assert!(text.ends_with("see the errors above.\n"), "{text}");
    // The pasted lines make it right: the proof is the server itself.
    let pasted = lan.run("server", REFLASH, &["check", "--paste", "dnsmasq"]);
    assert!(pasted.status.success());
    let conf = lan.folder.path().join("pasted.conf");
    fs::write(&conf, &pasted.stdout).unwrap();
    let conf = format!("--conf-file={}", conf.display());
    drop(lan);
    let mut lan = self::lan("pasted");
    let path = lan.folder.path().join("pasted.conf");
    fs::write(&path, &pasted.stdout).unwrap();
    let conf = conf.replace(
        conf.trim_start_matches("--conf-file="),
        &path.display().to_string(),
    );
    dnsmasq(&mut lan, "router", &[&conf]);
    let (code, findings) = check(&lan, &[]);
    assert_eq!(code, Some(0), "{findings:#?}");
}

#[test]
#[ignore = "needs root (network namespaces) and dhcpd"]
fn a_dhcp_server_that_names_another_is_found() {
    require_program("dhcpd");
    let mut lan = lan("wrong");
    dhcpd(&mut lan, "router", "option tftp150 192.0.2.66;");
    let (code, findings) = check(&lan, &[]);
    assert_eq!(code, Some(1));
    let said = message(&findings, "no-tftp-address");
    assert!(
        said.contains("192.0.2.1 sends phones to 192.0.2.66"),
        "{said}"
    );
}

#[test]
#[ignore = "needs root (network namespaces) and dhcpd"]
fn the_lines_for_dhcpd_are_dhcpds() {
    require_program("dhcpd");
    let mut lan = lan("isc");
    let pasted = lan.run("server", REFLASH, &["check", "--paste", "isc"]);
    let lines = String::from_utf8(pasted.stdout).unwrap();
    // The definition stands in the test's own file already.
    let lines = lines.replace("option tftp150 code 150 = array of ip-address;\n", "");
    dhcpd(&mut lan, "router", &lines);
    let (code, findings) = check(&lan, &[]);
    assert_eq!(code, Some(0), "{findings:#?}");
    assert!(message(&findings, "dhcp").contains("option 150"));
}

#[test]
#[ignore = "needs root (network namespaces), dhcpd and dnsmasq"]
fn two_dhcp_servers_are_both_heard() {
    require_program("dnsmasq");
    require_program("dhcpd");
    let mut lan = lan("two");
    dnsmasq(&mut lan, "router", &["--dhcp-option=150,192.0.2.10"]);
    dhcpd(&mut lan, "other", "option tftp150 192.0.2.10;");
    let (code, findings) = check(&lan, &[]);
    assert_eq!(code, Some(0), "both name this machine: {findings:#?}");
    let said = message(&findings, "second-dhcp");
    assert!(
        said.contains("192.0.2.1") && said.contains("192.0.2.2"),
        "{said}"
    );
}

#[test]
#[ignore = "needs root (network namespaces)"]
fn silence_is_an_error_unless_this_program_is_to_give_addresses() {
    let lan = lan("none");
    let (code, findings) = check(&lan, &[]);
    assert_eq!(code, Some(1));
    assert!(message(&findings, "no-tftp-address").contains("no DHCP server answered"));
    let (code, findings) = check(&lan, &["--dhcp", "isolated"]);
    assert_eq!(code, Some(0), "{findings:#?}");
}

#[test]
#[ignore = "needs root (network namespaces) and dnsmasq"]
fn a_dhcp_server_on_this_machine_is_heard_too() {
    require_program("dnsmasq");
    let mut lan = lan("local");
    dnsmasq(&mut lan, "server", &["--dhcp-option=150,192.0.2.66"]);
    let (code, findings) = check(&lan, &[]);
    assert_eq!(code, Some(1));
    let said = message(&findings, "no-tftp-address");
    assert!(
        said.contains("192.0.2.10 sends phones to 192.0.2.66"),
        "{said}"
    );
    let cure = findings[0]["cure"].as_str().unwrap();
    assert!(
        cure.starts_with("This is dnsmasq on this machine."),
        "{cure}"
    );
    assert!(message(&findings, "port-busy").starts_with("dnsmasq (process "));
}

#[test]
#[ignore = "needs root (network namespaces) and dnsmasq"]
fn a_dhcp_server_of_another_interface_is_not_in_the_way() {
    require_program("dnsmasq");
    let mut lan = lan("virt");
    lan.ip("server", &["link", "add", "virbr0", "type", "bridge"]);
    lan.ip(
        "server",
        &["addr", "add", "198.51.100.1/24", "dev", "virbr0"],
    );
    lan.ip("server", &["link", "set", "virbr0", "up"]);
    let mut command = lan.on("server", "dnsmasq");
    command
        .args(["--keep-in-foreground", "--port=0", "--conf-file=/dev/null"])
        .args(["--log-facility=-", "--user=root", "--pid-file"])
        .args(["--interface=virbr0", "--bind-interfaces", "--leasefile-ro"])
        .arg("--dhcp-range=198.51.100.100,198.51.100.150,10m");
    lan.start(command, "sockets bound exclusively to interface virbr0");
    let (code, findings) = check(&lan, &["--interface", "eth0", "--dhcp", "isolated"]);
    assert_eq!(code, Some(0), "{findings:#?}");
}

#[test]
#[ignore = "needs root (network namespaces) and dnsmasq"]
fn who_has_a_port_is_named() {
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
fn a_firewall_of_either_kind_is_read_and_its_line_opens_it() {
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

/// Everything is kept out; each finding's line is pasted, and nothing is left to find. The
/// firewall keeps this machine's own packets too: the self-test says so.
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
fn an_interface_that_cannot_be_is_said_with_what_there_is() {
    let lan = Lan::build(
        "cards",
        &[("server", Some("192.0.2.10/24")), ("bare", None)],
    );
    let (code, findings) = check(&lan, &["--interface", "eth7"]);
    assert_eq!(code, Some(1));
    let said = message(&findings, "wrong-interface");
    assert!(said.contains("eth0 (192.0.2.10"), "{said}");
    lan.ip("switch", &["link", "set", "server", "down"]);
    let (code, findings) = check(&lan, &["--interface", "eth0"]);
    assert_eq!(code, Some(1));
    assert!(message(&findings, "wrong-interface").contains("eth0 has no carrier"));
    let (code, findings) = check(&lan, &["--listen", "203.0.113.5"]);
    assert_eq!(code, Some(1));
    assert!(message(&findings, "wrong-interface").contains("203.0.113.5"));
}

#[test]
#[ignore = "needs root (network namespaces) and setpriv"]
fn without_rights_it_says_what_it_could_not_look_at() {
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
fn a_router_without_a_server_of_ours_is_a_usage_error() {
    for verb in [&["check"][..], &["convert", "none.zip"]] {
        let output = std::process::Command::new(REFLASH)
            .args(verb)
            .args(["--dhcp-router", "192.0.2.1"])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{verb:?}: {output:?}");
    }
}

#[test]
fn the_page_has_every_finding_and_the_lines_for_every_server() {
    let page = fs::read_to_string("docs/network.md").unwrap();
    for code in preflight::code::ALL {
        assert!(page.contains(&format!("\n### `{code}`\n")), "{code}");
    }
    for kind in ServerKind::ALL {
        assert!(
            page.contains(&format!("`--paste {}`", kind.flag_value())),
            "{kind}"
        );
        let lines = kind.config_snippet(SERVER.parse().unwrap());
        // pfSense is a screen: its lines are sentences on the page.
        let lines = lines.lines().filter(|_| kind != ServerKind::Pfsense);
        for line in lines.filter(|line| line.contains(SERVER)) {
            assert!(page.lines().any(|there| there == line), "{kind}: {line}");
        }
    }
}
