//! The sockets: a thin loop that moves datagrams between them and the [`Engine`].

use std::{
    future::Future,
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket},
    pin::pin,
    time::{Duration, Instant},
};

use socket2::{Domain, SockRef, Type};
use tokio::io::{
    Interest,
    unix::{AsyncFd, AsyncFdReadyGuard},
};

use super::{
    Port, Service, Socket,
    batch::{self, Inbox},
    engine::Engine,
    outbox::{Outbox, Outgoing},
    policy::{self, Limits},
};

/// The receive buffer that is asked for, in bytes. With the kernel's usual 212,992 a
/// thousand phones that start at once lose requests, with this none.
pub const RECEIVE_BUFFER: usize = 4 << 20;

/// The send buffer that is asked for, in bytes.
const SEND_BUFFER: usize = 1 << 20;

/// Batches taken from one socket before the others have their turn.
const BATCHES_PER_TURN: usize = 2;

/// Batches taken from a transfer port before a batch of requests at most: an ACK of each
/// transfer that there may be.
const BATCHES_BEFORE_REQUESTS: usize = policy::TRANSFERS / batch::BATCH;

/// Turns before the runtime's other tasks have theirs.
const TURNS: u32 = 16;

/// How long a full send buffer is waited for. After it the packets are dropped, as a full
/// network would: timers send them again.
const SEND_PATIENCE: Duration = Duration::from_millis(20);

/// How often one packet is tried when sending fails: an error may be the late report of
/// an earlier packet.
const SEND_TRIES: u32 = 3;

/// Failed receptions after which the server rests for [`REST`].
const ERRORS: u32 = 16;

/// How long the server rests when a socket only gives errors.
const REST: Duration = Duration::from_millis(10);

/// A sleep that never matters, for when there is no deadline.
const LONG: Duration = Duration::from_hours(1);

/// Where to listen, and what to allow.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// Where requests come; port 0 takes any. With address 0.0.0.0 answers leave from the
    /// address that was asked.
    pub listen: SocketAddrV4,
    /// The UDP port of the transfers, 0 for any. The second port, for peers that use one
    /// source port for everything, is the next higher one, or any.
    pub transfer_port: u16,
    /// What is allowed.
    pub limits: Limits,
}

impl Config {
    /// Listens here, with any transfer port and the default limits.
    #[must_use]
    pub fn new(listen: SocketAddrV4) -> Self {
        Self {
            listen,
            transfer_port: 0,
            limits: Limits::default(),
        }
    }
}

/// Why a port cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindErrorKind {
    /// Ports below 1024 take privilege.
    Permission,
    /// Another program has it.
    InUse,
    /// No interface has this address.
    NotAvailable,
    /// See the source.
    Other,
}

/// A socket that could not be bound.
#[derive(Debug, thiserror::Error)]
#[error("cannot bind UDP {address}:{port}")]
pub struct BindError {
    /// The address.
    pub address: Ipv4Addr,
    /// The port.
    pub port: u16,
    /// What kind of trouble it is.
    pub kind: BindErrorKind,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

impl BindError {
    fn new(wanted: SocketAddrV4, source: io::Error) -> Self {
        let kind = match source.kind() {
            io::ErrorKind::PermissionDenied => BindErrorKind::Permission,
            io::ErrorKind::AddrInUse => BindErrorKind::InUse,
            io::ErrorKind::AddrNotAvailable => BindErrorKind::NotAvailable,
            _ => BindErrorKind::Other,
        };
        Self {
            address: *wanted.ip(),
            port: wanted.port(),
            kind,
            source,
        }
    }
}

/// A server whose sockets are bound and that does not run yet.
#[derive(Debug)]
pub struct Server {
    listener: UdpSocket,
    transfers: [UdpSocket; 2],
    local: SocketAddrV4,
    receive_buffer: usize,
    limits: Limits,
}

impl Server {
    /// Binds the sockets. It takes no runtime, so that it can come before privileges are
    /// dropped, which is by thread.
    pub fn bind(config: &Config) -> Result<Self, BindError> {
        let address = *config.listen.ip();
        let listener = open(config.listen)?;
        let second = match config.transfer_port {
            0 => 0,
            port => port.checked_add(1).unwrap_or(port - 1),
        };
        let transfers = [
            open(SocketAddrV4::new(address, config.transfer_port))?,
            open(SocketAddrV4::new(address, second))?,
        ];
        let failed = |error| BindError::new(config.listen, error);
        for socket in &transfers {
            batch::want_errors(socket).map_err(failed)?;
        }
        Ok(Self {
            local: local_addr(&listener).map_err(failed)?,
            receive_buffer: SockRef::from(&listener)
                .recv_buffer_size()
                .map_err(failed)?,
            listener,
            transfers,
            limits: config.limits,
        })
    }

    /// Where requests come.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddrV4 {
        self.local
    }

    /// The ports that transfers leave from, for a firewall's rule.
    pub fn transfer_ports(&self) -> io::Result<[u16; 2]> {
        let [first, second] = &self.transfers;
        Ok([local_addr(first)?.port(), local_addr(second)?.port()])
    }

    /// The listener's receive buffer as the system granted it, in bytes. Linux counts its
    /// own bookkeeping in: it reports twice what was asked, if it granted all.
    #[must_use]
    pub fn receive_buffer(&self) -> usize {
        self.receive_buffer
    }

    /// Serves until told to stop, and gives the service back. Transfers under way then end
    /// as [`End::Replaced`](super::End::Replaced). Fails only if the runtime cannot watch
    /// the sockets.
    pub async fn run<S: Service>(
        self,
        service: S,
        stop: impl Future<Output = ()>,
    ) -> io::Result<S> {
        let [first, second] = self.transfers;
        let sockets = Sockets {
            listener: batch::watch(self.listener)?,
            transfers: [batch::watch(first)?, batch::watch(second)?],
            bound: *self.local.ip(),
        };
        let mut core = Core {
            engine: Engine::new(self.limits, service),
            inbox: Inbox::new(),
            requests: Inbox::new(),
            out: Outbox::default(),
            failures: 0,
        };
        core.serve(&sockets, stop).await?;
        core.engine.stop(Instant::now(), &mut core.out);
        sockets.flush(&mut core.out).await;
        Ok(core.engine.into_service())
    }
}

fn open(wanted: SocketAddrV4) -> Result<UdpSocket, BindError> {
    let open = || {
        let socket = socket2::Socket::new(Domain::IPV4, Type::DGRAM, None)?;
        socket.set_nonblocking(true)?;
        socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
        socket.set_send_buffer_size(SEND_BUFFER)?;
        socket.bind(&SocketAddr::V4(wanted).into())?;
        let short = socket.recv_buffer_size()? < 2 * RECEIVE_BUFFER;
        let socket = UdpSocket::from(socket);
        if short
            && let Ok(bytes) = i32::try_from(RECEIVE_BUFFER)
            && let Err(error) = batch::force_receive_buffer(&socket, bytes)
        {
            tracing::debug!(%wanted, %error, "receive buffer stays at the system's limit");
        }
        batch::want_destination(&socket)?;
        Ok(socket)
    };
    open().map_err(|error| BindError::new(wanted, error))
}

fn local_addr(socket: &UdpSocket) -> io::Result<SocketAddrV4> {
    match socket.local_addr()? {
        SocketAddr::V4(local) => Ok(local),
        SocketAddr::V6(_) => Err(io::Error::other("an IPv4 socket has an IPv6 address")),
    }
}

/// The running server's sockets.
struct Sockets {
    listener: AsyncFd<UdpSocket>,
    transfers: [AsyncFd<UdpSocket>; 2],
    bound: Ipv4Addr,
}

impl Sockets {
    fn get(&self, socket: Socket) -> &AsyncFd<UdpSocket> {
        match socket {
            Socket::Listener => &self.listener,
            Socket::Transfer(port) => &self.transfers[port.index()],
        }
    }

    /// Waits until one of them has something, whichever.
    async fn ready(&self) -> io::Result<(Socket, AsyncFdReadyGuard<'_, UdpSocket>)> {
        let interest = Interest::READABLE | Interest::ERROR;
        let [first, second] = &self.transfers;
        let (socket, guard) = tokio::select! {
            guard = first.ready(interest) => (Socket::Transfer(Port::First), guard),
            guard = second.ready(interest) => (Socket::Transfer(Port::Second), guard),
            guard = self.listener.ready(interest) => (Socket::Listener, guard),
        };
        Ok((socket, guard?))
    }

    /// Sends all there is to send.
    async fn flush(&self, out: &mut Outbox) {
        for port in Port::ALL {
            let queue = out.queue(port);
            if !queue.is_empty() {
                self.send(&self.transfers[port.index()], queue).await;
                queue.clear();
            }
        }
    }

    async fn send(&self, socket: &AsyncFd<UdpSocket>, mut packets: &[Outgoing]) {
        let name_source = self.bound.is_unspecified();
        let mut tries = 0;
        while !packets.is_empty() {
            let mut sent = batch::send(socket.get_ref(), packets, name_source);
            if sent
                .as_ref()
                .is_err_and(|e| e.kind() == io::ErrorKind::WouldBlock)
            {
                let again = |s: &UdpSocket| batch::send(s, packets, name_source);
                let wait = socket.async_io(Interest::WRITABLE, again);
                let Ok(later) = tokio::time::timeout(SEND_PATIENCE, wait).await else {
                    tracing::debug!(dropped = packets.len(), "the send buffer stays full");
                    return;
                };
                sent = later;
            }
            match sent {
                Ok(count) => {
                    packets = &packets[count..];
                    tries = 0;
                }
                Err(error) => {
                    tries += 1;
                    if tries >= SEND_TRIES {
                        tracing::debug!(to = %packets[0].to, %error, "packet not sent");
                        packets = &packets[1..];
                        tries = 0;
                    }
                }
            }
        }
    }
}

/// The running server but for its sockets.
struct Core<S> {
    engine: Engine<S>,
    /// What came to a transfer port.
    inbox: Inbox,
    /// What came to the listener.
    requests: Inbox,
    out: Outbox,
    /// Failed receptions since there was last nothing to receive.
    failures: u32,
}

impl<S: Service> Core<S> {
    async fn serve(&mut self, sockets: &Sockets, stop: impl Future<Output = ()>) -> io::Result<()> {
        let mut stop = pin!(stop);
        let mut sleep = pin!(tokio::time::sleep(LONG));
        let mut turns = 0;
        loop {
            let due = self.engine.next_deadline().map_or_else(
                || tokio::time::Instant::now() + LONG,
                tokio::time::Instant::from_std,
            );
            // Moving a sleep takes a lock. It may come early: a tick then finds nothing.
            if due < sleep.deadline() || sleep.is_elapsed() {
                sleep.as_mut().reset(due);
            }
            tokio::select! {
                () = &mut stop => return Ok(()),
                () = &mut sleep => {}
                ready = sockets.ready() => {
                    let (socket, mut guard) = ready?;
                    self.turn(sockets, socket, &mut guard).await;
                }
            }
            self.engine.tick(Instant::now(), &mut self.out);
            sockets.flush(&mut self.out).await;
            turns += 1;
            if turns % TURNS == 0 {
                tokio::task::yield_now().await;
            }
        }
    }

    /// Serves one socket for a bounded while, so that requests do not starve transfers nor
    /// transfers requests.
    async fn turn(
        &mut self,
        sockets: &Sockets,
        socket: Socket,
        guard: &mut AsyncFdReadyGuard<'_, UdpSocket>,
    ) {
        if guard.ready().is_error() {
            self.errors(sockets, socket);
        }
        for _ in 0..BATCHES_PER_TURN {
            let drained = match socket {
                Socket::Listener => self.requests(sockets).await,
                Socket::Transfer(port) => self.acks(sockets, port).await,
            };
            if drained {
                guard.clear_ready();
                return;
            }
        }
    }

    /// Serves one batch of a transfer port. Whether there was none.
    async fn acks(&mut self, sockets: &Sockets, port: Port) -> bool {
        let socket = Socket::Transfer(port);
        if let Err(error) = self.inbox.receive(sockets.get(socket).get_ref()) {
            return self.failed(sockets, socket, &error).await;
        }
        hand_over(&mut self.engine, &self.inbox, socket, &mut self.out);
        sockets.flush(&mut self.out).await;
        false
    }

    /// Serves one batch of the listener. Whether there was none.
    async fn requests(&mut self, sockets: &Sockets) -> bool {
        let socket = Socket::Listener;
        if let Err(error) = self.requests.receive(sockets.get(socket).get_ref()) {
            return self.failed(sockets, socket, &error).await;
        }
        // A peer with one source port for everything asks for its next file right after the
        // final ACK of the last. That ACK is in another queue, and must count first.
        for port in Port::ALL {
            for _ in 0..BATCHES_BEFORE_REQUESTS {
                if self.acks(sockets, port).await {
                    break;
                }
            }
        }
        hand_over(&mut self.engine, &self.requests, socket, &mut self.out);
        sockets.flush(&mut self.out).await;
        false
    }

    /// Receiving failed: whether because nothing is there. Any other error is the report of
    /// an earlier packet or passes by itself, and never ends the server.
    async fn failed(&mut self, sockets: &Sockets, socket: Socket, error: &io::Error) -> bool {
        if error.kind() == io::ErrorKind::WouldBlock {
            self.failures = 0;
            return true;
        }
        tracing::debug!(?socket, %error, "receiving failed");
        self.errors(sockets, socket);
        self.failures += 1;
        if self.failures >= ERRORS {
            self.failures = 0;
            tokio::time::sleep(REST).await;
        }
        false
    }

    /// Takes what ICMP said of packets that left a transfer port.
    fn errors(&mut self, sockets: &Sockets, socket: Socket) {
        let Socket::Transfer(port) = socket else {
            return;
        };
        loop {
            match batch::closed_port(sockets.get(socket).get_ref()) {
                Ok(Some(peer)) => self.engine.port_closed(Instant::now(), port, peer),
                Ok(None) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_would_block) => return,
            }
        }
    }
}

/// Hands a batch to the engine.
fn hand_over<S: Service>(engine: &mut Engine<S>, inbox: &Inbox, socket: Socket, out: &mut Outbox) {
    let now = Instant::now();
    for datagram in inbox.datagrams() {
        // To everyone or to a group: not for a server to answer (RFC 1123, 4.2.3.5).
        if let Some(local) = datagram.local {
            engine.datagram(now, socket, local, datagram.peer, datagram.bytes, out);
        }
    }
}
