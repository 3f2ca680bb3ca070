//! The interface between the server and what it serves.

use std::{
    net::SocketAddrV4,
    time::{Duration, Instant},
};

use crate::stage::OpenFile;

/// The answer to a request.
#[derive(Debug, Clone)]
pub enum HttpAnswer {
    /// This file, as the transfer of this number.
    Serve(u64, OpenFile),
    /// 404.
    NotFound,
    /// 403.
    Forbidden,
    /// Not decided yet: the server passes the request again after [`DEFER_INTERVAL`], and the
    /// service decides when it has waited for a second.
    Later,
    /// 503: the server is stopping.
    Stopping,
}

/// How often a request that is not decided yet is passed to the service again.
pub const DEFER_INTERVAL: Duration = Duration::from_millis(25);

/// A GET or HEAD.
#[derive(Debug, Clone, Copy)]
pub struct HttpRequest<'a> {
    /// The client.
    pub peer: SocketAddrV4,
    /// The name: percent-decoded, without its leading `/`, invalid UTF-8 replaced. It comes from the
    /// network: escape it before it is shown.
    pub name: &'a str,
    /// How long the request has waited, if it was answered with [`HttpAnswer::Later`] before; else 0.
    pub waited: Duration,
}

/// How a transfer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Every byte of the file is acknowledged, by this transfer or by it and earlier transfers of
    /// other parts.
    Delivered,
    /// Every requested byte is acknowledged, but the request was for a part of the file (a range)
    /// or for no bytes (HEAD).
    Part,
    /// The peer closed the connection.
    Closed,
    /// The peer acknowledged nothing for [`IDLE_TIME`](super::IDLE_TIME), or was slower than
    /// [`MIN_RATE`](super::MIN_RATE).
    TimedOut,
    /// The server stopped.
    Stopped,
}

/// Decides what is served, and receives what happens. Called on the server's thread: it must be
/// quick and must not block.
pub trait HttpService: Send + Sync + 'static {
    /// Answers a request.
    fn request(&self, now: Instant, request: &HttpRequest<'_>) -> HttpAnswer;

    /// This many bytes are acknowledged. Called at most every 100 ms per transfer.
    fn acknowledged(&self, now: Instant, peer: SocketAddrV4, transfer: u64, bytes: u64);

    /// A transfer ended. Called exactly once for each [`HttpAnswer::Serve`]. `bytes`: how many bytes of
    /// the file are acknowledged.
    fn ended(&self, now: Instant, peer: SocketAddrV4, transfer: u64, end: End, bytes: u64);

    /// Whether it is for phones, so that requests of other sites' pages and for foreign names of this
    /// machine are refused.
    fn is_for_phones(&self) -> bool {
        false
    }

    /// A request was refused because of its `Host`. It comes from the network: escape it before it
    /// is shown.
    fn foreign_host(&self, _peer: SocketAddrV4, _host: &str) {}

    /// The media type of the files, for responses.
    fn content_type(&self) -> &'static str {
        "application/octet-stream"
    }
}
