//! Files over HTTP, which loads from 9.3 on try on port 6970 before TFTP. It knows nothing of
//! phones.
//!
//! Each connection serves one request. So the kernel's count of acknowledged bytes (`TCP_INFO`)
//! shows exactly what the peer has received, and "delivered" means the same as over TFTP. Bytes
//! that were only handed to the kernel do not count.
//!
//! [`name`], [`range`] and `origin` are pure, `stream` counts, `connection` serves one client.

mod body;
mod connection;
mod limits;
pub mod name;
mod origin;
pub mod range;
mod response;
mod server;
mod service;
mod stream;

pub(crate) use self::{
    connection::linger,
    stream::{HyperIo, TrackedStream},
};
pub use self::{
    limits::{
        CONNECTIONS, CONNECTIONS_PER_ADDRESS, GRACE_TIME, HEADERS_MAX, IDLE_TIME, MIN_RATE,
        NAME_MAX, REQUEST_MAX, REQUEST_TIME,
    },
    server::HttpServer,
    service::{DEFER_INTERVAL, End, HttpAnswer, HttpRequest, HttpService},
};
