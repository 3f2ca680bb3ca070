//! DHCP servers of other programs: what their leases show about a phone.

use std::path::Path;

use reflash::{
    journal,
    phone::MacAddress,
    track::{Event, ObservationKind},
};

use super::{
    REFLASH, SERVER, dnsmasq, lan,
    own_dhcp_server::{PHONE, bundle, udhcpc},
};
use crate::support::{lan::Lan, process::Running, require_program};

/// A minute after the last line, in the time of the journal.
const LATER: std::time::Duration = std::time::Duration::from_secs(61);

fn convert(lan: &Lan, journal: &Path) -> Running {
    let mut command = lan.on("server", REFLASH);
    command.arg("convert").arg(bundle(lan)).args([
        "--trust-key",
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/test-key.pem"),
        "--json",
        "--no-check",
        "--journal",
    ]);
    Running::start(command.arg(journal))
}

/// The MAC of a host's interface.
fn mac(lan: &Lan, host: &str) -> MacAddress {
    let output = lan.run(host, "cat", &["/sys/class/net/eth0/address"]);
    let text = String::from_utf8(output.stdout).unwrap();
    text.trim().parse().unwrap()
}

/// A client with the vendor class of a phone gets a lease from a router with these options: the
/// evidence at once, and the diagnoses a minute later with their evidence.
fn observed_lease(name: &str, options: &[&str]) -> (String, Vec<(String, String)>) {
    require_program("dnsmasq");
    require_program("udhcpc");
    let mut lan = lan(name);
    dnsmasq(&mut lan, "router", options);
    let path = lan.folder.path().join("run.jsonl");
    let mut run = convert(&lan, &path);
    run.kind("started");
    lan.ip("other", &["addr", "flush", "dev", "eth0"]);
    let lease = udhcpc(&lan, "other", Some(PHONE)).expect("a lease");
    let observed = run.wait_for(|line| {
        let detail = line["evidence"]["detail"].as_str();
        detail.is_some_and(|detail| detail.starts_with("DHCP server"))
    });
    assert_eq!(observed["evidence"]["witness"], "dhcp");
    assert_eq!(observed["phone"]["model"], "7965", "option 60");
    let address = observed["phone"]["address"].as_str().unwrap();
    assert!(lease.contains(&format!("ip={address}\n")), "{lease}");
    run.signal("INT");
    let report = run.kind("finished")["report"].clone();
    assert_eq!(
        report["phones"].as_array().map(Vec::len),
        Some(1),
        "{report:#}"
    );
    assert_eq!(report["phones"][0]["mac"], mac(&lan, "other").to_string());
    assert_eq!(run.end(), Some(130));

    let recorded = journal::read(&path).unwrap();
    let observed_lease = |(_, observation): &&(_, reflash::track::Observation)| {
        matches!(observation.kind, ObservationKind::LeaseAcked { .. })
    };
    assert!(recorded.observations.iter().any(|one| observed_lease(&one)));
    let events = recorded.fleet().tick(recorded.last + LATER);
    let found = events.into_iter().filter_map(|event| match event {
        Event::Diagnosis { diagnosis, .. } => {
            Some((diagnosis.code.to_string(), diagnosis.evidence))
        }
        _ => None,
    });
    let detail = observed["evidence"]["detail"].as_str().unwrap();
    (detail.replace(address, "ADDRESS"), found.collect())
}

#[test]
#[ignore = "needs root (network namespaces), dnsmasq and udhcpc"]
fn a_lease_that_names_no_tftp_server_is_diagnosed() {
    let (evidence, found) = observed_lease("lease-none", &[]);
    assert!(
        evidence.starts_with("DHCP server 192.0.2.1 gave it ADDRESS and names no TFTP server"),
        "{evidence}"
    );
    let [(code, evidence_text)] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(code, "no-tftp-address");
    assert!(
        evidence_text.contains(&format!("this machine is {SERVER}")),
        "{evidence_text}"
    );
}

#[test]
#[ignore = "needs root (network namespaces), dnsmasq and udhcpc"]
fn a_lease_that_names_another_tftp_server_is_diagnosed() {
    let (evidence, found) = observed_lease("lease-other", &["--dhcp-option=150,192.0.2.66"]);
    assert_eq!(
        evidence,
        "DHCP server 192.0.2.1 gave it ADDRESS and names the TFTP server 192.0.2.66 (option 150)"
    );
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "no-tftp-address");
}

#[test]
#[ignore = "needs root (network namespaces), dnsmasq and udhcpc"]
fn a_lease_that_names_this_machine_without_a_request_is_diagnosed() {
    let (evidence, found) = observed_lease("lease-here", &["--dhcp-option=66,192.0.2.10"]);
    assert_eq!(
        evidence,
        "DHCP server 192.0.2.1 gave it ADDRESS and names the TFTP server 192.0.2.10 (option 66)"
    );
    let [(code, evidence_text)] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(code, "no-request");
    assert!(
        evidence_text.contains(&format!("this machine is {SERVER}")),
        "{evidence_text}"
    );
}
