//! Several bridges for one model: their order, and what phones are given at each step.

use std::path::Path;

use crate::{
    bundle::Bundle,
    phone::{
        EarlyFirmware, Family, FirmwareRelease, Generation79x0, LoadName, MODELS, Model,
        is_early_step,
    },
    text::escape,
    track::{StagePlan, bridge_steps},
};

/// The bridges of a run.
#[derive(Debug)]
pub struct OrderedBridges {
    /// Those that are served, in the order in which a phone installs them.
    pub bridges: Vec<Bundle>,
    /// What the operator should know: a bridge that is not served, another order.
    pub notes: Vec<String>,
}

/// Brings bridges into the order of their releases, and leaves out those of the 7940 and 7960 that no
/// phone needs. Use [`super::check_bridges`] first.
#[must_use]
pub fn order_bridges(given: Vec<Bundle>) -> OrderedBridges {
    let mut notes = Vec::new();
    let mut bridges = Vec::new();
    for bundle in given {
        match unneeded(&bundle) {
            Some(note) => notes.push(note),
            None => bridges.push(bundle),
        }
    }
    let path = |bundle: &Bundle| shown(&bundle.path);
    let before: Vec<String> = bridges.iter().map(path).collect();
    // Stable: bridges for different models stay where they are.
    bridges.sort_by_key(release_of_first_phones);
    let after: Vec<String> = bridges.iter().map(path).collect();
    if before != after {
        notes.push(format!(
            "bridges are installed in the order of their releases, not in that of the command \
             line: {}",
            after.join(", ")
        ));
    }
    OrderedBridges { bridges, notes }
}

fn shown(path: &Path) -> String {
    escape(&path.to_string_lossy())
}

/// The release of firmware from before the loader; `None`, which comes first, for other bridges.
fn release_of_first_phones(bundle: &Bundle) -> Option<FirmwareRelease> {
    let mut loads = bundle.served_loads();
    loads.find_map(|load| EarlyFirmware::of(load)?.release)
}

/// Why no phone needs this bridge, if its loads are for the 7940 and 7960 alone.
fn unneeded(bundle: &Bundle) -> Option<String> {
    let mut loads = bundle.served_loads();
    let is_unneeded = |load: &&LoadName| load.family() == Some(Family::P3) && !is_early_step(load);
    let first = loads.next().filter(is_unneeded)?;
    if !loads.all(|load| is_unneeded(&load)) {
        return None;
    }
    let why = if first.generation_79x0() == Some(Generation79x0::Loader) {
        "from 5.0 on, phones take the loader of the target directly"
    } else {
        "of the releases before 5.0, only 4.4 leads on, and 2.x and 3.x from AL loads"
    };
    Some(format!(
        "{} is not needed as a bridge and is not served: {first}: {why}",
        shown(&bundle.path)
    ))
}

/// The bridges that phones are given at the same step.
pub(super) struct Step<'a> {
    pub(super) number: u8,
    /// Each with the name of its folder.
    pub(super) bundles: Vec<(String, &'a Bundle)>,
    pub(super) loads: Vec<(&'static Model, &'a LoadName)>,
}

/// The bridges by step, as the tracker counts them.
pub(super) fn steps<'a>(bridges: &'a [Bundle], plans: &'a [StagePlan]) -> Vec<Step<'a>> {
    let numbers = bridge_steps(plans);
    let last = numbers.iter().max().copied();
    let step = |number| {
        let of_step = plans.iter().zip(&numbers);
        let of_step: Vec<_> = of_step
            .filter(|(_, own)| **own == number)
            .map(|(plan, _)| plan)
            .collect();
        let is_given = |(_, bundle): &(usize, &Bundle)| {
            let mut loads = bundle.served_loads();
            loads.any(|load| of_step.iter().any(|plan| plan.load == *load))
        };
        let bundles = bridges.iter().enumerate().filter(is_given);
        let loads = of_step.iter().flat_map(|plan| {
            let models = plan.models.iter();
            models.map(|model| (*model, &plan.load))
        });
        let mut loads: Vec<_> = loads.collect();
        loads.sort_by_key(|(model, _)| MODELS.iter().position(|own| own == *model));
        Step {
            number,
            bundles: bundles
                .map(|(at, bundle)| (format!("bridge-{at}"), bundle))
                .collect(),
            loads,
        }
    };
    last.map_or_else(Vec::new, |last| (0..=last).map(step).collect())
}
