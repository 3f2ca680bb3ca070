//! `reflash` converts Cisco IP phones from SCCP to SIP firmware and reports for every phone, with
//! evidence, whether it converted or where it is stuck, why, and what to do next.
//!
//! # A conversion
//!
//! [`bundle`] verifies a firmware bundle and [`stage`] lays it out in a transient root. [`tftp`] and
//! [`http`] serve that root and know nothing of phones. Decoders in [`protocol`] read what phones
//! send; [`discovery`] captures and listens. Everything seen becomes a [`track::Observation`], and the
//! pure [`track::Fleet`] folds observations into phones. [`session`] runs one conversion: threads,
//! clock, signals. [`journal`] records it, [`display`] and [`web`] show it, and [`report`] prints its
//! result. [`simulator`] stands in for phones where there are none.
//!
//! # Modules
//!
//! By layer, lowest first. docs/design.md has every module in the order in which they may use each
//! other, with what each holds and never holds; a test holds that order.
//!
//! | layer | modules |
//! |---|---|
//! | values and text | [`text`], `xml_fault`, [`failure`], [`phone`], [`protocol`], [`diagnose`], `limits` |
//! | files | [`bundle`], [`dialplan`], [`stage`], [`inventory`], [`lint`], [`provision`], [`inputs`] |
//! | tracking | [`track`] |
//! | network | [`tftp`], [`http`], [`restart`], [`discovery`], [`dhcp`], [`preflight`] |
//! | record and views | [`run_view`], [`reporter`], [`journal`], [`report`], [`metrics`], [`replay`], [`display`], [`web`] |
//! | a run | [`simulator`], [`session`], [`resume`], [`privileges`], [`services`] |
//! | operator | `wizard`, [`cli`] |

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
mod limits;
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
pub mod restart;
pub mod resume;
pub mod run_view;
pub mod services;
pub mod session;
pub mod simulator;
pub mod stage;
pub mod text;
pub mod tftp;
pub mod track;
pub mod web;
mod wizard;
mod xml_fault;
