//! A client of Asterisk's manager interface (AMI): bytes and the time in, bytes and results out.
//!
//! It sends one action at a time: the login, `PJSIPShowEndpoint` for the contacts of a phone with
//! their Call-IDs and its device state, `PJSIPNotify`, and the logoff. Whatever the server sends is
//! limited in size, number and time.

mod client;
mod credentials;
mod endpoint;
mod error;
mod limits;
mod message;

pub use client::{AmiClient, AmiRequest, AmiResult};
pub use credentials::{AmiCredentials, CredentialsError, DEFAULT_PORT, MAX_CREDENTIALS};
pub use endpoint::{Contact, DeviceState, EndpointState, MAX_CONTACTS};
pub use error::AmiError;
pub use limits::{ANSWER_TIME, MAX_BANNER, MAX_FIELDS, MAX_FOREIGN, MAX_LINE, MAX_MESSAGES};
pub use message::{AmiDecoder, AmiMessage};

#[cfg(test)]
mod tests;
