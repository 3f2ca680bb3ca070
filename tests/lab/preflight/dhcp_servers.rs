//! What `check` reports about the DHCP servers of a network.

use std::fs;

use reflash::{dhcp::ServerKind, preflight};

use super::{REFLASH, SERVER, check, codes, dhcpd, dnsmasq, lan, message};
use crate::support::require_program;

#[test]
#[ignore = "needs root (network namespaces) and dnsmasq"]
fn a_dhcp_server_that_names_this_machine_is_no_error() {
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
fn a_dhcp_server_without_option_150_is_reported_with_configuration_lines_that_work() {
    require_program("dnsmasq");
    let mut lan = lan("no150");
    dnsmasq(&mut lan, "router", &[]);
    let (code, findings) = check(&lan, &[]);
    assert_eq!(code, Some(1));
    let text = message(&findings, "no-tftp-address");
    assert!(
        text.contains("192.0.2.1 offers an address but no TFTP server"),
        "{text}"
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
fn a_dhcp_server_that_names_another_tftp_server_is_reported() {
    require_program("dhcpd");
    let mut lan = lan("wrong");
    dhcpd(&mut lan, "router", "option tftp150 192.0.2.66;");
    let (code, findings) = check(&lan, &[]);
    assert_eq!(code, Some(1));
    let text = message(&findings, "no-tftp-address");
    assert!(
        text.contains("192.0.2.1 sends phones to 192.0.2.66"),
        "{text}"
    );
}

#[test]
#[ignore = "needs root (network namespaces) and dhcpd"]
fn the_lines_for_dhcpd_work_in_dhcpd() {
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
fn two_dhcp_servers_are_both_reported() {
    require_program("dnsmasq");
    require_program("dhcpd");
    let mut lan = lan("two");
    dnsmasq(&mut lan, "router", &["--dhcp-option=150,192.0.2.10"]);
    dhcpd(&mut lan, "other", "option tftp150 192.0.2.10;");
    let (code, findings) = check(&lan, &[]);
    assert_eq!(code, Some(0), "both name this machine: {findings:#?}");
    let text = message(&findings, "second-dhcp");
    assert!(
        text.contains("192.0.2.1") && text.contains("192.0.2.2"),
        "{text}"
    );
}

#[test]
#[ignore = "needs root (network namespaces)"]
fn no_dhcp_server_is_an_error_unless_this_program_assigns_addresses() {
    let lan = lan("none");
    let (code, findings) = check(&lan, &[]);
    assert_eq!(code, Some(1));
    assert!(message(&findings, "no-tftp-address").contains("no DHCP server answered"));
    let (code, findings) = check(&lan, &["--dhcp", "isolated"]);
    assert_eq!(code, Some(0), "{findings:#?}");
}

#[test]
#[ignore = "needs root (network namespaces) and dnsmasq"]
fn a_dhcp_server_on_this_machine_is_reported_too() {
    require_program("dnsmasq");
    let mut lan = lan("local");
    dnsmasq(&mut lan, "server", &["--dhcp-option=150,192.0.2.66"]);
    let (code, findings) = check(&lan, &[]);
    assert_eq!(code, Some(1));
    let text = message(&findings, "no-tftp-address");
    assert!(
        text.contains("192.0.2.10 sends phones to 192.0.2.66"),
        "{text}"
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
fn a_dhcp_server_on_another_interface_is_no_error() {
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
fn network_md_lists_every_finding_and_the_lines_for_every_server() {
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
