//! A conversion without hardware: scripted phones and a made-up bundle.
//!
//! [`SimulatedPhone`] behaves on the wire as phones were seen to behave, as a state machine
//! without sockets and without a clock, so that a test can play thousands in virtual time.
//! [`fleet`] gives each of a number of them an address of its own on loopback and real
//! UDP sockets. [`SyntheticBundle`] writes a bundle with real-looking names and sizes and nothing
//! real in it.
//!
//! Nothing here uses the rooms it is there to judge: the phones bring a TFTP client, a
//! manifest reader and a configuration reader of their own.

mod action;
mod bundle;
mod client;
mod fault;
pub mod fleet;
mod phone;
mod read;
mod rng;

pub use action::{Action, ManifestRefusal, PhoneEvent};
pub use bundle::{Damage, Release, Sizes, SyntheticBundle, TEST_KEY_PEM, signed_file, test_key};
pub use fault::{FaultSpec, ParseFaultError, PhoneFault};
pub use phone::{PhoneConfig, PhoneContents, SimulatedPhone, StartState};
