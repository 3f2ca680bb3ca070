//! A read-only TFTP server that reports every request, acknowledgement and end. It knows nothing of phones.
//!
//! [`packet`], [`options`], [`rtt`] and [`transfer`] are one transfer without I/O; [`engine`]
//! holds all transfers, their timers and the limits of [`policy`], also without I/O; [`bind`]
//! opens the sockets, `driver` runs them, and only `batch` contains `unsafe`.
//!
//! [`async_tftp`] is a second engine behind the same [`Service`].
//!
//! All transfers share one UDP port: a transfer ID is the pair of ports, and the client's port
//! distinguishes them. docs/rfc-compliance.md lists the RFCs sentence by sentence.

pub mod async_tftp;
pub(crate) mod batch;
pub mod bind;
mod driver;
pub mod engine;
pub mod options;
pub mod packet;
pub mod peers;
pub mod policy;
pub mod rtt;
pub mod transfer;
pub mod transmit;

use std::{
    future::Future,
    io,
    net::{Ipv4Addr, SocketAddrV4},
    time::Instant,
};

use crate::stage::StagedFile;
pub use bind::{BindError, BindErrorKind, Config, Server};

/// Which engine serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineKind {
    /// The engine of this crate.
    Native,
    /// The crate async-tftp.
    AsyncTftp,
}

/// One of the two engines, bound and not yet running.
#[derive(Debug)]
pub enum Bound {
    /// The engine of this crate.
    Native(Server),
    /// The crate async-tftp.
    AsyncTftp(async_tftp::Server),
}

impl Bound {
    /// Binds the sockets. Needs no runtime, so it can run before privileges are dropped (they are
    /// dropped per thread).
    ///
    /// # Errors
    /// [`BindError`] names the address, the port and the reason.
    pub fn bind(kind: EngineKind, config: &Config) -> Result<Self, BindError> {
        match kind {
            EngineKind::Native => Server::bind(config).map(Self::Native),
            EngineKind::AsyncTftp => async_tftp::Server::bind(config).map(Self::AsyncTftp),
        }
    }

    /// The address that receives requests.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddrV4 {
        match self {
            Self::Native(server) => server.local_addr(),
            Self::AsyncTftp(server) => server.local_addr(),
        }
    }

    /// Serves on this thread until reported_at to stop.
    pub fn run<S: Service + 'static>(
        self,
        service: S,
        stop: impl Future<Output = ()>,
    ) -> io::Result<()> {
        match self {
            Self::Native(server) => tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?
                .block_on(server.run(service, stop))
                .map(drop),
            Self::AsyncTftp(server) => server.run(service, stop),
        }
    }
}

/// One of the two source ports of transfers. A peer's next transfer within [`peers::MEMORY`] uses
/// the other one, so a late ACK cannot count twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// Used by nearly every transfer.
    First,
    /// For peers that use one source port for everything.
    Second,
}

impl Port {
    /// Both ports.
    pub const ALL: [Self; 2] = [Self::First, Self::Second];

    /// The port that is not this one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }

    /// Its index in [`Port::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        match self {
            Self::First => 0,
            Self::Second => 1,
        }
    }
}

/// The socket that received a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Socket {
    /// The address that receives requests.
    Listener,
    /// Receives ACKs.
    Transfer(Port),
}

/// The answer to a request.
#[derive(Debug, Clone)]
pub enum Answer {
    /// This file.
    Serve(StagedFile),
    /// ERROR 1.
    NotFound,
    /// ERROR with this code and text.
    Refuse(u16, &'static str),
}

/// A well-formed read request, once per transfer: the engine handles repeats. The engine answers a
/// name of more than [`policy::NAME_MAX`] bytes or a mode other than octet with ERROR 4 and does not
/// report it.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The transfer's number: counts up from 0 in one engine.
    pub transfer: u64,
    /// The client.
    pub peer: SocketAddrV4,
    /// The local address that received the request.
    pub local: Ipv4Addr,
    /// The name as received, invalid UTF-8 replaced. Hostile: escape it before showing it.
    pub name: &'a str,
}

/// How a transfer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransferOutcome {
    /// The last block was acknowledged.
    Delivered,
    /// The peer sent ERROR: its code and its text as received.
    PeerError(u16, String),
    /// ICMP reported the peer's port as closed.
    PortClosed,
    /// No retransmission was answered. `all_sent`: only the final ACK is missing.
    TimedOut {
        /// Whether every block was sent at least once.
        all_sent: bool,
    },
    /// The peer sent a new request from the same port, or the engine stopped.
    Replaced,
    /// The service accepted the request, but the engine did not start the transfer: a limit of
    /// [`policy`] was reached, or no file can have such a name.
    Refused,
}

/// Who decides what is served and is reported_at what happens. Called from the engine's thread:
/// implementations must return quickly and must not block.
pub trait Service: Send {
    /// Answers a request. A name with control characters or with invalid UTF-8 is reported_at,
    /// and answered with ERROR 1 at best.
    fn request(&mut self, now: Instant, request: &Request<'_>) -> Answer;

    /// This many bytes are acknowledged. Called at most every 100 ms per transfer.
    fn acknowledged(&mut self, now: Instant, transfer: u64, bytes: u64);

    /// A transfer ended. Called exactly once for each request answered with [`Answer::Serve`].
    fn ended(&mut self, now: Instant, transfer: u64, end: TransferOutcome, bytes: u64);

    /// This many packets of a transfer were retransmitted.
    fn retransmitted(&mut self, _packets: u64) {}

    /// An ERROR of this code was sent.
    fn error_sent(&mut self, _code: u16) {}
}
