//! Serves the listeners' sockets.

use std::{
    io,
    net::{SocketAddr, SocketAddrV4},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use nix::sys::resource::{Resource, getrlimit};
use tokio::{
    net::{TcpStream, UdpSocket},
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::{self, Duration},
};

use super::{
    alarm_reader::{AlarmLimiter, AlarmReader},
    managed::{self, CallManagerEvent, MANAGED_CONNECTIONS, MANAGED_PER_ADDRESS, Managed},
    registrar::Registrar,
};
use crate::{
    discovery::ObservationQueue,
    limits::{Acceptor, ConnectionLimiter, ConnectionPermit, RETRY_DELAY, WhenFull},
    protocol::sip,
    track::Observation,
};

/// Maximum number of open connections, of both listeners together.
pub const CONNECTIONS: usize = 128;

/// Maximum number of open connections of one address; further ones are closed. A phone uses one of
/// each kind.
pub const CONNECTIONS_PER_ADDRESS: usize = 4;

/// Time that a connection has for its next whole request, or for its alarm.
pub const IDLE_TIME: Duration = Duration::from_secs(30);

/// Bytes of a datagram that are read: a head, and as much of the body as fits.
const DATAGRAM: usize = 2 * sip::MAX_HEAD;

/// Bytes that are read from a connection at once.
const READ: usize = 2048;

/// The sockets, in non-blocking mode.
#[derive(Debug, Default)]
pub(super) struct ListenerSockets {
    pub(super) sip: Option<(std::net::UdpSocket, std::net::TcpListener)>,
    pub(super) sccp: Option<std::net::TcpListener>,
    /// Where phones wait for a verdict; `None`: none is restarted.
    pub(super) restarts: Option<mpsc::Sender<CallManagerEvent>>,
}

/// What all connections share.
struct ListenerShared {
    registrar: Mutex<Registrar>,
    alarms: Mutex<AlarmLimiter>,
    queue: ObservationQueue,
}

/// The counts stay correct if a thread panics while it holds the lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ListenerShared {
    fn send(&self, now: Instant, observations: Vec<Observation>) {
        for observation in observations {
            self.queue.send(now, observation);
        }
    }
}

/// Serves until `stop` resolves or its sender is dropped.
pub(super) async fn run(
    sockets: ListenerSockets,
    queue: ObservationQueue,
    stop: oneshot::Receiver<()>,
) -> io::Result<()> {
    let shared = Arc::new(ListenerShared {
        registrar: Mutex::default(),
        alarms: Mutex::default(),
        queue,
    });
    let limiter = ConnectionLimiter::new(CONNECTIONS_PER_ADDRESS, CONNECTIONS);
    let (managed, only_alarms) = match (sockets.sccp, sockets.restarts) {
        (Some(tcp), Some(events)) => (Some((tcp, events)), None),
        (tcp, _) => (None, tcp),
    };
    let mut tasks = JoinSet::new();
    if let Some((udp, tcp)) = sockets.sip {
        tasks.spawn(datagrams(UdpSocket::from_std(udp)?, Arc::clone(&shared)));
        let mut acceptor = Acceptor::new(tcp, limiter.clone(), WhenFull::Close)?;
        let shared = Arc::clone(&shared);
        tasks.spawn(async move {
            let serve = |stream, peer, permit| requests(stream, peer, permit, Arc::clone(&shared));
            match acceptor.run(serve).await {}
        });
    }
    if let Some((tcp, events)) = managed {
        let limiter = ConnectionLimiter::new(MANAGED_PER_ADDRESS, managed_connections());
        let mut acceptor = Acceptor::new(tcp, limiter, WhenFull::Close)?;
        let managed = Arc::new(Managed::new(events));
        tasks.spawn(async move {
            let serve = |stream, peer, permit| {
                let managed = Arc::clone(&managed);
                async move { managed::serve(stream, peer, permit, &managed).await }
            };
            match acceptor.run(serve).await {}
        });
    }
    if let Some(tcp) = only_alarms {
        let mut acceptor = Acceptor::new(tcp, limiter, WhenFull::Close)?;
        let shared = Arc::clone(&shared);
        tasks.spawn(async move {
            let serve = |stream, peer, permit| alarm(stream, peer, permit, Arc::clone(&shared));
            match acceptor.run(serve).await {}
        });
    }
    // An error means that the sender was dropped.
    let _ = stop.await;
    tasks.shutdown().await;
    shared.queue.end();
    Ok(())
}

/// [`MANAGED_CONNECTIONS`], or a quarter of the file descriptors if that is less.
fn managed_connections() -> usize {
    let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE).unwrap_or((u64::MAX, u64::MAX));
    let quarter = usize::try_from(soft / 4);
    quarter.map_or(MANAGED_CONNECTIONS, |quarter| {
        quarter.min(MANAGED_CONNECTIONS)
    })
}

async fn datagrams(socket: UdpSocket, shared: Arc<ListenerShared>) {
    let mut bytes = vec![0; DATAGRAM];
    loop {
        let (count, from) = match socket.recv_from(&mut bytes).await {
            Ok((count, SocketAddr::V4(from))) => (count, from),
            Ok((_, SocketAddr::V6(_))) => continue,
            Err(error) => {
                tracing::debug!(%error, "no datagram could be read");
                time::sleep(RETRY_DELAY).await;
                continue;
            }
        };
        let now = Instant::now();
        let outcome = lock(&shared.registrar).datagram(now, from, &bytes[..count]);
        shared.send(now, outcome.observations);
        if let Some((to, response)) = outcome.response
            && let Err(error) = socket.send_to(&response, to).await
        {
            tracing::debug!(%to, %error, "a response could not be sent");
        }
    }
}

/// Reads available bytes, waiting until `deadline`; returns 0 at the end of the stream.
async fn read(stream: &TcpStream, bytes: &mut [u8], deadline: time::Instant) -> io::Result<usize> {
    loop {
        time::timeout_at(deadline, stream.readable()).await??;
        match stream.try_read(bytes) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            done => return done,
        }
    }
}

/// Sends all bytes by `deadline`.
async fn write(stream: &TcpStream, mut bytes: &[u8], deadline: time::Instant) -> io::Result<()> {
    while !bytes.is_empty() {
        time::timeout_at(deadline, stream.writable()).await??;
        match stream.try_write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Serves SIP on one connection, until its end or an error.
async fn requests(
    stream: TcpStream,
    peer: SocketAddrV4,
    _permit: ConnectionPermit,
    shared: Arc<ListenerShared>,
) {
    let mut decoder = sip::SipStream::default();
    let mut bytes = [0; READ];
    // Counted from request to request: single bytes do not keep a connection open.
    let mut deadline = time::Instant::now() + IDLE_TIME;
    while let Ok(count @ 1..) = read(&stream, &mut bytes, deadline).await {
        let Ok(requests) = decoder.feed(&bytes[..count]) else {
            return;
        };
        for request in requests {
            deadline = time::Instant::now() + IDLE_TIME;
            let now = Instant::now();
            let outcome = lock(&shared.registrar).request(now, peer, request);
            shared.send(now, outcome.observations);
            if let Some((_, response)) = outcome.response
                && write(&stream, &response, deadline).await.is_err()
            {
                return;
            }
        }
    }
}

/// Reads SCCP on one connection, up to the alarm.
async fn alarm(
    stream: TcpStream,
    peer: SocketAddrV4,
    _permit: ConnectionPermit,
    shared: Arc<ListenerShared>,
) {
    let mut reader = AlarmReader::default();
    let mut bytes = [0; READ];
    let deadline = time::Instant::now() + IDLE_TIME;
    while !reader.is_done()
        && let Ok(count @ 1..) = read(&stream, &mut bytes, deadline).await
    {
        let now = Instant::now();
        let limiter = &mut lock(&shared.alarms);
        let observations = reader.feed(now, *peer.ip(), &bytes[..count], limiter);
        shared.send(now, observations);
    }
}
