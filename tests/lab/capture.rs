//! Phones that announce themselves on a cable: heard while a run serves, and by `watch`.

use std::{
    fmt::Write as _,
    fs,
    net::Ipv4Addr,
    path::Path,
    process::{Child, Command},
};

use serde_json::Value;

use crate::support::{
    cdp::{self, mac},
    helper,
    namespaces::{CLIENT, PHONES, SERVER, TwoHosts},
    process::Running,
    require_program,
    synthetic::{KEY, bundle, set_mode},
};

const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");

/// The first scripted phone of a fleet.
const PHONE: &str = "025245480000";
/// A phone that is not in the fleet: once it is listed, all frames before its own were heard.
const LAST: &str = "0252454800ff";
const TARGET: &str = "SIP45.9-3-1SR4-1S";

fn cdp(phone: &str, address: &str, load: &str) -> Vec<u8> {
    cdp::frame(phone, address.parse().unwrap(), load)
}

fn lldp(phone: &str, address: &str, load: &str) -> Vec<u8> {
    let tlv = |kind: u16, value: &[u8]| {
        let header = kind << 9 | u16::try_from(value.len()).unwrap();
        [&header.to_be_bytes()[..], value].concat()
    };
    let address: Ipv4Addr = address.parse().unwrap();
    let upper = phone.to_ascii_uppercase();
    // Application voice, known and tagged, VLAN 10.
    let policy = [0x00, 0x12, 0xbb, 2, 1, 0x40, 10 << 1, 0];
    let group = [0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e];
    [
        &group[..],
        &mac(phone),
        &0x88cc_u16.to_be_bytes(),
        &tlv(1, &[&[5, 1], &address.octets()[..]].concat()),
        &tlv(2, format!("\x07{upper}:P1").as_bytes()),
        &tlv(3, &[0, 120]),
        &tlv(5, format!("SEP{upper}").as_bytes()),
        &tlv(6, format!("Cisco IP Phone 7965G,V12, {load}").as_bytes()),
        &tlv(127, &policy),
        &[0, 0],
    ]
    .concat()
}

/// Frames that begin like a witness's, with bytes of chance or without an end.
fn junk(count: usize) -> Vec<Vec<u8>> {
    let mut state = 0x2545_f491_u32;
    let mut chance = move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state
    };
    let good = [
        cdp(PHONE, PHONES[0], TARGET),
        lldp(PHONE, PHONES[0], TARGET),
        [&[0xff; 12][..], &[0x08, 0x06], &[0; 28]].concat(),
    ];
    (0..count)
        .map(|number| {
            let mut frame = good[number % good.len()].clone();
            // Behind the head that the filter looks at: bytes are turned, the end is cut off.
            for _ in 0..8 {
                let at = 22 + chance() as usize % (frame.len() - 22);
                frame[at] ^= 1 + u8::try_from(chance() % 255).unwrap();
            }
            if number % good.len() == 1 {
                // LLDP has no checksum; before byte 40 nobody has a name.
                frame.truncate(15 + chance() as usize % 25);
            } else if number % 2 == 0 {
                frame.truncate(60.min(frame.len()));
            }
            frame
        })
        .collect()
}

/// A process on the phones' side; killed when dropped.
struct Sender(Child);

impl Drop for Sender {
    fn drop(&mut self) {
        // Fails where it has ended already, which is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Sends frames from the phones' side.
fn send(lab: &TwoHosts, folder: &Path, frames: &[Vec<u8>], again: bool) -> Sender {
    let text = frames.iter().fold(String::new(), |mut text, frame| {
        for byte in frame {
            write!(text, "{byte:02x}").unwrap();
        }
        text + "\n"
    });
    let path = folder.join("frames");
    fs::write(&path, text).unwrap();
    // As phones repeat theirs, only sooner; for half a minute at most.
    let rounds = if again { "300" } else { "1" };
    let mut command = lab.on_phones(helper());
    command.arg("send-frames").arg(path).args([rounds, "100"]);
    let mut sender = Sender(command.spawn().unwrap());
    if !again {
        assert!(sender.0.wait().unwrap().success());
    }
    sender
}

fn convert(lab: &TwoHosts, folder: &Path) -> Running {
    // The kernel's table of neighbours is a witness too: it must see the phone's own address.
    let mut ip = lab.on_phones("ip");
    ip.args(["link", "set", "eth0", "address", "02:52:45:48:00:00"]);
    assert!(ip.status().unwrap().success());
    let mut command = lab.on_server(REFLASH);
    command.arg("convert").arg(bundle(folder));
    command.args(["--trust-key", KEY, "--json"]);
    let mut server = Running::start(&mut command);
    server.kind("started");
    server
}

/// Converts a phone none of whose requests shows which load it runs.
fn play(lab: &TwoHosts) {
    let server = format!("{SERVER}:69");
    let output = lab
        .on_phones(helper())
        .args([
            "simulated-phones",
            &server,
            "recovery",
            PHONES[0],
            "--",
            "no-witness",
        ])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

fn is_step(line: &Value, mac: &str, state: &str) -> bool {
    line["kind"] == "step" && line["phone"]["mac"] == mac && line["state"] == state
}

/// The phone in the report.
fn end(mut server: Running) -> Value {
    server.signal("INT");
    let report = server.kind("finished")["report"].clone();
    assert_eq!(server.end(), Some(130));
    let phones = report["phones"].as_array().unwrap();
    let phone = phones.iter().find(|phone| phone["mac"] == PHONE);
    phone.unwrap_or_else(|| panic!("{report:#}")).clone()
}

fn witnesses(phone: &Value) -> Vec<&str> {
    let evidence = phone["evidence"].as_array().unwrap().iter();
    evidence
        .map(|one| one["witness"].as_str().unwrap())
        .collect()
}

#[test]
#[ignore = "needs root (network namespaces)"]
fn a_converted_phone_is_confirmed_by_what_it_announces() {
    let lab = TwoHosts::build("cdp");
    let folder = tempfile::tempdir().unwrap();
    let mut server = convert(&lab, folder.path());
    play(&lab);
    server.wait_for(|line| is_step(line, PHONE, "flashed"));
    // Its boot loader's name, then its load.
    let frames = ["79XX_default_load", TARGET].map(|load| cdp(PHONE, PHONES[0], load));
    send(&lab, folder.path(), &frames, false);
    let step = server.wait_for(|line| is_step(line, PHONE, "confirmed"));
    assert_eq!(step["evidence"]["witness"], "cdp", "{step:#}");
    let phone = end(server);
    assert_eq!(phone["state"], "confirmed");
    assert_eq!(phone["to"], TARGET);
    assert!(witnesses(&phone).contains(&"cdp"), "{phone:#}");
}

#[test]
#[ignore = "needs root (network namespaces)"]
fn a_phone_that_announces_another_load_is_not_confirmed_and_lldp_confirms_it_later() {
    let lab = TwoHosts::build("lldp");
    let folder = tempfile::tempdir().unwrap();
    let mut server = convert(&lab, folder.path());
    play(&lab);
    server.wait_for(|line| is_step(line, PHONE, "flashed"));
    let old = "SCCP45.8-5-2S";
    let frames = [cdp(PHONE, PHONES[0], old), cdp(LAST, CLIENT, old)];
    send(&lab, folder.path(), &frames, false);
    server.wait_for(|line| line["phone"]["mac"] == LAST);
    assert!(
        !server
            .seen
            .iter()
            .any(|line| is_step(line, PHONE, "confirmed")),
        "{:#?}",
        server.seen
    );
    let said = |line: &Value| line["phone"]["mac"] == PHONE && line.to_string().contains(old);
    assert!(server.seen.iter().any(said), "{:#?}", server.seen);
    send(
        &lab,
        folder.path(),
        &[lldp(PHONE, PHONES[0], TARGET)],
        false,
    );
    server.wait_for(|line| is_step(line, PHONE, "confirmed"));
    let phone = end(server);
    assert!(witnesses(&phone).contains(&"lldp"), "{phone:#}");
}

#[test]
#[ignore = "needs root (network namespaces)"]
fn thousands_of_damaged_frames_make_no_phone_and_hide_none() {
    let lab = TwoHosts::build("junk");
    let folder = tempfile::tempdir().unwrap();
    let mut server = convert(&lab, folder.path());
    let junk = junk(5000);
    send(&lab, folder.path(), &junk, false);
    let junk_goes_on = send(&lab, folder.path(), &junk[..500], true);
    play(&lab);
    server.wait_for(|line| is_step(line, PHONE, "flashed"));
    drop(junk_goes_on);
    let good = [
        &junk[..100],
        &[cdp(PHONE, PHONES[0], TARGET)],
        &junk[100..200],
    ];
    let announces = send(&lab, folder.path(), &good.concat(), true);
    server.wait_for(|line| is_step(line, PHONE, "confirmed"));
    drop(announces);
    server.signal("INT");
    let report = server.kind("finished")["report"].clone();
    assert_eq!(report["phones"].as_array().unwrap().len(), 1, "{report:#}");
    assert_eq!(report["phones"][0]["state"], "confirmed");
}

#[test]
#[ignore = "needs root (network namespaces)"]
fn what_is_more_than_can_be_taken_is_counted_and_said() {
    let lab = TwoHosts::build("flood");
    let folder = tempfile::tempdir().unwrap();
    set_mode(folder.path(), 0o755);
    // Each is another phone's word.
    let frames: Vec<Vec<u8>> = (0..6000_u32)
        .map(|number| {
            let [_, _, high, low] = number.to_be_bytes();
            let address = format!("192.0.{high}.{low}");
            cdp(&format!("0200000{number:05x}"), &address, TARGET)
        })
        .collect();
    let log = folder.path().join("log");
    let told = |mut run: Running| {
        send(&lab, folder.path(), &frames, false);
        run.wait_for(|line| line.to_string().contains("020000000001"));
        run.signal("INT");
        assert_eq!(run.end(), Some(130));
        let words = fs::read_to_string(&log).unwrap();
        // Which limit is met first, the kernel's, the queue's or the rate's, is the machine's.
        let counted = ["discovery frames over", "more arrived than could be"];
        assert!(counted.iter().any(|how| words.contains(how)), "{words}");
    };
    let mut command = lab.on_server(REFLASH);
    command.args(["watch", "--interface", "eth0", "--json"]);
    command.stderr(fs::File::create(&log).unwrap());
    told(Running::start(&mut command));

    let mut command = lab.on_server(REFLASH);
    command.arg("serve").arg(folder.path());
    command.args(["--interface", "eth0", "--json"]);
    let mut run = Running::start(command.stderr(fs::File::create(&log).unwrap()));
    run.kind("started");
    told(run);
}

#[test]
#[ignore = "needs root (network namespaces), curl and setpriv"]
fn without_the_right_to_listen_a_run_goes_on_and_watch_says_how_to_get_it() {
    require_program("setpriv");
    require_program("curl");
    let lab = TwoHosts::build("noraw");
    let folder = tempfile::tempdir().unwrap();
    let bundle = bundle(folder.path());
    let program = folder.path().join("reflash");
    fs::copy(REFLASH, &program).unwrap();
    set_mode(&program, 0o755);
    let key = folder.path().join("key.pem");
    fs::copy(KEY, &key).unwrap();
    set_mode(&key, 0o644);
    let as_nobody = || {
        let mut command = lab.on_server("setpriv");
        command
            .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
            .args(["--inh-caps=-all"])
            .arg(&program)
            .current_dir("/");
        command
    };
    let mut command = as_nobody();
    command.arg("convert").arg(bundle).arg("--trust-key");
    command.arg(key).args(["--tftp-port", "1069"]);
    let journal = tempfile::tempdir().unwrap();
    set_mode(journal.path(), 0o777);
    command.env("XDG_STATE_HOME", journal.path());
    let mut server = Running::start(&mut command);
    let has = |line: &Value, words: &str| line.as_str().is_some_and(|line| line.contains(words));
    server.wait_for(|line| has(line, "serving "));
    server.wait_for(|line| has(line, "CAP_NET_RAW"));
    server.wait_for(|line| has(line, "sudo setcap"));
    let fetched = lab
        .on_phones("curl")
        .args(["-sS", "--max-time", "20", "--tftp-no-options"])
        .arg(format!("tftp://{SERVER}:1069/XMLDefault.cnf.xml"))
        .output()
        .unwrap();
    assert!(fetched.status.success(), "{fetched:?}");
    assert!(String::from_utf8(fetched.stdout).unwrap().contains(TARGET));
    server.signal("INT");
    assert_eq!(server.end(), Some(130));

    let output = as_nobody().arg("watch").output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains("CAP_NET_RAW"), "{words}");
    assert!(words.contains("sudo setcap"), "{words}");
}

#[test]
#[ignore = "needs root (network namespaces)"]
fn watch_lists_the_phones_that_announce_themselves() {
    let lab = TwoHosts::build("watch");
    let folder = tempfile::tempdir().unwrap();
    let mut command = lab.on_server(REFLASH);
    command.args(["watch", "--interface", "eth0", "--json"]);
    let mut watch = Running::start(&mut command);
    let frames = [
        cdp(PHONE, PHONES[0], TARGET),
        lldp(LAST, PHONES[1], "SCCP45.8-5-2S"),
    ];
    let _sender = send(&lab, folder.path(), &frames, true);
    let line = watch.wait_for(|line| line["mac"] == PHONE);
    for (key, value) in [
        ("kind", "phone"),
        ("change", "new"),
        ("address", PHONES[0]),
        ("model", "7965"),
        ("load", TARGET),
        ("protocol", "SIP"),
        ("port", "Port 1"),
        ("witness", "cdp"),
        ("interface", "eth0"),
    ] {
        assert_eq!(line[key], value, "{key} of {line}");
    }
    assert_eq!(
        (&line["vlan"], &line["power"]),
        (&Value::Null, &12_000.into())
    );
    let line = watch.wait_for(|line| line["mac"] == LAST);
    assert_eq!(line["protocol"], "SCCP");
    assert_eq!(line["port"], "Port 1");
    assert_eq!(line["vlan"], 10);
    assert_eq!(line["witness"], "lldp");
    watch.signal("INT");
    assert_eq!(watch.end(), Some(130));
}

#[test]
#[ignore = "needs root (network namespaces)"]
fn watch_says_in_words_what_changes_and_ends_with_the_list() {
    let lab = TwoHosts::build("list");
    let folder = tempfile::tempdir().unwrap();
    // Without a name it finds the cable itself.
    let mut watch = Running::start(lab.on_server(REFLASH).arg("watch"));
    let frame = cdp(PHONE, PHONES[0], TARGET);
    let sender = send(&lab, folder.path(), &[frame], true);
    let has = |line: &Value, words: &str| line.as_str().is_some_and(|line| line.contains(words));
    watch.wait_for(|line| has(line, "listening on eth0"));
    watch.wait_for(|line| {
        has(
            line,
            "SEP025245480000 (7965) at 192.0.2.101: runs SIP45.9-3-1SR4-1S, Port 1",
        )
    });
    drop(sender);
    watch.signal("INT");
    watch.wait_for(|line| has(line, "MAC "));
    watch.wait_for(|line| has(line, "025245480000 192.0.2.101"));
    watch.wait_for(|line| has(line, "1 phone: 1 run SIP"));
    assert_eq!(watch.end(), Some(130));
}

#[test]
#[ignore = "needs root (network namespaces)"]
fn an_interface_that_goes_down_and_comes_back_is_heard_again() {
    let lab = TwoHosts::build("updown");
    let folder = tempfile::tempdir().unwrap();
    let mut command = lab.on_server(REFLASH);
    command.args(["watch", "--interface", "eth0", "--json"]);
    let mut watch = Running::start(&mut command);
    let sender = send(
        &lab,
        folder.path(),
        &[cdp(PHONE, PHONES[0], "SCCP45.8-5-2S")],
        true,
    );
    watch.wait_for(|line| line["mac"] == PHONE);
    drop(sender);
    for state in ["down", "up"] {
        let mut ip = lab.on_server("ip");
        let status = ip.args(["link", "set", "eth0", state]).status().unwrap();
        assert!(status.success());
    }
    lab.wait_for_carrier();
    let _sender = send(&lab, folder.path(), &[cdp(PHONE, PHONES[0], TARGET)], true);
    let line = watch.wait_for(|line| line["load"] == TARGET);
    assert_eq!(line["change"], "changed");
    watch.signal("TERM");
    assert_eq!(watch.end(), Some(143));
}

#[test]
#[ignore = "needs root (network namespaces)"]
fn what_a_phone_announces_during_a_survey_plans_its_way() {
    let lab = TwoHosts::build("survey");
    let folder = tempfile::tempdir().unwrap();
    let mut command = lab.on_server(REFLASH);
    command.arg("convert").arg(bundle(folder.path()));
    command.args(["--trust-key", KEY, "--json", "--no-check"]);
    let mut server = Running::start(command.args(["--survey", "5s"]));
    server.kind("started");
    let frames = [
        cdp(PHONE, PHONES[0], "SCCP45.8-3-2S"),
        lldp(LAST, PHONES[1], TARGET),
    ];
    send(&lab, folder.path(), &frames, false);
    // There is no bridge: what it needs is told before the survey is over.
    let needed = server.kind("diagnosis");
    assert_eq!(needed["code"], "bridge-needed", "{needed:#}");
    assert_eq!(needed["phone"]["mac"], PHONE);
    assert!(needed["cure"].as_str().unwrap().contains("--bridge"));
    let survey = server.kind("survey");
    let plans: Vec<_> = survey["phones"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["phone"]["mac"].as_str(), one["plan"].as_str()))
        .collect();
    assert_eq!(
        plans,
        [
            (Some(PHONE), Some("bridge-needed")),
            (Some(LAST), Some("already"))
        ]
    );
    assert_eq!(end(server)["state"], "failed");
}

#[test]
#[ignore = "needs root (network namespaces)"]
fn the_vlan_that_a_phone_tags_with_is_recorded_beside_the_network_that_is_served() {
    let lab = TwoHosts::build("vlan");
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("run.jsonl");
    let mut command = lab.on_server(REFLASH);
    command.arg("convert").arg(bundle(folder.path()));
    command.args(["--trust-key", KEY, "--json", "--no-check"]);
    let mut server = Running::start(command.arg("--journal").arg(&journal));
    server.kind("started");
    let frame = lldp(PHONE, "198.51.100.7", "SCCP45.8-5-2S");
    send(&lab, folder.path(), &[frame], false);
    server.wait_for(|line| line["evidence"]["witness"] == "lldp");
    let phone = end(server);
    assert_eq!(phone["address"], "198.51.100.7");
    let text = fs::read_to_string(journal).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let network = &lines[0]["plan"]["network"];
    assert_eq!(
        (&network["address"], &network["prefix"]),
        (&SERVER.into(), &24.into())
    );
    // The policy of the frame: voice, known, tagged, VLAN 10.
    let vlan = lines.iter().find_map(|line| line["observed"].get("vlan"));
    let vlan = vlan.unwrap_or_else(|| panic!("{text}"));
    assert_eq!(
        (&vlan["vlan"], &vlan["witness"]),
        (&10.into(), &"lldp".into())
    );
}

#[test]
fn watch_of_no_such_interface_says_so() {
    let output = Command::new(REFLASH)
        .args(["watch", "--interface", "nothing7"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.contains("no network interface 'nothing7'"), "{words}");
}
