//! Discovery: which phones are on the network and what they report about themselves.
//!
//! [`Listener`] turns decoded frames into observations. Sockets are opened in [`capture`], which
//! receives an interface's frames, in [`listen`], where phones register, and in [`poll`], which
//! requests phones' web pages. docs/witnesses.md states what each source proves and what it does
//! not. The decoders are in [`crate::protocol`].

pub mod capture;
mod ear;
mod heard;
pub mod listen;
mod listener;
mod observation_queue;
pub mod poll;
mod register_tracker;
pub mod watch;

pub use ear::{Ear, FRAMES_A_SECOND, FRAMES_AT_ONCE, REPEAT, Rate};
pub use heard::{Heard, address, observations};
pub use listener::{Listener, SIP_PORT, Tell};
pub(crate) use observation_queue::ObservationQueue;
pub use register_tracker::{COPIES_TOLD, FOLLOWED, RegisterTracker};
