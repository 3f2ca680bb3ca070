//! What the fleet knows for the decision whether a phone is ordered to restart.

use std::net::Ipv4Addr;

use super::{event::State, observation::RunTime};
use crate::phone::{LoadName, MacAddress};

/// What decides whether a phone may be ordered to restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestartFacts {
    /// The phone.
    pub mac: MacAddress,
    /// The address that the fleet has for it.
    pub address: Ipv4Addr,
    /// Which phone registered, and how.
    pub registration: RestartRegistration,
    /// Its state, and what it may be doing.
    pub progress: RestartProgress,
    /// The load that runs and the one that it would be given.
    pub loads: RestartLoads,
    /// The time of the newest order, and how many there were.
    pub ordered: Option<(RunTime, u32)>,
    /// Whether firmware is offered now.
    pub is_served: bool,
    /// The present time of the run.
    pub now: RunTime,
}

/// What a phone may be doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestartProgress {
    /// Its state.
    pub state: State,
    /// Whether a transfer is open.
    pub is_fetching: bool,
    /// Whether it may be writing its flash.
    pub may_be_writing: bool,
    /// The newest request for an image, or acknowledgement of a part of one.
    pub last_image: Option<RunTime>,
}

/// Loads of a phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestartLoads {
    /// The load that runs, if a source reported it.
    pub running: Option<LoadName>,
    /// The load that it would be given.
    pub offered: Option<LoadName>,
    /// Whether its model or its family is known.
    pub is_model_known: bool,
    /// Whether it reads only signed configurations.
    pub has_trust_list: bool,
}

/// How a phone registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestartRegistration {
    /// Whether the operator listed it.
    pub is_listed: bool,
    /// Whether it registered by SCCP from its own address.
    pub is_own_address: bool,
    /// Whether it registered with active audio.
    pub is_in_call: bool,
}

/// A phone that was ordered, as the account of the waves has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestartMember {
    /// The phone.
    pub mac: MacAddress,
    /// The wave of its newest order.
    pub wave: u32,
    /// When that order was given.
    pub ordered_at: RunTime,
    /// What became of it.
    pub outcome: MemberOutcome,
}

/// What became of a phone after its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberOutcome {
    /// It restarts or is being converted.
    UnderWay,
    /// It is converted.
    Done,
    /// It did not restart: nothing was changed at it.
    GivenUp,
    /// It restarted and its conversion failed, or did not end in time.
    Failed,
    /// It refused the load.
    LoadRefused,
}
