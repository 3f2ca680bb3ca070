//! The DHCP server of this program, with other DHCP clients and servers.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use reflash::{
    phone::Family,
    simulator::{Sizes, SyntheticBundle},
};

use super::{REFLASH, SERVER, dnsmasq, lan};
use crate::support::{
    lan::{Lan, wait_for},
    process::Running,
    require_program,
};

/// A bundle that `convert` takes.
pub(crate) fn bundle(lan: &Lan) -> PathBuf {
    let made = SyntheticBundle::new(Family::F45, 7)
        .unwrap()
        .sizes(Sizes::Small);
    let path = lan
        .folder
        .path()
        .join("cmterm-7945_7965-sip.9-3-1SR4-1.zip");
    made.write_zip(&path).unwrap();
    // Another user must be able to read it, whatever the umask is.
    for (path, mode) in [(lan.folder.path(), 0o755), (&path, 0o644)] {
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(mode);
        fs::set_permissions(path, permissions).unwrap();
    }
    path
}

pub(crate) fn convert(lan: &Lan, arguments: &[&str]) -> Command {
    let mut command = lan.on("server", REFLASH);
    command.arg("convert").arg(bundle(lan));
    command.args([
        "--trust-key",
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/test-key.pem"),
        "--json",
        "--dhcp",
        "isolated",
    ]);
    command.args(arguments);
    command
}

/// Runs ISC dhclient on a host: its lease, or `None`.
fn dhclient(lan: &Lan, host: &str, class: Option<&str>) -> Option<String> {
    let folder = lan.folder.path();
    let conf = folder.join(format!("{host}-dhclient.conf"));
    let leases = folder.join(format!("{host}-dhclient.leases"));
    // A lease of an earlier call is removed.
    fs::write(&leases, "").unwrap();
    let class = class.map_or_else(String::new, |class| {
        format!("send vendor-class-identifier \"{class}\";\n")
    });
    let lines = format!(
        "option tftp150 code 150 = array of ip-address;\n{class}timeout 8; retry 60;\n\
         request subnet-mask, routers, tftp-server-name, tftp150;\n"
    );
    fs::write(&conf, lines).unwrap();
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let pid = folder.join(format!("{host}-dhclient.pid"));
    let all = [
        "-4",
        "-1",
        "-d",
        "-sf",
        "/bin/true",
        "-cf",
        &text(&conf),
        "-lf",
        &text(&leases),
        "-pf",
        &text(&pid),
        "eth0",
    ];
    // It stays in the foreground after it has a lease, so that it is killed here.
    let mut command = lan.on(host, "dhclient");
    command.args(all);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lease = loop {
        let lease = fs::read_to_string(&leases).unwrap();
        if lease.contains("}\n") {
            break Some(lease);
        }
        if child.try_wait().unwrap().is_some() {
            break None;
        }
        thread::sleep(Duration::from_millis(20));
    };
    // Fails if it has ended already.
    let _ = child.kill();
    child.wait().unwrap();
    lease
}

/// Runs udhcpc of busybox on a host: the environment of its script, or `None`. It requests
/// answers by broadcast, as phones do.
pub(crate) fn udhcpc(lan: &Lan, host: &str, class: Option<&str>) -> Option<String> {
    let script = lan.folder.path().join("udhcpc.sh");
    fs::write(&script, "#!/bin/sh\n[ \"$1\" = bound ] && env\nexit 0\n").unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&script, executable).unwrap();
    let mut all = vec![
        "-f", "-q", "-n", "-B", "-i", "eth0", "-t", "3", "-T", "1", "-s",
    ];
    all.push(script.to_str().unwrap());
    all.extend(["-O", "tftp", "-O", "0x96"]);
    if let Some(class) = class {
        all.extend(["-V", class]);
    }
    let output = lan.run(host, "udhcpc", &all);
    let lease_of_udhcpc = String::from_utf8(output.stdout).unwrap();
    lease_of_udhcpc.contains("ip=").then_some(lease_of_udhcpc)
}

pub(crate) const PHONE: &str = "Cisco Systems, Inc. IP Phone CP-7965G";

#[test]
#[ignore = "needs root (network namespaces), dhclient and udhcpc"]
fn other_dhcp_clients_get_an_address_if_they_are_phones() {
    require_program("dhclient");
    require_program("udhcpc");
    let hosts = [
        ("server", Some("192.0.2.10/24")),
        ("one", None),
        ("two", None),
    ];
    let lan = Lan::build("ours", &hosts);
    let mut server = Running::start(&mut convert(&lan, &[]));
    server.kind("started");

    let lease = dhclient(&lan, "one", Some(PHONE)).expect("a lease");
    let address = lease
        .lines()
        .find_map(|line| line.trim().strip_prefix("fixed-address "))
        .unwrap()
        .trim_end_matches(';')
        .to_owned();
    assert!(
        address.starts_with("192.0.2.") && address != SERVER,
        "{lease}"
    );
    for line in [
        "option subnet-mask 255.255.255.0;",
        "option tftp-server-name \"192.0.2.10\";",
        "option tftp150 192.0.2.10;",
        "option dhcp-server-identifier 192.0.2.10;",
        "option dhcp-lease-time 600;",
    ] {
        assert!(lease.contains(line), "{line} in {lease}");
    }
    assert!(
        !lease.contains("option routers"),
        "no router was given: {lease}"
    );
    assert_eq!(dhclient(&lan, "one", None), None, "no phone, no answer");

    let lease_of_udhcpc = udhcpc(&lan, "two", Some(PHONE)).expect("a lease");
    let line = |name: &str| lease_of_udhcpc.lines().any(|line| line == name);
    assert!(
        line("tftp=192.0.2.10") && line("siaddr=192.0.2.10"),
        "{lease_of_udhcpc}"
    );
    assert!(line("opt150=c000020a"), "{lease_of_udhcpc}");
    assert!(
        !line(&format!("ip={address}")),
        "each phone has its own address: {lease_of_udhcpc}"
    );
    assert_eq!(udhcpc(&lan, "two", None), None, "no phone, no answer");

    server.signal("INT");
    server.signal("INT");
    server.kind("finished");
    assert_eq!(server.end(), Some(130));
    assert_eq!(
        udhcpc(&lan, "two", Some(PHONE)),
        None,
        "the server ends with the run"
    );

    // Another run gives the phone the same address, without privileges but with open sockets.
    let router = ["--dhcp-router", "192.0.2.1", "--user", "nobody"];
    let mut server = Running::start(&mut convert(&lan, &router));
    server.kind("started");
    let lease = dhclient(&lan, "one", Some(PHONE)).expect("a lease");
    assert!(
        lease.contains(&format!("fixed-address {address};")),
        "{lease}"
    );
    assert!(lease.contains("option routers 192.0.2.1;"), "{lease}");
}

#[test]
#[ignore = "needs root (network namespaces) and dnsmasq"]
fn our_dhcp_server_does_not_start_beside_another() {
    require_program("dnsmasq");
    let mut lan = lan("beside");
    dnsmasq(&mut lan, "router", &[]);
    let output = convert(&lan, &[]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(
        message.contains("second-dhcp") && message.contains("192.0.2.1"),
        "{message}"
    );
    assert_eq!(output.stdout, b"", "nothing was served");
}

#[test]
#[ignore = "needs root (network namespaces), dnsmasq and udhcpc"]
fn our_dhcp_server_stops_answering_when_another_appears() {
    require_program("dnsmasq");
    require_program("udhcpc");
    let mut lan = lan("silent");
    let log = lan.folder.path().join("convert.log");
    let mut command = convert(&lan, &[]);
    command.stderr(fs::File::create(&log).unwrap());
    let mut server = Running::start(&mut command);
    server.kind("started");
    dnsmasq(&mut lan, "router", &[]);
    // Its answers to this client show it; an offer of our server may have been faster.
    lan.ip("other", &["addr", "flush", "dev", "eth0"]);
    let mut lease_of_udhcpc = udhcpc(&lan, "other", Some(PHONE));
    while lease_of_udhcpc
        .is_none_or(|lease_of_udhcpc| lease_of_udhcpc.contains("serverid=192.0.2.10"))
    {
        lease_of_udhcpc = udhcpc(&lan, "other", Some(PHONE));
    }
    wait_for(&log, "another DHCP server answers");
    let last = udhcpc(&lan, "other", Some(PHONE)).expect("the router's");
    assert!(last.contains("serverid=192.0.2.1\n"), "{last}");
}
