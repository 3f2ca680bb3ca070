//! The interface between an engine and what decides and tracks: [`TftpService`].

use std::{
    net::{Ipv4Addr, SocketAddrV4},
    time::{Duration, Instant},
};

use crate::stage::OpenFile;

/// The answer to a request.
#[derive(Debug, Clone)]
pub enum TftpAnswer {
    /// This file.
    Serve(OpenFile),
    /// ERROR 1.
    NotFound,
    /// ERROR with this code and text.
    Refuse(u16, &'static str),
    /// Not decided yet: the engine passes the request again after [`super::policy::DEFER_INTERVAL`],
    /// and the service decides when it has waited for a second.
    Later,
}

/// A well-formed read request, once per transfer (after [`TftpAnswer::Later`], again): the engine
/// handles repeats. The engine answers a
/// name of more than [`super::policy::NAME_MAX`] bytes or a mode other than octet with ERROR 4 and does not
/// report it.
#[derive(Debug, Clone)]
pub struct TftpRequest<'a> {
    /// The transfer's number: counts up from 0 in one engine.
    pub transfer: u64,
    /// The client.
    pub peer: SocketAddrV4,
    /// The local address that received the request.
    pub local: Ipv4Addr,
    /// The name as received, invalid UTF-8 replaced. Hostile: escape it before showing it.
    pub name: &'a str,
    /// How long the request has waited, if it was answered with [`TftpAnswer::Later`] before; else 0.
    pub waited: Duration,
}

/// How a transfer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransferOutcome {
    /// The last block was acknowledged.
    Delivered,
    /// The peer sent ERROR, and no ACK followed: its code and its text as received.
    PeerError(u16, String),
    /// ICMP reported the peer's port as closed, and no ACK followed.
    PortClosed,
    /// No retransmission was answered. `all_sent`: only the final ACK is missing.
    TimedOut {
        /// Whether every block was sent at least once.
        all_sent: bool,
    },
    /// The peer sent a new request from the same port, or a newer transfer took its place: it had no ACK
    /// yet, or its address had more transfers than any other.
    Replaced,
    /// The engine stopped.
    Stopped,
    /// The service accepted the request, but the engine did not start the transfer: a limit of
    /// [`super::policy`] was reached, or no file can have such a name.
    Refused,
    /// The file changed while it was sent, or reading it failed.
    FileFailed,
}

/// What shows that packets have a forged source address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForgerySign {
    /// ACKs reached transfer ports that serve the address nothing, while it had a transfer without an ACK.
    Guesses,
    /// More requests arrived than [`super::answer_limiter::REQUESTS_PER_SECOND`].
    Flood,
}

/// Decides what is served and receives reports. Called on the engine's thread: implementations must
/// return quickly and must not block.
pub trait TftpService: Send {
    /// Answers a request. A name with control characters or invalid UTF-8 is reported here too, but
    /// the engine answers it with ERROR 1 at best.
    fn request(&mut self, now: Instant, request: &TftpRequest<'_>) -> TftpAnswer;

    /// This many bytes are acknowledged. Called at most every 100 ms per transfer.
    fn acknowledged(&mut self, now: Instant, transfer: u64, bytes: u64);

    /// A transfer ended. Called exactly once for each request answered with [`TftpAnswer::Serve`].
    fn ended(&mut self, now: Instant, transfer: u64, end: TransferOutcome, bytes: u64);

    /// This many packets of a transfer were retransmitted.
    fn retransmitted(&mut self, _packets: u64) {}

    /// Packets with this source address show that another host forges it, or that a program there sends
    /// far more than a phone does. Called at most once in
    /// [`super::answer_limiter::REPORT_INTERVAL`] for each address.
    fn forged(&mut self, _now: Instant, _address: Ipv4Addr, _sign: ForgerySign) {}

    /// An ERROR of this code was sent.
    fn error_sent(&mut self, _code: u16) {}
}
