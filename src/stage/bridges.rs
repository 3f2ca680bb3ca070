//! Bridges: which may be used, in which order, and what phones are given at each step.

use std::path::Path;

use super::eligibility::{AcceptPolicy, SelectionError, check_verdicts, shared_model};
use crate::{
    bundle::{Bundle, Member},
    phone::{
        EarlyFirmware, EarlyProtocol, Family, FirmwareRelease, Generation79x0, LoadName, MODELS,
        Model, is_early_step, is_signed_with_previous_key, load_of_image_79x0,
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

/// Checks that these bridges, which are usually SCCP bundles, may be staged with `targets`.
///
/// # Errors
///
/// A verdict is not accepted, a bridge is for none of the models of the targets, two
/// bridges are for one model (of the 7940 and 7960: with one load), or firmware from before 5.0
/// cannot fetch the first signed step.
pub fn check_bridges(
    bridges: &[Bundle],
    targets: &[Bundle],
    unknown: bool,
) -> Result<(), SelectionError> {
    let accept = AcceptPolicy {
        unknown,
        sccp: true,
        no_recovery: true,
    };
    check_verdicts(bridges, accept)?;
    for (at, bridge) in bridges.iter().enumerate() {
        let meets = |target| shared_model(bridge, target).is_some();
        if !targets.iter().any(meets) {
            return Err(SelectionError::UnusableBridge {
                path: bridge.path.clone(),
            });
        }
        check_bridge_loads(bridge, targets)?;
        for first in &bridges[..at] {
            if let Some(model) = shared_model(first, bridge)
                && !are_steps(first, bridge)
            {
                return Err(SelectionError::TwoBridges {
                    model: model.plain_number(),
                    first: first.path.clone(),
                    second: bridge.path.clone(),
                });
            }
        }
    }
    check_first_signed(bridges)
}

/// Firmware from before 5.0 fetches the first signed step of its path, of each protocol, as `.bin`;
/// later steps are fetched as `.sbn`.
fn check_first_signed(bridges: &[Bundle]) -> Result<(), SelectionError> {
    for protocol in [EarlyProtocol::Sip, EarlyProtocol::Skinny] {
        let signed = bridges.iter().flat_map(|bridge| {
            let steps = bridge.served_loads().filter(|load| is_early_step(load));
            steps.filter_map(move |load| {
                let early = EarlyFirmware::of(load)?;
                let is_signed = early.generation == Some(Generation79x0::Signed);
                let release = early.release.filter(|_| is_signed)?;
                (early.protocol == Some(protocol)).then_some((release, bridge, load))
            })
        });
        let Some((_, bridge, load)) = signed.min_by_key(|(release, ..)| *release) else {
            continue;
        };
        let is_bin = |member: &Member| {
            let image = load_of_image_79x0(&member.name);
            let is_own = |(own, end): (LoadName, &str)| {
                own.as_str().eq_ignore_ascii_case(load.as_str()) && end.eq_ignore_ascii_case("bin")
            };
            image.is_some_and(is_own)
        };
        if !bridge.members.iter().any(is_bin) {
            return Err(SelectionError::BridgeWithoutBin {
                path: bridge.path.clone(),
                load: load.to_string(),
            });
        }
    }
    Ok(())
}

/// Whether two bridges are different loads of the 7940 and 7960, which one phone may need both.
fn are_steps(one: &Bundle, other: &Bundle) -> bool {
    let is_own = |load: &LoadName| load.family() == Some(Family::P3);
    let are_own = |bundle: &Bundle| bundle.served_loads().all(is_own);
    let mut loads = one.served_loads();
    let has_other = |load: &LoadName| other.served_loads().any(|own| own == load);
    are_own(one) && are_own(other) && !loads.any(has_other)
}

/// Checks that the loads of a bridge are others than those of the targets, and that phones which
/// refuse the targets take them.
fn check_bridge_loads(bridge: &Bundle, targets: &[Bundle]) -> Result<(), SelectionError> {
    let is_target = |load: &&LoadName| {
        let mut loads = targets.iter().flat_map(Bundle::served_loads);
        loads.any(|target| target.as_str().eq_ignore_ascii_case(load.as_str()))
    };
    if let Some(load) = bridge.served_loads().find(is_target) {
        return Err(SelectionError::BridgeIsTarget {
            path: bridge.path.clone(),
            load: load.to_string(),
        });
    }
    let has_new_key = |load: &&LoadName| {
        let release = load.release().filter(|_| load.generation_79x0().is_none());
        release.is_some_and(|release| !is_signed_with_previous_key(release))
    };
    let targets_have = targets
        .iter()
        .flat_map(Bundle::served_loads)
        .any(|load| has_new_key(&load));
    if targets_have
        && bridge.served_loads().all(|load| has_new_key(&load))
        && let Some(load) = bridge.served_loads().next()
    {
        return Err(SelectionError::BridgeWithNewKey {
            path: bridge.path.clone(),
            load: load.to_string(),
        });
    }
    Ok(())
}

/// Brings bridges into the order of their releases, and leaves out those of the 7940 and 7960 that no
/// phone needs. Use [`check_bridges`] first.
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
