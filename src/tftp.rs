//! A read-only TFTP server that reports every request, acknowledgement and end. It knows nothing of phones.
//!
//! [`packet`], [`options`], [`rtt`] and [`transfer`] are one transfer without I/O; [`engine`]
//! holds all transfers, their timers and the limits of [`policy`] and [`answer_limiter`], also without I/O; [`bind`]
//! opens the sockets, `driver` and `sockets` run them, and only `batch` and `poller` contain
//! `unsafe`.
//!
//! [`async_tftp`] is a second engine behind the same [`TftpService`].
//!
//! A random one of a pool of UDP ports serves each transfer; the client's address and port distinguish
//! the transfers of one port.
//! docs/rfc-compliance.md lists each requirement of the RFCs.

pub mod answer_limiter;
pub mod async_tftp;
pub(crate) mod batch;
pub mod bind;
mod bound;
mod deferred;
mod driver;
pub mod engine;
mod neighbours;
pub mod options;
pub mod packet;
pub mod peers;
pub mod policy;
mod poller;
mod port;
pub mod rtt;
mod sample;
mod service;
mod sockets;
pub mod transfer;
pub mod transmit;

pub use bind::{BindError, BindErrorKind, Config, TRANSFER_PORTS, TftpServer, TransferPorts};
pub use bound::{Bound, EngineKind};
pub use port::{Socket, TransferPort};
pub use service::{ForgerySign, TftpAnswer, TftpRequest, TftpService, TransferOutcome};
