//! A read-only TFTP server that tells what it sees. It knows nothing of phones.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddrV4},
    sync::Arc,
    time::Instant,
};

/// A file as the engine serves it: whole, in memory, immutable.
#[derive(Clone)]
pub struct File {
    /// Its name, for those who are told of the transfer.
    pub name: Arc<str>,
    /// Its bytes.
    pub bytes: Arc<[u8]>,
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.name, self.bytes.len())
    }
}

/// What a request is answered with.
#[derive(Debug, Clone)]
pub enum Answer {
    /// This file.
    Serve(File),
    /// ERROR 1.
    NotFound,
    /// ERROR with this code and text.
    Refuse(u16, &'static str),
}

/// A well-formed read request, once per transfer: repeats are the engine's business.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// Counts up from 0 in one engine.
    pub transfer: u64,
    /// Who asks.
    pub peer: SocketAddrV4,
    /// The address that was asked.
    pub local: Ipv4Addr,
    /// The name as it came, invalid UTF-8 replaced.
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
}

/// Who decides what is served and is told what happens. Called from the engine's thread:
/// it must be quick and must not block.
pub trait Service: Send {
    /// Answers a request.
    fn request(&mut self, now: Instant, request: &Request<'_>) -> Answer;

    /// This many bytes are acknowledged. Called at most every
    /// 100 ms per transfer.
    fn acknowledged(&mut self, now: Instant, transfer: u64, bytes: u64);

    /// A transfer is over; called exactly once for each that was answered with
    /// [`Answer::Serve`].
    fn ended(&mut self, now: Instant, transfer: u64, end: End, bytes: u64);
}
