//! Registration after a conversion, and its diagnoses: the program converts and captures on its
//! interface, a real registrar runs on the same machine, and a scripted phone in another network
//! namespace reads its generated file and registers.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use serde_json::Value;

use super::{build, registrar::Registrar};
use crate::support::{
    helper,
    namespaces::{PHONES, SERVER, TwoHosts},
    process::Running,
    require_program, synthetic,
};

const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");

/// The scripted phone, and a missing phone of the inventory, so that the run continues.
const PHONE: &str = "025245480000";
const ABSENT: &str = "0252454800ff";
const SECRET: &str = "hunter2hunt";
const OTHER_SECRET: &str = "anotherone";

fn office(transport: &str, port: u16, secret: &str) -> String {
    let phone = |mac: &str, extension: &str| {
        format!(
            "[[phone]]\nmac = \"{mac}\"\nmodel = 7965\nextension = {extension}\n\
             secret = \"{secret}\"\n"
        )
    };
    format!(
        "[site]\npbx = \"{SERVER}\"\nport = {port}\ntransport = \"{transport}\"\ntime_zone = \"UTC\"\n{}{}",
        phone(PHONE, "1001"),
        phone(ABSENT, "1002")
    )
}

/// A phone, and the run that converts it.
struct ConvertedPhone {
    lab: TwoHosts,
    folder: tempfile::TempDir,
    kamailio: PathBuf,
    transport: &'static str,
    port: u16,
    run: Running,
}

impl ConvertedPhone {
    /// Converts the phone with its configuration from this inventory.
    fn converted(name: &str, transport: &'static str, port: u16) -> Self {
        let kamailio = require_program("kamailio");
        let lab = TwoHosts::build(name);
        let folder = tempfile::tempdir().unwrap();
        let bundle = synthetic::bundle(folder.path());
        let list = folder.path().join("office.toml");
        fs::write(&list, office(transport, port, SECRET)).unwrap();
        // The ARP table must have the MAC of the phone.
        let mut ip = lab.on_phones("ip");
        ip.args(["link", "set", "eth0", "address", "02:52:45:48:00:00"]);
        assert!(ip.status().unwrap().success());
        lab.wait_for_carrier();
        let mut command = lab.on_server(REFLASH);
        command
            .arg("convert")
            .arg(&bundle)
            .arg("--inventory")
            .arg(&list);
        command.args([
            "--trust-key",
            synthetic::KEY,
            "--json",
            "--sip-port",
            "0",
            "--user",
            "root",
        ]);
        command.arg("--journal").arg(folder.path().join("journal"));
        let mut phone = Self {
            run: Running::start(&mut command),
            lab,
            folder,
            kamailio,
            transport,
            port,
        };
        phone.run.kind("started");
        phone.phone(&[
            "simulated-phones",
            &format!("{SERVER}:69"),
            "recovery",
            PHONES[0],
        ]);
        let is_done = |line: &Value| {
            line["kind"] == "step"
                && line["phone"]["mac"] == PHONE
                && ["flashed", "confirmed"].contains(&line["state"].as_str().unwrap())
        };
        phone.run.wait_for(is_done);
        phone
    }

    /// A registrar on the server's side that knows this secret and listens by this transport.
    fn registrar(&self, transport: &str, secret: &str, first: &str) -> Registrar {
        let folder = self.folder.path().join(format!("{transport}-{secret}"));
        fs::create_dir_all(&folder).unwrap();
        let built = build(&office(transport, self.port, secret));
        let mut command = self.lab.on_server(self.kamailio.to_str().unwrap());
        let registrar = Registrar::start(
            &mut command,
            SERVER.parse().unwrap(),
            &built,
            &folder,
            first,
        );
        self.wait_for_port(transport);
        registrar
    }

    fn wait_for_port(&self, transport: &str) {
        let flag = if transport == "tcp" { "-ltn" } else { "-lun" };
        for _ in 0..600 {
            let output = self.lab.on_server("ss").arg(flag).output().unwrap();
            if String::from_utf8_lossy(&output.stdout).contains(&format!(":{}", self.port)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the registrar does not listen");
    }

    /// Runs the phone helper; its output.
    fn phone(&self, arguments: &[&str]) -> String {
        let output = self
            .lab
            .on_phones(helper())
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The converted phone reads its configuration and runs this action.
    fn run_action(&self, action: &str) -> String {
        let server = format!("{SERVER}:69");
        self.phone(&["registering-phone", PHONES[0], &server, PHONE, action])
    }

    /// The status of a REGISTER.
    fn register(&self) -> u16 {
        let output = self.run_action("register");
        let (_, rest) = output.split_once("answered ").unwrap();
        rest[..3].parse().unwrap()
    }

    /// Waits for `not-registering`.
    fn wait_for_diagnosis(&mut self) -> Value {
        let is_it = |line: &Value| line["kind"] == "diagnosis" && line["code"] == "not-registering";
        let line = self.run.wait_for(is_it);
        assert_eq!(line["phone"]["mac"], PHONE, "{line}");
        line
    }

    /// Registers: the diagnosis is withdrawn and the registration is evidence.
    fn assert_recovers(mut self, registrar: Registrar) {
        assert_eq!(self.register(), 200);
        let (mut is_withdrawn, mut has_evidence) = (false, false);
        let place = format!(
            "registration as '1001' over {} at {SERVER}:{}",
            self.over(),
            self.port
        );
        self.run.wait_for(|line| {
            is_withdrawn |= line["kind"] == "withdrawn" && line["code"] == "not-registering";
            let detail = line["evidence"]["detail"].as_str().unwrap_or_default();
            has_evidence |= line["evidence"]["witness"] == "sip" && detail.starts_with(&place);
            is_withdrawn && has_evidence
        });
        self.run.signal("INT");
        let report = self.run.kind("finished")["report"].clone();
        let phones = report["phones"].as_array().unwrap();
        let phone = phones.iter().find(|phone| phone["mac"] == PHONE).unwrap();
        assert!(["flashed", "confirmed"].contains(&phone["state"].as_str().unwrap()));
        let codes = |list: &str| {
            let list = phone[list].as_array().unwrap().iter();
            list.filter(|found| found["code"] == "not-registering")
                .count()
        };
        assert_eq!(
            (codes("diagnoses"), codes("withdrawn")),
            (0, 1),
            "{phone:#}"
        );
        let journal = fs::read_to_string(self.folder.path().join("journal")).unwrap();
        let output = format!("{journal}{:?}", self.run.seen);
        assert!(output.contains("not-registering") && journal.contains("\"register\""));
        for secret in [
            SECRET,
            OTHER_SECRET,
            "Digest",
            "nonce",
            "cnonce",
            "response=",
        ] {
            assert!(!output.contains(secret), "{secret} is in the output");
        }
        // The report of the journal has the same evidence.
        let path: &Path = &self.folder.path().join("journal");
        let report = Command::new(REFLASH)
            .args(["report", "--json"])
            .arg(path)
            .output()
            .unwrap();
        assert!(
            String::from_utf8_lossy(&report.stdout).contains(&place),
            "{report:?}"
        );
        assert_eq!(self.run.end(), Some(130));
        drop(registrar);
    }

    fn over(&self) -> String {
        self.transport.to_uppercase()
    }
}

#[test]
#[ignore = "needs root (network namespaces), kamailio and ss"]
fn a_refused_secret_is_diagnosed_and_withdrawn_when_it_is_corrected() {
    let mut phone = ConvertedPhone::converted("secret", "udp", 5160);
    let registrar = phone.registrar("udp", OTHER_SECRET, "");
    assert_eq!(phone.register(), 401);
    let found = phone.wait_for_diagnosis();
    let evidence = found["evidence"].as_str().unwrap();
    for part in ["as '1001' over UDP to 192.0.2.1:5160", "rejects the secret"] {
        assert!(evidence.contains(part), "{found}");
    }
    assert!(
        found["cure"].as_str().unwrap().contains("authPassword"),
        "{found}"
    );
    drop(registrar);
    let registrar = phone.registrar("udp", SECRET, "");
    phone.assert_recovers(registrar);
}

#[test]
#[ignore = "needs root (network namespaces), kamailio and ss"]
fn a_phone_on_tcp_at_a_udp_registrar_is_wait_for_diagnosis() {
    let mut phone = ConvertedPhone::converted("transport", "tcp", 5060);
    let registrar = phone.registrar("udp", SECRET, "");
    phone.run_action("call-closed-port");
    let found = phone.wait_for_diagnosis();
    let evidence = found["evidence"].as_str().unwrap();
    assert!(
        evidence.contains("sent to TCP port 5060 of 192.0.2.1 2 times"),
        "{found}"
    );
    assert!(
        found["cure"]
            .as_str()
            .unwrap()
            .contains("transportLayerProtocol"),
        "{found}"
    );
    drop(registrar);
    let registrar = phone.registrar("tcp", SECRET, "");
    phone.assert_recovers(registrar);
}

#[test]
#[ignore = "needs root (network namespaces), kamailio and ss"]
fn a_registrar_that_answers_to_the_source_port_is_diagnosed_as_such() {
    let mut phone = ConvertedPhone::converted("rport", "udp", 5060);
    let registrar = phone.registrar("udp", SECRET, "force_rport();");
    phone.run_action("wait-for-answer");
    let found = phone.wait_for_diagnosis();
    assert!(
        found["evidence"]
            .as_str()
            .unwrap()
            .contains("listens on port 5060"),
        "{found}"
    );
    assert!(
        found["cure"].as_str().unwrap().contains("force_rport=no"),
        "{found}"
    );
    drop(registrar);
    let registrar = phone.registrar("udp", SECRET, "");
    phone.assert_recovers(registrar);
}
