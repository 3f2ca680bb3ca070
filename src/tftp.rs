//! A read-only TFTP server that reports every request, acknowledgement and end. It knows nothing of phones.
//!
//! [`packet`], [`options`], [`rtt`] and [`transfer`] are one transfer without I/O; [`engine`]
//! holds all transfers, their timers and the limits of [`policy`], also without I/O; [`bind`]
//! opens the sockets, `driver` runs them, and only `batch` contains `unsafe`.
//!
//! [`async_tftp`] is a second engine behind the same [`TftpService`].
//!
//! All transfers share one UDP port of the server; the client's address and port distinguish them.
//! docs/rfc-compliance.md lists each requirement of the RFCs.

pub mod async_tftp;
pub(crate) mod batch;
pub mod bind;
mod bound;
mod driver;
pub mod engine;
pub mod options;
pub mod packet;
pub mod peers;
pub mod policy;
mod port;
pub mod rtt;
mod service;
pub mod transfer;
pub mod transmit;

pub use bind::{BindError, BindErrorKind, Config, TftpServer};
pub use bound::{Bound, EngineKind};
pub use port::{Socket, TransferPort};
pub use service::{TftpAnswer, TftpRequest, TftpService, TransferOutcome};
