//! What is known of phones before any of them is heard: models, loads, names on the wire.
//!
//! The ground floor: no I/O, and nothing here knows of any other room.

mod bridge;
mod limits;
mod load;
mod mac;
mod model;
mod request;
mod reset;
mod route;
mod zone;

pub use bridge::{bridge_bundle, supports};
pub use limits::{
    MAX_AUTH_NAME, MAX_DIAL_PLAN_BYTES, MAX_NTP_NAME, MAX_PHONE_LABEL, MAX_SECRET, SAFE_SECRET,
};
pub use load::{LoadName, Protocol, Train};
pub use mac::{MacAddress, ParseMacError};
pub use model::{Family, MODELS, Model};
pub use request::Request;
pub(crate) use request::normal;
pub use reset::{Hazard, Lamps, RESET_KEYS, RESET_WINDOW};
pub use route::{BRIDGE, Route};
pub use zone::{TIME_ZONES, ZoneError, phones_zone};
