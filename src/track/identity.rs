//! Which phone has which address, over time.
//!
//! A phone is its MAC. Requests for images and recovery manifests carry no MAC, so an address
//! stands for the phone whose MAC was last observed there. What a boot loader does at the address
//! of a phone with a known MAC is kept apart (an *episode*) until the next observation of a MAC at
//! that address. If it is the same phone, the two become one history. If it is another phone, the
//! episode belongs to that one, and the first phone keeps the state that it had before.

mod listing;
mod naming;
mod phone;
mod registry;
mod restart_record;
mod unproven_request;

pub(super) use phone::{Counted, Phone};
pub use registry::{MAX_OTHERS, MAX_PHONES};
pub(super) use registry::{Registry, TransferOwner};
pub(super) use restart_record::{
    RESET_BY_CALL_MANAGER, RESTART_BY_CALL_MANAGER, SccpRegistration, is_load_alarm,
};
pub(super) use unproven_request::UnprovenRequest;
