//! `rehearse --restart`: the call manager that restarts the simulated phones.

use std::net::SocketAddrV4;

use super::args::Args;
use crate::{
    discovery::listen::{BoundListeners, ListenerThread},
    failure::Failure,
    restart::waves::WaveSizes,
    session::{RestartOptions, RestartSetup},
    simulator::fleet::FleetConfig,
    track::Plan,
};

/// The listener, bound to the address of `server` and any free port, and what restarts phones; neither without `--restart`.
pub(super) fn open(
    args: &Args,
    server: SocketAddrV4,
) -> Result<(BoundListeners, Option<RestartSetup>), Failure> {
    let mut listeners = BoundListeners::default();
    if !args.restart {
        return Ok((listeners, None));
    }
    listeners.bind_sccp(server).map_err(|error| {
        Failure::new(
            format!("cannot listen for phones that register by SCCP: {error}"),
            "Check that the machine has free ports on loopback",
        )
    })?;
    let setup = RestartSetup {
        events: listeners.restart_phones(),
        options: RestartOptions {
            sizes: WaveSizes::default(),
            hold: false,
            dry_run: false,
            unrecorded: true,
        },
    };
    Ok((listeners, Some(setup)))
}

/// The plan with the simulated phones as those that are listed.
pub(super) fn expect(
    args: &Args,
    plan: Plan,
    phones: &FleetConfig,
    server: SocketAddrV4,
) -> Result<Plan, Failure> {
    if !args.restart || plan.expected.is_some() {
        return Ok(plan);
    }
    let members = phones.members(server);
    let members = members.map_err(|error| Failure::new(error, ""))?;
    Ok(Plan {
        expected: Some(members.iter().map(|member| member.mac).collect()),
        ..plan
    })
}

/// Serves the listener until the result is dropped.
pub(super) fn start(listeners: BoundListeners) -> Result<Option<ListenerThread>, Failure> {
    if !listeners.has_sccp() {
        return Ok(None);
    }
    let started = listeners.start().map_err(|error| {
        Failure::new(
            format!("cannot start the thread of the listeners: {error}"),
            "",
        )
    })?;
    Ok(Some(started.0))
}
