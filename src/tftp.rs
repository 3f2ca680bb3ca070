//! A read-only TFTP server that tells what it sees. It knows nothing of phones.
//!
//! [`packet`], [`options`], [`rtt`] and [`transfer`] are one transfer without I/O; [`engine`]
//! holds all transfers, their timers and the limits of [`policy`], still without I/O; [`bind`]
//! opens the sockets, `driver` runs them, and `batch` is the only place with `unsafe` in it.
//!
//! [`second`] is another engine behind the same [`Service`].
//!
//! All transfers share one UDP port: a transfer ID is the pair of ports, and the client's is
//! its own. docs/rfc-compliance.md goes through the standards sentence by sentence.

pub(crate) mod batch;
pub mod bind;
mod driver;
pub mod engine;
pub mod options;
pub mod outbox;
pub mod packet;
pub mod peers;
pub mod policy;
pub mod rtt;
pub mod second;
pub mod transfer;

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
pub enum Kind {
    /// This crate's own.
    Native,
    /// The crate async-tftp.
    AsyncTftp,
}

/// One of the two engines, bound and not yet running.
#[derive(Debug)]
pub enum Bound {
    /// This crate's own.
    Native(Server),
    /// The crate async-tftp.
    AsyncTftp(second::Server),
}

impl Bound {
    /// Binds the sockets. It takes no runtime, so that it can come before privileges are
    /// dropped, which is by thread.
    pub fn bind(kind: Kind, config: &Config) -> Result<Self, BindError> {
        match kind {
            Kind::Native => Server::bind(config).map(Self::Native),
            Kind::AsyncTftp => second::Server::bind(config).map(Self::AsyncTftp),
        }
    }

    /// Where requests come.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddrV4 {
        match self {
            Self::Native(server) => server.local_addr(),
            Self::AsyncTftp(server) => server.local_addr(),
        }
    }

    /// Serves on this thread until told to stop.
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

/// One of the two ports that transfers leave from. A peer's next transfer within
/// [`peers::MEMORY`] has the other one, so that a late ACK cannot count twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// The one that nearly everything uses.
    First,
    /// For peers that use one source port for everything.
    Second,
}

impl Port {
    /// Both.
    pub const ALL: [Self; 2] = [Self::First, Self::Second];

    /// Not this one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }

    /// Its place in [`Port::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        match self {
            Self::First => 0,
            Self::Second => 1,
        }
    }
}

/// Where a datagram came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Socket {
    /// Where requests come.
    Listener,
    /// Where ACKs come.
    Transfer(Port),
}

/// What a request is answered with.
#[derive(Debug, Clone)]
pub enum Answer {
    /// This file.
    Serve(StagedFile),
    /// ERROR 1.
    NotFound,
    /// ERROR with this code and text.
    Refuse(u16, &'static str),
}

/// A well-formed read request, once per transfer: repeats are the engine's business. A
/// name of more than [`policy::NAME_MAX`] bytes or a mode other than octet is answered
/// with ERROR 4 and not told.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// Counts up from 0 in one engine.
    pub transfer: u64,
    /// Who asks.
    pub peer: SocketAddrV4,
    /// The address that was asked.
    pub local: Ipv4Addr,
    /// The name as it came, invalid UTF-8 replaced. Hostile: escape it before it is shown.
    pub name: &'a str,
}

/// How a transfer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The last block was acknowledged.
    Delivered,
    /// The peer sent ERROR: its code and its text as it came.
    PeerError(u16, String),
    /// ICMP says that the peer's port is closed.
    PortClosed,
    /// Every retransmission went unanswered. `all_sent`: only the final ACK is missing.
    TimedOut {
        /// Whether every block was sent at least once.
        all_sent: bool,
    },
    /// The peer asked again from the same port, or the engine stopped.
    Replaced,
    /// The service would have served it, and the engine did not start: a limit of
    /// [`policy`] was reached, or no file can have such a name.
    Refused,
}

/// Who decides what is served and is told what happens. Called from the engine's thread:
/// it must be quick and must not block.
pub trait Service: Send {
    /// Answers a request. A name with control characters or with invalid UTF-8 is told,
    /// and answered with ERROR 1 at best.
    fn request(&mut self, now: Instant, request: &Request<'_>) -> Answer;

    /// This many bytes are acknowledged. Called at most every
    /// 100 ms per transfer.
    fn acknowledged(&mut self, now: Instant, transfer: u64, bytes: u64);

    /// A transfer is over; called exactly once for each that was answered with
    /// [`Answer::Serve`].
    fn ended(&mut self, now: Instant, transfer: u64, end: End, bytes: u64);

    /// So many packets of a transfer were sent once more.
    fn sent_again(&mut self, _packets: u64) {}

    /// An ERROR of this code was sent.
    fn error_sent(&mut self, _code: u16) {}
}
