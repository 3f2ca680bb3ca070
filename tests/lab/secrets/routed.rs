//! Phones behind a router, and hosts with several addresses.

use serde_json::Value;

use super::{CLIENT, Lab, NOT_FOUND, OTHERS, PHONES, REFLASH, end};

#[test]
#[ignore = "needs root (network namespaces) and curl"]
fn several_addresses_of_one_mac_are_no_router() {
    let lab = Lab::build("shared-mac");
    let server = lab.serve(&[]);
    for from in [CLIENT, PHONES[0], PHONES[1]] {
        lab.is_served(from, &lab.own);
        lab.is_refused(from, OTHERS);
    }
    end(server);
    // The operator says that the addresses are behind a router.
    let server = lab.serve(&["--routed", "10.2.0.0/16", "--routed", "192.0.2.101/32"]);
    lab.is_served(PHONES[0], OTHERS);
    lab.is_refused(PHONES[1], OTHERS);
    end(server);
}

#[test]
#[ignore = "needs root (network namespaces) and curl"]
fn phones_behind_a_gateway_get_their_configurations() {
    const ROUTED: &str = "10.2.0.5";
    let lab = Lab::build("gateway");
    lab.on_phones(&["addr", "add", "10.2.0.5/32", "dev", "lo"]);
    lab.on_server(&["route", "add", "10.2.0.0/16", "via", CLIENT]);
    let server = lab.serve(&[]);
    lab.is_served(ROUTED, OTHERS);
    lab.is_refused(CLIENT, OTHERS);
    end(server);
    // Without a gateway in the routing table, the router answers ARP for the phone.
    lab.on_server(&["route", "replace", "10.2.0.0/16", "dev", "eth0"]);
    let server = lab.serve(&[]);
    lab.is_refused(ROUTED, OTHERS);
    end(server);
    let server = lab.serve(&["--routed", "10.2.0.0/16"]);
    lab.is_served(ROUTED, OTHERS);
    lab.is_refused(CLIENT, OTHERS);
    end(server);
}

/// It takes 6 s, which is how long `check` waits for DHCP servers.
#[test]
#[ignore = "needs root (network namespaces) and curl"]
fn check_proposes_the_flag_for_a_mac_with_several_addresses() {
    let lab = Lab::build("check-routed");
    let server = lab.serve(&[]);
    for from in [PHONES[0], PHONES[1]] {
        assert_eq!(lab.tftp(from, "nothing"), NOT_FOUND);
    }
    end(server);
    let mut command = lab.hosts.on_server(REFLASH);
    let output = command.args(["check", "--json"]).output().unwrap();
    let findings: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut findings = findings["findings"].as_array().unwrap().iter();
    let found = findings.find(|finding| finding["code"] == "routed");
    let found = found.unwrap();
    let cure = found["cure"].as_str().unwrap();
    let flags = "--routed 192.0.2.101/32 --routed 192.0.2.102/32";
    assert!(cure.ends_with(flags), "{found:#}");
    assert_eq!(found["severity"], "note");
}
