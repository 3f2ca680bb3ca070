//! `convert --survey` as a process: what phones are served during the survey, its report, and the
//! route of a phone that needs the bridge.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream, UdpSocket},
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Arc,
    time::Duration,
};

use reflash::{
    phone::{Family, LoadName, Protocol},
    simulator::{
        Release, Sizes, SyntheticBundle,
        fleet::{self, FleetConfig, PhoneResult, StartMix},
    },
};
use serde_json::Value;
use socket2::{Domain, Socket, Type};

use crate::support::{own_loopback, process::Running, synthetic::KEY};

const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");

/// The first simulated phone of a fleet.
const PHONE: &str = "025245480000";
const TARGET: &str = "SIP45.9-3-1SR4-1S";
const BRIDGE: &str = "SCCP45.8-5-2S";
/// The load of simulated phones that need a bridge.
const OLD: &str = "SCCP45.8-3-2S";

/// A timeout for a hanging server; every response is much faster.
const PATIENCE: Duration = Duration::from_secs(30);

fn small() -> SyntheticBundle {
    SyntheticBundle::new(Family::F45, 7)
        .unwrap()
        .sizes(Sizes::Small)
}

fn written(made: &SyntheticBundle, folder: &Path) -> PathBuf {
    let path = folder.join(made.file_name());
    made.write_zip(&path).unwrap();
    path
}

fn bridge(folder: &Path) -> PathBuf {
    let made = small().protocol(Protocol::Sccp).release(Release {
        load: "8-5-2S".to_owned(),
        images: "8-5-2TH1-9".to_owned(),
    });
    written(&made, folder)
}

/// A server on a loopback address that only this test uses, where ports 5060 and 2000 are free.
struct Place {
    folder: tempfile::TempDir,
    server: Ipv4Addr,
    phone: Ipv4Addr,
}

impl Place {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            server: own_loopback(),
            phone: own_loopback(),
        }
    }

    fn convert(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(REFLASH);
        command.args(["convert", "--json", "--tftp-port", "0", "--http-port", "0"]);
        command.args(["--listen", &self.server.to_string()]);
        command.args(arguments);
        command.env("XDG_STATE_HOME", self.folder.path());
        command
    }

    /// The target and the bridge.
    fn begin(&self, arguments: &[&str]) -> (Running, SocketAddrV4) {
        let mut command = self.convert(&["--trust-key", KEY]);
        command.arg(written(&small(), self.folder.path()));
        command.arg("--bridge").arg(bridge(self.folder.path()));
        start(command.args(arguments))
    }

    fn journal(&self) -> String {
        let path = self.folder.path().join("run.jsonl");
        path.to_str().unwrap().to_owned()
    }

    /// The first message of an SCCP phone to its call manager.
    fn alarm(&self, load: &str) {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let from: SocketAddr = (self.phone, 0).into();
        let to: SocketAddr = (self.server, 2000).into();
        socket.bind(&from.into()).unwrap();
        socket.connect(&to.into()).unwrap();
        let mut line = TcpStream::from(socket);
        line.set_read_timeout(Some(PATIENCE)).unwrap();
        let name = PHONE.to_uppercase();
        let text = format!("25: Name=SEP{name} Load={load} Last=Initialized");
        let mut bytes = [96_u32, 0, 0x20, 2].map(u32::to_le_bytes).concat();
        bytes.extend(text.bytes());
        bytes.resize(16 + 80, 0);
        bytes.extend([0; 8]);
        line.write_all(&bytes).unwrap();
        assert_eq!(line.read_to_end(&mut Vec::new()).unwrap(), 0);
    }

    /// Switches a scripted phone on that runs [`OLD`] and needs the bridge, until it has
    /// nothing more to ask.
    fn phone_boots(&self, server: SocketAddrV4) -> PhoneResult {
        let config = FleetConfig {
            phones: 1,
            models: vec![Family::F45.models().nth(1).unwrap()],
            start: StartMix::LoadInformation,
            from: None,
            call_manager: None,
            pace: 0.01,
            http: None,
            seed: 3,
            faults: vec!["needs-bridge".parse().unwrap()],
            sizes: Arc::default(),
            addresses: vec![self.phone],
            listed: Vec::new(),
            deadline: Duration::from_mins(1),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let run = fleet::run(&config, server, std::future::pending());
        let mut phones = runtime.block_on(run).unwrap();
        assert!(phones[0].finished, "{phones:?}");
        phones.remove(0)
    }

    /// The text of a short file, or the code of the error.
    fn fetch(&self, server: SocketAddrV4, name: &str) -> Result<String, u8> {
        let socket = UdpSocket::bind((self.phone, 0)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let request = [b"\0\x01", name.as_bytes(), b"\0octet\0"].concat();
        socket.send_to(&request, server).unwrap();
        let (mut text, mut buffer) = (Vec::new(), [0; 600]);
        loop {
            let (length, from) = socket.recv_from(&mut buffer).unwrap();
            if buffer[1] == 5 {
                return Err(buffer[3]);
            }
            text.extend(&buffer[4..length]);
            socket.send_to(&[0, 4, buffer[2], buffer[3]], from).unwrap();
            if length < 516 {
                return Ok(String::from_utf8_lossy(&text).into_owned());
            }
        }
    }
}

fn start(command: &mut Command) -> (Running, SocketAddrV4) {
    let mut run = Running::start(command);
    let started = run.kind("started");
    (run, started["tftp"].as_str().unwrap().parse().unwrap())
}

fn is_planned(line: &Value, word: &str) -> bool {
    let detail = line["evidence"]["detail"].as_str().unwrap_or_default();
    line["kind"] == "step" && detail.starts_with("planned by the survey") && detail.contains(word)
}

#[test]
fn a_phone_below_8_3_3_takes_the_bridge_without_a_try_at_the_target_and_then_the_target() {
    let place = Place::new();
    let (mut run, server) = place.begin(&["--survey", "8s", "--expect", "1"]);
    // The phone restarts during the survey: no load is named, and the phone keeps its load.
    let phone = place.phone_boots(server);
    assert_eq!(phone.contents.load, Some(LoadName::new(OLD)));
    place.alarm(OLD);
    run.wait_for(|line| is_planned(line, BRIDGE));
    let survey = run.kind("survey");
    let found = &survey["phones"][0];
    assert_eq!(found["phone"]["mac"], PHONE, "{survey:#}");
    assert_eq!(
        (&found["plan"], &found["restart"]),
        (&"bridge".into(), &true.into())
    );
    assert_eq!(
        (&found["runs"], &found["next"]),
        (&OLD.into(), &BRIDGE.into())
    );
    assert_eq!(survey["phones"].as_array().unwrap().len(), 1);

    let phone = place.phone_boots(server);
    assert!(phone.contents.load.unwrap().as_str() == TARGET);
    let report = run.kind("finished")["report"].clone();
    assert_eq!(run.end(), Some(0), "{report:#}");
    let phone = &report["phones"][0];
    assert_eq!(
        (&phone["from"], &phone["to"]),
        (&OLD.into(), &TARGET.into())
    );
    assert_eq!(phone["pass"], 2, "{phone:#}");
    assert!(
        phone["diagnoses"].as_array().unwrap().is_empty(),
        "{phone:#}"
    );
    assert!(
        phone["withdrawn"].as_array().unwrap().is_empty(),
        "{phone:#}"
    );
    // The bridge's manifest and images are requested before the target's manifest.
    let names: Vec<&str> = phone["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["name"].as_str().unwrap())
        .collect();
    let first = |wanted: &str| names.iter().position(|name| *name == wanted).unwrap();
    let image = |name: &str| name.contains("8-5-2TH1-9");
    let images = names.iter().filter(|name| image(name)).count();
    assert_eq!(images, 5, "{names:#?}");
    let last = names.iter().rposition(|name| image(name)).unwrap();
    assert!(first(&format!("{BRIDGE}.loads")) < last);
    assert!(last < first(&format!("{TARGET}.loads")), "{names:#?}");
    let manifests = names.iter().filter(|name| name.contains(".loads"));
    assert_eq!(
        manifests.count(),
        2,
        "one request for each manifest: {names:#?}"
    );
}

#[test]
fn an_alarm_of_a_phone_that_runs_the_target_ends_the_run_without_flashing() {
    let place = Place::new();
    let (mut run, server) = place.begin(&["--survey", "1h", "--expect", "1"]);
    let config = place.fetch(server, "XMLDefault.cnf.xml").unwrap();
    assert!(!config.contains("loadInformation"), "{config}");
    assert!(config.contains(&place.server.to_string()), "{config}");
    for name in [format!("{TARGET}.loads"), format!("{BRIDGE}.loads")] {
        assert_eq!(place.fetch(server, &name), Err(1), "{name}");
    }
    place.alarm(TARGET);
    let report = run.kind("finished")["report"].clone();
    assert_eq!(run.end(), Some(0));
    assert_eq!(report["totals"]["already"], 1, "{report:#}");
}

#[test]
fn a_boot_loader_is_served_during_the_survey() {
    let place = Place::new();
    let (mut run, server) = place.begin(&["--survey", "1h"]);
    let manifest = place.fetch(server, "term65.default.loads").unwrap();
    assert!(manifest.contains("9-3-1"), "{manifest}");
    run.wait_for(|line| line["kind"] == "step" && line["state"] == "manifest");
    // Two signals: the run does not wait for the phone's images.
    run.signal("INT");
    run.signal("TERM");
    run.kind("finished");
    assert!([Some(130), Some(143)].contains(&run.end()));
}

fn report(journal: &str) -> Value {
    let output = Command::new(REFLASH)
        .args(["report", "--json", journal])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_resumed_run_continues_its_survey_and_keeps_its_plans() {
    let place = Place::new();
    let journal = place.journal();
    let (mut run, _) = place.begin(&["--survey", "6s", "--journal", &journal]);
    place.alarm(OLD);
    run.wait_for(|line| line["evidence"]["witness"] == "sccp");
    run.signal("KILL");
    run.end();
    // Another survey than the run's is refused.
    let resume = ["--resume", "--journal", &journal];
    let again = place.convert(&resume).args(["--survey", "7s"]).output();
    let words = String::from_utf8(again.unwrap().stderr).unwrap();
    assert!(
        words.contains("--survey differs from that of the run"),
        "{words}"
    );

    let (mut run, server) = start(&mut place.convert(&resume));
    let config = place.fetch(server, "XMLDefault.cnf.xml").unwrap();
    assert!(!config.contains("loadInformation"), "still: {config}");
    let survey = run.kind("survey");
    assert_eq!(survey["phones"][0]["plan"], "bridge", "{survey:#}");
    run.signal("KILL");
    run.end();

    let (mut run, server) = start(&mut place.convert(&resume));
    let survey = run.kind("survey");
    assert_eq!(survey["phones"][0]["plan"], "bridge", "{survey:#}");
    assert_eq!(survey["phones"][0]["restart"], true);
    let config = place.fetch(server, "XMLDefault.cnf.xml").unwrap();
    assert!(
        config.contains(BRIDGE) && !config.contains(TARGET),
        "{config}"
    );
    run.signal("INT");
    run.kind("finished");
    run.end();
    let report = report(&journal);
    let evidence = report["report"]["phones"][0]["evidence"].to_string();
    assert!(
        evidence.contains("planned by the survey: the bridge"),
        "{evidence}"
    );
    let first = fs::read_to_string(&journal).unwrap();
    let header: Value = serde_json::from_str(first.lines().next().unwrap()).unwrap();
    assert_eq!(header["plan"]["survey"], 6.0);
}

#[test]
fn a_survey_without_time_or_without_an_end_is_a_usage_error() {
    let refused = |arguments: &[&str]| {
        let Output { status, stderr, .. } = Command::new(REFLASH)
            .args(["convert", "bundle.zip"])
            .args(arguments)
            .output()
            .unwrap();
        let words = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(2), "{words}");
        words
    };
    for length in ["0s", "soon", "-5m"] {
        refused(&[&format!("--survey={length}")]);
    }
    let words = refused(&["--survey", "10m", "--timeout", "5m"]);
    assert!(words.contains("--timeout ends the run before"), "{words}");
}

#[test]
fn the_output_states_what_to_do_during_and_after_the_survey() {
    let place = Place::new();
    let mut command = Command::new(REFLASH);
    command.args(["convert", "--tftp-port", "0", "--http-port", "0"]);
    command.args(["--listen", &place.server.to_string(), "--trust-key", KEY]);
    command.arg(written(&small(), place.folder.path()));
    command.arg("--bridge").arg(bridge(place.folder.path()));
    let mut run = Running::start(command.args(["--survey", "2s"]));
    let has = |line: &Value, words: &str| line.as_str().is_some_and(|line| line.contains(words));
    let mut opening = Vec::new();
    run.wait_for(|line| {
        opening.push(line.to_string());
        has(line, "listening for SCCP alarms on")
    });
    let opening = opening.join("\n");
    assert!(
        opening.contains("survey until 0:00:02 after the start: no firmware is offered"),
        "{opening}"
    );
    // A phone that is reset has no load to report, and would be flashed at once.
    assert!(!opening.contains("hold #"), "{opening}");
    place.alarm(OLD);
    run.wait_for(|line| has(line, "the survey ended, 1 phone seen"));
    run.wait_for(|line| {
        has(
            line,
            "phones to restart, for the bridge SCCP45.8-5-2S (it runs SCCP45.8-3-2S)",
        ) && has(line, "SEP025245480000")
    });
    run.wait_for(|line| has(line, "press Settings and type **#**"));
    run.signal("INT");
    assert_eq!(run.end(), Some(130));
}
