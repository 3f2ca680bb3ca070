//! The simulated phones of a rehearsal, and how fast they run.

use std::{collections::BTreeMap, net::SocketAddrV4, sync::Arc, time::Duration};

use super::args::Args;
use crate::{
    failure::Failure,
    inventory::Inventory,
    phone::{LoadName, MacAddress, Model},
    simulator::{
        FaultSpec, PhoneFault,
        fleet::{FleetConfig, MAX_PHONES, PhoneResult, StartMix},
    },
    text::escape,
    track::{DRAIN_LIMIT, Report, State},
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
    http: Option<SocketAddrV4>,
    call_manager: Option<SocketAddrV4>,
    sizes: BTreeMap<String, u64>,
    listed: Vec<(MacAddress, Option<&'static Model>)>,
) -> FleetConfig {
    FleetConfig {
        phones: match listed.len() {
            0 => args.phones.into(),
            listed => listed,
        },
        models,
        // A phone in its boot loader needs no restart.
        start: if call_manager.is_some() {
            StartMix::LoadInformation
        } else {
            StartMix::Mixed
        },
        call_manager,
        from: args.from.clone(),
        pace: pace(args),
        http,
        seed: args.seed,
        faults: args.faults.clone(),
        sizes: Arc::new(sizes),
        addresses: Vec::new(),
        listed,
        // A run that ends waits for phones that are between two images: they must still run.
        deadline: args.timeout.unwrap_or(DEFAULT_TIMEOUT) + DRAIN_LIMIT,
    }
}

/// The phones of a list that are simulated.
#[derive(Debug, Default)]
pub(super) struct ListedPhones {
    /// Their MACs, and their models as far as the list has them.
    pub(super) phones: Vec<(MacAddress, Option<&'static Model>)>,
    /// What the operator must know: which phones of the list are not simulated.
    pub(super) messages: Vec<String>,
}

impl ListedPhones {
    /// The first `most` phones of the list whose model the bundle serves, or is not listed.
    pub(super) fn of(inventory: &Inventory, served: &[&'static Model], most: usize) -> Self {
        let mut phones = Vec::new();
        let mut other_models = BTreeMap::new();
        for phone in &inventory.phones {
            match phone.model {
                Some(model) if !served.contains(&model) => {
                    *other_models.entry(model.number).or_insert(0_usize) += 1;
                }
                model => phones.push((phone.mac, model)),
            }
        }
        let mut messages: Vec<String> = other_models
            .iter()
            .map(|(model, count)| {
                let plural = if *count == 1 { "" } else { "s" };
                format!(
                    "not simulated: {count} phone{plural} of the list, of the model {model}, which \
                     the bundle does not serve"
                )
            })
            .collect();
        let all = phones.len();
        if all > most {
            phones.truncate(most);
            messages.push(format!(
                "simulated are the first {most} of {all} phones of the list; --phones {} \
                 simulates {}",
                all.min(MAX_PHONES),
                if all > MAX_PHONES { "more" } else { "all" }
            ));
        }
        Self { phones, messages }
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

/// Compares the report with what the phones have: a phone that is reported as done runs the load that
/// it was given.
pub(super) fn check_claims(report: &Report, results: &[PhoneResult]) -> Result<(), Failure> {
    for phone in &report.phones {
        let claims = matches!(
            phone.state,
            State::Flashed | State::Confirmed | State::Already
        );
        let own = |result: &&PhoneResult| match phone.mac {
            Some(mac) => result.mac == mac,
            None => result.address == phone.address,
        };
        let (true, Some(result)) = (claims, results.iter().find(own)) else {
            continue;
        };
        let load = result.contents.load.as_ref();
        let has_images = !result.contents.images.is_empty();
        let is_true = load.is_some_and(|load| {
            Some(load) == phone.to.as_ref() || load.is_recovery() && has_images
        });
        if !is_true {
            let runs = load.map_or("its boot loader", LoadName::as_str);
            return Err(Failure::new(
                format!(
                    "the report says that SEP{} is done, but the simulated phone runs {}",
                    result.mac.upper_hex(),
                    escape(runs)
                ),
                "This is a fault of reflash: please report it with the command and its --seed",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_of_the_list_are_simulated_and_the_others_are_named() {
        let list = "[[phone]]\nmac = \"001D45AABB01\"\nmodel = 7965\n\
            [[phone]]\nmac = \"001D45AABB02\"\nmodel = 7941\n\
            [[phone]]\nmac = \"001D45AABB03\"\n\
            [[phone]]\nmac = \"001D45AABB04\"\nmodel = 7945\n";
        let list = Inventory::from_toml(list.as_bytes()).unwrap();
        let model = |number| Model::by_number(number).unwrap();
        let served = [model("7945"), model("7965")];
        let listed = ListedPhones::of(&list, &served, 2);
        let macs: Vec<String> = listed
            .phones
            .iter()
            .map(|(mac, _)| mac.to_string())
            .collect();
        assert_eq!(macs, ["001d45aabb01", "001d45aabb03"]);
        assert_eq!(listed.phones[0].1, Some(model("7965")));
        let [other, more] = &listed.messages[..] else {
            panic!("{:?}", listed.messages)
        };
        assert!(
            other.starts_with("not simulated: 1 phone") && other.contains("7941"),
            "{other}"
        );
        assert!(
            more.contains("first 2 of 3") && more.contains("--phones 3"),
            "{more}"
        );
        assert_eq!(ListedPhones::of(&list, &served, 9).phones.len(), 3);
    }
}
