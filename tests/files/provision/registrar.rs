//! A real registrar takes what a phone registers with: kamailio reads the PBX's side, a
//! scripted phone its own file, and they must agree. Asterisk itself is in no Debian release
//! that these tests run on; its files are read back in `sides`.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddrV4, TcpListener, TcpStream, UdpSocket},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use reflash::provision::Built;
use roxmltree::Document;
use socket2::{Domain, Socket, Type};

use super::{build, ini, one, seps, text};
use crate::support::require_program;

/// How long anything here may take in all; only a hang is caught by it.
const PATIENCE: Duration = Duration::from_mins(1);
/// T1 of RFC 3261, section 17.1.2.2: after it, a request over UDP is sent again.
const T1: Duration = Duration::from_millis(500);
const REALM: &str = "reflash";

/// Where the registrar listens, and where the phones live: no other test uses these.
const REGISTRAR: Ipv4Addr = Ipv4Addr::new(127, 83, 73, 80);
const PHONE: Ipv4Addr = Ipv4Addr::new(127, 83, 73, 81);

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
        built: &Built,
        folder: &Path,
        first: &str,
    ) -> Self {
        let sections = ini(text(built, "asterisk/pjsip.conf"));
        let transport = sections
            .iter()
            .find(|s| one(s, "type") == "transport")
            .unwrap();
        let (_, port) = one(transport, "bind").split_once(':').unwrap();
        let mut config = format!(
            "debug=0\nlog_stderror=yes\nfork=yes\nchildren=1\nauto_aliases=no\n\
             listen={}:{address}:{port}\n\
             loadmodule \"sl.so\"\nloadmodule \"pv.so\"\nloadmodule \"auth.so\"\n\
             loadmodule \"usrloc.so\"\nloadmodule \"registrar.so\"\n\
             modparam(\"auth\", \"qop\", \"auth\")\n\
             request_route {{\n{first}\n\
             if ($rm != \"REGISTER\") {{ sl_send_reply(\"405\", \"Not here\"); exit; }}\n\
             $var(secret) = \"\";\n",
            one(transport, "protocol")
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

/// A port that nobody has on the registrar's address, over UDP and TCP.
fn free_port() -> u16 {
    let tcp = TcpListener::bind((REGISTRAR, 0)).unwrap();
    let port = tcp.local_addr().unwrap().port();
    UdpSocket::bind((REGISTRAR, port)).unwrap();
    port
}

/// What a phone knows of one line, out of its file and nothing else, but for its address.
pub(crate) struct Line {
    phone: Ipv4Addr,
    pub(crate) registrar: SocketAddrV4,
    pub(crate) tcp: bool,
    /// Where the phone listens, which is not where it sends from.
    pub(crate) listens: u16,
    pub(crate) user: String,
    auth_name: String,
    pub(crate) password: String,
}

pub(crate) fn lines(sep: &str, phone: Ipv4Addr) -> Vec<Line> {
    let document = Document::parse(sep).unwrap();
    let of = |name: &str| {
        let node = document
            .descendants()
            .find(|node| node.has_tag_name(name))
            .unwrap();
        node.text().unwrap_or_default()
    };
    let lines = document
        .descendants()
        .filter(|node| node.has_tag_name("line"));
    lines
        .filter_map(|line| {
            let own = |name: &str| {
                let node = line.children().find(|node| node.has_tag_name(name))?;
                node.text()
            };
            let (proxy, port) = match own("proxy")? {
                "USECALLMANAGER" => (of("processNodeName"), of("sipPort")),
                proxy => (proxy, own("port")?),
            };
            Some(Line {
                phone,
                registrar: SocketAddrV4::new(proxy.parse().unwrap(), port.parse().unwrap()),
                tcp: of("transportLayerProtocol") == "1",
                listens: of("voipControlPort").parse().unwrap(),
                user: own("name")?.to_owned(),
                auth_name: own("authName")?.to_owned(),
                password: own("authPassword")?.to_owned(),
            })
        })
        .collect()
}

/// The connection of a phone, over UDP with a socket that sends and one that listens.
enum Wire {
    Udp {
        sends: UdpSocket,
        listens: UdpSocket,
    },
    Tcp(TcpStream),
}

impl Line {
    /// A connection from the phone's own address.
    pub(crate) fn connect(&self) -> std::io::Result<TcpStream> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddrV4::new(self.phone, 0).into())?;
        socket.connect(&self.registrar.into())?;
        Ok(socket.into())
    }
}

impl Wire {
    fn open(line: &Line) -> Self {
        if line.tcp {
            let until = Instant::now() + PATIENCE;
            loop {
                match line.connect() {
                    Ok(stream) => {
                        stream.set_read_timeout(Some(PATIENCE)).unwrap();
                        return Self::Tcp(stream);
                    }
                    Err(error) => assert!(Instant::now() < until, "{error}"),
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        let sends = UdpSocket::bind((line.phone, 0)).unwrap();
        let listens = UdpSocket::bind((line.phone, line.listens)).unwrap();
        listens.set_read_timeout(Some(T1)).unwrap();
        Self::Udp { sends, listens }
    }

    /// Where it sends from: no other try has this port meanwhile.
    fn port(&self) -> u16 {
        let address = match self {
            Self::Udp { sends, .. } => sends.local_addr(),
            Self::Tcp(stream) => stream.local_addr(),
        };
        address.unwrap().port()
    }

    /// Sends a request, over UDP until it is answered, and gives the answer to it.
    fn ask(&mut self, line: &Line, request: &str, sequence: &str) -> String {
        let mut bytes = [0; 8192];
        match self {
            Self::Tcp(stream) => {
                stream.write_all(request.as_bytes()).unwrap();
                let mut answer = String::new();
                while !answer.contains("\r\n\r\n") {
                    let read = stream.read(&mut bytes).unwrap();
                    assert!(read > 0, "the registrar closed the connection: {answer}");
                    answer += std::str::from_utf8(&bytes[..read]).unwrap();
                }
                answer
            }
            Self::Udp { sends, listens } => {
                let until = Instant::now() + PATIENCE;
                while Instant::now() < until {
                    // Nobody listens yet, or a repeated request is answered twice.
                    let _ = sends.send_to(request.as_bytes(), line.registrar);
                    if let Ok(read) = listens.recv(&mut bytes) {
                        let answer = std::str::from_utf8(&bytes[..read]).unwrap();
                        if answer.contains(&format!("CSeq: {sequence}")) {
                            return answer.to_owned();
                        }
                    }
                }
                panic!("no answer to {request}");
            }
        }
    }
}

fn md5(text: &str) -> String {
    format!("{:x}", md5::compute(text))
}

/// A phone's REGISTER (RFC 3261). `call`: the Call-ID of this try.
pub(crate) fn request(line: &Line, call: &str, sequence: u32, authorization: &str) -> String {
    let transport = if line.tcp { "TCP" } else { "UDP" };
    let (user, phone, host) = (&line.user, line.phone, line.registrar.ip());
    format!(
        "REGISTER sip:{host} SIP/2.0\r\n\
         Via: SIP/2.0/{transport} {phone}:{listens};branch=z9hG4bK{call}{sequence}\r\n\
         Max-Forwards: 70\r\n\
         From: <sip:{user}@{host}>;tag=1\r\nTo: <sip:{user}@{host}>\r\n\
         Call-ID: {call}@{phone}\r\nCSeq: {sequence} REGISTER\r\n\
         User-Agent: Cisco-CP7965G/9.3.1\r\n\
         Contact: <sip:{user}@{phone}:{listens};transport={}>\r\nExpires: 600\r\n\
         {authorization}Content-Length: 0\r\n\r\n",
        transport.to_lowercase(),
        listens = line.listens,
    )
}

/// Registers with digest authentication (RFC 2617): the status at the end.
pub(crate) fn register(line: &Line, password: &str) -> u16 {
    let mut wire = Wire::open(line);
    let uri = format!("sip:{}", line.registrar.ip());
    let call = format!("{}{}", line.user, wire.port());
    let request = |sequence, authorization: &str| request(line, &call, sequence, authorization);
    let challenge = wire.ask(line, &request(1, ""), "1 REGISTER");
    assert!(challenge.starts_with("SIP/2.0 401 "), "{challenge}");
    let value = |name: &str| {
        let at = challenge.find(&format!("{name}=\"")).unwrap() + name.len() + 2;
        challenge[at..].split('"').next().unwrap()
    };
    let (realm, nonce) = (value("realm"), value("nonce"));
    let who = md5(&format!("{}:{realm}:{password}", line.auth_name));
    let what = md5(&format!("REGISTER:{uri}"));
    let response = md5(&format!("{who}:{nonce}:00000001:0a4f113b:auth:{what}"));
    let authorization = format!(
        "Authorization: Digest username=\"{}\",realm=\"{realm}\",nonce=\"{nonce}\",\
         uri=\"{uri}\",response=\"{response}\",algorithm=MD5,qop=auth,cnonce=\"0a4f113b\",\
         nc=00000001\r\n",
        line.auth_name
    );
    let answer = wire.ask(line, &request(2, &authorization), "2 REGISTER");
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

/// Every line of every phone registers with its own password and with no other.
fn all_register(transport: &str, further: &str) {
    let Some(program) = require_program("kamailio") else {
        return;
    };
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
    let mut registered = 0;
    for (name, sep) in seps(&built) {
        for line in lines(sep, PHONE) {
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
fn every_line_registers_over_udp_where_it_listens() {
    all_register(
        "udp",
        "line2_extension = 1002\nline3_number = 1001\n[[phone.line]]\nbutton = 4\n\
         extension = \"+43123\"\nsecret = \"-_.!*+@/~^?\"\n",
    );
}

#[test]
fn every_phone_registers_over_tcp() {
    all_register("tcp", "");
}
