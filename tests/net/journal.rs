//! The record of a run: what is read of any part of it, and going on after `kill -9`.

mod schema1;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::{Ipv4Addr, SocketAddrV4, UdpSocket},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use proptest::prelude::*;
use reflash::{
    journal::{self, Finished, Header, Journal, JournalErrorKind, Network, RecordedRun},
    phone::LoadName,
    track::{
        Event, EvidenceSource, FileOutcome, Fleet, Observation, ObservationKind, Report, RunTime,
        ServedFile, State, TransferEnd, TransferId, Transport,
    },
};
use serde_json::Value;

use crate::support::{
    conversation::*,
    process::Running,
    synthetic::{self, KEY},
};

const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");

fn header() -> Header {
    let at = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 69);
    let network = Network {
        tftp: at,
        http: None,
    };
    let mut header = Header::new(
        "convert",
        network,
        journal::Arguments::default(),
        &[],
        &plan(),
    );
    header.bundles = plan()
        .stages
        .iter()
        .map(|stage| journal::ServedBundle {
            path: "/b.zip".into(),
            digests: None,
            contents: String::new(),
            bridge: false,
            load: stage.load.clone(),
            models: stage.models.clone(),
            manifests: stage
                .manifests
                .iter()
                .map(|manifest| journal::RecordedManifest {
                    name: manifest.name.clone(),
                    hardware: manifest.hardware,
                    images: manifest.images.clone(),
                })
                .collect(),
        })
        .collect();
    header
}

/// A fleet and its journal, as a run has them.
struct Live {
    fleet: Fleet,
    journal: Journal,
    now: RunTime,
    /// What was to be said at which moment.
    told: BTreeMap<RunTime, Report>,
    next: u64,
    /// Who asked, by transfer: what it acknowledges and how it ends comes from there.
    askers: Vec<u8>,
}

const BEGAN: i64 = 1_784_000_000;

impl Live {
    fn new(path: &Path) -> Self {
        let at = Timestamp::from_second(BEGAN).unwrap();
        let mut live = Self {
            fleet: Fleet::new(plan()),
            journal: Journal::create(path, at, header()).unwrap(),
            now: RunTime::ZERO,
            told: BTreeMap::new(),
            next: 0,
            askers: Vec::new(),
        };
        live.keep();
        live
    }

    fn keep(&mut self) {
        let report = self.fleet.report(Timestamp::UNIX_EPOCH);
        self.told.insert(self.fleet.now(), report);
    }

    fn see(&mut self, who: u8, kind: ObservationKind) {
        self.now += Duration::from_millis(1);
        let observation = Observation {
            address: address(who),
            kind,
        };
        let events = self.fleet.observe(self.now, &observation);
        self.journal
            .observe(self.fleet.now(), &observation, &events);
        self.keep();
    }

    fn wait(&mut self, seconds: u64) {
        // As often as a run that has nothing else to do.
        for _ in 0..seconds {
            self.now += Duration::from_secs(1);
            let events = self.fleet.tick(self.now);
            self.journal.tick(self.fleet.now(), &events);
            self.keep();
        }
    }

    fn ask(&mut self, who: u8, name: &str, served: Option<u64>) -> TransferId {
        let transfer = TransferId(self.next);
        self.next += 1;
        self.askers.push(who);
        let asked = ObservationKind::Requested {
            transfer,
            transport: Transport::Tftp,
            name: name.to_owned(),
            port: 49152,
            served: served.map(|size| ServedFile {
                name: name.to_owned(),
                size,
            }),
        };
        self.see(who, asked);
        transfer
    }

    /// One of the newest transfers, and who asked for it; `who` where nobody did.
    fn recent(&self, back: u64, who: u8) -> (u8, TransferId) {
        let transfer = self.next.saturating_sub(back);
        let asker = usize::try_from(transfer)
            .ok()
            .and_then(|at| self.askers.get(at));
        (asker.copied().unwrap_or(who), TransferId(transfer))
    }

    fn finish(&self) {
        let totals = self.fleet.report(Timestamp::UNIX_EPOCH).totals;
        let finished = Finished {
            totals,
            succeeded: false,
            signal: None,
        };
        assert_eq!(self.journal.finish(self.fleet.now(), finished), None);
    }
}

#[derive(Debug, Clone)]
enum Act {
    Ask(usize, bool),
    Acknowledge(u64, u64),
    End(u64, u8),
    Named(u8),
    Load(usize),
    Wait(u64),
    /// A manifest and its images, each with acknowledgements and an end, and a boot.
    Pass([u8; 6], u8),
}

const LOADS_SAID: [&str; 3] = [LOAD, "SCCP45.8-5-2S", "term65.default"];

fn names() -> Vec<String> {
    let mut names: Vec<String> = [
        TERM,
        LOADS,
        "XMLDefault.cnf.xml",
        "mk-sip.jar",
        "\u{0}\n\"x",
    ]
    .map(str::to_owned)
    .into();
    names.extend(IMAGES.map(|(name, _)| name.to_owned()));
    names.extend((1..4).map(|n| format!("CTLSEP{}.tlv", mac(n).upper_hex())));
    names.extend((1..4).map(|n| format!("SEP{}.cnf.xml", mac(n).upper_hex())));
    names
}

fn acts() -> impl Strategy<Value = Vec<(u8, Act)>> {
    let end = prop::sample::select(&[0_u8, 1, 2, 3, 4, 4, 4, 4, 4][..]);
    let act = prop_oneof![
        6 => (0..names().len(), prop::bool::weighted(0.9)).prop_map(|(n, s)| Act::Ask(n, s)),
        6 => (0..8_u64, 0..2000_u64).prop_map(|(back, bytes)| Act::Acknowledge(back, bytes)),
        5 => (0..6_u64, 0..6_u8).prop_map(|(back, end)| Act::End(back, end)),
        1 => (1..4_u8).prop_map(Act::Named),
        1 => (0..LOADS_SAID.len()).prop_map(Act::Load),
        2 => prop_oneof![1..8_u64, 100..700_u64].prop_map(Act::Wait),
        1 => (prop::array::uniform6(end), 1..4_u8).prop_map(|(ends, n)| Act::Pass(ends, n)),
    ];
    prop::collection::vec((10..13_u8, act), 1..60)
}

fn end(kind: u8) -> TransferEnd {
    match kind {
        0 => TransferEnd::Aborted {
            code: Some(0),
            message: Some("no \u{1b} more".to_owned()),
        },
        1 => TransferEnd::Vanished { all_sent: true },
        2 => TransferEnd::Vanished { all_sent: false },
        3 => TransferEnd::Replaced,
        _ => TransferEnd::Delivered,
    }
}

fn play(live: &mut Live, acts: Vec<(u8, Act)>) {
    let names = names();
    for (who, act) in acts {
        match act {
            Act::Ask(name, served) => {
                live.ask(who, &names[name], served.then_some(1000));
            }
            Act::Acknowledge(back, bytes) => {
                let (who, transfer) = live.recent(back, who);
                live.see(who, ObservationKind::Acknowledged { transfer, bytes });
            }
            Act::End(back, kind) => {
                let (who, transfer) = live.recent(back, who);
                let ended = ObservationKind::Ended {
                    transfer,
                    end: end(kind),
                    bytes: 1000,
                };
                live.see(who, ended);
            }
            Act::Named(name) => {
                let mac = mac(name);
                let source = EvidenceSource::Neighbour;
                live.see(who, ObservationKind::MacReported { mac, source });
            }
            Act::Load(load) => {
                let kind = ObservationKind::Load {
                    load: LoadName::new(LOADS_SAID[load]),
                    source: EvidenceSource::Cdp,
                    detail: "said so".to_owned(),
                };
                live.see(who, kind);
            }
            Act::Wait(seconds) => live.wait(seconds),
            Act::Pass(ends, name) => {
                let files = [TERM].into_iter().chain(IMAGES.map(|(name, _)| name));
                for (file, kind) in files.zip(ends) {
                    let transfer = live.ask(who, file, Some(1000));
                    for bytes in [300, 600] {
                        live.see(who, ObservationKind::Acknowledged { transfer, bytes });
                    }
                    live.wait(2);
                    let (end, bytes) = (end(kind), 1000);
                    live.see(
                        who,
                        ObservationKind::Ended {
                            transfer,
                            end,
                            bytes,
                        },
                    );
                }
                live.ask(who, &format!("CTLSEP{}.tlv", mac(name).upper_hex()), None);
            }
        }
    }
}

/// Without what a held-back acknowledgement alone changes: how far a transfer that is under
/// way is, and when that was heard.
fn without_progress(mut report: Report) -> Report {
    let files = report
        .phones
        .iter_mut()
        .map(|phone| {
            phone.last_seen = Timestamp::UNIX_EPOCH;
            &mut phone.files
        })
        .chain(report.others.iter_mut().map(|other| &mut other.files));
    for file in files.flatten() {
        if file.outcome == FileOutcome::Asked {
            file.bytes = 0;
        }
    }
    report
}

fn steps(events: &[(RunTime, Event)]) -> Vec<&Event> {
    events.iter().map(|(_, event)| event).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_journal_cut_anywhere_is_a_state_that_the_run_was_in(
        acts in acts(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 12),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.jsonl");
        let mut live = Live::new(&path);
        play(&mut live, acts);
        live.finish();
        let bytes = fs::read(&path).unwrap();

        let whole = journal::read(&path).unwrap();
        prop_assert_eq!(
            whole.fleet().report(Timestamp::UNIX_EPOCH),
            live.fleet.report(Timestamp::UNIX_EPOCH)
        );
        prop_assert!(whole.finished && whole.lines_cut == 0 && whole.unknown_lines == 0);

        let cut_file = folder.path().join("cut.jsonl");
        let first = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        for cut in cuts {
            let length = cut.index(bytes.len());
            fs::write(&cut_file, &bytes[..length]).unwrap();
            let read = journal::read(&cut_file);
            if length < first {
                let kind = read.unwrap_err().kind;
                prop_assert!(
                    match kind {
                        JournalErrorKind::Empty => length == 0,
                        JournalErrorKind::Foreign => length > 0,
                        _ => false,
                    },
                    "{length}: {kind:?}"
                );
                continue;
            }
            let recorded = read.unwrap();
            prop_assert_eq!(recorded.lines_cut, usize::from(bytes[length - 1] != b'\n'));
            let known = without_progress(live.told[&recorded.last].clone());
            let fleet = recorded.fleet();
            prop_assert_eq!(without_progress(fleet.report(Timestamp::UNIX_EPOCH)), known);
            // What was told stands beside it, as far as it goes.
            let told = steps(&recorded.events);
            prop_assert_eq!(&told[..], &steps(&whole.events)[..told.len()]);
        }
    }

    #[test]
    fn any_bytes_are_a_journal_or_words(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("any");
        fs::write(&path, &bytes).unwrap();
        prop_assert!(journal::read(&path).is_err());
        let live = folder.path().join("run.jsonl");
        Live::new(&live).finish();
        let mut whole = fs::read(&live).unwrap();
        whole.extend_from_slice(&bytes);
        fs::write(&path, &whole).unwrap();
        let recorded = journal::read(&path).unwrap();
        prop_assert_eq!(recorded.observations.len(), 0);
    }
}

fn network() -> Network {
    header().network
}

#[test]
fn a_resumed_run_goes_on_at_the_last_moment_with_the_wall_of_each_sitting() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let mut live = Live::new(&path);
    live.wait(10);
    live.ask(10, TERM, Some(1000));
    let fleet = live.fleet.report(Timestamp::UNIX_EPOCH);
    drop(live);
    // Killed while it wrote a line.
    let mut bytes = wait_for_lines(&path, 2);
    let whole = bytes.len();
    bytes.extend_from_slice(b"{\"at\":\"2026-07-14T");
    fs::write(&path, &bytes).unwrap();

    let later = Timestamp::from_second(BEGAN + 7000).unwrap();
    // The writer of the dropped journal closes the file in its own time.
    let patience = Instant::now() + Duration::from_secs(30);
    let (journal, recorded) = loop {
        match Journal::resume(&path, later, network()) {
            Err(error)
                if matches!(error.kind, JournalErrorKind::InUse) && Instant::now() < patience =>
            {
                thread::sleep(Duration::from_millis(5));
            }
            resumed => break resumed.unwrap(),
        }
    };
    assert_eq!(recorded.lines_cut, 1);
    assert_eq!(recorded.fleet().report(Timestamp::UNIX_EPOCH), fleet);
    let text = fs::read(&path).unwrap();
    assert_eq!(text[..whole], bytes[..whole]);
    assert!(
        text[whole..].starts_with(b"{\"at\""),
        "the torn line is gone"
    );

    let mut fleet = recorded.fleet();
    let at = recorded.last + Duration::from_secs(30);
    let asked = Observation {
        address: address(11),
        kind: ObservationKind::Requested {
            transfer: TransferId(1),
            transport: Transport::Tftp,
            name: TERM.to_owned(),
            port: 1,
            served: None,
        },
    };
    let events = fleet.observe(at, &asked);
    journal.observe(at, &asked, &events);
    let finished = Finished {
        totals: fleet.report(Timestamp::UNIX_EPOCH).totals,
        succeeded: false,
        signal: Some(2),
    };
    assert_eq!(journal.finish(at, finished), None);

    let recorded = journal::read(&path).unwrap();
    assert_eq!(recorded.sessions.count(), 2);
    assert_eq!(recorded.end, Some(finished));
    let mut seen: Vec<i64> = recorded
        .report()
        .phones
        .iter()
        .map(|phone| phone.first_seen.as_second() - BEGAN)
        .collect();
    // The report lists phones that need attention first.
    seen.sort_unstable();
    assert_eq!(seen, [10, 7030]);
}

/// The file, once it has this many lines.
fn wait_for_lines(path: &Path, lines: usize) -> Vec<u8> {
    let patience = Instant::now() + Duration::from_secs(30);
    loop {
        let bytes = fs::read(path).unwrap();
        if bytes.split(|byte| *byte == b'\n').count() > lines {
            return bytes;
        }
        assert!(Instant::now() < patience, "the lines never came");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The server is killed in the middle of this transfer.
fn killed(live: &mut Live, transfer: TransferId, bytes: u64) {
    let end = TransferEnd::Killed;
    live.see(
        10,
        ObservationKind::Ended {
            transfer,
            end,
            bytes,
        },
    );
}

fn delivered(live: &mut Live, name: &str) {
    let transfer = live.ask(10, name, Some(1000));
    live.see(
        10,
        ObservationKind::Ended {
            transfer,
            end: TransferEnd::Delivered,
            bytes: 1000,
        },
    );
}

#[test]
fn a_kill_is_not_the_phones_fault_and_what_follows_says_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let mut live = Live::new(&folder.path().join("run.jsonl"));
    let manifest = live.ask(10, TERM, Some(1000));
    killed(&mut live, manifest, 0);
    // It has the manifest: it asks for what stands in it. Four kills in one image.
    for _ in 0..4 {
        let image = live.ask(10, IMAGES[0].0, Some(1000));
        killed(&mut live, image, 300);
        live.wait(20);
    }
    // Unplugged, as nobody answered: it begins again.
    delivered(&mut live, TERM);
    let image = live.ask(10, IMAGES[0].0, Some(1000));
    killed(&mut live, image, 0);
    for (name, _) in &IMAGES[1..] {
        delivered(&mut live, name);
    }
    let now = |live: &Live| live.fleet.report(Timestamp::UNIX_EPOCH).phones.remove(0);
    let phone = now(&live);
    assert_eq!(
        (&phone.diagnoses[..], &phone.withdrawn[..]),
        (&[][..], &[][..])
    );
    assert_eq!(phone.state, State::Writing, "{phone:#?}");
    let implied: Vec<&str> = phone
        .files
        .iter()
        .filter(|file| file.outcome == FileOutcome::Implied)
        .map(|file| file.name.as_str())
        .collect();
    assert_eq!(implied, [TERM, IMAGES[0].0]);
    live.ask(10, &format!("CTLSEP{}.tlv", mac(1).upper_hex()), None);
    live.ask(10, "mk-sip.jar", None);
    assert_eq!(now(&live).state, State::Flashed, "implied does not confirm");
}

#[test]
fn a_kill_in_the_last_image_leaves_the_phone_not_done() {
    let folder = tempfile::tempdir().unwrap();
    let mut live = Live::new(&folder.path().join("run.jsonl"));
    delivered(&mut live, TERM);
    for (name, _) in &IMAGES[..4] {
        delivered(&mut live, name);
    }
    let image = live.ask(10, IMAGES[4].0, Some(1000));
    killed(&mut live, image, 990);
    live.ask(10, &format!("CTLSEP{}.tlv", mac(1).upper_hex()), None);
    let phone = live.fleet.report(Timestamp::UNIX_EPOCH).phones.remove(0);
    assert_eq!(phone.state, State::Configuring);
    assert_eq!(phone.diagnoses, []);
}

fn fault(result: Result<(Journal, RecordedRun), journal::JournalError>) -> JournalErrorKind {
    let error = result.unwrap_err();
    assert!(!error.cure().is_empty());
    error.kind
}

#[test]
fn what_cannot_be_gone_on_with_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let mut live = Live::new(&path);
    let resume = |path: &Path| Journal::resume(path, Timestamp::UNIX_EPOCH, network());
    assert!(matches!(fault(resume(&path)), JournalErrorKind::InUse));
    for _ in 0..3 {
        live.ask(10, TERM, Some(1000));
    }
    drop(live);
    let good = wait_for_lines(&path, 4);
    let text = String::from_utf8(good).unwrap();
    let lines: Vec<&str> = text.lines().collect();

    let other = folder.path().join("other.jsonl");
    let broken = format!("{}\n{}\nx\n{}\n", lines[0], lines[1], lines[2]);
    let newer = format!(
        "{}\n{{\"at\":\"2026-07-14T00:00:00Z\",\"kind\":\"new\"}}\n",
        lines[0]
    );
    let cases: [(&str, &str); 6] = [
        ("Empty", ""),
        ("Foreign", "PK\u{3}\u{4}\n"),
        ("Foreign", "{\"kind\":\"started\"}\n"),
        ("Schema(9)", "{\"kind\":\"journal\",\"schema\":9}\n"),
        ("Damaged { line: 3, after: 1 }", &broken),
        ("Unknown(1)", &newer),
    ];
    for (wanted, text) in cases {
        fs::write(&other, text).unwrap();
        let fault = fault(resume(&other));
        assert_eq!(format!("{fault:?}"), wanted);
        assert_eq!(fs::read_to_string(&other).unwrap(), text, "{wanted}");
    }
    // A report may still be made of what stands before the damage.
    fs::write(&other, &broken).unwrap();
    let recorded = journal::read(&other).unwrap();
    assert_eq!((recorded.observations.len(), recorded.lines_cut), (1, 2));
    assert!(matches!(
        journal::read(folder.path()).unwrap_err().kind,
        JournalErrorKind::NoFile("folder")
    ));
    let again = Journal::create(&path, Timestamp::UNIX_EPOCH, header());
    assert!(matches!(again.unwrap_err().kind, JournalErrorKind::Exists));
}

#[test]
fn a_journal_is_for_its_user_alone_and_holds_no_more_than_names() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state/reflash/run.jsonl");
    Live::new(&path).finish();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
}

// From here on: the real program.

/// A conversion on loopback, in a folder of its own.
struct Site {
    folder: tempfile::TempDir,
    bundle: PathBuf,
    port: u16,
}

/// Ports that no system gives to anybody by itself, and no two tests at once.
fn free_port() -> u16 {
    static NEXT: Mutex<u16> = Mutex::new(0);
    let mut next = NEXT.lock().unwrap();
    if *next == 0 {
        let spread = u16::try_from(std::process::id() % 500).unwrap();
        *next = 10_000 + spread * 20;
    }
    loop {
        *next += 1;
        if UdpSocket::bind((Ipv4Addr::LOCALHOST, *next)).is_ok() {
            return *next;
        }
    }
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            bundle: synthetic::bundle(folder.path()),
            folder,
            port: free_port(),
        }
    }

    fn journal(&self) -> PathBuf {
        self.folder.path().join("run.jsonl")
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = Command::new(REFLASH);
        let port = self.port.to_string();
        command.args(["convert", "--json", "--listen", "127.0.0.1"]);
        command.args(["--http-port", "0", "--tftp-port", &port, "--no-check"]);
        command.args(more);
        command.env("TMPDIR", self.folder.path());
        command.env("XDG_STATE_HOME", self.folder.path().join("state"));
        command
    }

    fn begin(&self, more: &[&str]) -> Running {
        let mut command = self.command(&["--trust-key", KEY]);
        command.arg(&self.bundle).args(more);
        command.arg("--journal").arg(self.journal());
        Running::start(&mut command)
    }

    fn resume(&self, more: &[&str]) -> Running {
        let mut command = self.command(&["--resume"]);
        command.arg("--journal").arg(self.journal()).args(more);
        Running::start(&mut command)
    }

    /// Fails before anything is served: the exit code and the words.
    fn refused(command: &mut Command) -> (Option<i32>, String) {
        let Output {
            status,
            stdout,
            stderr,
        } = command.output().unwrap();
        assert_eq!(stdout, b"", "nothing is served");
        (status.code(), String::from_utf8(stderr).unwrap())
    }

    fn phones(&self, count: usize) -> Phones {
        let mut command = Command::new(REFLASH);
        let against = format!("127.0.0.1:{}", self.port);
        command.args(["rehearse", "--json", "--seed", "11", "--model", "7965"]);
        command.args(["--against", &against, "--phones", &count.to_string()]);
        command.args(["--timeout", "3m"]);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        Phones(command.spawn().unwrap())
    }
}

/// Phones in a process of their own; switched off with the test.
struct Phones(Child);

impl Drop for Phones {
    fn drop(&mut self) {
        // Fails where they are finished already, which is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a run says of one phone that must not depend on when its server was killed.
#[derive(Debug, PartialEq)]
struct Outcome {
    state: Value,
    to: Value,
    /// Files that came, by the last ACK or by what followed.
    came: BTreeSet<String>,
    codes: Vec<Value>,
}

fn outcome(phone: &Value) -> Outcome {
    let files = phone["files"].as_array().unwrap().iter();
    let came = files
        .filter(|file| file["outcome"] == "delivered" || file["outcome"] == "implied")
        .map(|file| file["name"].as_str().unwrap().to_owned());
    let codes = phone["diagnoses"].as_array().unwrap().iter();
    Outcome {
        state: phone["state"].clone(),
        to: phone["to"].clone(),
        came: came.collect(),
        codes: codes.map(|diagnosis| diagnosis["code"].clone()).collect(),
    }
}

fn by_mac(report: &Value) -> BTreeMap<String, &Value> {
    let phones = report["phones"].as_array().unwrap().iter();
    phones
        .map(|phone| (phone["mac"].to_string(), phone))
        .collect()
}

/// Holds a killed run against the undisturbed one; how many phones are known less of.
///
/// A kill between a phone's last ACK and the record of it takes that ACK away. What is left
/// is the weaker claim, never a stronger or a false one: an image is implied by what
/// followed, so that the phone is flashed and not confirmed; or, where it was the last image
/// and nothing followed, it is not done; or a manifest is missing among the files of a phone
/// that is as far as it was. And a phone that asked in vain for too long, while nobody served,
/// keeps its load and stays where it was.
fn hold_against(report: &Value, undisturbed: &Value, seed: u64, killed: &BTreeSet<String>) -> u64 {
    let (now, then) = (by_mac(report), by_mac(undisturbed));
    assert!(now.keys().eq(then.keys()), "seed {seed}: {report:#}");
    let mut weaker = 0;
    for (mac, phone) in now {
        let (is, was) = (outcome(phone), outcome(then[&mac]));
        if is == was {
            continue;
        }
        // Files that came and are not known to have: under way at a kill, or not even that.
        let missing: Vec<_> = was.came.difference(&is.came).collect();
        // Flashed says less than confirmed: an ACK, or the one request that named SCCP, is lost.
        let is_weaker = is.state == "flashed"
            || !missing.is_empty() && (is.state == was.state || is_under_way(&is.state));
        // A file of which nothing is recorded looks like one that was never asked for.
        let is_expected = |code: &Value| code == "rebooted-mid-image" || code == "stalled";
        let codes = is.codes.iter().all(is_expected);
        let to = is.to == was.to || is.to.is_null();
        assert!(
            is_weaker && codes && to && is.came.is_subset(&was.came),
            "seed {seed}: {is:#?} instead of {was:#?}, killed in {killed:?}: {phone:#}"
        );
        println!("seed {seed}: {is:#?} instead of {was:#?}, killed in {killed:?}");
        weaker += 1;
    }
    weaker
}

fn is_under_way(state: &Value) -> bool {
    let states = ["configuring", "manifest", "images", "writing", "stalled"];
    states.iter().any(|under_way| state == under_way)
}

/// The files in the middle of which the server was killed.
fn killed_files(recorded: &RecordedRun) -> BTreeSet<String> {
    let mut names = BTreeMap::new();
    let mut killed = BTreeSet::new();
    for (_, observation) in &recorded.observations {
        match &observation.kind {
            ObservationKind::Requested { transfer, name, .. } => {
                names.insert(*transfer, name.clone());
            }
            ObservationKind::Ended {
                transfer,
                end: TransferEnd::Killed,
                ..
            } => killed.extend(names.get(transfer).cloned()),
            _ => {}
        }
    }
    killed
}

/// A generator that a seed decides (Numerical Recipes' constants).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Phones of one run.
const PHONES: usize = 4;
/// Kills of one run; each costs a phone in the middle of a file 20 s.
const KILLS_A_RUN: u64 = 2;
/// Runs at once.
const AT_ONCE: u64 = 10;

/// A phone that is not known to be done settles after 60 s, or holds the run up for ever.
const ENDS: [&str; 4] = ["--expect", "4", "--timeout", "95s"];

/// One run that is killed and resumed; the number of kills, what became of the phones and
/// what was under way when it was killed.
fn killed_run(seed: u64, kills: u64) -> (u64, Value, BTreeSet<String>) {
    let site = Site::new();
    let mut chance = Chance(seed);
    let mut server = site.begin(&ENDS);
    server.kind("started");
    let _phones = site.phones(PHONES);
    let mut killed = 0;
    for _ in 0..kills {
        // Phones say some 25 steps each until they are done.
        let lines = 1 + chance.below(40);
        let mut steps = 0;
        let last = server.wait_for(|line| {
            steps += u64::from(line["kind"] == "step");
            steps >= lines || line["kind"] == "finished"
        });
        if last["kind"] == "finished" {
            let under_way = killed_files(&journal::read(&site.journal()).unwrap());
            return (killed, last["report"].clone(), under_way);
        }
        // Sometimes in the middle of what follows.
        thread::sleep(Duration::from_millis(chance.below(30)));
        server.signal("KILL");
        assert_eq!(server.end(), None);
        killed += 1;
        server = site.resume(&[]);
        let started = server.kind("started");
        assert_eq!(started["journal"], site.journal().to_str().unwrap());
    }
    let report = server.kind("finished")["report"].clone();
    let code = server.end();
    let recorded = journal::read(&site.journal()).unwrap();
    assert!(recorded.finished);
    let succeeded = recorded.end.unwrap().succeeded;
    assert_eq!(code, Some(i32::from(!succeeded)), "{report:#}");
    assert_eq!(recorded.sessions.count() as u64, killed + 1);
    let again = serde_json::to_value(recorded.report()).unwrap();
    assert_eq!(again, report, "the record says what the run said");
    (killed, report, killed_files(&recorded))
}

/// Kills without `REFLASH_KILLS`, which scripts/kills sets.
const KILLS: u64 = 12;

#[test]
fn killed_at_any_moment_and_resumed_a_run_comes_to_the_same_end() {
    let wanted = match std::env::var("REFLASH_KILLS") {
        Ok(text) => text.parse().expect("REFLASH_KILLS is a number"),
        Err(_) => KILLS,
    };
    let (_, undisturbed, _) = killed_run(0, 0);
    assert_eq!(undisturbed["totals"]["confirmed"], PHONES);
    let done = Mutex::new((0, 1));
    let weaker = Mutex::new(0);
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let seed = {
                        let mut done = done.lock().unwrap();
                        if done.0 >= wanted || done.1 > 3 * wanted {
                            break;
                        }
                        // Counted before, so that no more begin than are needed.
                        done.0 += KILLS_A_RUN;
                        done.1 += 1;
                        done.1
                    };
                    let (killed, report, under_way) = killed_run(seed, KILLS_A_RUN);
                    *weaker.lock().unwrap() +=
                        hold_against(&report, &undisturbed, seed, &under_way);
                    done.lock().unwrap().0 -= KILLS_A_RUN - killed;
                }
            });
        }
    });
    let (kills, runs) = *done.lock().unwrap();
    let weaker = weaker.into_inner().unwrap();
    println!(
        "{kills} kills in {} runs; of {weaker} phones less is known than without",
        runs - 1
    );
    assert!(kills >= wanted, "{kills} of {wanted} kills");
    let phones = (runs - 1) * PHONES as u64;
    // An ACK that was in the kernel when the server was killed is nobody's. It is one phone in
    // hundreds on a quiet machine, and more on one whose cores are busy elsewhere.
    assert!(weaker * 4 <= phones, "{weaker} of {phones} phones");
}

#[test]
fn a_full_disk_is_told_once_and_stops_neither_transfer_nor_display() {
    let site = Site::new();
    // 56 KiB a file: enough for every image, too little for the journal. The signal that
    // would come with it is ignored, as a full disk sends none.
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 112; exec \"$@\"", "sh"]);
    let convert = {
        let mut convert = site.command(&["--trust-key", KEY]);
        convert.arg(&site.bundle);
        convert.args(["--expect", "8", "--timeout", "100s"]);
        convert.arg("--journal").arg(site.journal());
        convert
    };
    command.arg(convert.get_program()).args(convert.get_args());
    for (name, value) in convert.get_envs() {
        command.env(name, value.unwrap());
    }
    let words = site.folder.path().join("words");
    command.stderr(fs::File::create(&words).unwrap());
    let mut server = Running::start(&mut command);
    server.kind("started");
    let _phones = site.phones(8);
    let report = server.kind("finished")["report"].clone();
    assert_eq!(server.end(), Some(0));
    let totals = &report["totals"];
    let done = totals["confirmed"].as_u64().unwrap() + totals["flashed"].as_u64().unwrap();
    assert_eq!(done, 8, "{report:#}");
    let words = fs::read_to_string(&words).unwrap();
    let told = words.matches("cannot be written").count();
    assert_eq!(told, 1, "{words}");
    assert!(words.contains("incomplete since"), "{words}");
    let recorded = journal::read(&site.journal()).unwrap();
    assert!(!recorded.finished, "its end is missing");
    assert_eq!(recorded.lines_cut, 0);
    assert!(
        recorded.fleet().done_of_total().1 > 0,
        "what fitted is there"
    );
}

#[test]
fn what_does_not_fit_together_is_refused_with_words() {
    let site = Site::new();
    let mut server = site.begin(&["--timeout", "2m"]);
    let started = server.kind("started");
    assert_eq!(started["journal"], site.journal().to_str().unwrap());
    // Another port, as that one is in use, but the same journal.
    let mut second = Command::new(REFLASH);
    second.args([
        "convert",
        "--json",
        "--listen",
        "127.0.0.1",
        "--http-port",
        "0",
    ]);
    second.args(["--tftp-port", "0", "--resume", "--journal"]);
    second.arg(site.journal()).env("TMPDIR", site.folder.path());
    let (code, words) = Site::refused(&mut second);
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("a run that is still active"), "{words}");
    server.signal("KILL");
    server.end();

    let mut fresh = site.command(&["--trust-key", KEY]);
    fresh.arg(&site.bundle).arg("--journal").arg(site.journal());
    let (code, words) = Site::refused(&mut fresh);
    assert_eq!(code, Some(1), "{words}");
    assert!(
        words.contains("exists already") && words.contains("--resume"),
        "{words}"
    );

    let mut others = site.command(&["--resume", "--only", "001122334455", "--journal"]);
    let (code, words) = Site::refused(others.arg(site.journal()));
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("--only names other phones"), "{words}");

    let mut foreign = site.command(&["--resume", "--journal"]);
    let (code, words) = Site::refused(foreign.arg(&site.bundle));
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("not a journal of reflash"), "{words}");

    synthetic::bundle_of(site.folder.path(), 8);
    let mut changed = site.command(&["--resume", "--journal"]);
    let (code, words) = Site::refused(changed.arg(site.journal()));
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("its digest differs"), "{words}");
    let whole = fs::read_to_string(site.journal()).unwrap();
    assert_eq!(whole.lines().count(), 1, "nothing was added: {whole}");

    let mut nowhere = site.command(&["--trust-key", KEY, "--journal", "/proc/no/run.jsonl"]);
    let (code, words) = Site::refused(nowhere.arg(&site.bundle));
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("cannot be written"), "{words}");
}

#[test]
fn without_a_name_the_state_folder_has_it_and_resume_finds_the_newest() {
    let site = Site::new();
    let mut command = site.command(&["--trust-key", KEY]);
    command.arg(&site.bundle).args(["--timeout", "2m"]);
    let mut server = Running::start(&mut command);
    let path = PathBuf::from(server.kind("started")["journal"].as_str().unwrap());
    let state = site.folder.path().join("state/reflash");
    assert_eq!(path.parent(), Some(&*state));
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(name.ends_with("Z-SIP45.9-3-1SR4-1S.jsonl"), "{name}");
    let mut while_it_runs = site.command(&["--resume"]);
    let (code, words) = Site::refused(&mut while_it_runs);
    assert_eq!(code, Some(1));
    assert!(words.contains("no journal of an unfinished run"), "{words}");
    server.signal("KILL");
    server.end();

    let mut command = site.command(&["--resume", "--timeout", "1s"]);
    let words = site.folder.path().join("words");
    command.stderr(fs::File::create(&words).unwrap());
    let mut server = Running::start(&mut command);
    assert_eq!(server.kind("started")["journal"], path.to_str().unwrap());
    server.kind("finished");
    assert_eq!(server.end(), Some(1), "no phone came");
    let words = fs::read_to_string(&words).unwrap();
    assert!(words.contains("0 phones, 0 done"), "{words}");
    // Ended by its time: there is nothing left to go on with.
    let (code, _) = Site::refused(&mut site.command(&["--resume"]));
    assert_eq!(code, Some(1));
}

#[test]
fn a_state_folder_that_cannot_be_made_is_told_and_gone_without() {
    let site = Site::new();
    let mut command = site.command(&["--trust-key", KEY]);
    command.arg(&site.bundle).args(["--timeout", "1s"]);
    command.env("XDG_STATE_HOME", "/proc/nowhere");
    let words = site.folder.path().join("words");
    command.stderr(fs::File::create(&words).unwrap());
    let mut server = Running::start(&mut command);
    assert_eq!(server.kind("started")["journal"], Value::Null);
    server.kind("finished");
    let words = fs::read_to_string(&words).unwrap();
    assert!(words.contains("this run is not recorded"), "{words}");
}

#[test]
fn a_rehearsal_and_a_plain_folder_record_when_they_are_asked_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rehearsal.jsonl");
    let output = Command::new(REFLASH)
        .args(["rehearse", "--json", "--phones", "2", "--journal"])
        .arg(&path)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let recorded = journal::read(&path).unwrap();
    assert!(recorded.finished && recorded.header.speed > 1.0);
    assert_eq!(
        serde_json::to_value(recorded.report()).unwrap(),
        last["report"]
    );

    let log = folder.path().join("serve.jsonl");
    let mut command = Command::new(REFLASH);
    command.arg("serve").arg(folder.path());
    command.args(["--json", "--listen", "127.0.0.1", "--tftp-port", "0"]);
    command.args(["--http-port", "0", "--journal"]).arg(&log);
    let mut server = Running::start(&mut command);
    server.kind("started");
    server.signal("INT");
    server.kind("finished");
    assert_eq!(server.end(), Some(130));
    let recorded = journal::read(&log).unwrap();
    assert_eq!(recorded.header.command, "serve");
    assert_eq!(recorded.end.unwrap().signal, Some(2));
    let mut resume = Command::new(REFLASH);
    let resume = resume.args(["convert", "--resume", "--journal"]).arg(&log);
    let output = resume.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}
