//! The options of `reflash rehearse`.

use std::{net::SocketAddrV4, path::PathBuf, time::Duration};

use super::super::{
    bundles::{BridgeArgs, TrustArgs},
    heading,
    inventory::InventoryArgs,
    journal::JournalArgs,
    network::EngineChoice,
    number::{duration, number},
    web::WebArgs,
};
use crate::{
    phone::{LoadName, Model},
    simulator::FaultSpec,
};

/// Rehearse a whole conversion with simulated phones
///
/// Needs no privileges and no network, and leaves nothing behind. The phones use loopback
/// addresses (from 127.20.0.0 on) and fetch a synthetic bundle, or yours, from the real server.
/// Half of them are reset to their boot loader, the others are running and get a new load from
/// their configuration.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  reflash rehearse
  reflash rehearse --phones 200 --json
  reflash rehearse --fault power-cut=apps:40@2 --fault wrong-hardware@1
  reflash rehearse cmterm-7945_7965-sip.9-3-1SR4-1.zip --model 7965
  reflash rehearse --model 7960 --from P0S3-03-2-00
  reflash rehearse --phones 30 --restart --fault in-call@2
  Only the phones, against a server of yours:
    reflash rehearse --phones 20 --against 127.0.0.1:6969")]
pub(crate) struct Args {
    /// Bundles to rehearse with; default: a synthetic one
    #[arg(value_name = "BUNDLE", conflicts_with = "against")]
    pub(super) bundles: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) bridge: BridgeArgs,
    #[command(flatten)]
    pub(super) trust: TrustArgs,
    /// Engine: native or async-tftp
    #[arg(
        long,
        value_name = "ENGINE",
        default_value = "native",
        hide_possible_values = true,
        conflicts_with = "against",
        help_heading = heading::NETWORK
    )]
    pub(super) engine: EngineChoice,
    /// Run only the phones, against this server
    ///
    /// The server must listen on loopback. Phones that try HTTP first do so on port 6970 of its address.
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = loopback,
          conflicts_with_all = ["bridges", "inventory", "journal", "web"],
          help_heading = heading::NETWORK)]
    pub(super) against: Option<SocketAddrV4>,
    /// Number of phones, 1 to 1000
    #[arg(long, value_name = "N", default_value_t = 4,
          value_parser = number(1..=1000_u16), help_heading = heading::PHONES)]
    pub(super) phones: u16,
    /// Model of the phones
    ///
    /// Default: every model of the bundle in turn.
    #[arg(long, value_name = "M", value_parser = model, help_heading = heading::PHONES)]
    pub(super) model: Option<&'static Model>,
    /// Load that the phones run at the start
    ///
    /// Default: the usual one. Such as P0S3-04-4-00: a 7940 or 7960 from before its loader then needs bridges, which are
    /// synthetic too unless --bridge or a BUNDLE is given.
    #[arg(long, value_name = "LOAD", value_parser = load, help_heading = heading::PHONES)]
    pub(super) from: Option<LoadName>,
    /// The phones register by SCCP, and are restarted in waves
    ///
    /// As with `convert --restart`. All phones then run SCCP at the start.
    #[arg(long, conflicts_with = "against", help_heading = heading::RESTARTS)]
    pub(super) restart: bool,
    /// Fault of the phones, or of N of them (repeatable)
    ///
    /// refuses-manifest, wrong-hardware, needs-bridge, power-cut=IMAGE:PERCENT, address-change,
    /// no-witness, no-second-pass, loss=PERCENT or config-refused. Of phones with two slots also
    /// refuses-images, other-slot, trust-list, weak-power, multiplatform and
    /// tftp-only; with --restart also
    /// late-reset, ignores-reset and in-call.
    #[arg(long = "fault", value_name = "KIND[@N]", help_heading = heading::PHONES)]
    pub(super) faults: Vec<FaultSpec>,
    /// Seed of the phones and the bundle
    ///
    /// The same seed gives the same phones and the same synthetic bundle.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = number(0..=u64::MAX), help_heading = heading::PHONES)]
    pub(super) seed: u64,
    #[command(flatten)]
    pub(super) inventory: InventoryArgs,
    /// End after this time: 90s, 10m, 1h30m
    ///
    /// Default: 5 minutes.
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = heading::PHONES)]
    pub(super) timeout: Option<Duration>,
    #[command(flatten)]
    pub(super) journal: JournalArgs,
    #[command(flatten)]
    pub(super) web: WebArgs,
}

fn model(text: &str) -> Result<&'static Model, String> {
    let model = Model::by_number(text);
    let model = model.ok_or("no such model; `reflash models` lists the models")?;
    match model.family.unsupported() {
        None => Ok(model),
        Some(why) => Err(format!(
            "it is only recognised: {}; `reflash models` lists the models",
            why.text()
        )),
    }
}

fn load(text: &str) -> Result<LoadName, String> {
    let load = LoadName::new(text);
    if load.as_str().to_ascii_uppercase().starts_with("P0M3") {
        return Err(
            "MGCP firmware is not simulated: expected SIP or SCCP firmware, such as P0S3-8-12-00"
                .into(),
        );
    }
    let family = load.family().filter(|family| family.is_supported());
    match (family, load.protocol(), load.release()) {
        (Some(_), Some(_), Some(_)) => Ok(load),
        // P003AL00 has no release.
        (Some(_), Some(_), None) if load.generation_79x0().is_some() => Ok(load),
        _ => Err(
            "expected the load of a phone that can be converted or upgraded, such as \
             P0S3-04-4-00 or SCCP45.8-5-2S"
                .into(),
        ),
    }
}

fn loopback(text: &str) -> Result<SocketAddrV4, String> {
    let address: SocketAddrV4 = text
        .parse()
        .map_err(|_| "expected an address and a port, such as 127.0.0.1:6969".to_owned())?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("simulated phones stay on this machine: expected an address 127.x.y.z".into())
    }
}
