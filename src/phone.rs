//! Static knowledge about phones: models, loads, the names of requested files, upgrade rules.
//!
//! The lowest domain module: no I/O, and no use of other modules.

mod bridge;
mod dialect;
mod firmware;
mod generation_79x0;
mod host;
mod limits;
mod load;
mod mac;
mod model;
mod request;
mod reset;
mod restart;
mod route;
mod series;
mod steps_79x0;
mod time_zones;
mod unsupported;

pub use bridge::{bridge_bundle_name, supports_hardware};
pub use dialect::{
    CHECKED_LENGTHS, ConfigurationForm, Dialect, ElementRange, is_checked_date_format,
};
pub use firmware::{Installation, Lists, Slots, Support};
pub use generation_79x0::Generation79x0;
pub use host::{is_date_format, is_host};
pub use limits::{
    FREEPBX_SECRET, FREEPBX_SECRET_FIELD, MAX_AUTH_NAME, MAX_DISPLAY, MAX_NTP_NAME,
    MAX_PHONE_LABEL, MAX_SECRET, MAX_SSH_PASSWORD, SAFE_SECRET,
};
pub use load::{FirmwareRelease, LoadName, Protocol};
pub use mac::{MacAddress, ParseMacError};
pub use model::{Family, MODELS, Model};
pub use request::{RequestedFile, configured_phone};
pub(crate) use request::{is_image_name, normalized_name};
pub use reset::{HardwareHazard, RESET_KEYS, RESET_WINDOW, ResetLamps};
pub use restart::restart_instructions;
pub use route::{BRIDGE_RELEASE, Route, is_signed_with_previous_key};
pub use steps_79x0::{EarlyFirmware, EarlyProtocol, EarlyStep, is_early_step, load_of_image_79x0};
pub use time_zones::CISCO_TIME_ZONES;
pub use unsupported::Unsupported;
