//! The texts of the diagnoses: the evidence is what was observed, with counts and times; the
//! cure is what the operator does about it.

mod config;
mod early;
mod files;
mod format;
mod network;
mod refusal;
mod registration;
mod slots;
mod transfer;

pub(crate) use config::{
    list_loop, no_configuration, rejected_in_boots, rejected_own, request_loop, trust_list,
    withheld,
};
pub(crate) use early::{
    early_bridges_needed, early_firmware, image_rejected, load_not_named, loader_loop,
    loader_named, upgrade_loop,
};
pub(crate) use files::{
    aborted, access_denied, mismatch, missing, missing_for, model_mismatch, no_application,
    phone_error, sccp_firmware, server_error, slipped, unsupported, wrong_model,
};
pub(crate) use format::{models, printable};
pub(crate) use network::{
    contact_unreachable, forged, leased, no_lease, no_request, no_tftp_address, no_tftp_server,
    voice_vlan,
};
pub(crate) use refusal::{
    boots_without_images, bridge_needed, bridge_not_requested, hardware_mismatch, refused,
};
pub(crate) use registration::{FailureCause, RegistrationFailure, not_registering, registered};
pub(crate) use slots::{images_refused, multiplatform, refused_by_slots, sccp_load};
pub(crate) use transfer::{
    LostAnswers, blocked, broken, rebooted, repeated, stalled, stalled_after_rejection,
    stalled_unproven,
};
