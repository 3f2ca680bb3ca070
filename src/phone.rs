//! What is known of phones before any of them is heard: models, loads, names on the wire.
//!
//! The ground floor: no I/O, and nothing here knows of any other room.

mod bridge;
mod load;
mod mac;
mod model;
mod request;
mod route;

pub use bridge::{bridge_bundle, supports};
pub use load::{LoadName, Protocol, Train};
pub use mac::{MacAddress, ParseMacError};
pub use model::{Family, MODELS, Model};
pub use request::Request;
pub(crate) use request::normal;
pub use route::{BRIDGE, Route};
