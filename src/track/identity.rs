//! Which phone an address is, over time.
//!
//! A phone is its MAC. Requests for images and recovery manifests carry none, so an address is
//! the phone whose MAC was last observed there. What a boot loader does at the address of a
//! phone with a known MAC is kept apart (an *episode*) until the next observation of a MAC at
//! that address. If it is the same phone, the two become one history. If it is another phone,
//! the episode belongs to the other one, and the first phone is as it was before.

mod listing;
mod naming;
mod phone;
mod registry;

pub(super) use phone::Phone;
pub use registry::{MAX_OTHERS, MAX_PHONES};
pub(super) use registry::{Registry, TransferOwner};
