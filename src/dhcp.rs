//! DHCP: a probe that shows what the network's servers offer phones, and a small server for Cisco
//! phones on networks without one.
//!
//! [`Probe`], [`DhcpServer`] and [`ExclusiveServer`] take bytes and the time and return bytes, without
//! a socket or a clock. Only [`PacketSocket`] and [`BoundServer`] use sockets. Messages are read
//! and written by [`crate::protocol::dhcp`].

mod config_snippets;
mod event;
mod event_log;
mod exclusive_server;
mod packet_socket;
mod pool;
mod probe;
mod reclaim;
mod run;
mod server;

pub use config_snippets::ServerKind;
pub use event::DhcpEvent;
pub use exclusive_server::{ExclusiveServer, MIN_PROBE_PAUSE, PROBE_INTERVAL};
pub use packet_socket::{LinkInterface, PacketSocket, PacketSocketError};
pub use pool::{MAX_POOL, Pool};
pub use probe::{DISCOVER_TIMES, MAX_OFFERS, Offer, PROBE_WINDOW, Probe};
pub use run::{BoundServer, ProbedServer, RunningServer, StartError};
pub use server::{
    DECLINE_TIME, DhcpReply, DhcpServer, LEASE_TIME, OFFER_TIME, RECLAIM_AGE, ServerConfig,
};
