//! The sockets of the listeners.

use std::{
    io,
    net::{Ipv4Addr, SocketAddrV4},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use tokio::{
    net::{TcpListener, TcpStream, UdpSocket},
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::{self, Duration},
};

use super::{AlarmLimiter, AlarmReader, BoundListeners, IDLE_TIME, Registrar, Seats, ipv4};
use crate::{discovery::ObservationQueue, protocol::sip, track::Observation};

/// Bytes of a datagram that are read: a head, and of its body whatever fits.
const DATAGRAM: usize = 2 * sip::MAX_HEAD;

/// Bytes that are read from a connection at once.
const READ: usize = 2048;

/// How long a listener rests when nothing can be taken, as when this process has no file
/// descriptor left.
const REST: Duration = Duration::from_millis(100);

/// What all of them share.
struct Site {
    registrar: Mutex<Registrar>,
    alarms: Mutex<AlarmLimiter>,
    seats: Mutex<Seats>,
    told: ObservationQueue,
}

/// A panic elsewhere leaves counts that are still good.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Site {
    fn tell(&self, now: Instant, observations: Vec<Observation>) {
        for observation in observations {
            self.told.send(now, observation);
        }
    }

    fn seat(self: &Arc<Self>, address: Ipv4Addr) -> Option<Seat> {
        // A seat that is dropped takes the lock too: none is made while it is held.
        let is_taken = lock(&self.seats).take(address);
        is_taken.then(|| Seat {
            site: Arc::clone(self),
            address,
        })
    }
}

/// One connection's place; given back when dropped.
struct Seat {
    site: Arc<Site>,
    address: Ipv4Addr,
}

impl Drop for Seat {
    fn drop(&mut self) {
        lock(&self.site.seats).give_back(self.address);
    }
}

/// Listens until `stop` resolves, whether by a word or because its other end is gone.
pub(super) async fn run(
    bound: BoundListeners,
    told: mpsc::Sender<(Instant, Observation)>,
    stop: oneshot::Receiver<()>,
) -> io::Result<()> {
    let site = Arc::new(Site {
        registrar: Mutex::default(),
        alarms: Mutex::default(),
        seats: Mutex::default(),
        told: ObservationQueue::new(told, "the REGISTERs and alarms that phones send here"),
    });
    let mut tasks = JoinSet::new();
    if let Some((udp, tcp)) = bound.sip {
        let udp = UdpSocket::from_std(udp)?;
        let tcp = TcpListener::from_std(tcp)?;
        tasks.spawn(datagrams(udp, Arc::clone(&site)));
        tasks.spawn(accept(tcp, Arc::clone(&site), |stream, peer, seat| {
            Box::pin(requests(stream, peer, seat))
        }));
    }
    if let Some(tcp) = bound.sccp {
        let tcp = TcpListener::from_std(tcp)?;
        tasks.spawn(accept(tcp, Arc::clone(&site), |stream, peer, seat| {
            Box::pin(alarm(stream, peer, seat))
        }));
    }
    // An error means that the run is gone, which says "stop" as well.
    let _ = stop.await;
    tasks.shutdown().await;
    site.told.end();
    Ok(())
}

async fn datagrams(socket: UdpSocket, site: Arc<Site>) {
    let mut bytes = vec![0; DATAGRAM];
    loop {
        let (count, from) = match socket.recv_from(&mut bytes).await {
            Ok((count, from)) => (count, from),
            Err(error) => {
                tracing::debug!(%error, "no datagram could be read");
                time::sleep(REST).await;
                continue;
            }
        };
        let Some(from) = ipv4(from) else { continue };
        let now = Instant::now();
        let said = lock(&site.registrar).datagram(now, from, &bytes[..count]);
        site.tell(now, said.observations);
        if let Some((to, answer)) = said.answer
            && let Err(error) = socket.send_to(&answer, to).await
        {
            tracing::debug!(%to, %error, "an answer could not be sent");
        }
    }
}

type Serving = std::pin::Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

async fn accept(
    listener: TcpListener,
    site: Arc<Site>,
    serve: impl Fn(TcpStream, SocketAddrV4, Seat) -> Serving,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    if let Some(peer) = ipv4(peer)
                        && let Some(seat) = site.seat(*peer.ip())
                    {
                        connections.spawn(serve(stream, peer, seat));
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "a connection could not be taken");
                    time::sleep(REST).await;
                }
            }
        }
    }
}

/// What is there to read by `until`: 0 at the end of the stream.
async fn read(stream: &TcpStream, bytes: &mut [u8], until: time::Instant) -> io::Result<usize> {
    loop {
        time::timeout_at(until, stream.readable()).await??;
        match stream.try_read(bytes) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            done => return done,
        }
    }
}

/// Sends all of it by `until`.
async fn write(stream: &TcpStream, mut bytes: &[u8], until: time::Instant) -> io::Result<()> {
    while !bytes.is_empty() {
        time::timeout_at(until, stream.writable()).await??;
        match stream.try_write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// SIP over one connection.
async fn requests(stream: TcpStream, peer: SocketAddrV4, seat: Seat) -> io::Result<()> {
    let mut parts = sip::Stream::default();
    let mut bytes = [0; READ];
    // Counts from request to request: bytes that trickle keep no place.
    let mut until = time::Instant::now() + IDLE_TIME;
    loop {
        let count = read(&stream, &mut bytes, until).await?;
        if count == 0 {
            return Ok(());
        }
        let Ok(requests) = parts.feed(&bytes[..count]) else {
            return Ok(());
        };
        for request in requests {
            until = time::Instant::now() + IDLE_TIME;
            let now = Instant::now();
            let said = lock(&seat.site.registrar).request(now, peer, request);
            seat.site.tell(now, said.observations);
            if let Some((_, answer)) = said.answer {
                write(&stream, &answer, until).await?;
            }
        }
    }
}

/// SCCP over one connection, as far as the alarm.
async fn alarm(stream: TcpStream, peer: SocketAddrV4, seat: Seat) -> io::Result<()> {
    let mut line = AlarmReader::default();
    let mut bytes = [0; READ];
    let until = time::Instant::now() + IDLE_TIME;
    while !line.is_over() {
        let count = read(&stream, &mut bytes, until).await?;
        if count == 0 {
            break;
        }
        let now = Instant::now();
        let said = line.feed(
            now,
            *peer.ip(),
            &bytes[..count],
            &mut lock(&seat.site.alarms),
        );
        seat.site.tell(now, said);
    }
    Ok(())
}
