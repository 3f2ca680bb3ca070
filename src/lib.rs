//! `reflash` converts Cisco IP phones from SCCP to SIP firmware and says of each phone,
//! with evidence, how far it is and why it stands still where it does.
//!
//! # The story of a conversion
//!
//! A [`bundle`] is verified by checksum and laid out by [`stage`] in a throw-away root.
//! [`tftp`] serves that root; it knows nothing of phones. Whatever it sees on the wire
//! becomes a [`track::Observation`], which the pure [`track::Fleet`] folds into phones.
//! The [`inventory`] says which phones are expected and what they are called.
//! [`session`] holds the three together for the length of a run, and [`display`] is the
//! only room that prints; [`page`] shows the same to a browser. [`rehearse`] plays the phones where there are none.
//!
//! Data goes one way: `bundle → stage → tftp → track → display`. `phone` is the ground
//! floor, `cli` the roof. docs/design.md draws the whole house.

pub mod bundle;
pub mod cli;
pub mod dhcp;
pub mod diagnose;
pub mod dialplan;
pub mod discovery;
pub mod display;
pub mod failure;
pub mod http;
pub mod inputs;
pub mod inventory;
pub mod journal;
pub mod lint;
pub mod metrics;
pub mod phone;
pub mod preflight;
pub mod privileges;
pub mod protocol;
pub mod provision;
pub mod replay;
pub mod report;
pub mod reporter;
pub mod resume;
pub mod services;
pub mod session;
pub mod simulator;
pub mod stage;
pub mod text;
pub mod tftp;
pub mod track;
pub mod web;
mod wizard;
