//! Discovery: which phones are on the network and what they report about themselves.
//!
//! [`Observer`] turns decoded frames into observations. Sockets are opened in [`capture`], which
//! receives an interface's frames, in [`listen`], where phones register, and in [`poll`], which
//! requests phones' web pages. docs/witnesses.md states what each source proves and what it does
//! not. The decoders are in [`crate::protocol`].

pub mod capture;
mod decoded;
mod deduplicator;
pub mod listen;
mod observation_queue;
mod observer;
pub mod poll;
mod register_tracker;
pub mod watch;

pub use decoded::{Decoded, address, observations};
pub use deduplicator::{Deduplicator, FRAME_BURST, FRAMES_PER_SECOND, REPEAT_WINDOW, Rate};
pub(crate) use observation_queue::ObservationQueue;
pub use observer::{Observer, SIP_PORT, Sink};
pub use register_tracker::{MAX_COPIES, MAX_TRACKED, RegisterTracker};
