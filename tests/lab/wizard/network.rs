//! The wizard in network namespaces: with a program that uses the port, with DHCP servers, and with
//! phones that announce themselves.

use std::{
    fmt::Write as _,
    fs,
    process::{Child, Stdio},
};

use reflash::protocol::cdp::{OddByte, checksum};

use super::{
    REFLASH,
    workspace::{PHONE, TARGET, Workspace, wait_for_page},
};
use crate::support::{helper, lan::Lan, require_program};

fn lan(name: &str) -> Lan {
    Lan::build(
        name,
        &[
            ("server", Some("192.0.2.10/24")),
            ("router", Some("192.0.2.1/24")),
            ("phone", Some("192.0.2.101/24")),
        ],
    )
}

/// The helper program on a host; killed when dropped.
struct HelperProcess(Child);

impl HelperProcess {
    fn play(lan: &Lan, host: &str, arguments: &[&str]) -> Self {
        let mut command = lan.on(host, helper());
        command.args(arguments).stdin(Stdio::null());
        Self(command.stdout(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for HelperProcess {
    fn drop(&mut self) {
        // `ip netns exec` becomes the program, so that this is its process.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[ignore = "needs root (network namespaces) and tmux"]
fn a_busy_port_and_a_network_without_dhcp_are_resolved_in_the_wizard() {
    let lan = lan("wizp");
    let holder = HelperProcess::play(&lan, "server", &["hold-port", "0.0.0.0:69", "120"]);
    let workspace = Workspace::new();
    let within = |command: &str| lan.line("server", command);
    let terminal = workspace.wizard((80, 24), within, TARGET);
    workspace.page(&terminal, "step 2", "  Back", "phones-80x24");
    terminal.keys(&["Down", "Enter"]);
    let screen = wait_for_page(&terminal, "step 3", "  Back");
    for words in [
        "uses UDP port 69",
        "sudo kill ",
        "[port-busy]",
        "[no-tftp-address]",
        "Leave the wizard",
    ] {
        assert!(screen.contains(words), "{words}:\n{screen}");
    }
    assert!(!screen.contains("Continue"), "{screen}");
    drop(holder);
    terminal.keys(&["Enter"]);
    terminal.wait_for("[self-test]");
    workspace.page(&terminal, "step 3", "  Back", "no-dhcp-80x24");
    // Addresses from here.
    terminal.keys(&["Down", "Down", "Down", "Enter"]);
    terminal.wait_for("Ready: no problems found.");
    workspace.page(&terminal, "step 3", "  Back", "isolated-80x24");
    terminal.keys(&["Enter"]);
    wait_for_page(&terminal, "reflash serves addresses", "  Back");
    terminal.keys(&["C-c"]);
    assert_eq!(terminal.code(), 130);
}

/// dnsmasq as a DHCP server on the router.
fn dnsmasq(lan: &mut Lan, options: &[&str]) {
    let leases = lan.folder.path().join("leases");
    let mut command = lan.on("router", "dnsmasq");
    command
        .args(["--keep-in-foreground", "--port=0", "--conf-file=/dev/null"])
        .args(["--log-facility=-", "--log-dhcp", "--no-ping", "--user=root"])
        .args(["--dhcp-range=192.0.2.100,192.0.2.150,10m"])
        .args(["--interface=eth0", "--bind-interfaces"])
        .args(["--dhcp-authoritative", "--pid-file"])
        .arg(format!("--dhcp-leasefile={}", leases.display()))
        .args(options);
    lan.start(command, "sockets bound exclusively to interface eth0");
}

#[test]
#[ignore = "needs root (network namespaces), dnsmasq and tmux"]
fn the_wizard_shows_the_lines_for_a_dhcp_server_without_the_option() {
    require_program("dnsmasq");
    let mut lan = lan("wizd");
    dnsmasq(&mut lan, &[]);
    let workspace = Workspace::new();
    let within = |command: &str| lan.line("server", command);
    let flags = format!("{TARGET} --expect 1 --model 7965");
    let terminal = workspace.wizard((80, 24), within, &flags);
    workspace.page(&terminal, "step 3", "  Back", "no-option-80x24");
    terminal.keys(&["Down", "Enter"]);
    wait_for_page(&terminal, "DHCP server?", "  Back");
    terminal.keys(&["Enter"]);
    workspace.page(&terminal, "dhcp-option=150", "the findings", "lines-80x24");
    // As a user would, the lines are written to a file of the DHCP server.
    let conf = lan.folder.path().join("phones.conf");
    let screen = terminal.screen();
    let lines = screen.lines().filter(|line| line.starts_with("dhcp-"));
    let lines: Vec<&str> = lines.map(str::trim_end).collect();
    fs::write(&conf, lines.join("\n") + "\n").unwrap();
    lan.stop_all();
    dnsmasq(&mut lan, &[&format!("--conf-file={}", conf.display())]);
    terminal.keys(&["Enter"]);
    terminal.wait_for("announces this machine as TFTP server (option 150)");
    workspace.page(&terminal, "step 3", "  Back", "option-80x24");
    terminal.keys(&["C-c"]);
    assert_eq!(terminal.code(), 130);
}

/// The REGISTER of a 7965.
fn register_request() -> String {
    format!(
        "REGISTER sip:192.0.2.10 SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.101:5060;branch=z9hG4bK0a1b2c3d\r\n\
         From: <sip:1001@192.0.2.10>;tag=1\r\n\
         To: <sip:1001@192.0.2.10>\r\n\
         Call-ID: 1@192.0.2.101\r\n\
         Max-Forwards: 70\r\n\
         CSeq: 101 REGISTER\r\n\
         User-Agent: Cisco-CP7965G/9.3.1\r\n\
         Contact: <sip:1001@192.0.2.101:5060>;\
         +sip.instance=\"<urn:uuid:00000000-0000-0000-0000-{PHONE}>\";\
         +u.sip!devicename.ccm.cisco.com=\"SEP{PHONE}\";+u.sip!model.ccm.cisco.com=\"436\"\r\n\
         Expires: 3600\r\n\
         Content-Length: 0\r\n\r\n"
    )
}

#[test]
#[ignore = "needs root (network namespaces) and tmux"]
fn the_run_waits_until_the_phone_registers_here() {
    let lan = lan("wizr");
    let own = ["link", "set", "eth0", "address", "02:52:45:48:00:00"];
    lan.ip("phone", &own);
    let workspace = Workspace::new();
    let list = format!(
        "[site]\npbx = \"192.0.2.10\"\n[[phone]]\nmac = \"{PHONE}\"\nmodel = 7965\n\
         extension = \"1001\"\nsecret = \"not-a-secret\"\n"
    );
    fs::write(workspace.path("office.toml"), list).unwrap();
    let within = |command: &str| lan.line("server", command);
    let flags = format!(
        "{TARGET} --listen 192.0.2.10 --http-port 0 --sip-port 5060 --sccp-port 0 \
         --inventory office.toml"
    );
    let terminal = workspace.wizard((80, 24), within, &flags);
    // No DHCP server is here: "Continue anyway".
    wait_for_page(&terminal, "step 3", "  Back");
    terminal.keys(&["Down", "Down", "Down", "Enter"]);
    wait_for_page(&terminal, "step 4", "  Back");
    terminal.keys(&["Enter"]);
    wait_for_page(&terminal, "step 6", "nothing was changed");
    terminal.keys(&["Enter"]);
    terminal.wait_for("waiting for the first phone");
    let arguments = [
        "simulated-phones",
        "192.0.2.10:69",
        "recovery",
        "192.0.2.101",
    ];
    let _phones = HelperProcess::play(&lan, "phone", &arguments);
    // Wherever the lines break.
    let waits = format!("waiting until SEP{PHONE} 1001 registers, 5 minutes at most.");
    terminal.wait_until(&waits, |screen| {
        let words: Vec<&str> = screen.split_whitespace().collect();
        words.join(" ").contains(&waits)
    });
    let request = workspace.path("request");
    fs::write(&request, register_request()).unwrap();
    let (from, to) = ("192.0.2.101:5060", "192.0.2.10:5060");
    let arguments = ["send-datagram", from, to, request.to_str().unwrap()];
    let _phone = HelperProcess::play(&lan, "phone", &arguments);
    assert_eq!(terminal.code(), 0, "{}", terminal.everything());
    let screen = terminal.everything();
    assert!(
        screen.contains("is converted and is to register with the PBX 192.0.2.10"),
        "{screen}"
    );
}

/// The CDP frame of a 7965 with an old load.
fn announcement() -> Vec<u8> {
    let tlv = |kind: u16, value: &[u8]| {
        let length = u16::try_from(value.len() + 4).unwrap();
        [&kind.to_be_bytes()[..], &length.to_be_bytes(), value].concat()
    };
    let address = [0, 0, 0, 1, 1, 1, 0xcc, 0, 4, 192, 0, 2, 101];
    let tlvs = [
        tlv(1, b"SEP001D45AABB0C"),
        tlv(2, &address),
        tlv(3, b"Port 1"),
        tlv(4, &[0, 0, 4, 0x90]),
        tlv(5, b"SCCP45.8-3-1S"),
        tlv(6, b"Cisco IP Phone 7965"),
    ]
    .concat();
    let mut payload = [&[2, 180, 0, 0], &tlvs[..]].concat();
    let sum = checksum(&payload, OddByte::Last);
    payload[2..4].copy_from_slice(&sum.to_be_bytes());
    let inside = [&[0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0], &payload[..]].concat();
    let length = u16::try_from(inside.len()).unwrap().to_be_bytes();
    let group = [0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcc];
    let phone = [0x00, 0x1d, 0x45, 0xaa, 0xbb, 0x0c];
    [&group[..], &phone, &length, &inside].concat()
}

/// A phone that announces itself twice a second.
fn announcing_phone(lan: &Lan) -> HelperProcess {
    let mut frame = String::new();
    for byte in announcement() {
        write!(frame, "{byte:02x}").unwrap();
    }
    let frames = lan.folder.path().join("frames");
    fs::write(&frames, frame).unwrap();
    let arguments = ["send-frames", frames.to_str().unwrap(), "120", "500"];
    HelperProcess::play(lan, "phone", &arguments)
}

#[test]
#[ignore = "needs root (network namespaces) and tmux"]
fn a_phone_on_an_interface_without_an_address_is_served_after_the_shown_command() {
    let lan = Lan::build("wizc", &[("server", None), ("phone", None)]);
    let _phone = announcing_phone(&lan);
    // `check` shows the command too.
    let output = lan.run("server", REFLASH, &["check"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let command = "sudo ip address add 192.168.70.1/24 dev eth0";
    assert!(text.contains(command), "{text}");
    assert!(text.contains("--interface eth0 --dhcp isolated"), "{text}");

    let workspace = Workspace::new();
    let within = |command: &str| lan.line("server", command);
    let terminal = workspace.wizard((80, 24), within, TARGET);
    workspace.page(&terminal, "step 2", "  Back", "cable-phones-80x24");
    terminal.keys(&["Enter"]);
    workspace.page(&terminal, "step 3", "  Back", "cable-80x24");
    // Nothing has changed: the question is repeated.
    terminal.keys(&["Enter"]);
    let screen = wait_for_page(&terminal, "Has eth0 an address now?", "  Back");
    let shown = screen.lines().find(|line| line.trim() == command).unwrap();
    let words: Vec<&str> = shown.split_whitespace().skip(2).collect();
    lan.ip("server", &words);
    terminal.keys(&["Enter"]);
    terminal.wait_for("Serving address: 192.168.70.1");
    workspace.page(&terminal, "step 3", "  Back", "cable-no-dhcp-80x24");
    // Addresses from here are the default.
    terminal.keys(&["Enter"]);
    terminal.wait_for("Ready: no problems found.");
    terminal.keys(&["C-c"]);
    assert_eq!(terminal.code(), 130);
}

#[test]
#[ignore = "needs root (network namespaces) and tmux"]
fn a_phone_that_announces_an_old_load_is_sent_over_the_bridge() {
    let lan = lan("wizb");
    let workspace = Workspace::with_bridge();
    let _phone = announcing_phone(&lan);
    let within = |command: &str| lan.line("server", command);
    let flags = format!("{TARGET} --interface eth0 --dhcp isolated");
    let terminal = workspace.wizard((80, 24), within, &flags);
    workspace.page(&terminal, "step 2", "  Back", "heard-80x24");
    terminal.keys(&["Enter"]);
    workspace.page(&terminal, "step 4", "  Back", "bridge-needed-80x24");
    terminal.keys(&["Enter"]);
    wait_for_page(&terminal, "step 5", "  Back");
    terminal.keys(&["Enter"]);
    workspace.page(
        &terminal,
        "step 6",
        "nothing was changed",
        "heard-summary-80x24",
    );
    terminal.keys(&["C-c"]);
    assert_eq!(terminal.code(), 130);
}
