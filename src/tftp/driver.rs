//! A thin loop that moves datagrams between the sockets and the [`TftpEngine`].

use std::{
    future::Future,
    io,
    pin::pin,
    sync::Arc,
    task::{Wake, Waker},
    time::{Duration, Instant},
};

use tokio::sync::Notify;

use super::{
    Socket, TftpServer, TftpService, TransferPort,
    batch::{self, BATCH, FEW, ReceiveBatch},
    engine::TftpEngine,
    policy,
    poller::{Poller, Ready},
    sockets::{Received, TftpSockets},
    transmit::TransmitQueue,
};

/// Batches received from one socket before the others get their turn.
const BATCHES_PER_TURN: usize = 2;

/// Maximum number of batches received from a transfer port before a batch of requests: enough for
/// one ACK of each transfer.
const BATCHES_BEFORE_REQUESTS: usize = policy::TRANSFERS / batch::BATCH;

/// Turns before the runtime's other tasks get theirs.
const TURNS: u32 = 16;

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
        let ports = u16::try_from(self.transfers.len()).unwrap_or(u16::MAX);
        let sockets = TftpSockets::new(self.listener, self.transfers, *self.local.ip())?;
        let disk = Arc::new(DiskWake::default());
        let mut engine = TftpEngine::new(self.limits, ports, service);
        engine.set_waker(Waker::from(Arc::clone(&disk)));
        let mut core = Core {
            engine,
            disk,
            ready: Vec::new(),
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

/// Wakes the server when a file was read.
#[derive(Debug, Default)]
struct DiskWake(Notify);

impl Wake for DiskWake {
    fn wake(self: Arc<Self>) {
        self.0.notify_one();
    }
}

/// The running server but for its sockets.
struct Core<S> {
    engine: TftpEngine<S>,
    disk: Arc<DiskWake>,
    /// The transfer ports that are ready.
    ready: Vec<Ready>,
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
                () = self.disk.0.notified() => {
                    self.engine.resume(Instant::now(), &mut self.out);
                }
                ready = sockets.ready() => {
                    self.turn(sockets, ready?).await;
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

    /// Serves the transfers or the requests for a bounded time, so that they do not starve each other.
    async fn turn(&mut self, sockets: &TftpSockets, mut received: Received<'_>) {
        for _ in 0..BATCHES_PER_TURN {
            let drained = match received {
                Received::Requests(_) => self.requests(sockets).await,
                Received::Acks(_) => self.acks(sockets).await,
            };
            if drained {
                match &mut received {
                    Received::Requests(guard) => guard.clear_ready(),
                    Received::Acks(guard) => guard.clear_ready(),
                }
                return;
            }
        }
    }

    /// Receives one batch from each transfer port that is ready. Returns whether all their queues are
    /// empty, which saves a system call per turn; a later datagram is a new event, which cannot have
    /// been cleared yet.
    async fn acks(&mut self, sockets: &TftpSockets) -> bool {
        let mut ready = std::mem::take(&mut self.ready);
        ready.clear();
        if let Err(error) = sockets.poller.poll(&mut ready) {
            tracing::debug!(%error, "polling failed");
        }
        let mut drained = true;
        for Ready { index, is_error } in &ready {
            let port = TransferPort::new(*index);
            if *is_error {
                self.errors(sockets, port);
            }
            match self.receive(sockets, port) {
                Ok(is_empty) => {
                    self.failures = 0;
                    drained &= is_empty;
                }
                Err(error) => {
                    drained &= self.failed(&error).await;
                    self.errors(sockets, port);
                }
            }
        }
        drained &= ready.len() < Poller::EVENTS;
        self.ready = ready;
        sockets.flush(&mut self.out).await;
        drained
    }

    /// Receives one batch from a transfer port. Returns whether its queue is empty.
    fn receive(&mut self, sockets: &TftpSockets, port: TransferPort) -> io::Result<bool> {
        let socket = &sockets.transfers[port.index()];
        let mut is_empty = self.inbox.receive_up_to::<FEW>(socket)?;
        self.process(port);
        if !is_empty {
            is_empty = self.inbox.receive_up_to::<BATCH>(socket)?;
            self.process(port);
        }
        Ok(is_empty)
    }

    fn process(&mut self, port: TransferPort) {
        let socket = Socket::Transfer(port);
        process_batch(&mut self.engine, &self.inbox, socket, &mut self.out);
    }

    /// Receives one batch from the listener. Returns whether its queue is empty.
    async fn requests(&mut self, sockets: &TftpSockets) -> bool {
        let drained = match self.requests.receive(sockets.listener.get_ref()) {
            Ok(drained) => drained,
            Err(error) => return self.failed(&error).await,
        };
        self.failures = 0;
        // A peer with one source port for everything requests its next file right after its final
        // ACK. That ACK is in another queue and must be handled first.
        for _ in 0..BATCHES_BEFORE_REQUESTS {
            if self.acks(sockets).await {
                break;
            }
        }
        process_batch(
            &mut self.engine,
            &self.requests,
            Socket::Listener,
            &mut self.out,
        );
        sockets.flush(&mut self.out).await;
        drained
    }

    /// Handles a failed reception; returns whether the queue was empty. Any other error concerns an
    /// earlier packet or is temporary, and never ends the server.
    async fn failed(&mut self, error: &io::Error) -> bool {
        if error.kind() == io::ErrorKind::WouldBlock {
            self.failures = 0;
            return true;
        }
        tracing::debug!(%error, "receiving failed");
        self.failures += 1;
        if self.failures >= ERRORS {
            self.failures = 0;
            tokio::time::sleep(REST).await;
        }
        false
    }

    /// Reads the ICMP errors of packets sent from a transfer port.
    fn errors(&mut self, sockets: &TftpSockets, port: TransferPort) {
        loop {
            match batch::closed_port(&sockets.transfers[port.index()]) {
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
