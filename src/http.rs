//! Files over HTTP, which loads from 9.3 on try on port 6970 before they ask TFTP. It knows
//! nothing of phones.
//!
//! One request a connection: then the kernel's own count of acknowledged bytes (`TCP_INFO`)
//! says to the byte what the peer has, and "delivered" means what it means over TFTP. What
//! was only handed to the kernel counts for nothing.
//!
//! [`name`] and [`range`] are pure, `stream` counts, `connection` serves one client.

mod connection;
pub mod name;
pub mod range;
mod stream;

use std::{
    collections::HashMap,
    future::Future,
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use nix::sys::resource::{Resource, getrlimit};
use socket2::SockRef;
use tokio::task::JoinSet;

use self::range::Coverage;
pub(crate) use self::{
    connection::linger,
    stream::{HyperIo, TrackedStream},
};
use crate::stage::StagedFile;

/// Connections at once, and no more than half of the file descriptors that this process may
/// have: files must be opened too.
pub const CONNECTIONS: usize = 512;

/// Connections at once of one address; one more is closed at once. A phone uses two.
pub const CONNECTIONS_PER_ADDRESS: usize = 16;

/// How long a request may take to arrive.
pub const REQUEST_TIME: Duration = Duration::from_secs(10);

/// How long a peer may acknowledge nothing: a phone erases flash in between.
pub const IDLE_TIME: Duration = Duration::from_secs(30);

/// What every transfer may take beyond its size over [`MIN_RATE`].
pub const GRACE_TIME: Duration = Duration::from_mins(2);

/// A transfer slower than this on the whole is given up, in bytes a second.
pub const MIN_RATE: u64 = 1_024;

/// The longest request that is read, with all its headers, in bytes. The least that the
/// HTTP crate takes.
pub const REQUEST_MAX: usize = 8_192;

/// The most headers of a request.
pub const HEADERS_MAX: usize = 32;

/// The longest name that is passed on, in bytes.
pub const NAME_MAX: usize = 200;

/// How long the listener rests when no connection can be taken, as when this process has no
/// file descriptor left.
const REST: Duration = Duration::from_millis(100);

/// Files that are remembered as fetched in part; the oldest goes.
const PARTS_MAX: usize = 256;

/// What a request is answered with.
#[derive(Debug, Clone)]
pub enum Answer {
    /// This file, in the transfer of this number.
    Serve(u64, StagedFile),
    /// 404.
    NotFound,
    /// 403.
    Forbidden,
    /// 503: the server is stopping.
    Stopping,
}

/// How a transfer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Every byte of the file is acknowledged, by this transfer or by it and those of other
    /// parts before it.
    Delivered,
    /// Every byte that was asked for is acknowledged, and they are not the whole file: a
    /// part of it, or none (HEAD).
    Part,
    /// The peer closed the connection.
    Closed,
    /// The peer acknowledged nothing for [`IDLE_TIME`], or too little in all.
    TimedOut,
    /// The server stopped.
    Stopped,
}

/// Who decides what is served and is told what happens. Called from the server's thread: it
/// must be quick and must not block.
pub trait Service: Send + Sync + 'static {
    /// Answers a GET or HEAD of `name`: percent-decoded, without its leading `/`, invalid
    /// UTF-8 replaced. Hostile: escape it before it is shown.
    fn request(&self, now: Instant, peer: SocketAddrV4, name: &str) -> Answer;

    /// This many bytes are acknowledged. Called at most every 100 ms per transfer.
    fn acknowledged(&self, now: Instant, peer: SocketAddrV4, transfer: u64, bytes: u64);

    /// A transfer is over; called exactly once for each [`Answer::Serve`]. `bytes`: those of
    /// the file that are acknowledged.
    fn ended(&self, now: Instant, peer: SocketAddrV4, transfer: u64, end: End, bytes: u64);

    /// What its files are, as responses say it.
    fn content_type(&self) -> &'static str {
        "application/octet-stream"
    }
}

/// A server that listens and does not serve yet.
#[derive(Debug)]
pub struct Server {
    listener: std::net::TcpListener,
    local: SocketAddrV4,
}

impl Server {
    /// Listens; port 0 takes any. What is sent is marked with `dscp`, 0 to 63. It takes no runtime, so that it can come before privileges
    /// are dropped.
    pub fn bind(listen: SocketAddrV4, dscp: u8) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(listen)?;
        // Connections have it from the listener.
        SockRef::from(&listener).set_tos_v4(u32::from(dscp) << 2)?;
        listener.set_nonblocking(true)?;
        match listener.local_addr()? {
            SocketAddr::V4(local) => Ok(Self { listener, local }),
            SocketAddr::V6(_) => Err(io::Error::other("an IPv4 socket has an IPv6 address")),
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddrV4 {
        self.local
    }

    /// [`Server::run`] on this thread.
    pub fn run_here<S: Service>(
        self,
        service: S,
        stop: impl Future<Output = ()>,
    ) -> io::Result<()> {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(self.run(service, stop))
    }

    /// Serves until told to stop; transfers under way then end as [`End::Stopped`]. Fails
    /// only if the runtime cannot watch the socket.
    pub async fn run<S: Service>(
        self,
        service: S,
        stop: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let listener = tokio::net::TcpListener::from_std(self.listener)?;
        let site = Arc::new(Shared::new(service));
        let mut connections = JoinSet::new();
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
                accepted = listener.accept() => match accepted {
                    Ok((stream, SocketAddr::V4(peer))) => {
                        if let Some(seat) = site.seat(*peer.ip()) {
                            connections.spawn(connection::serve(stream, peer, seat));
                        }
                    }
                    Ok((_, SocketAddr::V6(_))) => {}
                    Err(error) => {
                        tracing::debug!(%error, "a connection could not be taken");
                        tokio::time::sleep(REST).await;
                    }
                }
            }
        }
        connections.shutdown().await;
        Ok(())
    }
}

/// What all connections share.
struct Shared<S> {
    service: S,
    /// How many connections each address has.
    seats: Mutex<HashMap<Ipv4Addr, usize>>,
    /// How many there may be in all.
    connections: usize,
    parts: Mutex<range::PartialDownloads>,
}

impl<S: Service> Shared<S> {
    fn new(service: S) -> Self {
        Self {
            service,
            seats: Mutex::default(),
            connections: connections_at_most(),
            parts: Mutex::new(range::PartialDownloads::new(PARTS_MAX)),
        }
    }

    /// Room for one more connection from here.
    fn seat(self: &Arc<Self>, address: Ipv4Addr) -> Option<Seat<S>> {
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = seats.values().sum();
        let here = seats.get(&address).copied().unwrap_or(0);
        if all >= self.connections || here >= CONNECTIONS_PER_ADDRESS {
            return None;
        }
        seats.insert(address, here + 1);
        Some(Seat {
            site: Arc::clone(self),
            address,
        })
    }

    /// Adds what `address` acknowledged of a file, and gives all that it has of it.
    fn cover(&self, address: Ipv4Addr, file: &StagedFile, part: range::Part) -> Coverage {
        self.parts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .add(address, file, part)
    }
}

/// [`CONNECTIONS`], or what half of the file descriptors allow.
fn connections_at_most() -> usize {
    let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE).unwrap_or((u64::MAX, u64::MAX));
    usize::try_from(soft / 2).map_or(CONNECTIONS, |half| half.min(CONNECTIONS))
}

/// One connection's place; given back when dropped.
struct Seat<S> {
    site: Arc<Shared<S>>,
    address: Ipv4Addr,
}

impl<S> Drop for Seat<S> {
    fn drop(&mut self) {
        let mut seats = self
            .site
            .seats
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = seats.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                seats.remove(&self.address);
            }
        }
    }
}
