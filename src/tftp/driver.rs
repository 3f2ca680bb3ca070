//! A thin loop that moves datagrams between the sockets and the [`TftpEngine`].

use std::{
    future::Future,
    io,
    net::{Ipv4Addr, UdpSocket},
    pin::pin,
    time::{Duration, Instant},
};

use tokio::io::{
    Interest,
    unix::{AsyncFd, AsyncFdReadyGuard},
};

use super::{
    Socket, TftpServer, TftpService, TransferPort,
    batch::{self, ReceiveBatch},
    engine::TftpEngine,
    policy,
    transmit::{Outgoing, TransmitQueue},
};

/// Batches received from one socket before the others get their turn.
const BATCHES_PER_TURN: usize = 2;

/// Maximum number of batches received from a transfer port before a batch of requests: enough for
/// one ACK of each transfer.
const BATCHES_BEFORE_REQUESTS: usize = policy::TRANSFERS / batch::BATCH;

/// Turns before the runtime's other tasks get theirs.
const TURNS: u32 = 16;

/// How long to wait for a full send buffer. After it the packets are dropped, as in a congested network;
/// timers retransmit them.
const SEND_PATIENCE: Duration = Duration::from_millis(20);

/// Attempts to send one packet: an error may be the late report of an earlier packet.
const SEND_TRIES: u32 = 3;

/// Failed receptions after which the server pauses for [`REST`].
const ERRORS: u32 = 16;

/// How long the server pauses when a socket only returns errors.
const REST: Duration = Duration::from_millis(10);

/// A sleep for when there is no deadline.
const LONG: Duration = Duration::from_hours(1);

impl TftpServer {
    /// Serves until `stop` resolves, and returns the service. Transfers in progress then end as
    /// [`TransferOutcome::Stopped`](super::TransferOutcome::Stopped).
    ///
    /// # Errors
    /// The runtime cannot watch the sockets.
    pub async fn run<S: TftpService>(
        self,
        service: S,
        stop: impl Future<Output = ()>,
    ) -> io::Result<S> {
        let [first, second] = self.transfers;
        let sockets = TftpSockets {
            listener: batch::watch(self.listener)?,
            transfers: [batch::watch(first)?, batch::watch(second)?],
            bound: *self.local.ip(),
        };
        let mut core = Core {
            engine: TftpEngine::new(self.limits, service),
            inbox: ReceiveBatch::new(),
            requests: ReceiveBatch::new(),
            out: TransmitQueue::default(),
            failures: 0,
        };
        core.serve(&sockets, stop).await?;
        core.engine.stop(Instant::now(), &mut core.out);
        sockets.flush(&mut core.out).await;
        Ok(core.engine.into_service())
    }
}

/// The running server's sockets.
struct TftpSockets {
    listener: AsyncFd<UdpSocket>,
    transfers: [AsyncFd<UdpSocket>; 2],
    bound: Ipv4Addr,
}

impl TftpSockets {
    fn get(&self, socket: Socket) -> &AsyncFd<UdpSocket> {
        match socket {
            Socket::Listener => &self.listener,
            Socket::Transfer(port) => &self.transfers[port.index()],
        }
    }

    /// Waits until any socket is ready.
    async fn ready(&self) -> io::Result<(Socket, AsyncFdReadyGuard<'_, UdpSocket>)> {
        let interest = Interest::READABLE | Interest::ERROR;
        let [first, second] = &self.transfers;
        let (socket, guard) = tokio::select! {
            guard = first.ready(interest) => (Socket::Transfer(TransferPort::First), guard),
            guard = second.ready(interest) => (Socket::Transfer(TransferPort::Second), guard),
            guard = self.listener.ready(interest) => (Socket::Listener, guard),
        };
        Ok((socket, guard?))
    }

    /// Sends all queued packets.
    async fn flush(&self, out: &mut TransmitQueue) {
        for port in TransferPort::ALL {
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
    engine: TftpEngine<S>,
    /// The datagrams that a transfer port received.
    inbox: ReceiveBatch,
    /// The datagrams that the listener received.
    requests: ReceiveBatch,
    out: TransmitQueue,
    /// Failed receptions since a good one or an empty queue.
    failures: u32,
}

impl<S: TftpService> Core<S> {
    async fn serve(
        &mut self,
        sockets: &TftpSockets,
        stop: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let mut stop = pin!(stop);
        let mut sleep = pin!(tokio::time::sleep(LONG));
        let mut turns = 0;
        loop {
            let due = self.engine.next_deadline().map_or_else(
                || tokio::time::Instant::now() + LONG,
                tokio::time::Instant::from_std,
            );
            // Resetting a sleep takes a lock. If it fires early, the tick finds nothing due.
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
            turns = (turns + 1) % TURNS;
            if turns == 0 {
                tokio::task::yield_now().await;
            }
        }
    }

    /// Serves one socket for a bounded time, so that requests and transfers do not starve each other.
    async fn turn(
        &mut self,
        sockets: &TftpSockets,
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

    /// Receives one batch from a transfer port. Returns whether its queue is empty, which saves a system
    /// call per turn; a later datagram is a new event, which cannot have been cleared yet.
    async fn acks(&mut self, sockets: &TftpSockets, port: TransferPort) -> bool {
        let socket = Socket::Transfer(port);
        let drained = match self.inbox.receive(sockets.get(socket).get_ref()) {
            Ok(drained) => drained,
            Err(error) => return self.failed(sockets, socket, &error).await,
        };
        self.failures = 0;
        process_batch(&mut self.engine, &self.inbox, socket, &mut self.out);
        sockets.flush(&mut self.out).await;
        drained
    }

    /// Receives one batch from the listener. Returns whether its queue is empty.
    async fn requests(&mut self, sockets: &TftpSockets) -> bool {
        let socket = Socket::Listener;
        let drained = match self.requests.receive(sockets.get(socket).get_ref()) {
            Ok(drained) => drained,
            Err(error) => return self.failed(sockets, socket, &error).await,
        };
        // A peer with one source port for everything requests its next file right after its final
        // ACK. That ACK is in another queue and must be handled first.
        for port in TransferPort::ALL {
            for _ in 0..BATCHES_BEFORE_REQUESTS {
                if self.acks(sockets, port).await {
                    break;
                }
            }
        }
        process_batch(&mut self.engine, &self.requests, socket, &mut self.out);
        sockets.flush(&mut self.out).await;
        drained
    }

    /// Handles a failed reception; returns whether the queue was empty. Any other error concerns an
    /// earlier packet or is temporary, and never ends the server.
    async fn failed(&mut self, sockets: &TftpSockets, socket: Socket, error: &io::Error) -> bool {
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

    /// Reads the ICMP errors of packets sent from a transfer port.
    fn errors(&mut self, sockets: &TftpSockets, socket: Socket) {
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

/// Passes a batch to the engine.
fn process_batch<S: TftpService>(
    engine: &mut TftpEngine<S>,
    inbox: &ReceiveBatch,
    socket: Socket,
    out: &mut TransmitQueue,
) {
    let now = Instant::now();
    for datagram in inbox.datagrams() {
        // Broadcast or multicast: a server must not answer (RFC 1123, 4.2.3.5).
        if let Some(local) = datagram.local {
            engine.datagram(now, socket, local, datagram.peer, datagram.bytes, out);
        }
    }
}
