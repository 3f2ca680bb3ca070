//! A TFTP server in a thread, and a client that sends given packets.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket},
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use reflash::stage::StagedFile;
use reflash::tftp::{
    Bound, Config, EngineKind, TftpAnswer, TftpRequest, TftpServer, TftpService, TransferOutcome,
};
use tokio::sync::oneshot;

/// How long a test waits for an expected packet or event.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// How long a test waits before it concludes that nothing is sent.
pub(crate) const QUIET: Duration = Duration::from_millis(150);

/// An event that the engine reported to the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ServerEvent {
    Requested(u64, String, Ipv4Addr),
    Acknowledged(u64, u64),
    Ended(u64, TransferOutcome, u64),
}

/// Serves files from memory and passes on the events that it receives.
pub(crate) struct FileService {
    files: HashMap<String, Arc<[u8]>>,
    events: Sender<ServerEvent>,
}

impl FileService {
    pub(crate) fn new(files: &[(&str, Vec<u8>)]) -> (Self, Receiver<ServerEvent>) {
        let (events, receiver) = channel();
        let files = files
            .iter()
            .map(|(n, b)| ((*n).to_owned(), b.as_slice().into()))
            .collect();
        (Self { files, events }, receiver)
    }

    fn send(&self, event: ServerEvent) {
        // The test may have dropped the receiver.
        let _ = self.events.send(event);
    }
}

impl TftpService for FileService {
    fn request(&mut self, _: Instant, request: &TftpRequest<'_>) -> TftpAnswer {
        self.send(ServerEvent::Requested(
            request.transfer,
            request.name.to_owned(),
            request.local,
        ));
        match self.files.get(request.name) {
            Some(bytes) => {
                let (name, bytes) = (request.name.into(), bytes.clone());
                TftpAnswer::Serve(StagedFile { name, bytes }.into())
            }
            None if request.name == "secret" => TftpAnswer::Refuse(2, "not for you"),
            None => TftpAnswer::NotFound,
        }
    }

    fn acknowledged(&mut self, _: Instant, transfer: u64, bytes: u64) {
        self.send(ServerEvent::Acknowledged(transfer, bytes));
    }

    fn ended(&mut self, _: Instant, transfer: u64, end: TransferOutcome, bytes: u64) {
        self.send(ServerEvent::Ended(transfer, end, bytes));
    }
}

/// A running server; stops when it is dropped.
pub(crate) struct TestServer {
    pub(crate) address: SocketAddrV4,
    pub(crate) transfer_ports: Vec<u16>,
    pub(crate) events: Receiver<ServerEvent>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl TestServer {
    pub(crate) fn new(files: &[(&str, Vec<u8>)]) -> Self {
        Self::at(
            &Config::new(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)),
            files,
        )
    }

    pub(crate) fn at(config: &Config, files: &[(&str, Vec<u8>)]) -> Self {
        let server = TftpServer::bind(config).expect("loopback ports are free");
        let transfer_ports = server.transfer_ports().unwrap();
        Self::run(Bound::Native(server), transfer_ports, files)
    }

    /// Either engine.
    pub(crate) fn of_kind(kind: EngineKind, files: &[(&str, Vec<u8>)]) -> Self {
        let config = Config::new(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0));
        let server = Bound::bind(kind, &config).expect("loopback ports are free");
        Self::run(server, Vec::new(), files)
    }

    fn run(server: Bound, transfer_ports: Vec<u16>, files: &[(&str, Vec<u8>)]) -> Self {
        let address = server.local_addr();
        let (service, events) = FileService::new(files);
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let stop = async {
                let _ = stopped.await;
            };
            server.run(service, stop).unwrap();
        });
        Self {
            address,
            transfer_ports,
            events,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.address)
    }

    /// The next event.
    pub(crate) fn next(&self) -> ServerEvent {
        self.events.recv_timeout(PATIENCE).expect("an event")
    }

    /// How the next transfer to end ended.
    pub(crate) fn next_end(&self) -> (TransferOutcome, u64) {
        loop {
            if let ServerEvent::Ended(_, end, bytes) = self.next() {
                return (end, bytes);
            }
        }
    }

    pub(crate) fn stop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the server does not panic");
        }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A client's socket.
pub(crate) struct Client {
    pub(crate) socket: UdpSocket,
    server: SocketAddrV4,
}

impl Client {
    pub(crate) fn new(server: SocketAddrV4) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        Self { socket, server }
    }

    /// Sends to the server's listening port.
    pub(crate) fn send(&self, bytes: &[u8]) {
        self.socket.send_to(bytes, self.server).unwrap();
    }

    pub(crate) fn send_to(&self, to: SocketAddr, bytes: &[u8]) {
        self.socket.send_to(bytes, to).unwrap();
    }

    /// Requests a file; `options` are zero-terminated texts.
    pub(crate) fn request(&self, name: &str, options: &str) {
        self.send(&[b"\0\x01", name.as_bytes(), b"\0octet\0", options.as_bytes()].concat());
    }

    pub(crate) fn ack(&self, to: SocketAddr, block: u16) {
        self.send_to(to, &[&[0, 4], &block.to_be_bytes()[..]].concat());
    }

    /// The next packet and its source.
    pub(crate) fn next(&self) -> (Vec<u8>, SocketAddr) {
        self.receive(PATIENCE).expect("the server answers")
    }

    pub(crate) fn receive(&self, patience: Duration) -> Option<(Vec<u8>, SocketAddr)> {
        self.socket.set_read_timeout(Some(patience)).unwrap();
        let mut buffer = vec![0; 70_000];
        let (length, from) = self.socket.recv_from(&mut buffer).ok()?;
        buffer.truncate(length);
        Some((buffer, from))
    }

    /// The next packet is this ERROR.
    pub(crate) fn expect_error(&self, code: u8) -> SocketAddr {
        let (packet, from) = self.next();
        assert_eq!(packet[..4], [0, 5, 0, code], "{}", packet.escape_ascii());
        assert_eq!(packet.last(), Some(&0));
        from
    }

    pub(crate) fn expect_nothing(&self) {
        if let Some((packet, from)) = self.receive(QUIET) {
            panic!("{from} sent {}", packet.escape_ascii());
        }
    }

    /// The next packet is this block.
    pub(crate) fn expect_data(&self, block: u16) -> (Vec<u8>, SocketAddr) {
        let (packet, from) = self.next();
        let header = [&[0, 3], &block.to_be_bytes()[..]].concat();
        assert_eq!(packet[..4], header, "{}", packet[..4].escape_ascii());
        (packet[4..].to_vec(), from)
    }

    /// A whole transfer in lockstep of 512 bytes.
    pub(crate) fn fetch(&self, name: &str) -> Vec<u8> {
        self.request(name, "");
        let mut bytes = Vec::new();
        for block in 1_u16.. {
            let (data, from) = self.expect_data(block);
            bytes.extend_from_slice(&data);
            self.ack(from, block);
            if data.len() < 512 {
                break;
            }
        }
        bytes
    }
}

/// After so many bytes a pattern begins again. A prime: no two of the first 99,991 blocks of one
/// size are the same.
const PERIOD: usize = 99_991;

/// Bytes in which every block differs.
pub(crate) fn pattern(size: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[1]
    };
    let mut bytes: Vec<u8> = (0..size.min(PERIOD)).map(|_| next()).collect();
    while bytes.len() < size {
        let more = bytes.len().min(size - bytes.len());
        bytes.extend_from_within(..more);
    }
    bytes
}
