//! The texts of the diagnoses: the evidence is what was observed, with counts and times; the
//! cure is what the operator does about it.

mod config;
mod files;
mod format;
mod network;
mod refusal;
mod registration;
mod transfer;

pub(crate) use config::{rejected_default, rejected_own, trust_list};
pub(crate) use files::{mismatch, missing, no_application, unsupported, wrong_model};
pub(crate) use format::printable;
pub(crate) use network::{leased, no_tftp_address, voice_vlan};
pub(crate) use refusal::{
    boots_without_images, bridge_needed, bridge_not_requested, hardware_mismatch, refused,
};
pub(crate) use registration::{FailureCause, RegistrationFailure, not_registering, registered};
pub(crate) use transfer::{blocked, broken, rebooted, repeated, stalled};
