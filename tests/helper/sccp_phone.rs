//! A phone that registers by SCCP, obeys or ignores a Reset, and then converts. It keeps the evidence of
//! what it was sent.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{Ipv4Addr, Shutdown, SocketAddrV4, TcpStream},
    thread,
    time::{Duration, Instant},
};

use reflash::{
    phone::{Family, LoadName, MacAddress},
    protocol::sccp::{SccpStream, encode::message, message_id},
    simulator::fleet::{self, FleetConfig, StartMix},
};
use serde_json::json;
use socket2::{Domain, Socket, Type};

/// What the phone runs before its conversion.
const OLD: &str = "SCCP45.8-5-2S";
/// What `already` phones run.
const TARGET: &str = "SIP45.9-3-1SR4-1S";
/// The device type of the 7965.
const DEVICE_TYPE: u32 = 436;
/// How long the phone waits before it connects again.
const AGAIN: Duration = Duration::from_millis(400);

/// Plays until the phone is converted or the seconds are over, and prints what it saw.
pub(crate) fn play(address: &str, server: &str, mac: &str, script: &[&str], seconds: &str) {
    let end = Instant::now() + Duration::from_secs(seconds.parse().unwrap());
    let mut phone = Phone {
        address: address.parse().unwrap(),
        server: server.parse().unwrap(),
        mac: mac.parse().unwrap(),
        script: script.iter().map(|word| (*word).to_owned()).collect(),
        form: 124,
        resets: Vec::new(),
        registrations: 0,
        acked: 0,
        began: Instant::now(),
        load: OLD.to_owned(),
    };
    for word in script {
        phone.form = word.parse().unwrap_or(phone.form);
    }
    if phone.does("signed") {
        phone.read_signed_configuration();
    }
    if phone.does("already") {
        TARGET.clone_into(&mut phone.load);
    }
    while Instant::now() < end && phone.connect(end) {
        thread::sleep(AGAIN);
    }
    println!(
        "{}",
        json!({
            "mac": mac,
            "script": phone.script,
            "registrations": phone.registrations,
            "acked": phone.acked,
            "resets": phone.resets,
            "load": phone.load,
        })
    );
}

struct Phone {
    address: Ipv4Addr,
    /// TFTP; the call manager has the same address.
    server: SocketAddrV4,
    mac: MacAddress,
    script: Vec<String>,
    /// The length of its Register.
    form: usize,
    /// The connection of each Reset, and when it came, in milliseconds.
    resets: Vec<(u32, u64)>,
    registrations: u32,
    acked: u32,
    began: Instant,
    load: String,
}

impl Phone {
    fn does(&self, what: &str) -> bool {
        self.script.iter().any(|word| word == what)
    }

    fn name(&self) -> String {
        format!("SEP{}", self.mac.upper_hex())
    }

    fn register(&self) -> Vec<u8> {
        let mut body = self.name().into_bytes();
        body.resize(172, 0);
        body[20..24].copy_from_slice(&self.address.octets());
        body[24..28].copy_from_slice(&DEVICE_TYPE.to_le_bytes());
        body[36] = u8::from(self.does("call"));
        body[40] = 17;
        body[92..92 + self.load.len()].copy_from_slice(self.load.as_bytes());
        body.truncate(self.form);
        message(0, message_id::REGISTER, &body)
    }

    fn alarm(&self) -> Vec<u8> {
        let text = format!(
            "25: Name={}Load= {} Last=Initialized",
            self.name(),
            self.load
        );
        let mut body = 2_u32.to_le_bytes().to_vec();
        body.extend(text.bytes());
        body.resize(4 + 80, 0);
        body.extend([0; 8]);
        let xml = format!(
            "<x-cisco-alarm><String name=\"DeviceName\">{}</String>\
             <String name=\"NeighborDeviceID\">switch-1</String>\
             <String name=\"NeighborPortID\">Gi1/0/{}</String></x-cisco-alarm>",
            self.name(),
            self.mac.bytes()[5]
        );
        let alarm = message(0, message_id::ALARM, &body);
        if self.does("xml") {
            let mut xml = xml.into_bytes();
            xml.resize(2004, 0);
            return [message(0, message_id::XML_ALARM, &xml), alarm].concat();
        }
        alarm
    }

    /// A connection from its own address.
    fn open(&self) -> Option<TcpStream> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket
            .bind(&SocketAddrV4::new(self.address, 0).into())
            .unwrap();
        let manager = SocketAddrV4::new(*self.server.ip(), 2000);
        socket.connect(&manager.into()).ok()?;
        Some(socket.into())
    }

    /// One connection. Returns whether the phone connects again.
    fn connect(&mut self, end: Instant) -> bool {
        let Some(mut stream) = self.open() else {
            return true;
        };
        stream
            .set_read_timeout(Some(Duration::from_millis(200)))
            .unwrap();
        stream.set_nodelay(true).unwrap();
        let keep_alive = message(0, message_id::KEEP_ALIVE, &[]);
        let first = if self.does("standby") {
            keep_alive.clone()
        } else {
            self.registrations += 1;
            let port = message(0, message_id::IP_PORT, &[0, 0, 0, 0]);
            [self.alarm(), self.register(), port].concat()
        };
        let pieces = if self.does("split") { 7 } else { first.len() };
        for piece in first.chunks(pieces) {
            if stream.write_all(piece).is_err() {
                return true;
            }
        }
        let mut messages = SccpStream::default();
        let mut bytes = [0; 4096];
        let mut sent = Instant::now();
        while Instant::now() < end {
            if sent.elapsed() > Duration::from_secs(5) {
                sent = Instant::now();
                if stream.write_all(&keep_alive).is_err() {
                    return true;
                }
            }
            let count = match stream.read(&mut bytes) {
                Ok(0) => return true,
                Ok(count) => count,
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    continue;
                }
                Err(_) => return true,
            };
            for message in messages.feed(&bytes[..count]).unwrap() {
                if message.id == message_id::RESET {
                    assert_eq!(message.body, [1, 0, 0, 0]);
                    let at = u64::try_from(self.began.elapsed().as_millis()).unwrap();
                    self.resets.push((self.registrations, at));
                    if self.obeys() {
                        self.restart(&mut stream, end);
                        return false;
                    }
                }
                let answer = self.answer(message.id);
                if stream.write_all(&answer).is_err() {
                    return true;
                }
            }
        }
        false
    }

    /// Whether it obeys the Reset that it just got.
    fn obeys(&self) -> bool {
        let (newest, _) = *self.resets.last().unwrap();
        let of_connection = self.resets.iter().filter(|(number, _)| *number == newest);
        match of_connection.count() {
            _ if self.does("never") => false,
            1 => !self.does("late"),
            _ => true,
        }
    }

    /// What it sends after a message of the call manager.
    fn answer(&mut self, id: u32) -> Vec<u8> {
        let next: &[u32] = match id {
            message_id::REGISTER_ACK => {
                self.acked += 1;
                &[]
            }
            message_id::CAPABILITIES_REQ => &[
                message_id::CAPABILITIES_RES,
                message_id::BUTTON_TEMPLATE_REQ,
            ],
            message_id::BUTTON_TEMPLATE => &[message_id::SOFT_KEY_TEMPLATE_REQ],
            message_id::SOFT_KEY_TEMPLATE_RES => &[message_id::SOFT_KEY_SET_REQ],
            message_id::SOFT_KEY_SET_RES => &[message_id::CONFIG_STAT_REQ],
            message_id::CONFIG_STAT => &[message_id::LINE_STAT_REQ],
            message_id::LINE_STAT => &[message_id::FORWARD_STAT_REQ],
            message_id::FORWARD_STAT => &[
                message_id::REGISTER_AVAILABLE_LINES,
                message_id::TIME_DATE_REQ,
            ],
            _ => &[],
        };
        let messages = next.iter().map(|id| message(0, *id, &[1, 0, 0, 0]));
        messages.flatten().collect()
    }

    /// Ends its registration and starts: it reads its configuration, and converts.
    fn restart(&mut self, stream: &mut TcpStream, end: Instant) {
        let _ = stream.write_all(&message(0, message_id::UNREGISTER, &[]));
        let _ = stream.shutdown(Shutdown::Write);
        while stream.read(&mut [0; 512]).is_ok_and(|count| count > 0) {}
        let config = FleetConfig {
            phones: 1,
            models: vec![Family::F45.models().nth(1).unwrap()],
            start: StartMix::LoadInformation,
            from: None,
            call_manager: None,
            pace: 0.01,
            http: None,
            seed: self.mac.bytes()[5].into(),
            faults: Vec::new(),
            sizes: std::sync::Arc::default(),
            addresses: vec![self.address],
            listed: vec![(self.mac, None)],
            deadline: end.saturating_duration_since(Instant::now()),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let run = fleet::run(&config, self.server, std::future::pending());
        let phones = runtime.block_on(run).unwrap();
        let load = phones[0].contents.load.as_ref();
        load.map_or("-", LoadName::as_str)
            .clone_into(&mut self.load);
    }

    /// A phone with a trust list requests the signed form of its configuration, and does not get it.
    fn read_signed_configuration(&self) {
        let socket = std::net::UdpSocket::bind((self.address, 0)).unwrap();
        let timeout = Some(Duration::from_secs(2));
        socket.set_read_timeout(timeout).unwrap();
        for _ in 0..3 {
            for name in [
                format!("CTL{}.tlv", self.name()),
                format!("{}.cnf.xml.sgn", self.name()),
            ] {
                let request = [b"\0\x01", name.as_bytes(), b"\0octet\0"].concat();
                socket.send_to(&request, self.server).unwrap();
                let _ = socket.recv(&mut [0; 600]);
            }
        }
    }
}
