//! `--against`: only the simulated phones, with a server that runs elsewhere on loopback.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddrV4},
};

use serde::Serialize;

use super::{
    super::globals::{CommandOutcome, Globals, print},
    args::Args,
    faults::{self, FaultPhones},
    phones::{check_results, fleet_config},
};
use crate::{
    failure::Failure,
    phone::{LoadName, MacAddress, Model},
    services::runtime,
    simulator::fleet::{self, PhoneResult},
    text::escape,
};

/// Where phones try HTTP, whatever the port of TFTP is.
const HTTP_PORT: u16 = 6970;

/// Runs the phones until each is finished, the timeout or a signal.
pub(super) fn run(
    args: &Args,
    server: SocketAddrV4,
    globals: &Globals,
) -> Result<CommandOutcome, Failure> {
    let family = args.from.as_ref().and_then(LoadName::family);
    let of_family = || family.and_then(|family| family.models().next());
    let model = args.model.or_else(of_family);
    let model = model.or_else(|| Model::by_number("7965"));
    let models: Vec<_> = model.into_iter().collect();
    faults::from_of(args, &models)?;
    let faulty = FaultPhones {
        args,
        models: &models,
        listed: &[],
        stages: None,
    };
    faulty.check()?;
    let config = fleet_config(
        args,
        models,
        Some(SocketAddrV4::new(*server.ip(), HTTP_PORT)),
        None,
        BTreeMap::new(),
        Vec::new(),
    );
    let results = runtime::runtime()?.block_on(async {
        let mut signals = runtime::signals()?;
        let stop = async {
            signals.next().await;
        };
        fleet::run(&config, server, stop)
            .await
            .map_err(|error| Failure::new(error, ""))
    })?;
    check_results(&results)?;
    for phone in &results {
        print(&line(phone, globals.json)?)?;
    }
    let is_converted = |phone: &PhoneResult| phone.finished && !phone.contents.images.is_empty();
    Ok(if results.iter().all(is_converted) {
        CommandOutcome::Done
    } else {
        CommandOutcome::Problems
    })
}

/// What a simulated phone ended with, as `--json` prints it.
#[derive(Serialize)]
struct PhoneLine<'a> {
    kind: &'static str,
    mac: MacAddress,
    address: Ipv4Addr,
    model: &'static str,
    load: Option<&'a LoadName>,
    images: &'a BTreeMap<String, String>,
    finished: bool,
}

fn line(phone: &PhoneResult, json: bool) -> Result<String, Failure> {
    let load = phone.contents.load.as_ref();
    if json {
        let line = PhoneLine {
            kind: "phone",
            mac: phone.mac,
            address: phone.address,
            model: phone.model.plain_number(),
            load,
            images: &phone.contents.images,
            finished: phone.finished,
        };
        let text = serde_json::to_string(&line)
            .map_err(|error| Failure::new(format!("cannot write JSON: {error}"), ""))?;
        return Ok(text + "\n");
    }
    let runs = load.map_or_else(
        || "its boot loader".to_owned(),
        |load| escape(load.as_str()),
    );
    let images = phone.contents.images.len();
    let end = if phone.finished {
        "finished"
    } else {
        "stopped before it finished"
    };
    Ok(format!(
        "SEP{} ({}) {}: runs {runs}, fetched {images} images, {end}\n",
        phone.mac.upper_hex(),
        phone.model.number,
        phone.address,
    ))
}
