//! A real registrar takes what a phone registers with: kamailio reads the PBX's side, a
//! scripted phone its own file, and they must agree. Asterisk itself is in no Debian release
//! that these tests run on; its files are read back in `sides`.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddrV4, TcpListener, UdpSocket},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use reflash::provision::ProvisionOutput;

use super::{build, ini, one, seps, text};
use crate::support::{
    own_loopback, require_program,
    sip_phone::{lines, lines_of_settings, register},
};

const REALM: &str = "reflash";

/// Where the registrar listens, on a port that is free there.
const REGISTRAR: Ipv4Addr = Ipv4Addr::new(127, 83, 73, 80);

/// A kamailio of the test's own, gone with it.
pub(crate) struct Registrar {
    child: Child,
}

impl Registrar {
    /// With the users and passwords of `pjsip.conf`, on this address. `first`: what it does
    /// before anything else.
    pub(crate) fn start(
        command: &mut Command,
        address: Ipv4Addr,
        built: &ProvisionOutput,
        folder: &Path,
        first: &str,
    ) -> Self {
        let sections = ini(text(built, "asterisk/pjsip.conf"));
        let transports = sections.iter().filter(|s| one(s, "type") == "transport");
        let mut listens = String::new();
        for transport in transports {
            let (_, port) = one(transport, "bind").split_once(':').unwrap();
            listens += &format!("listen={}:{address}:{port}\n", one(transport, "protocol"));
        }
        let mut config = format!(
            "debug=0\nlog_stderror=yes\nfork=yes\nchildren=1\nauto_aliases=no\n\
             {listens}\
             loadmodule \"sl.so\"\nloadmodule \"pv.so\"\nloadmodule \"auth.so\"\n\
             loadmodule \"usrloc.so\"\nloadmodule \"registrar.so\"\n\
             modparam(\"auth\", \"qop\", \"auth\")\n\
             request_route {{\n{first}\n\
             if ($rm != \"REGISTER\") {{ sl_send_reply(\"405\", \"Not here\"); exit; }}\n\
             $var(secret) = \"\";\n"
        );
        for auth in sections.iter().filter(|s| one(s, "type") == "auth") {
            config += &format!(
                "if ($au == \"{}\") {{ $var(secret) = \"{}\"; }}\n",
                one(auth, "username"),
                one(auth, "password")
            );
        }
        config += &format!(
            "if ($var(secret) == \"\" || !pv_www_authenticate(\"{REALM}\", \"$var(secret)\", \"0\")) {{\n\
             www_challenge(\"{REALM}\", \"1\"); exit; }}\n\
             if ($au != $tU) {{ sl_send_reply(\"403\", \"Not yours\"); exit; }}\n\
             save(\"location\");\n}}\n"
        );
        let path = folder.join("kamailio.cfg");
        fs::write(&path, config).unwrap();
        let log = fs::File::create(folder.join("log")).unwrap();
        let child = command
            .args(["-DD", "-E", "-m", "16", "-M", "4", "-f"])
            .arg(&path)
            .arg("-Y")
            .arg(folder)
            .arg("-w")
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            // It has children of its own: they end with it.
            .process_group(0)
            .spawn()
            .unwrap();
        Self { child }
    }
}

impl Drop for Registrar {
    fn drop(&mut self) {
        for signal in ["-TERM", "-KILL"] {
            let group = format!("-{}", self.child.id());
            let _ = Command::new("kill")
                .args([signal, "--", &group])
                .stderr(Stdio::null())
                .status();
            let until = Instant::now() + Duration::from_secs(10);
            while Instant::now() < until {
                if matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }
}

/// A port that is free on the address of the registrar, over UDP and TCP.
fn free_port() -> u16 {
    let tcp = TcpListener::bind((REGISTRAR, 0)).unwrap();
    let port = tcp.local_addr().unwrap().port();
    UdpSocket::bind((REGISTRAR, port)).unwrap();
    port
}

/// Every line of every phone registers with its own password and with no other.
fn all_register(transport: &str, further: &str) {
    let program = require_program("kamailio");
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let built = build(&format!(
        "[site]\npbx = \"{REGISTRAR}\"\nport = {port}\ntransport = \"{transport}\"\n\
         [[phone]]\nmac = \"001D45AABB01\"\nmodel = 7965\nextension = 1001\nsecret = \"hunter2\"\n\
         {further}\
         [[phone]]\nmac = \"001D45AABB02\"\nmodel = 7911\nextension = \"c7911\"\n"
    ));
    let mut command = Command::new(program);
    let registrar = Registrar::start(&mut command, REGISTRAR, &built, folder.path(), "");
    let phones = own_loopback();
    let mut registered = 0;
    for (name, sep) in seps(&built) {
        for line in lines(sep, phones) {
            assert_eq!(line.registrar, SocketAddrV4::new(REGISTRAR, port));
            assert_eq!(register(&line, &line.password), 200, "{name} {}", line.user);
            assert_eq!(register(&line, "wrong"), 401, "{name} {}", line.user);
            registered += 1;
        }
    }
    assert_eq!(registered, if further.is_empty() { 2 } else { 4 });
    drop(registrar);
}

#[test]
#[ignore = "needs kamailio"]
fn every_line_registers_over_udp_at_the_registrar() {
    all_register(
        "udp",
        "line2_extension = 1002\nline3_number = 1001\n[[phone.line]]\nbutton = 4\n\
         extension = \"+43123\"\nsecret = \"-_.!*+@/~^?\"\n",
    );
}

#[test]
#[ignore = "needs kamailio"]
fn every_phone_registers_over_tcp() {
    all_register("tcp", "");
}

/// A phone of every family that reads nothing but its own files, beside those of the other families:
/// an 88xx over TCP, the others over UDP.
#[test]
#[ignore = "needs kamailio"]
fn a_phone_of_each_family_registers_with_its_own_files_only() {
    let program = require_program("kamailio");
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let models = [
        "7940", "7960", "6901", "6921", "6945", "8945", "9971", "7821", "8851", "7931",
    ];
    let mut toml = format!("[site]\npbx = \"{REGISTRAR}\"\nport = {port}\n");
    for (at, model) in models.iter().enumerate() {
        toml += &format!(
            "[[phone]]\nmac = \"001D45AABB{at:02X}\"\nmodel = {model}\nextension = 10{at:02}\n\
             name = \"Anna # Bert's\"\n"
        );
        if *model != "6901" {
            toml += &format!("line2_extension = 11{at:02}\n");
        }
    }
    let built = build(&toml);
    let mut command = Command::new(program);
    let registrar = Registrar::start(&mut command, REGISTRAR, &built, folder.path(), "");
    let phone = own_loopback();
    let mut registered = std::collections::BTreeSet::new();
    let mut over_tcp = 0;
    let of_seps = seps(&built).flat_map(|(_, sep)| lines(sep, phone));
    let common = text(&built, "tftp/SIPDefault.cnf");
    let of_settings = ["001D45AABB00", "001D45AABB01"]
        .into_iter()
        .flat_map(|mac| {
            let own = text(&built, &format!("tftp/SIP{mac}.cnf"));
            lines_of_settings(common, own, phone)
        });
    for line in of_seps.chain(of_settings) {
        assert_eq!(line.registrar, SocketAddrV4::new(REGISTRAR, port));
        assert_eq!(register(&line, &line.password), 200, "{}", line.user);
        over_tcp += usize::from(line.tcp);
        registered.insert(line.user);
    }
    assert_eq!((registered.len(), over_tcp), (models.len() * 2 - 1, 2));
    drop(registrar);
}
