//! A host on the phone's LAN that sends reports and requests in the phone's name while the phone is
//! converted, from its own MAC and from the phone's: the run ends as without it.

use std::{
    fmt::Write as _,
    fs,
    net::Ipv4Addr,
    path::Path,
    process::Child,
    time::{Duration, Instant},
};

use reflash::{
    phone::MacAddress,
    protocol::dhcp::{DhcpMessage, Lease, OptionCode},
};
use serde_json::Value;

use crate::support::{
    cdp, helper,
    lan::Lan,
    process::Running,
    synthetic::{KEY, bundle},
};

#[path = "../helper/frames.rs"]
#[allow(dead_code, reason = "a part of it is used here")]
mod frames;

use frames::Station;

mod address;

const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");
const TARGET: &str = "SIP45.9-3-1SR4-1S";
/// The first simulated phone of a fleet.
const PHONE: &str = "025245480000";

const fn station(mac: [u8; 6], last: u8) -> Station {
    Station {
        mac: MacAddress::new(mac),
        address: Ipv4Addr::new(192, 0, 2, last),
    }
}

const SERVER_AT: Station = station([2, 0, 0, 0, 0, 0x10], 10);
const FORGER_AT: Station = station([2, 0, 0, 0, 0, 0x66], 66);
const PHONE_AT: Station = station([2, 0x52, 0x45, 0x48, 0, 0], 101);

fn lldp(sender: MacAddress) -> Vec<u8> {
    let tlv = |kind: u16, value: &[u8]| {
        let header = kind << 9 | u16::try_from(value.len()).unwrap();
        [&header.to_be_bytes()[..], value].concat()
    };
    let upper = PHONE_AT.mac.upper_hex();
    [
        &[0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e][..],
        &sender.bytes(),
        &0x88cc_u16.to_be_bytes(),
        &tlv(1, &[&[5, 1], &PHONE_AT.address.octets()[..]].concat()),
        &tlv(2, format!("\x07{upper}:P1").as_bytes()),
        &tlv(3, &[0, 120]),
        &tlv(5, format!("SEP{upper}").as_bytes()),
        &tlv(6, format!("Cisco IP Phone 7965G,V12, {TARGET}").as_bytes()),
        &[0, 0],
    ]
    .concat()
}

/// A renewal in the phone's name, and the ACK of a server that moves the phone to another address.
fn dhcp(sender: MacAddress) -> [Vec<u8>; 2] {
    let mut renewal = DhcpMessage::discover(PHONE_AT.mac, 7, "CP-7965G");
    renewal.options.set(OptionCode::MESSAGE_TYPE, [3]);
    let mut request = renewal.clone();
    request.client = PHONE_AT.address;
    let ack = renewal.ack(&Lease {
        address: FORGER_AT.address,
        server: FORGER_AT.address,
        mask: Ipv4Addr::new(255, 255, 255, 0),
        routers: Vec::new(),
        name_servers: Vec::new(),
        domain: None,
        time: Duration::from_mins(10),
        tftp: FORGER_AT.address,
    });
    let from = |address| Station {
        mac: sender,
        address,
    };
    let all = Station {
        mac: frames::BROADCAST,
        address: Ipv4Addr::BROADCAST,
    };
    [
        frames::udp(from(PHONE_AT.address), all, (68, 67), &request.encode()),
        frames::udp(from(FORGER_AT.address), all, (67, 68), &ack.encode()),
    ]
}

fn register(from: Station) -> Vec<u8> {
    let (wire, at, host) = (PHONE_AT.mac.upper_hex(), from.address, SERVER_AT.address);
    let text = format!(
        "REGISTER sip:{host} SIP/2.0\r\nVia: SIP/2.0/UDP {at}:5060;branch=z9hG4bK1\r\n\
         From: <sip:6010@{host}>;tag=1\r\nTo: <sip:6010@{host}>\r\nCall-ID: 1@{at}\r\n\
         CSeq: 101 REGISTER\r\nUser-Agent: Cisco-CP7965G/9.3.1\r\n\
         Contact: <sip:6010@{at}:5060>;+u.sip!devicename.ccm.cisco.com=\"SEP{wire}\"\r\n\
         Reason: SIP;cause=200;text=\"cisco-alarm:25 Name=SEP{wire} Load={TARGET} \
         Last=initialized\"\r\nContent-Length: 0\r\n\r\n"
    );
    frames::udp(from, SERVER_AT, (5060, 5060), text.as_bytes())
}

fn request(from: Station) -> Vec<u8> {
    let name = format!("\0\x01CTLSEP{}.tlv\0octet\0", PHONE_AT.mac.upper_hex());
    frames::udp(from, SERVER_AT, (50_069, 69), name.as_bytes())
}

/// Everything that it sends, as `send-frames` reads it. The request comes from its own address only: one
/// in a frame of the phone with the phone's address is the phone's for everything on the network.
fn forged() -> String {
    let mut all = Vec::new();
    for sender in [FORGER_AT.mac, PHONE_AT.mac] {
        let mut announcement = cdp::frame(PHONE, PHONE_AT.address, TARGET);
        announcement[6..12].copy_from_slice(&sender.bytes());
        all.extend([announcement, lldp(sender)]);
        all.extend(dhcp(sender));
        for address in [PHONE_AT.address, FORGER_AT.address] {
            let mac = sender;
            all.push(register(Station { mac, address }));
        }
    }
    all.push(request(FORGER_AT));
    lines(&all)
}

/// Frames as `send-frames` reads them.
fn lines(frames: &[Vec<u8>]) -> String {
    frames.iter().fold(String::new(), |mut text, frame| {
        for byte in frame {
            write!(text, "{byte:02x}").unwrap();
        }
        text + "\n"
    })
}

/// A process; killed when dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // Fails if it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Sends the frames again and again, and an SCCP alarm over TCP, until it is dropped.
fn forge(lan: &Lan, folder: &Path) -> [Process; 2] {
    let file = folder.join("forged");
    fs::write(&file, forged()).unwrap();
    let mut frames = lan.on("forger", helper());
    frames.arg("send-frames").arg(&file).args(["400", "50"]);
    let mut text = format!(
        "25: Name=SEP{} Load={TARGET} Last=Initialized",
        PHONE_AT.mac.upper_hex()
    );
    text.extend(std::iter::repeat_n('\0', 80 - text.len()));
    let head: Vec<u8> = [96_u32, 0, 0x20, 2]
        .iter()
        .flat_map(|it| it.to_le_bytes())
        .collect();
    fs::write(
        folder.join("alarm"),
        [&head[..], text.as_bytes(), &[0; 8]].concat(),
    )
    .unwrap();
    let script = format!(
        "for i in $(seq 40); do cat {} > /dev/tcp/{}/2000; sleep 0.5; done",
        folder.join("alarm").display(),
        SERVER_AT.address
    );
    let mut alarms = lan.on("forger", "bash");
    alarms.args(["-c", &script]);
    [frames, alarms].map(|mut command| Process(command.spawn().unwrap()))
}

/// The server, the phone and the forger, with their MACs.
fn lan(name: &str) -> Lan {
    let lan = Lan::build(
        name,
        &[
            ("server", Some("192.0.2.10/24")),
            ("phone", Some("192.0.2.101/24")),
            ("forger", Some("192.0.2.66/24")),
        ],
    );
    for (host, station) in [
        ("server", SERVER_AT),
        ("phone", PHONE_AT),
        ("forger", FORGER_AT),
    ] {
        let mac = station
            .mac
            .bytes()
            .map(|byte| format!("{byte:02x}"))
            .join(":");
        lan.ip(host, &["link", "set", "eth0", "address", &mac]);
    }
    // The switch sends the phone's packets to the phone's port, whatever source MAC the forger uses.
    let fixed = [
        "link",
        "set",
        "forger",
        "type",
        "bridge_slave",
        "learning",
        "off",
    ];
    lan.ip("switch", &fixed);
    lan
}

/// Converts the phone. The phone in the report, and all steps of the phone.
fn convert(with_forger: bool) -> (Value, Vec<Value>) {
    let lan = lan(if with_forger { "forger" } else { "alone" });
    // A switch that forwards LLDP, as unmanaged ones do.
    let forwards = ["link", "set", "br0", "type", "bridge"];
    lan.ip(
        "switch",
        &[&forwards[..], &["group_fwd_mask", "0x4000"]].concat(),
    );
    let folder = tempfile::tempdir().unwrap();
    let mut command = lan.on("server", REFLASH);
    command.arg("convert").arg(bundle(folder.path()));
    command.args(["--trust-key", KEY, "--json", "--no-check"]);
    let mut run = Running::start(&mut command);
    run.kind("started");
    let is_step = |line: &Value, state: &str| {
        line["kind"] == "step" && line["phone"]["mac"] == PHONE && line["state"] == state
    };
    let mut phone = lan.on("phone", helper());
    phone.args([
        "simulated-phones",
        "192.0.2.10:69",
        "recovery",
        "192.0.2.101",
    ]);
    let mut phone = Process(phone.spawn().unwrap());
    run.wait_for(|line| is_step(line, "images"));
    let forger = with_forger.then(|| forge(&lan, folder.path()));
    assert!(phone.0.wait().unwrap().success());
    run.wait_for(|line| is_step(line, "confirmed") && line["pass"] == 2);
    drop(forger);
    run.signal("INT");
    let report = run.kind("finished")["report"].clone();
    let steps = run
        .seen
        .iter()
        .filter(|line| line["phone"]["mac"] == PHONE && line["kind"] == "step");
    let steps = steps.cloned().collect();
    run.end();
    let [phone] = &report["phones"].as_array().unwrap()[..] else {
        panic!("{report:#}");
    };
    (phone.clone(), steps)
}

#[test]
#[ignore = "needs root (network namespaces)"]
fn a_forger_on_the_lan_changes_neither_the_states_of_a_conversion_nor_its_end() {
    let outcome = |phone: &Value| {
        ["mac", "address", "state", "to", "done", "pass"].map(|field| phone[field].clone())
    };
    let (alone, _) = convert(false);
    let (forged, steps) = convert(true);
    assert_eq!(outcome(&forged), outcome(&alone), "{forged:#}");
    // Each source was forged while the phone fetched or wrote images, and disputed.
    let disputed = |name: &str| {
        let all = forged["evidence"].as_array().unwrap().iter();
        let mut all = all.filter(|one| one["disputed"] == true);
        all.any(|one| one["witness"] == name)
    };
    for source in ["cdp", "lldp", "sip", "sccp", "dhcp", "requests"] {
        assert!(disputed(source), "{source}: {forged:#}");
    }
    let mut is_open = false;
    for step in &steps {
        match step["state"].as_str().unwrap() {
            "images" | "writing" | "rebooted" => is_open = true,
            "confirmed" | "already" => assert!(!is_open, "{step:#}\n{steps:#?}"),
            "flashed" | "configuring" | "manifest" => is_open = false,
            other => panic!("{other}: {step:#}"),
        }
    }
}

/// The page of port 80 at the phone's address, which a neighbour took when the phone had requested a
/// file. It names `mac` and the target. The phone in the report.
fn with_page_of_neighbour(name: &str, mac: &str) -> Value {
    let lan = lan(name);
    let folder = tempfile::tempdir().unwrap();
    let mut command = lan.on("server", REFLASH);
    command.arg("convert").arg(bundle(folder.path()));
    command.args(["--trust-key", KEY, "--json", "--no-check"]);
    let mut run = Running::start(&mut command);
    run.kind("started");
    // The phone itself: its application runs, and no source names its load.
    let name = format!("SEP{}.cnf.xml", PHONE_AT.mac.upper_hex());
    let asked = folder.path().join("asked");
    fs::write(&asked, format!("\0\x01{name}\0octet\0")).unwrap();
    let sent = lan
        .on("phone", helper())
        .args(["send-datagram", "192.0.2.101:50000", "192.0.2.10:69"])
        .arg(&asked)
        .status();
    assert!(sent.unwrap().success());
    run.wait_for(|line| line["kind"] == "step" && line["phone"]["mac"] == PHONE);
    // The neighbour takes the address: its ARP requests show its own MAC there.
    lan.ip("phone", &["link", "set", "eth0", "down"]);
    lan.ip("forger", &["addr", "flush", "dev", "eth0"]);
    lan.ip("forger", &["addr", "add", "192.0.2.101/24", "dev", "eth0"]);
    let mut page = lan.on("forger", helper());
    let _page = Process(page.args(["phone-page", mac, TARGET]).spawn().unwrap());
    let took = folder.path().join("took");
    fs::write(&took, "\0\x01nope.bin\0octet\0").unwrap();
    let sent = lan
        .on("forger", helper())
        .args(["send-datagram", "192.0.2.101:50001", "192.0.2.10:69"])
        .arg(&took)
        .status();
    assert!(sent.unwrap().success());
    // The page is polled 10 s after the request.
    let journal = run.seen[0]["journal"].as_str().unwrap().to_owned();
    let until = Instant::now() + Duration::from_secs(40);
    let is_polled = || {
        let text = fs::read_to_string(&journal).unwrap();
        text.contains("\"web\"")
    };
    while !is_polled() {
        assert!(Instant::now() < until, "no page was polled");
        std::thread::sleep(Duration::from_millis(100));
    }
    run.signal("INT");
    let report = run.kind("finished")["report"].clone();
    run.end();
    let phones = report["phones"].as_array().unwrap();
    let phone = phones.iter().find(|phone| phone["mac"] == PHONE);
    phone.unwrap_or_else(|| panic!("{report:#}")).clone()
}

#[test]
#[ignore = "needs root (network namespaces)"]
fn a_neighbour_that_answers_port_80_in_the_name_of_a_phone_confirms_nothing() {
    // The poll is 10 s after the request of the phone, so both take their time together.
    let other = std::thread::spawn(|| with_page_of_neighbour("page2", "0252454800FF"));
    let own = with_page_of_neighbour("page1", &PHONE.to_uppercase());
    let other = other.join().unwrap();
    for phone in [&own, &other] {
        assert_eq!(phone["state"], "configuring", "{phone:#}");
        assert_eq!(
            (&phone["done"], &phone["from"]),
            (&Value::Bool(false), &Value::Null)
        );
    }
    let evidence = |phone: &Value| {
        let mut all = phone["evidence"].as_array().unwrap().iter();
        let found = all.find(|one| one["witness"] == "web");
        found.unwrap_or_else(|| panic!("{phone:#}")).clone()
    };
    let own = evidence(&own);
    let detail = own["detail"].as_str().unwrap();
    assert_eq!(own["disputed"], true, "{own:#}");
    assert!(detail.contains("020000000066 sent this"), "{detail}");
    let detail = evidence(&other)["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("0252454800FF"), "{detail}");
    assert!(!detail.contains(TARGET), "{detail}");
}
