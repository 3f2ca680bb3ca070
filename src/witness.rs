//! What the wire says of a phone beside its requests: CDP, LLDP, DHCP, SIP, SCCP, the
//! phone's own web page.
//!
//! Pure decoders: bytes in, a value or [`Malformed`] out, whatever the bytes are. No text
//! is longer than [`MAX_TEXT`], no list longer than [`MAX_LIST`], and nothing is allocated by a
//! length that a sender names. [`Listener`] turns frames into sightings. Sockets are in [`capture`],
//! which hears an interface, [`listen`], which phones register with, and [`poll`], which asks phones
//! for their pages; nowhere else. docs/witnesses.md says what each witness proves and what it does not.

mod alarm;
mod bytes;
pub mod capture;
pub mod cdp;
pub mod dhcp;
mod ear;
pub mod frame;
mod heard;
mod ipv4;
pub mod link;
pub mod listen;
mod listener;
pub mod lldp;
mod names;
mod outbox;
pub mod poll;
pub mod sccp;
pub mod sip;
pub mod watch;
pub mod web;

pub use alarm::Alarm;
pub use bytes::{MAX_LIST, MAX_TEXT, Malformed};
pub use ear::{Ear, FRAMES_A_SECOND, FRAMES_AT_ONCE, REPEAT, Rate};
pub use heard::{Heard, address, sightings};
pub use listener::{Listener, SIP_PORT, Tell};
pub use names::{MAX_LOAD_NAME, device_mac, load_name};
pub(crate) use outbox::Outbox;
