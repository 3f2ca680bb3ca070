//! The simulated phones of a rehearsal, and how fast they run.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::args::Args;
use crate::{
    failure::Failure,
    phone::Model,
    simulator::{
        FaultSpec, PhoneFault,
        fleet::{FleetConfig, PhoneResult, StartMix},
    },
    track::DRAIN_LIMIT,
};

/// How long simulated phones wait between transfers, compared with real ones: minutes of
/// writing become seconds.
const PACE: f64 = 0.02;

/// The same with `--fault loss`. A phone retries a request after 4 s at any pace, and several
/// in a row may be lost.
const PACE_WITH_LOSS: f64 = 0.12;

/// The session's clock runs slower than the phones' by this factor. A lost and repeated
/// request then stays below the shortest stall limit (3 minutes), and two boots 87 s apart
/// stay above the 60 s that make them two.
const CLOCK_LAG: f64 = 0.72;

/// The default timeout: a phone that is stuck must not keep the rehearsal running for ever.
pub(super) const DEFAULT_TIMEOUT: Duration = Duration::from_mins(5);

pub(super) fn has_loss(args: &Args) -> bool {
    let is_loss = |spec: &FaultSpec| matches!(spec.fault, PhoneFault::Loss(_));
    args.faults.iter().any(is_loss)
}

fn pace(args: &Args) -> f64 {
    if has_loss(args) { PACE_WITH_LOSS } else { PACE }
}

/// How much faster than real time the session's clock runs.
pub(super) fn speed(args: &Args) -> f64 {
    CLOCK_LAG / pace(args)
}

pub(super) fn fleet_config(
    args: &Args,
    models: Vec<&'static Model>,
    sizes: BTreeMap<String, u64>,
) -> FleetConfig {
    FleetConfig {
        phones: args.phones.into(),
        models,
        start: StartMix::Mixed,
        pace: pace(args),
        seed: args.seed,
        faults: args.faults.clone(),
        sizes: Arc::new(sizes),
        addresses: Vec::new(),
        // A run that ends waits for phones that are between two images: they must still run.
        deadline: args.timeout.unwrap_or(DEFAULT_TIMEOUT) + DRAIN_LIMIT,
    }
}

/// A phone that failed for lack of this machine's resources shows nothing about the server.
pub(super) fn check_results(results: &[PhoneResult]) -> Result<(), Failure> {
    let trouble = results.iter().find_map(|phone| phone.trouble.as_ref());
    trouble.map_or(Ok(()), |trouble| {
        Err(Failure::new(
            format!("a simulated phone could not continue: {trouble}"),
            "Try fewer phones (--phones), or raise the limit of open files (ulimit -n)",
        ))
    })
}
