//! The SIP and SCCP listeners of `convert` on real sockets, at loopback addresses that only this
//! test uses, so that port 5060 is free.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddrV4, TcpStream, UdpSocket},
    path::Path,
    process::Command,
    time::Duration,
};

use serde_json::Value;

use crate::support::{own_loopback, process::Running, synthetic};

const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");
const TARGET: &str = "SIP45.9-3-1SR4-1S";
/// A timeout for a hanging server; every response is much faster.
const PATIENCE: Duration = Duration::from_secs(30);

fn convert(folder: &Path, server: Ipv4Addr) -> Command {
    let mut command = Command::new(REFLASH);
    command.arg("convert").arg(synthetic::bundle(folder));
    command.args([
        "--trust-key",
        synthetic::KEY,
        "--tftp-port",
        "0",
        "--http-port",
        "0",
    ]);
    command.args(["--listen", &server.to_string()]);
    command.env("XDG_STATE_HOME", folder);
    command
}

fn register(at: SocketAddrV4, transport: &str, load: &str) -> String {
    format!(
        "REGISTER sip:pbx SIP/2.0\r\n\
         Via: SIP/2.0/{transport} {at};branch=z9hG4bK1\r\n\
         From: <sip:6010@pbx>;tag=1\r\nTo: <sip:6010@pbx>\r\n\
         Call-ID: 1@{at}\r\nCSeq: 101 REGISTER\r\nUser-Agent: Cisco-CP7965G/9.3.1\r\n\
         Contact: <sip:6010@{at}>;+u.sip!devicename.ccm.cisco.com=\"SEP001D45AABB0C\"\r\n\
         Reason: SIP;cause=200;text=\"cisco-alarm:23 Name=SEP001D45AABB0C Load={load} \
         Last=reset-restart\"\r\n\
         Content-Length: 0\r\n\r\n"
    )
}

/// The alarm of the same phone while it ran SCCP.
fn alarm(load: &str) -> Vec<u8> {
    let text = format!("25: Name=SEP001D45AABB0C Load={load} Last=TCP-timeout");
    let mut bytes = [96_u32, 0, 0x20, 2].map(u32::to_le_bytes).concat();
    bytes.extend(text.bytes());
    bytes.resize(16 + 80, 0);
    bytes.extend([1, 0, 0, 0, 127, 0, 0, 9]);
    bytes
}

/// A phone's UDP socket.
fn phone(at: Ipv4Addr) -> (UdpSocket, SocketAddrV4) {
    let socket = UdpSocket::bind((at, 0)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let port = socket.local_addr().unwrap().port();
    (socket, SocketAddrV4::new(at, port))
}

fn answer(socket: &UdpSocket) -> String {
    let mut bytes = [0; 2048];
    let count = socket.recv(&mut bytes).unwrap();
    String::from_utf8(bytes[..count].to_vec()).unwrap()
}

/// The only phone of a run that succeeded.
fn converted(mut run: Running) -> Value {
    let report = run.kind("finished")["report"].clone();
    assert_eq!(run.end(), Some(0), "{report:#}");
    assert_eq!(report["phones"].as_array().unwrap().len(), 1, "{report:#}");
    report["phones"][0].clone()
}

fn has_witness(phone: &Value, source: &str, word: &str) -> bool {
    let evidence = phone["evidence"].as_array().unwrap();
    evidence
        .iter()
        .any(|line| line["witness"] == source && line["detail"].as_str().unwrap().contains(word))
}

#[test]
fn a_register_over_udp_names_a_load_that_was_there_already() {
    let folder = tempfile::tempdir().unwrap();
    let server = own_loopback();
    let mut run = Running::start(convert(folder.path(), server).args(["--json", "--expect", "1"]));
    run.kind("started");
    let own = own_loopback();
    let (socket, at) = phone(own);
    let text = register(at, "UDP", TARGET);
    socket.send_to(text.as_bytes(), (server, 5060)).unwrap();
    let answer = answer(&socket);
    assert!(answer.starts_with("SIP/2.0 503 "), "{answer}");
    assert!(answer.contains("\r\nRetry-After: 300\r\n"), "{answer}");
    let phone = converted(run);
    assert_eq!(phone["state"], "already", "{phone:#}");
    assert_eq!(phone["mac"], "001d45aabb0c");
    assert_eq!(phone["address"], own.to_string());
    assert!(has_witness(&phone, "sip", TARGET), "{phone:#}");
}

#[test]
fn an_alarm_reports_the_load_before_and_a_register_over_tcp_the_load_after() {
    let folder = tempfile::tempdir().unwrap();
    let server = own_loopback();
    let mut run = Running::start(convert(folder.path(), server).args(["--json", "--expect", "1"]));
    run.kind("started");
    // Each from 127.0.0.1: one phone at one address.
    let mut sccp = TcpStream::connect((server, 2000)).unwrap();
    sccp.set_read_timeout(Some(PATIENCE)).unwrap();
    for part in alarm("SCCP45.8-5-2S").chunks(50) {
        sccp.write_all(part).unwrap();
    }
    let mut nothing = Vec::new();
    sccp.read_to_end(&mut nothing).unwrap();
    assert!(
        nothing.is_empty(),
        "no response, and the connection is closed"
    );
    run.wait_for(|line| line["load"] == "SCCP45.8-5-2S" || line["evidence"]["witness"] == "sccp");

    let mut sip = TcpStream::connect((server, 5060)).unwrap();
    sip.set_read_timeout(Some(PATIENCE)).unwrap();
    let at = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 5060);
    let text = register(at, "TCP", TARGET);
    for part in text.as_bytes().chunks(100) {
        sip.write_all(part).unwrap();
    }
    let mut answer = [0; 12];
    sip.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"SIP/2.0 503 ");
    let phone = converted(run);
    assert_eq!(phone["state"], "confirmed", "{phone:#}");
    assert_eq!(
        (&phone["from"], &phone["to"]),
        (&"SCCP45.8-5-2S".into(), &TARGET.into())
    );
    assert!(has_witness(&phone, "sccp", "Last=TCP-timeout"), "{phone:#}");
    assert!(has_witness(&phone, "sip", TARGET), "{phone:#}");
}

#[test]
fn floods_delay_no_phone() {
    let folder = tempfile::tempdir().unwrap();
    let server = own_loopback();
    let mut run = Running::start(convert(folder.path(), server).args(["--json", "--expect", "1"]));
    run.kind("started");
    // Silent connections: the first four stay open, the others are closed.
    let idle: Vec<_> = (0..8)
        .map(|_| TcpStream::connect((server, 2000)).unwrap())
        .collect();
    let closed = idle[4..].iter().all(|mut stream| {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        match stream.read(&mut [0]) {
            Ok(count) => count == 0,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    });
    assert!(closed);
    idle[0].set_nonblocking(true).unwrap();
    let waits = (&idle[0]).read(&mut [0]).unwrap_err();
    assert_eq!(waits.kind(), std::io::ErrorKind::WouldBlock);
    // Datagrams of one address, junk and REGISTERs of a phone that has another load.
    let (flood, at) = phone(own_loopback());
    let text = register(at, "UDP", "SIP45.8-5-4S").replace("AABB0C", "AABB0D");
    for _ in 0..5000 {
        flood.send_to(text.as_bytes(), (server, 5060)).unwrap();
        flood.send_to(&[0xff; 900], (server, 5060)).unwrap();
    }
    // The real phone repeats its request until it is answered.
    let (socket, at) = phone(own_loopback());
    socket
        .set_read_timeout(Some(Duration::from_millis(500)))
        .unwrap();
    let text = register(at, "UDP", TARGET);
    let answered = (0..40).any(|_| {
        socket.send_to(text.as_bytes(), (server, 5060)).unwrap();
        socket.recv(&mut [0; 2048]).is_ok()
    });
    assert!(answered);
    let report = run.kind("finished")["report"].clone();
    assert_eq!(run.end(), Some(0), "{report:#}");
    let states: Vec<_> = report["phones"].as_array().unwrap().iter().collect();
    assert_eq!(states.len(), 2, "{report:#}");
    let good = states.iter().find(|phone| phone["mac"] == "001d45aabb0c");
    assert_eq!(good.unwrap()["state"], "already", "{report:#}");
}

#[test]
fn a_busy_port_is_reported_and_ends_the_run_only_if_it_was_requested() {
    let folder = tempfile::tempdir().unwrap();
    let server = own_loopback();
    let _taken = UdpSocket::bind((server, 5060)).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = convert(folder.path(), server);
        let output = command.args(["--timeout", "1s"]).args(arguments).output();
        let output = output.unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        (
            output.status.code(),
            out.split_whitespace().collect::<Vec<_>>().join(" "),
            err,
        )
    };
    let me = format!("(process {})", std::process::id());
    let (code, out, err) = run(&[]);
    assert_eq!(code, Some(1), "no phone registered: {err}");
    assert!(
        out.contains("not listening for REGISTERs") && out.contains(&me),
        "{out}"
    );
    assert!(
        out.contains(&format!("listening for SCCP alarms on {server}:2000")),
        "{out}"
    );

    let (code, out, err) = run(&["--sip-port", "5060"]);
    assert_eq!((code, out.as_str()), (Some(1), ""), "nothing was served");
    assert!(err.contains("5060") && err.contains(&me), "{err}");

    let (_, out, _) = run(&["--sip-port", "0", "--sccp-port", "0"]);
    assert!(!out.contains("listening for"), "{out}");
    let (_, out, _) = run(&["--call-manager", "192.0.2.1"]);
    assert!(
        !out.contains("listening for REGISTERs"),
        "the configuration names another registrar: {out}"
    );
}

#[test]
fn the_registrars_of_a_configuration_are_read() {
    let here = |text: &str| reflash::lint::registrars(text.as_bytes());
    let file = |proxy: &str| {
        format!(
            "<device><devicePool><callManagerGroup><members><member priority=\"0\"><callManager>\
             <ports><sipPort>5070</sipPort></ports><processNodeName>192.0.2.1</processNodeName>\
             </callManager></member></members></callManagerGroup></devicePool><sipProfile>\
             <sipLines><line button=\"1\"><featureID>9</featureID>{proxy}<name>6010</name>\
             </line></sipLines></sipProfile></device>"
        )
    };
    let manager = [("192.0.2.1".to_owned(), 5070)];
    assert_eq!(here(&file("")), manager);
    assert_eq!(
        here(&file("<proxy>USECALLMANAGER</proxy><port>1</port>")),
        manager
    );
    let other = file("<proxy>192.0.2.9</proxy><port>5061</port>");
    assert_eq!(here(&other), [("192.0.2.9".to_owned(), 5061)]);
    assert_eq!(
        here(&other.replace("<port>5061</port>", "")),
        [("192.0.2.9".to_owned(), 5060)]
    );
    assert_eq!(here("<device><devicePool/></device>"), []);
    assert_eq!(here("no XML"), []);
}
