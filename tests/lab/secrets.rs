//! Which clients get the configuration of a phone, which may hold its passwords.

mod routed;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::support::{
    namespaces::{CLIENT, PHONES, SERVER, TwoHosts},
    process::Running,
    require_program, synthetic,
};

const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");

/// The code of the diagnosis.
const WITHHELD: &str = "configuration-withheld";

/// The configurations of a phone that is not on the network.
const OTHERS: &str = "SEP001D45AABB01.cnf.xml";
const LEGACY: &str = "SIP001D45AABB01.cnf";

const SECRET: &[u8] = b"<device>hunter2</device>";

/// A configuration that `convert` accepts.
const CONFIGURATION: &str = "<device>\n<deviceProtocol>SIP</deviceProtocol>\n<devicePool>\n\
    <callManagerGroup><members><member priority=\"0\"><callManager><ports><sipPort>5060</sipPort>\
    </ports><processNodeName>192.0.2.1</processNodeName></callManager></member></members>\
    </callManagerGroup>\n</devicePool>\n<sipProfile><sipLines><line button=\"1\">\
    <featureID>9</featureID><proxy>USECALLMANAGER</proxy><port>5060</port><name>6010</name></line>\
    </sipLines></sipProfile>\n<loadInformation>SIP45.9-3-1SR4-1S</loadInformation>\n</device>\n";

/// curl's exit codes for the TFTP errors 1 and 2.
const NOT_FOUND: Option<i32> = Some(68);
const ACCESS: Option<i32> = Some(69);

/// A network with a server of configurations.
struct Lab {
    hosts: TwoHosts,
    folder: tempfile::TempDir,
    /// The configuration of the phone whose MAC the phones' host has.
    own: String,
}

impl Lab {
    fn build(name: &str) -> Self {
        require_program("curl");
        let hosts = TwoHosts::build(name);
        let folder = tempfile::tempdir().unwrap();
        readable(folder.path(), 0o755);
        let own = format!("SEP{}.cnf.xml", mac(&hosts));
        for name in [own.as_str(), OTHERS, LEGACY] {
            let path = folder.path().join(name);
            fs::write(&path, SECRET).unwrap();
            readable(&path, 0o644);
        }
        Self { hosts, folder, own }
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn serve(&self, more: &[&str]) -> Running {
        let mut command = self.hosts.on_server(REFLASH);
        command.arg("serve").arg(self.folder.path()).args(more);
        self.start(&mut command)
    }

    /// Starts a command; its messages are in the log.
    fn start(&self, command: &mut Command) -> Running {
        let log = fs::File::create(self.log()).unwrap();
        let mut server = Running::start(command.arg("--json").stderr(log));
        server.kind("started");
        server
    }

    /// Runs curl with these arguments on the phones' host, at one of its addresses.
    fn curl(&self, from: &str, arguments: &[&str]) -> Output {
        let got = self.folder.path().join("got");
        // The file of an earlier request.
        let _ = fs::remove_file(&got);
        self.hosts
            .on_phones("curl")
            .args(["-sS", "--max-time", "20", "--tftp-no-options"])
            .args(["--interface", from, "-w", "%{http_code}", "-o"])
            .arg(&got)
            .args(arguments)
            .output()
            .unwrap()
    }

    /// curl's exit code of a request over TFTP.
    fn tftp(&self, from: &str, name: &str) -> Option<i32> {
        let output = self.curl(from, &[&format!("tftp://{SERVER}/{name}")]);
        output.status.code()
    }

    /// The status of a request over HTTP.
    fn http(&self, from: &str, name: &str) -> String {
        let output = self.curl(from, &[&format!("http://{SERVER}:6970/{name}")]);
        String::from_utf8(output.stdout).unwrap()
    }

    fn is_served(&self, from: &str, name: &str) {
        assert_eq!(self.tftp(from, name), Some(0), "{name} to {from}");
        let got = self.folder.path().join("got");
        assert_eq!(fs::read(&got).unwrap(), SECRET);
        assert_eq!(self.http(from, name), "200", "{name} to {from}");
    }

    fn is_refused(&self, from: &str, name: &str) {
        assert_eq!(self.tftp(from, name), ACCESS, "{name} to {from}");
        assert_eq!(self.http(from, name), "403", "{name} to {from}");
    }

    fn on_server(&self, arguments: &[&str]) {
        let status = self.hosts.on_server("ip").args(arguments).status().unwrap();
        assert!(status.success(), "{arguments:?}");
    }

    fn on_phones(&self, arguments: &[&str]) {
        let status = self.hosts.on_phones("ip").args(arguments).status().unwrap();
        assert!(status.success(), "{arguments:?}");
    }

    /// The phones' host reaches the server without ARP, so the server learns no MAC from it.
    fn hide_from_arp(&self) {
        let output = self
            .hosts
            .on_server("cat")
            .arg("/sys/class/net/eth0/address")
            .output()
            .unwrap();
        let mac = String::from_utf8(output.stdout).unwrap();
        let entry = ["neigh", "replace", SERVER, "lladdr", mac.trim()];
        self.on_phones(&[&entry[..], &["nud", "permanent", "dev", "eth0"]].concat());
        self.on_server(&["neigh", "flush", "dev", "eth0"]);
    }
}

fn readable(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// The MAC address of the phones' interface, as in file names.
fn mac(hosts: &TwoHosts) -> String {
    let output = hosts
        .on_phones("cat")
        .arg("/sys/class/net/eth0/address")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.trim().replace(':', "").to_ascii_uppercase()
}

/// Ends a run; returns its report as text.
fn end(mut server: Running) -> String {
    server.signal("INT");
    let report = server.kind("finished")["report"].to_string();
    assert_eq!(server.end(), Some(130));
    report
}

fn diagnosis(server: &mut Running) -> Value {
    server.wait_for(|line| line["kind"] == "diagnosis" && line["code"] == WITHHELD)
}

#[test]
#[ignore = "needs root (network namespaces) and curl"]
fn a_configuration_is_refused_to_the_address_of_another_phone() {
    let lab = Lab::build("secret");
    let mut server = lab.serve(&[]);
    lab.is_served(CLIENT, &lab.own);
    for name in [OTHERS, LEGACY] {
        lab.is_refused(CLIENT, name);
    }
    assert_eq!(lab.tftp(CLIENT, "nothing"), NOT_FOUND);

    let refused = diagnosis(&mut server);
    assert_eq!(refused["phone"], Value::Null, "the phone is not in the run");
    let evidence = refused["evidence"].as_str().unwrap();
    let mac = mac(&lab.hosts).to_lowercase();
    let found = format!("{CLIENT} requested '{OTHERS}'");
    assert!(
        evidence.contains(&found) && evidence.contains(&mac),
        "{evidence}"
    );
    let cure = refused["cure"].as_str().unwrap();
    assert!(cure.contains("--routed 192.0.2.50/32"), "{cure}");

    let report = end(server);
    let messages = fs::read_to_string(lab.log()).unwrap();
    assert!(!report.contains("hunter2") && !messages.contains("hunter2"));
}

#[test]
#[ignore = "needs root (network namespaces) and curl"]
fn convert_refuses_a_configuration_to_the_address_of_another_phone() {
    let lab = Lab::build("convert-secret");
    let bundle = synthetic::bundle(lab.folder.path());
    let mut command = lab.hosts.on_server(REFLASH);
    command.arg("convert").arg(bundle).arg("--no-check");
    command.args(["--trust-key", synthetic::KEY]);
    for name in [lab.own.as_str(), OTHERS] {
        let path = lab.folder.path().join(name);
        fs::write(&path, CONFIGURATION).unwrap();
        command.arg("--add").arg(path);
    }
    let mut server = lab.start(&mut command);
    assert_eq!(lab.tftp(CLIENT, &lab.own), Some(0));
    // The phone is in the run, so the diagnosis is its own.
    assert_eq!(lab.tftp(PHONES[0], "CTLSEP001D45AABB01.tlv"), NOT_FOUND);
    lab.is_refused(CLIENT, OTHERS);
    let refused = diagnosis(&mut server);
    assert_eq!(refused["phone"]["mac"], "001d45aabb01");
    end(server);
}

#[test]
#[ignore = "needs root (network namespaces) and curl"]
fn the_mac_of_a_client_is_resolved_before_it_gets_a_configuration() {
    let lab = Lab::build("resolve");
    for engine in ["native", "async-tftp"] {
        let mut server = lab.serve(&["--engine", engine]);
        lab.hide_from_arp();
        assert_eq!(lab.tftp(CLIENT, OTHERS), ACCESS, "{engine}");
        diagnosis(&mut server);
        lab.hide_from_arp();
        // The second engine cannot wait: the phone requests the file again.
        let first = lab.tftp(CLIENT, &lab.own);
        if engine == "async-tftp" && first == ACCESS {
            assert_eq!(lab.tftp(CLIENT, &lab.own), Some(0));
        } else {
            assert_eq!(first, Some(0), "{engine}");
        }
        end(server);
    }
}

#[test]
#[ignore = "needs root (network namespaces) and curl"]
fn a_client_that_answers_no_arp_gets_no_configuration_and_delays_no_other() {
    let lab = Lab::build("no-arp");
    let mut server = lab.serve(&[]);
    fs::write(lab.folder.path().join("file"), "served").unwrap();
    // Phones at .101 and so on answer no ARP; the host itself does.
    lab.hide_from_arp();
    lab.on_phones(&["addr", "del", "192.0.2.101/24", "dev", "eth0"]);
    lab.on_phones(&["addr", "add", "192.0.2.101/32", "dev", "lo"]);
    let sysctl = lab
        .hosts
        .on_phones("sysctl")
        .args(["-q", "-w", "net.ipv4.conf.eth0.arp_ignore=1"])
        .status()
        .unwrap();
    assert!(sysctl.success());
    let began = Instant::now();
    let mut forger = lab
        .hosts
        .on_phones("curl")
        .args(["-sS", "--max-time", "3", "--tftp-no-options"])
        .args(["--interface", PHONES[0], "-o", "/dev/null"])
        .arg(format!("tftp://{SERVER}/{OTHERS}"))
        .spawn()
        .unwrap();
    let mut served = 0;
    while began.elapsed() < Duration::from_millis(900) {
        let request = Instant::now();
        assert_eq!(lab.tftp(CLIENT, &lab.own), Some(0));
        assert!(request.elapsed() < Duration::from_millis(700), "{served}");
        served += 1;
    }
    assert!(served > 1);
    let refused = diagnosis(&mut server);
    let evidence = refused["evidence"].as_str().unwrap();
    let found = format!("{} requested '{OTHERS}'", PHONES[0]);
    assert!(
        evidence.contains(&found) && evidence.contains("answered ARP"),
        "{evidence}"
    );
    assert!(began.elapsed() < Duration::from_secs(5));
    assert!(!forger.wait().unwrap().success());
    end(server);
}

#[test]
#[ignore = "needs root (network namespaces) and curl"]
fn accounts_of_this_machine_get_no_configuration() {
    let lab = Lab::build("local");
    let got = lab.folder.path().join("got");
    for (listen, address) in [
        (SERVER, SERVER),
        ("0.0.0.0", SERVER),
        ("0.0.0.0", "127.0.0.1"),
    ] {
        let mut server = lab.serve(&["--listen", listen]);
        let curl = |url: String| {
            let mut command = lab.hosts.on_server("curl");
            command.args(["-sS", "--max-time", "20", "--tftp-no-options"]);
            command.args(["-w", "%{http_code}", "-o"]).arg(&got);
            command.arg(url).output().unwrap()
        };
        for name in [lab.own.as_str(), OTHERS] {
            let refused = curl(format!("tftp://{address}/{name}"));
            assert_eq!(refused.status.code(), ACCESS, "{listen} {address}");
            let refused = curl(format!("http://{address}:6970/{name}"));
            assert_eq!(refused.stdout, b"403", "{listen} {address}");
        }
        let evidence = diagnosis(&mut server)["evidence"].to_string();
        assert!(
            evidence.contains("an address of this machine"),
            "{evidence}"
        );
        lab.is_served(CLIENT, &lab.own);
        end(server);
    }
}

#[test]
#[ignore = "needs root (network namespaces) and curl"]
fn a_phone_at_the_former_address_of_another_gets_its_configuration() {
    let lab = Lab::build("moved");
    let server = lab.serve(&[]);
    lab.is_served(CLIENT, &lab.own);
    // Another phone has the address; it resolves the server by ARP before it sends a request.
    let link = ["link", "set", "eth0", "address", "00:1d:45:aa:bb:01"];
    lab.on_phones(&link);
    lab.hosts.wait_for_carrier();
    lab.is_served(CLIENT, OTHERS);
    lab.is_refused(CLIENT, &lab.own);
    end(server);
}

#[test]
#[ignore = "needs root (network namespaces) and curl"]
fn http_refuses_the_name_of_another_site_and_serves_names_of_this_machine() {
    let lab = Lab::build("host");
    let url = format!("http://{SERVER}:6970/{}", lab.own);
    let status = |header: &str| {
        let output = lab.curl(CLIENT, &["-H", header, &url]);
        String::from_utf8(output.stdout).unwrap()
    };
    let server = lab.serve(&[]);
    for (header, expected) in [
        ("Host:", "200"),
        ("Host: 192.0.2.1:6970", "200"),
        ("Host: pbx", "200"),
        ("Host: tftp.evil.example", "421"),
        ("Host: 192.0.2.2:6970", "421"),
        ("Origin: http://evil.example", "403"),
        ("Sec-Fetch-Site: cross-site", "403"),
    ] {
        assert_eq!(status(header), expected, "{header}");
    }
    end(server);
    let messages = fs::read_to_string(lab.log()).unwrap();
    let warning = "192.0.2.50 requested a file over HTTP for the host \"tftp.evil.example\"";
    assert!(messages.contains(warning), "{messages}");
    let server = lab.serve(&["--server-name", "tftp.corp.example"]);
    assert_eq!(status("Host: tftp.corp.example:6970"), "200");
    assert_eq!(status("Host: tftp.evil.example"), "421");
    end(server);
}
