//! Discovery: which phones are on the network and what they report about themselves.
//!
//! [`Observer`] turns decoded frames into observations. Sockets are opened by [`capture`], which
//! receives an interface's frames, by [`listen`], at which phones register, and by [`poll`], which
//! requests phones' web pages. docs/discovery.md states what each source proves and what it does
//! not. The decoders are in [`crate::protocol`].

mod arp_probe;
mod arp_table;
pub mod capture;
mod decoded;
mod deduplicator;
mod frame_limiter;
pub mod listen;
mod observation_queue;
mod observer;
pub mod poll;
mod register_tracker;
mod route;
mod stream_bytes;
pub mod watch;
mod wire_activity;

pub(crate) use arp_probe::probe_arp;
pub(crate) use arp_table::ArpTable;
pub use decoded::{Decoded, address, observations};
pub use deduplicator::{Deduplicator, REPEAT_WINDOW};
pub use frame_limiter::{FRAME_BURST, FRAMES_PER_SECOND};
pub(crate) use observation_queue::ObservationQueue;
use observer::is_sent_by_phone;
pub use observer::{Observer, SIP_PORT, Sink};
pub use register_tracker::{MAX_COPIES, MAX_TRACKED, RegisterTracker};
pub(crate) use route::Route;
pub use wire_activity::WireActivity;
