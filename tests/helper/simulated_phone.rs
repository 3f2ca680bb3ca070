//! A whole phone in a namespace: the scripted phone of rehearsals on the namespace's own socket,
//! and around it what the wire hears of a real one.

use std::{
    collections::BTreeMap,
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket},
    process::Command,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use pnet::datalink::{self, Channel, Config, DataLinkReceiver, DataLinkSender};
use reflash::{
    phone::{LoadName, MacAddress, Model},
    protocol::{
        dhcp::{CLIENT_PORT, DhcpMessage, MessageType, Op, OptionCode, SERVER_PORT},
        frame::{EthernetFrame, Payload},
    },
    simulator::{PhoneAction, PhoneConfig, PhoneEvent, SimulatedPhone, StartState},
};

use crate::{cdp, phone_page};

/// Where `convert` runs.
const SERVER: &str = "192.0.2.10";
/// The phone's own address, where it does not request one.
const ADDRESS: &str = "192.0.2.101";
const PHONE: &str = "025245480000";
/// Another phone: once it is listed, all frames before its own were received.
const LAST: &str = "0252454800ff";
const LAST_ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 102);
const OLD: &str = "SCCP45.8-5-2S";

/// How long anything may take. Generous: only a hang is caught by it.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long an answer is waited for before it is asked for again.
const AGAIN: Duration = Duration::from_secs(2);

/// Plays it to its end, and then does as it is told until nobody tells any more.
pub(crate) fn play(script: &str) {
    let does = |what: &str| script.split(',').any(|word| word == what);
    let mut phone = Phone::new(does("dhcp"), does("cdp"));
    if does("web") {
        serve_page(Arc::clone(&phone.load));
    }
    if phone.asks_for_address {
        phone.lease();
    }
    if phone.announces {
        phone.announce(PHONE, OLD);
        wait_for_command();
    }
    phone.convert();
    if phone.announces {
        let load = phone.load.lock().unwrap().clone();
        phone.announce(PHONE, &load);
    }
    if does("register") {
        if phone.announces {
            // Else the REGISTER could be observed before the announcement.
            wait_for_command();
        }
        phone.register();
    }
    while wait_for_command() == "another" {
        phone.announce_at(LAST_ADDRESS, LAST, OLD);
    }
}

/// Waits for a word; none comes once the test is over.
fn wait_for_command() -> String {
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    line.trim().to_owned()
}

fn mac() -> MacAddress {
    MacAddress::new(cdp::mac(PHONE))
}

struct Phone {
    asks_for_address: bool,
    announces: bool,
    address: Ipv4Addr,
    /// Where it fetches: option 150, or what somebody typed in.
    tftp: Ipv4Addr,
    /// What runs.
    load: Arc<Mutex<String>>,
    /// Its own configuration, by blocks.
    config: BTreeMap<u16, Vec<u8>>,
    reads_config: bool,
    socket: Option<(u16, UdpSocket)>,
    began: Instant,
    /// Time that its starts took, which its script knows nothing of.
    starting: Duration,
    boots: u32,
    send: Box<dyn DataLinkSender>,
    receive: Box<dyn DataLinkReceiver>,
}

impl Phone {
    fn new(asks_for_address: bool, announces: bool) -> Self {
        let interface = datalink::interfaces()
            .into_iter()
            .find(|interface| interface.name == "eth0")
            .unwrap();
        let config = Config {
            read_timeout: Some(Duration::from_millis(100)),
            ..Config::default()
        };
        let Ok(Channel::Ethernet(send, receive)) = datalink::channel(&interface, config) else {
            panic!("no channel");
        };
        Self {
            asks_for_address,
            announces,
            address: ADDRESS.parse().unwrap(),
            tftp: SERVER.parse().unwrap(),
            load: Arc::new(Mutex::new(OLD.to_owned())),
            config: BTreeMap::new(),
            reads_config: false,
            socket: None,
            began: Instant::now(),
            starting: Duration::ZERO,
            boots: 0,
            send,
            receive,
        }
    }

    fn announce(&mut self, phone: &str, load: &str) {
        self.announce_at(self.address, phone, load);
    }

    fn announce_at(&mut self, address: Ipv4Addr, phone: &str, load: &str) {
        let frame = cdp::frame(phone, address, load);
        self.send.send_to(&frame, None).unwrap().unwrap();
    }

    /// DISCOVER, OFFER, REQUEST, ACK (RFC 2131), from an address that it has not yet.
    fn lease(&mut self) {
        let mut message = DhcpMessage::discover(mac(), 0x7965_0000 + self.boots, "CP-7965G");
        let offer = self.ask(&message, MessageType::Offer);
        let server = offer.server_id().unwrap();
        let options = &mut message.options;
        options.set(OptionCode::MESSAGE_TYPE, [3]);
        options.set(OptionCode::REQUESTED_ADDRESS, offer.your.octets());
        options.set(OptionCode::SERVER_ID, server.octets());
        let ack = self.ask(&message, MessageType::Ack);
        self.address = ack.your;
        self.tftp = ack.tftp_servers()[0];
        let address = format!("{}/24", self.address);
        // The same again is no fault.
        let replace = ["addr", "replace", &address, "dev", "eth0"];
        assert!(Command::new("ip").args(replace).status().unwrap().success());
    }

    fn ask(&mut self, message: &DhcpMessage, kind: MessageType) -> DhcpMessage {
        let frame = from_nobody(&message.encode());
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            self.send.send_to(&frame, None).unwrap().unwrap();
            let again = Instant::now() + AGAIN;
            while Instant::now() < again {
                let Ok(bytes) = self.receive.next() else {
                    continue;
                };
                if let Some(answer) = reply(bytes)
                    && answer.xid == message.xid
                    && answer.message_type() == Some(kind)
                {
                    return answer;
                }
            }
        }
        panic!("no {kind:?}");
    }

    /// From its first request on SCCP to the last one on SIP.
    fn convert(&mut self) {
        let mut phone = SimulatedPhone::new(PhoneConfig {
            mac: mac(),
            model: Model::by_number("7965").unwrap(),
            start: StartState::Application(LoadName::new(OLD)),
            server: SocketAddrV4::new(self.tftp, 69),
            http: None,
            pace: 0.01,
            seed: 3,
            // None of its requests shows which load it runs.
            faults: vec!["no-witness".parse().unwrap()],
            sizes: Arc::default(),
        });
        let end = Instant::now() + PATIENCE;
        let actions = phone.power_on(self.now());
        self.act(actions);
        while !phone.is_finished() {
            assert!(Instant::now() < end, "{:?}", phone.contents());
            let due = phone.next_deadline().expect("it goes on by itself");
            let wait = due
                .saturating_sub(self.now())
                .min(Duration::from_millis(20));
            let actions = match self.datagram(wait) {
                Some((port, from, bytes)) => phone.receive(self.now(), port, from, &bytes),
                None => phone.wake(self.now()),
            };
            self.act(actions);
        }
    }

    fn now(&self) -> Duration {
        self.began.elapsed().saturating_sub(self.starting)
    }

    /// The next datagram within this time.
    fn datagram(&mut self, wait: Duration) -> Option<(u16, SocketAddrV4, Vec<u8>)> {
        let wait = wait.max(Duration::from_millis(1));
        let Some((port, socket)) = &self.socket else {
            thread::sleep(wait);
            return None;
        };
        socket.set_read_timeout(Some(wait)).unwrap();
        let mut bytes = vec![0; 2048];
        match socket.recv_from(&mut bytes) {
            Ok((length, SocketAddr::V4(from))) => {
                bytes.truncate(length);
                if let [0, 3, high, low, data @ ..] = &bytes[..]
                    && self.reads_config
                {
                    let block = u16::from_be_bytes([*high, *low]);
                    self.config.insert(block, data.to_vec());
                }
                Some((*port, from, bytes))
            }
            _ => None,
        }
    }

    fn act(&mut self, actions: Vec<PhoneAction>) {
        for action in actions {
            match action {
                PhoneAction::Open(port) => {
                    let socket = UdpSocket::bind((self.address, port)).unwrap();
                    self.socket = Some((port, socket));
                }
                PhoneAction::Close(_) => self.socket = None,
                PhoneAction::Send { to, bytes, .. } => {
                    if let Some(name) = bytes.strip_prefix(b"\0\x01") {
                        self.reads_config = name.starts_with(b"SEP");
                    }
                    let (_, socket) = self.socket.as_ref().unwrap();
                    socket.send_to(&bytes, to).unwrap();
                }
                PhoneAction::Event(PhoneEvent::Booted(Some(load))) => self.boots(&load),
                PhoneAction::Connect { .. } | PhoneAction::Disconnect => {
                    panic!("this phone uses TFTP only");
                }
                PhoneAction::ChangeAddress => panic!("this phone keeps its address"),
                PhoneAction::Event(_) => {}
            }
        }
    }

    /// Its second start is the new firmware's: an address first, and then the files.
    fn boots(&mut self, load: &LoadName) {
        let began = Instant::now();
        self.boots += 1;
        load.as_str().clone_into(&mut self.load.lock().unwrap());
        if self.boots > 1 && self.asks_for_address {
            self.lease();
            wait_for_command();
        }
        self.starting += began.elapsed();
    }

    /// Tells the call manager of its own configuration who it is and what it runs.
    fn register(&self) {
        let config: Vec<u8> = self.config.values().flatten().copied().collect();
        let config = String::from_utf8(config).unwrap();
        let (_, rest) = config.split_once("<processNodeName>").expect(&config);
        let host: Ipv4Addr = rest.split('<').next().unwrap().parse().unwrap();
        let (wire, at) = (mac().upper_hex(), self.address);
        let load = self.load.lock().unwrap().clone();
        let text = format!(
            "REGISTER sip:{host} SIP/2.0\r\n\
             Via: SIP/2.0/UDP {at}:5060;branch=z9hG4bK1\r\n\
             From: <sip:6010@{host}>;tag=1\r\nTo: <sip:6010@{host}>\r\n\
             Call-ID: 1@{at}\r\nCSeq: 101 REGISTER\r\nUser-Agent: Cisco-CP7965G/9.3.1\r\n\
             Contact: <sip:6010@{at}:5060>;+u.sip!devicename.ccm.cisco.com=\"SEP{wire}\"\r\n\
             Reason: SIP;cause=200;text=\"cisco-alarm:25 Name=SEP{wire} Load={load} \
             Last=initialized\"\r\nContent-Length: 0\r\n\r\n"
        );
        let socket = UdpSocket::bind((at, 5060)).unwrap();
        socket.set_read_timeout(Some(AGAIN)).unwrap();
        let mut answer = [0; 2048];
        let answered = (0..10).any(|_| {
            socket.send_to(text.as_bytes(), (host, 5060)).unwrap();
            socket.recv(&mut answer).is_ok()
        });
        assert!(
            answered && answer.starts_with(b"SIP/2.0 "),
            "a REGISTER is answered"
        );
    }
}

/// An answer of a DHCP server.
fn reply(bytes: &[u8]) -> Option<DhcpMessage> {
    let Payload::Ipv4Udp {
        destination,
        payload,
        ..
    } = EthernetFrame::decode(bytes).ok()?.payload
    else {
        return None;
    };
    let message = DhcpMessage::decode(payload).ok()?;
    (destination.port() == CLIENT_PORT && message.op == Op::Reply).then_some(message)
}

/// A broadcast from 0.0.0.0 port 68 to everybody's port 67.
fn from_nobody(message: &[u8]) -> Vec<u8> {
    let length = |header: usize| u16::try_from(header + message.len()).unwrap().to_be_bytes();
    let mut header = [0; 20];
    header[0] = 0x45;
    header[2..4].copy_from_slice(&length(28));
    (header[8], header[9]) = (64, 17);
    header[16..].fill(0xff);
    let (words, _) = header.as_chunks::<2>();
    let sum: u32 = words
        .iter()
        .map(|word| u32::from(u16::from_be_bytes(*word)))
        .sum();
    let sum = (sum & 0xffff) + (sum >> 16);
    let sum = !u16::try_from((sum & 0xffff) + (sum >> 16)).unwrap();
    header[10..12].copy_from_slice(&sum.to_be_bytes());
    [
        &[0xff; 6][..],
        &mac().bytes(),
        &[0x08, 0x00],
        &header,
        &CLIENT_PORT.to_be_bytes(),
        &SERVER_PORT.to_be_bytes(),
        &length(8),
        &[0, 0],
        message,
    ]
    .concat()
}

/// The phone's page on its port 80, for as long as the phone is there.
fn serve_page(load: Arc<Mutex<String>>) {
    let wire = mac().upper_hex();
    thread::spawn(move || phone_page::serve(&wire, || load.lock().unwrap().clone()));
}
