//! DHCP beside the conversion: what the network's own servers tell phones, and, where there is
//! none, a small server for Cisco phones alone.
//!
//! [`Probe`], [`Server`] and [`Service`] take bytes and the time and give bytes: they know no
//! socket and no clock. [`Wire`] and [`Bound`] are the thin edge. Messages are read and
//! written by [`crate::protocol::dhcp`].

mod frame;
mod neighbours;
mod paste;
mod pool;
mod probe;
mod run;
mod server;
mod service;
mod wire;

pub use paste::Kind as ServerKind;
pub use pool::{MAX_POOL, Pool};
pub use probe::{MAX_OFFERS, Offer, Probe, QUESTIONS, WINDOW};
pub use run::{Bound, Running, StartError};
pub use server::{Config, DECLINED, LEASE, OFFER, Reply, Server, Told};
pub use service::{AGAIN, Service};
pub use wire::{Card, Wire, WireError};
