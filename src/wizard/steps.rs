//! The questions, one step for each page.

pub(super) mod bundle;
pub(super) mod configuration;
mod early_route;
pub(super) mod form;
mod interface;
pub(super) mod interrupted;
pub(super) mod network;
pub(super) mod phones;
pub(super) mod route;
pub(super) mod summary;
mod text;
mod typed_path;
