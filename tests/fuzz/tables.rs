//! The TFTP engine's table of transfers and the DHCP server: sequences of packets and pauses.

use std::{
    collections::{HashMap, HashSet},
    net::{Ipv4Addr, SocketAddrV4},
    time::{Duration, Instant},
};

use reflash::{
    dhcp::{DhcpServer, ExclusiveServer, Pool, ServerConfig},
    phone::MacAddress,
    protocol::dhcp::{DhcpMessage, OptionCode},
    stage::StagedFile,
    tftp::{
        Socket, TftpAnswer, TftpRequest, TftpService, TransferOutcome, TransferPort,
        engine::TftpEngine, policy::EngineLimits, transfer::FIRST_BYTES_MAX,
        transmit::TransmitQueue,
    },
};

const OWN: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 9);

/// Steps that are read of one input.
const STEPS: usize = 400;

/// Takes numbers from the input; zeros follow its end.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    fn bytes(&mut self, most: usize) -> &'a [u8] {
        let length = usize::from(self.byte()).min(most).min(self.0.len());
        let (part, rest) = self.0.split_at(length);
        self.0 = rest;
        part
    }
}

/// Checks that every transfer that the service accepts ends once.
#[derive(Default)]
struct Transfers {
    running: HashSet<u64>,
    served: u64,
}

impl TftpService for Transfers {
    fn request(&mut self, _: Instant, request: &TftpRequest<'_>) -> TftpAnswer {
        let size = match request.name.as_bytes() {
            [size] => usize::from(*size) * 97,
            b"no" => return TftpAnswer::Refuse(2, "no"),
            _ => return TftpAnswer::NotFound,
        };
        assert!(self.running.insert(request.transfer), "a number of its own");
        self.served += 1;
        let file = StagedFile {
            name: request.name.into(),
            bytes: vec![7; size].into(),
        };
        TftpAnswer::Serve(file.into())
    }

    fn acknowledged(&mut self, _: Instant, transfer: u64, _: u64) {
        assert!(self.running.contains(&transfer), "progress before the end");
    }

    fn ended(&mut self, _: Instant, transfer: u64, _: TransferOutcome, _: u64) {
        assert!(self.running.remove(&transfer), "one end");
    }
}

pub fn tftp_engine(bytes: &[u8]) -> bool {
    let mut input = Input(bytes);
    let limits = EngineLimits::default();
    let ports = u16::from(input.byte() % 4) + 1;
    let mut engine = TftpEngine::new(limits, ports, Transfers::default());
    let mut now = Instant::now();
    let mut out = TransmitQueue::default();
    // The port from which each peer last got a packet.
    let mut last: HashMap<SocketAddrV4, TransferPort> = HashMap::new();
    // Bytes that each address got, and requests that it sent, while it acknowledges nothing.
    let mut silent: HashMap<Ipv4Addr, (usize, usize)> = HashMap::new();
    for _ in 0..STEPS {
        if input.0.is_empty() {
            break;
        }
        let step = input.byte();
        let number = input.byte();
        let address = Ipv4Addr::new(192, 0, 2, 64 + number % 4);
        let peer = SocketAddrV4::new(address, 1024 + u16::from(number / 4 % 4));
        let known = last.get(&peer).copied();
        let port = known.unwrap_or_else(|| TransferPort::new(u16::from(number) % ports));
        let mut send = |socket, bytes: &[u8]| {
            engine.datagram(now, socket, OWN, peer, bytes, &mut out);
        };
        match step % 9 {
            0 => {
                silent.entry(address).or_default().1 += 1;
                let name = [input.byte()];
                let options = input.bytes(60);
                let request = [&b"\0\x01"[..], &name, b"\0octet\0", options].concat();
                send(Socket::Listener, &request);
            }
            1 => {
                silent.entry(address).or_default().1 += 1;
                let size = [b'0' + input.byte() % 64];
                let request = [
                    &b"\0\x01"[..],
                    &size,
                    b"\0octet\0blksize\x00128\0windowsize\x004\0",
                ];
                send(Socket::Listener, &request.concat());
            }
            2 | 3 => {
                // A peer that acknowledges may get everything.
                silent.insert(address, (0, 1_000_000));
                send(Socket::Transfer(port), &[0, 4, 0, input.byte()]);
            }
            4 => send(Socket::Transfer(port), &[0, 5, 0, input.byte(), 0]),
            5 => {
                silent.entry(address).or_default().1 += 1;
                send(Socket::Listener, input.bytes(80));
            }
            6 => {
                silent.entry(address).or_default().1 += 1;
                send(Socket::Transfer(port), input.bytes(80));
            }
            7 => engine.port_closed(now, port, peer),
            _ => now += Duration::from_millis(u64::from(number) * u64::from(input.byte())),
        }
        engine.tick(now, &mut out);
        out.drain(|port, queue| {
            for packet in queue.iter() {
                let length = packet.to_vec().len();
                assert!(length <= 4 + 65_464);
                assert_eq!(packet.from, OWN);
                last.insert(packet.to, port);
                silent.entry(*packet.to.ip()).or_default().0 += length;
            }
        });
        for (address, (sent, requests)) in &silent {
            assert!(*sent <= FIRST_BYTES_MAX * requests.max(&1), "{address}");
        }
        let running = engine.service().running.len();
        assert!(engine.transfers() <= limits.transfers);
        assert!(running <= engine.transfers());
        assert!(engine.transfers() <= 2 * 16, "two per peer at most");
    }
    engine.stop(now, &mut out);
    assert_eq!(engine.transfers(), 0);
    let service = engine.into_service();
    assert!(service.running.is_empty(), "every transfer ends");
    service.served > 0
}

pub fn tftp_engines() -> Vec<Vec<u8>> {
    vec![
        vec![1, 0, 0, b'5', 0, 2, 0, 1, 2, 0, 2, 8, 200, 200, 4, 0, 3],
        vec![3, 1, 1, 5, 2, 1, 0, 2, 1, 4, 1, 1, 5, 3, 1, 0, 8, 255, 255],
        [
            &[2, 0, 1, b'9', 12][..],
            b"tsize\x000\0\0\0\0\0",
            &[7, 1, 0, 1],
        ]
        .concat(),
    ]
}

pub fn dhcp_server(bytes: &[u8]) -> bool {
    const MAC: MacAddress = MacAddress::new([2, 0, 0, 0, 0, 9]);
    let mut input = Input(bytes);
    // 192.0.2.8/29: .10 to .14 can be assigned.
    let Some(pool) = Pool::new(OWN, 29, &[]) else {
        return false;
    };
    let config = ServerConfig {
        address: OWN,
        mac: MAC,
        pool: pool.clone(),
        router: None,
    };
    let mut now = Duration::ZERO;
    let mut server = ExclusiveServer::new(DhcpServer::new(config), now);
    let host = |number: u8| match number {
        0 => Ipv4Addr::UNSPECIFIED,
        255 => Ipv4Addr::BROADCAST,
        200.. => Ipv4Addr::new(number, 51, 100, 1),
        last => Ipv4Addr::new(192, 0, 2, last % 20),
    };
    let mut probe: Option<Vec<u8>> = None;
    let mut was_answered = false;
    let mut answers = 0;
    for _ in 0..STEPS {
        if input.0.is_empty() {
            break;
        }
        let step = input.byte();
        let number = input.byte();
        let mut mac = [0, 0x1d, 0x45, 0, 0, number];
        if number > 250 {
            mac = [number; 6];
        }
        let mut message = DhcpMessage::discover(MacAddress::new(mac), number.into(), "CP-7965G");
        match step % 6 {
            0 | 1 => {
                let set = |message: &mut DhcpMessage, option, address: Ipv4Addr| {
                    if !address.is_unspecified() {
                        message.options.set(option, address.octets());
                    }
                };
                message
                    .options
                    .set(OptionCode::MESSAGE_TYPE, [input.byte() % 9]);
                set(
                    &mut message,
                    OptionCode::REQUESTED_ADDRESS,
                    host(input.byte()),
                );
                set(&mut message, OptionCode::SERVER_ID, host(input.byte()));
                message.client = host(input.byte());
                let source = host(input.byte());
                if let Some(reply) = server.receive(now, source, &message.encode()) {
                    let to = *reply.to.ip();
                    assert!(to.is_broadcast() || pool.is_host(to) && to != OWN, "{to}");
                    let reply = DhcpMessage::decode(&reply.bytes).expect("a message");
                    assert!(reply.your.is_unspecified() || pool.contains(reply.your));
                    assert_eq!(reply.mac, message.mac);
                    assert!(reply.mac.is_of_one_device() && reply.mac != MAC);
                    answers += 1;
                }
            }
            2 => {
                let source = host(number);
                if server.receive(now, source, input.bytes(250)).is_some() {
                    answers += 1;
                }
            }
            3 => {
                message.op = reflash::protocol::dhcp::Op::Reply;
                message.options.set(OptionCode::MESSAGE_TYPE, [2]);
                server.observe_reply(now, host(number), &message.encode());
            }
            4 => {
                now += Duration::from_millis(u64::from(number) * 500);
                let asked = server.wake(now, u32::from(number) << 16 | 0xffff);
                probe = asked.or(probe);
                let taken = server
                    .server_mut()
                    .reclaim(now, |_, mac| mac.bytes()[5] % 2 == 0);
                assert!(taken <= 5);
            }
            _ => {
                if let Some(mut offer) = probe
                    .as_ref()
                    .and_then(|probe| DhcpMessage::decode(probe).ok())
                {
                    offer.op = reflash::protocol::dhcp::Op::Reply;
                    offer.options.set(OptionCode::MESSAGE_TYPE, [2]);
                    was_answered |= host(number) != OWN;
                    server.observe_reply(now, host(number), &offer.encode());
                }
            }
        }
        let leased: Vec<_> = server.server_mut().leased().collect();
        assert!(leased.iter().all(|address| pool.contains(*address)));
        assert!(leased.len() <= 5);
        assert!(server.drain_events().len() <= 256);
        assert!(was_answered || server.withdrawn().is_none());
    }
    answers > 0
}

pub fn dhcp_servers() -> Vec<Vec<u8>> {
    vec![
        vec![
            0, 1, 1, 0, 0, 0, 0, 0, 1, 3, 11, 9, 0, 0, 4, 20, 0, 1, 3, 0, 0, 11, 11,
        ],
        vec![
            0, 1, 3, 12, 0, 0, 0, 0, 2, 3, 0, 1, 0, 0, 4, 60, 5, 1, 0, 3, 1, 0, 0, 0, 0,
        ],
        vec![
            1, 7, 3, 13, 0, 0, 0, 1, 7, 7, 0, 9, 13, 13, 1, 7, 4, 13, 9, 0, 0, 0, 8, 1, 0, 0, 0, 0,
        ],
    ]
}
