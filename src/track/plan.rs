//! What a run serves and whom it expects.

use std::{
    collections::BTreeMap,
    fmt,
    net::{Ipv4Addr, SocketAddrV4},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::Register;
use crate::phone::{LoadName, MacAddress, Model};
use crate::protocol::sip::SipTransport;

/// What a run serves and of whom it expects what.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The staged bundles (all of them targets, for different models).
    pub stages: Vec<StagePlan>,
    /// The bridge (`--bridge`), for phones that cannot take the target in one step.
    pub bridge: Vec<StagePlan>,
    /// The phones that alone are converted (`--only`).
    pub only: Option<Vec<MacAddress>>,
    /// The phones that the run waits for (`--inventory`); others are served as well.
    pub expected: Option<Vec<MacAddress>>,
    /// How many phones are expected (`--expect`).
    pub expect: Option<usize>,
    /// Failed phones that end the run (`--max-failures`).
    pub max_failures: Option<usize>,
    /// How long the run may take (`--timeout`).
    pub timeout: Option<Duration>,
    /// How long the run only listens before any load is named (`--survey`), from its
    /// beginning.
    pub survey: Option<Duration>,
    /// The phones whose own configuration sends their REGISTERs to this program, which hears
    /// them: one that never registers is diagnosed.
    pub registering: Vec<MacAddress>,
    /// Where phones' own configurations send their REGISTERs, as far as it is known.
    pub registrations: Vec<RegistrationTarget>,
    /// The network that this machine serves, by the address that it serves on; `None`: not known,
    /// or several.
    pub network: Option<Subnet>,
    /// What the operator calls the phones.
    pub names: BTreeMap<MacAddress, String>,
    /// What is seen is requests alone: no acknowledgement and no end of a transfer (some
    /// servers' logs). What a phone asks for next then says what it has, and evidence says
    /// that it is inferred.
    pub requests_only: bool,
}

/// Where a phone's own configuration sends its REGISTERs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationTarget {
    /// The phone.
    pub mac: MacAddress,
    /// The PBXes of its lines; none where one of them is named by a host name.
    pub pbx: Vec<SocketAddrV4>,
    /// The transport, where the configuration says one.
    #[serde(alias = "over")]
    pub transport: Option<SipTransport>,
}

impl Plan {
    /// The phones that the run waits for by name: those of `--only`, else of the inventory.
    pub(super) fn expected_macs(&self) -> Option<&[MacAddress]> {
        let expected = self.only.as_ref().or(self.expected.as_ref());
        expected.map(Vec::as_slice)
    }
}

impl RegistrationTarget {
    /// Whether a REGISTER goes where the configuration says, as far as it says.
    #[must_use]
    pub fn matches(&self, register: &Register) -> bool {
        (self.pbx.is_empty() || self.pbx.contains(&register.pbx))
            && self
                .transport
                .is_none_or(|transport| transport == register.transport)
    }
}

/// An IPv4 network, by an address in it and the length of its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subnet {
    /// One of its addresses.
    pub address: Ipv4Addr,
    /// 0 to 32; what is longer counts as 32.
    pub prefix: u8,
}

impl Subnet {
    /// Whether an address is in it.
    #[must_use]
    pub fn contains(&self, address: Ipv4Addr) -> bool {
        let shift = 32 - u32::from(self.prefix.min(32));
        let network = |address: Ipv4Addr| u32::from(address).checked_shr(shift);
        network(address) == network(self.address)
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// One staged bundle, as far as tracking needs it.
#[derive(Debug, Clone)]
pub struct StagePlan {
    /// The load that its phones will run: `SIP45.9-3-1SR4-1S`.
    pub load: LoadName,
    /// The models it is for.
    pub models: Vec<&'static Model>,
    /// Its manifests: the load's own and the recovery ones.
    pub manifests: Vec<ManifestPlan>,
}

/// One manifest of a staged bundle.
#[derive(Debug, Clone)]
pub struct ManifestPlan {
    /// Its file name as staged.
    pub name: String,
    /// The images that it names and their bytes, in its order.
    pub images: Vec<(String, u64)>,
    /// The mask of `#HARDWARE_COMP_1`: the hardware classes that it supports.
    pub hardware: Option<u32>,
}
