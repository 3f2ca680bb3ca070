//! A SIP phone that knows only its generated configuration file.

#![allow(dead_code, reason = "every test program uses a part of it")]

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddrV4, TcpStream, UdpSocket},
    time::{Duration, Instant},
};

use roxmltree::Document;
use socket2::{Domain, Socket, Type};

/// How long anything here may take in all; only a hang is caught by it.
const PATIENCE: Duration = Duration::from_mins(1);
/// T1 of RFC 3261, section 17.1.2.2: after it, a request over UDP is sent again.
const T1: Duration = Duration::from_millis(500);

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

/// The settings of a 7940 or 7960 in one file, by the rules of its loader: `key: value`, a value
/// ends at a space or a comment unless it is quoted, `#` and `;` begin a comment.
pub(crate) fn settings(text: &str) -> BTreeMap<String, String> {
    assert!(text.len() <= 8192, "the phone treats the file as missing");
    let setting = |line: &str| {
        let line = line.trim_start();
        if line.starts_with(['#', ';']) {
            return None;
        }
        let (key, rest) = line.split_once(':')?;
        let rest = rest.trim_start();
        let value = match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => rest[1..].split(quote).next(),
            _ => rest
                .split([' ', '\t', '\r', '#', ';', '\u{1a}', '\0'])
                .next(),
        };
        Some((key.trim_end().to_owned(), value?.to_owned()))
    };
    text.lines().filter_map(setting).collect()
}

/// What a 7940 or 7960 knows of its lines, out of `SIPDefault.cnf` and then its own file. Over UDP
/// only.
pub(crate) fn lines_of_settings(common: &str, own: &str, phone: Ipv4Addr) -> Vec<Line> {
    let mut all = settings(common);
    all.extend(settings(own));
    if all.get("proxy_register").map(String::as_str) != Some("1") {
        return Vec::new();
    }
    let line = |number: u8| {
        let of_line = |part: &str| all.get(&format!("line{number}_{part}")).cloned();
        let proxy = |part: &str| {
            let own = all.get(&format!("proxy{number}_{part}"));
            own.or_else(|| all.get(&format!("proxy1_{part}")))
        };
        let port = proxy("port").map_or(5060, |port| port.parse().unwrap());
        Some(Line {
            phone,
            user: of_line("name")?,
            registrar: SocketAddrV4::new(proxy("address")?.parse().unwrap(), port),
            tcp: false,
            listens: all
                .get("voip_control_port")
                .map_or(5060, |port| port.parse().unwrap()),
            auth_name: of_line("authname")?,
            password: of_line("password")?.chars().take(31).collect(),
        })
    };
    (1..=6).filter_map(line).collect()
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
                    // The registrar does not listen yet, or a repeated request is answered twice.
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
    let account = md5(&format!("{}:{realm}:{password}", line.auth_name));
    let what = md5(&format!("REGISTER:{uri}"));
    let response = md5(&format!("{account}:{nonce}:00000001:0a4f113b:auth:{what}"));
    let authorization = format!(
        "Authorization: Digest username=\"{}\",realm=\"{realm}\",nonce=\"{nonce}\",\
         uri=\"{uri}\",response=\"{response}\",algorithm=MD5,qop=auth,cnonce=\"0a4f113b\",\
         nc=00000001\r\n",
        line.auth_name
    );
    let answer = wire.ask(line, &request(2, &authorization), "2 REGISTER");
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}
