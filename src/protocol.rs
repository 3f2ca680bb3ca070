//! Decoders and encoders of what phones send and receive: frames, IPv4, CDP, LLDP, DHCP, SIP,
//! SCCP and the phone's web page.
//!
//! Bytes in, a value or [`Malformed`] out, for any bytes. No text is longer than [`MAX_TEXT`], no list
//! longer than [`MAX_LIST`], and no length in a message decides how much is allocated. There is no
//! I/O and no decision here: [`crate::discovery`] turns values into observations.

mod alarm;
pub(crate) mod bytes;
pub mod cdp;
pub mod dhcp;
pub mod frame;
pub mod http_response;
mod ipv4;
pub mod link;
pub mod lldp;
mod names;
mod payload;
pub mod sccp;
pub mod sip;
mod until_fault;
pub mod web;

pub use alarm::Alarm;
pub use bytes::{MAX_LIST, MAX_TEXT, Malformed};
pub(crate) use names::model;
pub use names::{AnnouncedPhone, MAX_LOAD_NAME, device_mac, load_name};
