//! Conversions without hardware: simulated phones and synthetic bundles.
//!
//! [`SimulatedPhone`] behaves on the wire as observed phones do. It is a state machine without
//! sockets and clock, so that a test can run thousands in virtual time. [`fleet`] gives each of
//! several phones a loopback address and real sockets. [`SyntheticBundle`] writes a bundle with
//! the names and sizes of a real one and random contents.
//!
//! The simulator does not use the modules that it tests: the phones have their own TFTP and
//! HTTP clients, manifest reader and configuration reader.

mod action;
mod bundle;
mod client;
mod fault;
mod fault_scope;
pub mod fleet;
mod http_client;
mod packets;
mod phone;
mod read;
mod rng;

pub use action::{ManifestRefusal, PhoneAction, PhoneEvent};
pub use bundle::{
    Damage, Release, Sizes, SyntheticBundle, TEST_KEY_PEM, fifth_generation_file, signed_file,
    test_key,
};
pub use fault::{FaultSpec, ParseFaultError, PhoneFault};
pub use fault_scope::FaultScope;
pub use http_client::StreamEvent;
pub use phone::{PhoneConfig, PhoneContents, SimulatedPhone, StartState};
