//! A converted phone that obeys NOTIFY by the rules of Cisco's SIP stack. It writes what it got and did
//! to standard error, one line each.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket},
    time::{Duration, Instant},
};

use reflash::protocol::sip::{SipRequest, encode_response};

/// How long a restart takes.
const BOOT: Duration = Duration::from_millis(1500);
const READ: Duration = Duration::from_millis(100);

enum Wire {
    Udp(UdpSocket),
    Tcp(TcpStream),
}

struct Phone {
    address: Ipv4Addr,
    pbx: Ipv4Addr,
    user: String,
    mac: String,
    options: Vec<String>,
    wire: Wire,
    registration: u32,
    sequence: u32,
}

/// Plays a phone until it is killed. `options`: `tcp`; `check-sync` (a 7960); `address-proxy` (not in
/// the mode in which it obeys); `silent`; `stale` (loses its power once after it registered);
/// `refresh` (registers every second); `call=SECONDS` (puts a restart off for so long).
pub(crate) fn play(address: &str, pbx: &str, user: &str, mac: &str, options: &[&str]) -> ! {
    let address: Ipv4Addr = address.parse().unwrap();
    let pbx: Ipv4Addr = pbx.parse().unwrap();
    let wire = connect(address, pbx, options.contains(&"tcp"));
    let mut phone = Phone {
        address,
        pbx,
        user: user.to_owned(),
        mac: mac.to_uppercase(),
        options: options.iter().map(|option| (*option).to_owned()).collect(),
        wire,
        registration: 1,
        sequence: 100,
    };
    phone.register(600, Some((25, "initialized")));
    if phone.has("stale") {
        // The same contact with another Call-ID.
        phone.registration += 1;
        phone.register(600, Some((25, "initialized")));
    }
    eprintln!("registered {user}");
    let mut refreshed = Instant::now();
    loop {
        if phone.has("refresh") && refreshed.elapsed() > Duration::from_secs(1) {
            phone.register(600, None);
            refreshed = Instant::now();
        }
        if let Some((from, bytes)) = phone.read() {
            phone.message(from, &bytes);
        }
    }
}

fn connect(address: Ipv4Addr, pbx: Ipv4Addr, tcp: bool) -> Wire {
    if tcp {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
        let socket = socket.unwrap();
        socket.bind(&SocketAddr::from((address, 0)).into()).unwrap();
        socket
            .connect(&SocketAddr::from((pbx, 5060)).into())
            .unwrap();
        let stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(READ)).unwrap();
        Wire::Tcp(stream)
    } else {
        let socket = UdpSocket::bind((address, 5060)).unwrap();
        socket.set_read_timeout(Some(READ)).unwrap();
        Wire::Udp(socket)
    }
}

impl Phone {
    fn has(&self, option: &str) -> bool {
        self.options.iter().any(|known| known == option)
    }

    fn call_id(&self) -> String {
        format!(
            "{:04}-{}@{}",
            self.registration,
            self.mac.to_lowercase(),
            self.address
        )
    }

    fn register(&mut self, expires: u32, alarm: Option<(u8, &str)>) {
        self.sequence += 1;
        let (transport, name) = match self.wire {
            Wire::Udp(_) => ("UDP", "udp"),
            Wire::Tcp(_) => ("TCP", "tcp"),
        };
        let Self {
            address,
            pbx,
            user,
            mac,
            sequence,
            ..
        } = self;
        let reason = alarm.map_or(String::new(), |(code, last)| {
            format!(
                "Reason: SIP;cause=200;text=\"cisco-alarm:{code} Name=SEP{mac} \
                 Load=SIP45.9-3-1SR4-1S Last={last}\"\r\n"
            )
        });
        let model = if self.options.iter().any(|option| option == "check-sync") {
            "Cisco-CP7960G/8.0"
        } else {
            "Cisco-CP7965G/9.3.1"
        };
        let call_id = format!("{:04}-{}@{address}", self.registration, mac.to_lowercase());
        let text = format!(
            "REGISTER sip:{pbx} SIP/2.0\r\nVia: SIP/2.0/{transport} {address}:5060;\
             branch=z9hG4bK{sequence}\r\nFrom: <sip:{user}@{pbx}>;tag=1\r\nTo: <sip:{user}@{pbx}>\r\n\
             Call-ID: {call_id}\r\nCSeq: {sequence} REGISTER\r\nUser-Agent: {model}\r\n\
             Contact: <sip:{user}@{address}:5060;transport={name}>;\
             +u.sip!devicename.ccm.cisco.com=\"SEP{mac}\";expires={expires}\r\n{reason}\
             Content-Length: 0\r\n\r\n"
        );
        let pbx = SocketAddr::from((*pbx, 5060));
        match &mut self.wire {
            Wire::Udp(socket) => assert!(socket.send_to(text.as_bytes(), pbx).is_ok()),
            Wire::Tcp(stream) => stream.write_all(text.as_bytes()).unwrap(),
        }
    }

    fn read(&mut self) -> Option<(Ipv4Addr, Vec<u8>)> {
        let mut bytes = vec![0; 8192];
        let (count, from) = match &mut self.wire {
            Wire::Udp(socket) => match socket.recv_from(&mut bytes) {
                Ok((count, SocketAddr::V4(from))) => (count, *from.ip()),
                _ => return None,
            },
            Wire::Tcp(stream) => match stream.read(&mut bytes) {
                Ok(0) => panic!("the PBX closed the connection"),
                Ok(count) => (count, self.pbx),
                Err(_) => return None,
            },
        };
        bytes.truncate(count);
        Some((from, bytes))
    }

    fn message(&mut self, from: Ipv4Addr, bytes: &[u8]) {
        // What came before in the same segment are responses to its REGISTERs.
        let text = String::from_utf8_lossy(bytes);
        let Some(start) = text.find("NOTIFY sip:") else {
            return;
        };
        let text = &text[start..];
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let request = SipRequest::decode(format!("{head}\r\n\r\n").as_bytes()).unwrap();
        let (status, resets) = self.judge(from, &request, body);
        eprintln!(
            "notify {}",
            status.map_or("dropped".to_owned(), |status| status.to_string())
        );
        if let Some(status) = status {
            let to = SocketAddr::from((from, 5060));
            let request = request.received_from(std::net::SocketAddrV4::new(from, 5060));
            let answer = encode_response(&request, status, "x", &[]);
            match &mut self.wire {
                // To the port in Via, as responses go.
                Wire::Udp(socket) => {
                    let to = request.reply_to().map_or(to, SocketAddr::from);
                    let to = via_port(head).map_or(to, |port| SocketAddr::from((from, port)));
                    assert!(socket.send_to(&answer, to).is_ok());
                }
                Wire::Tcp(stream) => stream.write_all(&answer).unwrap(),
            }
        }
        if resets {
            self.reset();
        }
    }

    /// The status (none: dropped), and whether it restarts.
    fn judge(&self, from: Ipv4Addr, request: &SipRequest, body: &str) -> (Option<u16>, bool) {
        if self.has("silent") || (from != self.pbx && !self.has("check-sync")) {
            return (None, false);
        }
        let user = request.uri.strip_prefix("sip:").unwrap_or_default();
        if user.split('@').next() != Some(self.user.as_str()) {
            return (Some(404), false);
        }
        let event = request.header("event").map(str::to_ascii_lowercase);
        match event.as_deref() {
            None => (Some(400), false),
            Some("check-sync") => (Some(200), self.has("check-sync")),
            Some("service-control") if self.has("address-proxy") => (Some(400), false),
            Some("service-control") => {
                let has_text = request.header("content-type") == Some("text/plain");
                let line = |name: &str| {
                    body.lines().find_map(|line| {
                        let (known, value) = line.split_once('=')?;
                        known.eq_ignore_ascii_case(name).then_some(value)
                    })
                };
                let call_id = format!("{{{}}}", self.call_id());
                let is_good = has_text
                    && line("action") == Some("reset")
                    && line("RegisterCallId") == Some(call_id.as_str());
                (Some(if is_good { 200 } else { 400 }), is_good)
            }
            Some(_) => (Some(489), false),
        }
    }

    fn reset(&mut self) {
        let call = self
            .options
            .iter()
            .find_map(|option| option.strip_prefix("call="));
        let seconds = call.map_or(0, |seconds| seconds.parse().unwrap());
        std::thread::sleep(Duration::from_secs(seconds));
        eprintln!("reset");
        self.register(0, None);
        std::thread::sleep(BOOT);
        if matches!(self.wire, Wire::Tcp(_)) {
            self.wire = connect(self.address, self.pbx, true);
        }
        self.registration += 1;
        self.register(600, Some((22, "reset-reset")));
    }
}

fn via_port(head: &str) -> Option<u16> {
    let via = head.lines().find_map(|line| line.strip_prefix("Via: "))?;
    let sent_by = via.split([' ', ';']).nth(1)?;
    sent_by.split_once(':')?.1.parse().ok()
}
