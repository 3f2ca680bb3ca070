//! The engine in virtual time: datagrams in, packets and reports out.

mod deferred;
mod disk;
mod forged;
mod forged_address;
mod limits;
mod properties;
mod repeated_requests;
mod transfers;

use super::*;
use crate::{
    stage::{OpenFile, StagedFile},
    tftp::{
        ForgerySign, TftpAnswer, TftpRequest,
        peers::MEMORY,
        policy::{ERROR_TEXT_MAX, NAME_MAX},
        port::{GUESSES_REMEMBERED, SHARED_PORTS},
        transfer::FIRST_BYTES_MAX,
    },
};

const LOCAL: Ipv4Addr = Ipv4Addr::LOCALHOST;

const PHONE: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, 7), 1024);

const PORT_1: TransferPort = TransferPort::new(0);

const PORT_2: TransferPort = TransferPort::new(1);

const FIRST: Socket = Socket::Transfer(PORT_1);

const SECOND: Socket = Socket::Transfer(PORT_2);

/// Serves 1,000 bytes under every name except "absent" and "large", and records its calls. Decides
/// about "secret…" after 100 ms.
#[derive(Default)]
struct RecordingService {
    calls: Vec<String>,
    forged: Vec<(Ipv4Addr, ForgerySign)>,
    large: Option<OpenFile>,
}

impl TftpService for RecordingService {
    fn request(&mut self, _: Instant, request: &TftpRequest<'_>) -> TftpAnswer {
        self.calls.push(format!(
            "request {} {}",
            request.transfer,
            request.name.escape_debug()
        ));
        if request.name == "absent" {
            return TftpAnswer::NotFound;
        }
        if request.name.starts_with("secret") && request.waited < Duration::from_millis(100) {
            return TftpAnswer::Later;
        }
        if let Some(file) = self.large.clone().filter(|_| request.name == "large") {
            return TftpAnswer::Serve(file);
        }
        let file = StagedFile {
            name: request.name.into(),
            bytes: vec![1; 1000].into(),
        };
        TftpAnswer::Serve(file.into())
    }

    fn acknowledged(&mut self, _: Instant, transfer: u64, bytes: u64) {
        self.calls.push(format!("acked {transfer} {bytes}"));
    }

    fn ended(&mut self, _: Instant, transfer: u64, end: TransferOutcome, bytes: u64) {
        self.calls.push(format!("ended {transfer} {end:?} {bytes}"));
    }

    fn forged(&mut self, _: Instant, address: Ipv4Addr, sign: ForgerySign) {
        self.forged.push((address, sign));
    }
}

/// An engine, its clock and its network.
struct Bench {
    engine: TftpEngine<RecordingService>,
    now: Instant,
    out: TransmitQueue,
}

impl Bench {
    fn new() -> Self {
        Self::with_ports(2)
    }

    /// With this many transfer ports, of which the engine takes the first that is free.
    fn with_ports(ports: u16) -> Self {
        let limits = EngineLimits::default();
        let mut engine = TftpEngine::new(limits, ports, RecordingService::default());
        engine.ports = PortPool::in_order(ports);
        Self {
            engine,
            now: Instant::now(),
            out: TransmitQueue::default(),
        }
    }

    /// Sends a datagram; returns the packets that the engine sends, with their ports.
    fn send(
        &mut self,
        peer: SocketAddrV4,
        to: Socket,
        bytes: &[u8],
    ) -> Vec<(TransferPort, Vec<u8>)> {
        self.engine
            .datagram(self.now, to, LOCAL, peer, bytes, &mut self.out);
        self.sent()
    }

    fn request(&mut self, peer: SocketAddrV4, name: &str) -> Vec<(TransferPort, Vec<u8>)> {
        self.send(
            peer,
            Socket::Listener,
            &[b"\0\x01", name.as_bytes(), b"\0octet\0"].concat(),
        )
    }

    fn ack(&mut self, peer: SocketAddrV4, to: Socket, block: u8) -> Vec<(TransferPort, Vec<u8>)> {
        self.send(peer, to, &[0, 4, 0, block])
    }

    fn advance(&mut self, time: Duration) -> Vec<(TransferPort, Vec<u8>)> {
        self.now += time;
        self.engine.tick(self.now, &mut self.out);
        self.sent()
    }

    fn sent(&mut self) -> Vec<(TransferPort, Vec<u8>)> {
        let mut sent = Vec::new();
        self.out.drain(|port, queue| {
            sent.extend(queue.iter().map(|packet| (port, packet.to_vec())));
        });
        sent
    }

    fn calls(&mut self) -> Vec<String> {
        std::mem::take(&mut self.engine.service.calls)
    }
}

fn phone(n: u32) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::from_bits(0x7f01_0000 + n), 1024)
}
