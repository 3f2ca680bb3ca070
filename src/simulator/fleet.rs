//! Simulated phones on real sockets, each on its own loopback address.
//!
//! All of 127/8 is this machine without any configuration, so nothing is set up or left behind. Each
//! phone has one task, and one socket of each kind at a time.

mod connection;
mod endpoint;
mod registration;

use std::{
    collections::BTreeMap,
    future::Future,
    io,
    net::{Ipv4Addr, SocketAddrV4, UdpSocket},
    panic,
    pin::pin,
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep},
};

use endpoint::Endpoint;
pub use endpoint::PhoneResult;

use super::{FaultSpec, PhoneConfig, PhoneFault, SimulatedPhone, StartState, bundle::code};
use crate::phone::{Family, LoadName, MacAddress, Model, Protocol, Support};

/// Maximum number of phones of one fleet. Each has an open socket, and file descriptors are
/// limited.
pub const MAX_PHONES: usize = 1000;
/// Second octets of the addresses: each fleet uses one of them alone.
const BLOCKS: std::ops::RangeInclusive<u8> = 20..=250;
/// Third and fourth octet and port of the socket that reserves a block. No phone uses it.
const CLAIM: (u8, u8, u16) = (255, 254, 49151);

/// How the phones of a fleet start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StartMix {
    /// After a factory reset: all start in their boot loader.
    Recovery,
    /// All run SCCP and get a new load from their configuration.
    LoadInformation,
    /// Half of each, in turn.
    #[default]
    Mixed,
}

/// The configuration of a fleet.
#[derive(Debug, Clone)]
pub struct FleetConfig {
    /// The number of phones, 1 to [`MAX_PHONES`].
    pub phones: usize,
    /// Their models, used in turn; of families that are converted or upgraded.
    pub models: Vec<&'static Model>,
    /// How they start.
    pub start: StartMix,
    /// The load that phones of its family run at the start, none of them in its boot loader; `None`:
    /// the usual one.
    pub from: Option<LoadName>,
    /// See [`PhoneConfig::pace`].
    pub pace: f64,
    /// See [`PhoneConfig::http`].
    pub http: Option<SocketAddrV4>,
    /// Where running phones register by SCCP; they start once they are reset. `None`: they start by
    /// themselves.
    pub call_manager: Option<SocketAddrV4>,
    /// The same seed gives the same phones.
    pub seed: u64,
    /// The faults, and the phones that have them.
    pub faults: Vec<FaultSpec>,
    /// See [`PhoneConfig::sizes`].
    pub sizes: Arc<BTreeMap<String, u64>>,
    /// Their addresses, which this machine must have. Empty: loopback addresses.
    pub addresses: Vec<Ipv4Addr>,
    /// MACs of an inventory, and models that replace those above, for the first phones.
    pub listed: Vec<(MacAddress, Option<&'static Model>)>,
    /// After this time all phones are switched off.
    pub deadline: Duration,
}

/// Why a fleet cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FleetError {
    /// No phones, or too many.
    #[error("cannot rehearse with {0} phones: expected 1 to {MAX_PHONES}")]
    Phones(usize),
    /// No model, or one that cannot be converted.
    #[error("cannot rehearse without a model that can be converted or upgraded, such as 7965")]
    Models,
    /// Every block of addresses is in use, or loopback does not work.
    #[error("no free addresses from 127.20.0.0 to 127.250.255.255 for the phones: {0}")]
    Addresses(io::Error),
}

impl FleetConfig {
    /// The configurations of the phones, with `server` as their server.
    ///
    /// # Errors
    ///
    /// If the number of phones or a model is not supported.
    pub fn members(&self, server: SocketAddrV4) -> Result<Vec<PhoneConfig>, FleetError> {
        if !(1..=MAX_PHONES).contains(&self.phones) {
            return Err(FleetError::Phones(self.phones));
        }
        if self.models.is_empty() || self.models.iter().any(|model| !model.family.is_supported()) {
            return Err(FleetError::Models);
        }
        Ok((0..self.phones)
            .map(|index| self.member(index, server))
            .collect())
    }

    fn member(&self, index: usize, server: SocketAddrV4) -> PhoneConfig {
        let listed = self.listed.get(index);
        let model = listed.and_then(|(_, model)| *model);
        let model = model.unwrap_or(self.models[index % self.models.len()]);
        let faults: Vec<PhoneFault> = self
            .faults
            .iter()
            .filter(|spec| spec.phones.is_none_or(|phones| index < phones))
            .map(|spec| spec.fault.clone())
            .collect();
        // Each model starts both ways in turn.
        let keeps_firmware = model.family.slots().is_some();
        let recovers = match self.start {
            // A reset keeps the firmware.
            _ if keeps_firmware => false,
            StartMix::Recovery => true,
            StartMix::LoadInformation => false,
            StartMix::Mixed => (index / self.models.len()).is_multiple_of(2),
        };
        let own = self.from.as_ref();
        let from = own.filter(|from| from.family() == Some(model.family));
        let start = if let Some(load) = from {
            StartState::Application(load.clone())
        } else if recovers {
            StartState::Recovery
        } else {
            StartState::Application(first_load(
                model.family,
                faults.contains(&PhoneFault::NeedsBridge),
            ))
        };
        let [.., high, low] = index.to_be_bytes();
        PhoneConfig {
            // A locally administered address, which no real phone has.
            mac: listed.map_or(
                MacAddress::new([0x02, 0x52, 0x45, 0x48, high, low]),
                |(mac, _)| *mac,
            ),
            model,
            start,
            server,
            http: self.http,
            pace: self.pace,
            seed: self.seed,
            faults,
            sizes: Arc::clone(&self.sizes),
        }
    }
}

/// The load of a phone before its conversion or upgrade.
fn first_load(family: Family, old: bool) -> LoadName {
    if family == Family::P3 {
        return LoadName::new("P0030801SR02");
    }
    if family.slots().is_some() {
        let (protocol, release) = match (family.support(), old) {
            (Support::Converts, true) => (Protocol::Sccp, "9-0-2-0"),
            (Support::Converts, false) => (Protocol::Sccp, "9-3-1-3"),
            _ => (Protocol::Sip, "9-2-1-0"),
        };
        return family.slot_load(protocol, release);
    }
    let release = if old { "8-3-2S" } else { "8-5-2S" };
    LoadName::new(&format!("SCCP{}.{release}", code(family)))
}

/// Runs the phones against `server` until each is finished, `stop` completes or the deadline has
/// passed, and returns the result of each.
///
/// The phones take their addresses from the first block 127.20/16 to 127.250/16 that no
/// other fleet on this machine has: phone 0 has 127.20.1.1, and 127.20.128.1 after
/// [`PhoneFault::AddressChange`].
///
/// # Errors
///
/// If the number of phones or a model is not supported, or if no block of addresses is free.
pub async fn run(
    config: &FleetConfig,
    server: SocketAddrV4,
    stop: impl Future<Output = ()>,
) -> Result<Vec<PhoneResult>, FleetError> {
    let members = config.members(server)?;
    // The block is reserved while this socket is open.
    let (block, _claim) = claim_block().map_err(FleetError::Addresses)?;
    let (switch, off) = watch::channel(false);
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for (index, member) in members.into_iter().enumerate() {
        let endpoint = match config.addresses.get(index) {
            Some(&address) => Endpoint::new((address, address), began),
            None => Endpoint::new(Endpoint::address_pair(block, index), began),
        };
        let off = off.clone();
        let manager = config.call_manager;
        tasks.spawn(async move {
            let phone = SimulatedPhone::new(member);
            (index, endpoint.play(phone, manager, off).await)
        });
    }
    let mut results = Vec::new();
    let mut stop = pin!(stop);
    let mut deadline = pin!(sleep(config.deadline));
    let mut is_off = false;
    loop {
        tokio::select! {
            () = &mut stop, if !is_off => is_off = true,
            () = &mut deadline, if !is_off => is_off = true,
            ended = tasks.join_next() => match ended {
                Some(Ok(result)) => results.push(result),
                // No task is aborted, so an error means that the task panicked.
                Some(Err(error)) => panic::resume_unwind(error.into_panic()),
                None => break,
            },
        }
        switch.send_if_modified(|value| std::mem::replace(value, is_off) != is_off);
    }
    results.sort_by_key(|(index, _)| *index);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

/// A block that no other fleet uses, and the socket that reserves it.
fn claim_block() -> io::Result<(u8, UdpSocket)> {
    let (third, fourth, port) = CLAIM;
    let mut failure = io::Error::other("none was tried");
    for block in BLOCKS {
        match UdpSocket::bind((Ipv4Addr::new(127, block, third, fourth), port)) {
            Ok(claim) => return Ok((block, claim)),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const SERVER: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 6969);

    fn config(phones: usize) -> FleetConfig {
        FleetConfig {
            phones,
            models: Family::F45.models().collect(),
            start: StartMix::Mixed,
            from: None,
            pace: 0.0,
            call_manager: None,
            http: None,
            seed: 1,
            faults: Vec::new(),
            sizes: Arc::default(),
            addresses: Vec::new(),
            listed: Vec::new(),
            deadline: Duration::from_secs(1),
        }
    }

    #[test]
    fn each_model_starts_in_both_states() {
        let members = config(8).members(SERVER).expect("eight phones");
        let kinds: HashSet<(&str, bool)> = members
            .iter()
            .map(|member| (member.model.number, member.start == StartState::Recovery))
            .collect();
        assert_eq!(kinds.len(), 4);
    }

    #[test]
    fn no_two_phones_share_a_mac_or_an_address() {
        let members = config(MAX_PHONES).members(SERVER).expect("all phones");
        let macs: HashSet<MacAddress> = members.iter().map(|member| member.mac).collect();
        let addresses: HashSet<Ipv4Addr> = (0..MAX_PHONES)
            .map(|index| Endpoint::address_pair(20, index))
            .flat_map(<[Ipv4Addr; 2]>::from)
            .collect();
        assert_eq!((macs.len(), addresses.len()), (MAX_PHONES, 2 * MAX_PHONES));
    }

    #[test]
    fn a_fault_for_n_phones_applies_to_the_first_n() {
        let faults = vec!["needs-bridge@2".parse().expect("a fault")];
        let config = FleetConfig {
            faults,
            start: StartMix::LoadInformation,
            ..config(3)
        };
        let members = config.members(SERVER).expect("three phones");
        let loads: Vec<&str> = members
            .iter()
            .map(|member| match &member.start {
                StartState::Application(load) => load.as_str(),
                StartState::Recovery => "",
            })
            .collect();
        assert_eq!(loads, ["SCCP45.8-3-2S", "SCCP45.8-3-2S", "SCCP45.8-5-2S"]);
    }

    #[test]
    fn invalid_fleets_are_refused() {
        for phones in [0, MAX_PHONES + 1] {
            assert!(matches!(
                config(phones).members(SERVER),
                Err(FleetError::Phones(_))
            ));
        }
        let models = vec![Model::by_number("7921").expect("a model")];
        let config = FleetConfig {
            models,
            ..config(1)
        };
        assert!(matches!(config.members(SERVER), Err(FleetError::Models)));
    }
}
