//! What a run serves, and which phones it expects.

use std::{
    collections::BTreeMap,
    fmt,
    net::{Ipv4Addr, SocketAddrV4},
    str::FromStr,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::Register;
use crate::phone::{LoadName, MacAddress, Model};
use crate::protocol::sip::SipTransport;

/// What a run serves, and which phones it expects.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The target bundles, each for different models.
    pub stages: Vec<StagePlan>,
    /// The bridge bundles (`--bridge`), for phones that cannot install the target in one step, in
    /// the order in which a phone installs them.
    pub bridge: Vec<StagePlan>,
    /// The only phones to convert (`--only`).
    pub only: Option<Vec<MacAddress>>,
    /// The phones that the run waits for (`--inventory`). Others are served too.
    pub expected: Option<Vec<MacAddress>>,
    /// How many phones are expected (`--expect`).
    pub expect: Option<usize>,
    /// How many failed phones end the run (`--max-failures`).
    pub max_failures: Option<usize>,
    /// How long the run may take (`--timeout`).
    pub timeout: Option<Duration>,
    /// How long the run only observes, from its beginning, before it offers a load (`--survey`).
    pub survey: Option<Duration>,
    /// The phones whose own configuration sends their REGISTERs to this machine, where this
    /// program observes them. A phone that never registers gets a diagnosis.
    pub registering: Vec<MacAddress>,
    /// Where the phones' own configurations send their REGISTERs, as far as known.
    pub registrations: Vec<RegistrationTarget>,
    /// How long the run waits, from when a configured phone is done, until its lines are
    /// registered (`--registration-wait`); `None`: [`REGISTRATION_WAIT`].
    pub registration_wait: Option<Duration>,
    /// The network that is served, with this machine's address in it; `None` if it is not
    /// known or if there are several.
    pub network: Option<Subnet>,
    /// Networks behind a router that the routing table does not show (`--routed`): ARP says nothing
    /// about their phones.
    pub routed: Vec<Subnet>,
    /// What the operator calls the phones.
    pub names: BTreeMap<MacAddress, String>,
    /// The models that the inventory lists.
    pub models: BTreeMap<MacAddress, &'static Model>,
    /// Which server has the files.
    pub server: FileServer,
    /// Only requests are observed, no acknowledgements and no ends of transfers (as in some
    /// servers' logs). The next request of a phone then shows which files it has, and the
    /// evidence says that this is inferred.
    pub requests_only: bool,
}

/// Which server has the files, so that advice fits it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FileServer {
    /// This program serves bundles (`convert`, `rehearse`).
    #[default]
    Bundles,
    /// This program serves a folder of the operator (`serve`).
    Folder,
    /// Another server, of which this is a record (`replay`).
    Other,
}

/// Where a phone's own configuration sends its REGISTERs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationTarget {
    /// The phone.
    pub mac: MacAddress,
    /// The PBXs of its lines; empty if one of them is given by host name.
    pub pbx: Vec<SocketAddrV4>,
    /// The transport, if the configuration names one.
    #[serde(alias = "over")]
    pub transport: Option<SipTransport>,
    /// The lines that register, in the order of the configuration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<ConfiguredLine>,
}

/// A line that a phone's own configuration registers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfiguredLine {
    /// The user that it registers as.
    pub user: String,
    /// Its REGISTERs and their answers pass an interface that is captured.
    pub visible: bool,
}

/// How long a run waits for registrations by default. A phone registers within
/// about a minute of its configuration.
pub const REGISTRATION_WAIT: Duration = Duration::from_mins(5);

/// The step of each of these bridges: the number of bridges of one of its models before it.
pub(crate) fn bridge_steps(bridges: &[StagePlan]) -> Vec<u8> {
    let shares = |one: &StagePlan, other: &StagePlan| {
        let mut models = one.models.iter();
        models.any(|model| other.models.contains(model))
    };
    let before = |(at, bridge)| {
        let earlier = bridges[..at].iter();
        let count = earlier.filter(|other| shares(bridge, other)).count();
        u8::try_from(count).unwrap_or(u8::MAX)
    };
    bridges.iter().enumerate().map(before).collect()
}

impl Plan {
    /// How long the run waits for the registration of a phone that is done.
    pub(super) fn registration_wait(&self) -> Duration {
        self.registration_wait.unwrap_or(REGISTRATION_WAIT)
    }

    /// The phones that the run waits for by name: those of `--only`, else of the inventory.
    pub(super) fn expected_macs(&self) -> Option<&[MacAddress]> {
        let expected = self.only.as_ref().or(self.expected.as_ref());
        expected.map(Vec::as_slice)
    }
}

impl RegistrationTarget {
    /// Whether a REGISTER goes where the configuration sends it, as far as the configuration names
    /// a PBX and a transport.
    #[must_use]
    pub fn matches(&self, register: &Register) -> bool {
        (self.pbx.is_empty() || self.pbx.contains(&register.pbx))
            && self
                .transport
                .is_none_or(|transport| transport == register.transport)
    }
}

/// An IPv4 network, given by one of its addresses and the prefix length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subnet {
    /// One of its addresses.
    pub address: Ipv4Addr,
    /// The prefix length, 0 to 32; larger values count as 32.
    pub prefix: u8,
}

impl Subnet {
    /// Whether an address is in the network.
    #[must_use]
    pub fn contains(&self, address: Ipv4Addr) -> bool {
        let shift = 32 - u32::from(self.prefix.min(32));
        let network = |address: Ipv4Addr| u32::from(address).checked_shr(shift);
        network(address) == network(self.address)
    }
}

impl FromStr for Subnet {
    type Err = ParseSubnetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, prefix) = text.split_once('/').ok_or(ParseSubnetError)?;
        let is_number = prefix.bytes().all(|byte| byte.is_ascii_digit());
        match (address.parse(), prefix.parse()) {
            (Ok(address), Ok(prefix @ 0..=32)) if is_number => Ok(Self { address, prefix }),
            _ => Err(ParseSubnetError),
        }
    }
}

/// Why a text is not a network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an IPv4 network with its prefix length, such as 10.2.0.0/16")]
pub struct ParseSubnetError;

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// The part of a staged bundle that tracking needs.
#[derive(Debug, Clone)]
pub struct StagePlan {
    /// The load that it installs, such as `SIP45.9-3-1SR4-1S`.
    pub load: LoadName,
    /// The models that it is for.
    pub models: Vec<&'static Model>,
    /// Its manifests: that of the load, and the recovery manifests.
    pub manifests: Vec<ManifestPlan>,
}

/// One manifest of a staged bundle.
#[derive(Debug, Clone)]
pub struct ManifestPlan {
    /// The file name as staged.
    pub name: String,
    /// The images that it lists and their sizes in bytes, in its order.
    pub images: Vec<(String, u64)>,
    /// The mask of `#HARDWARE_COMP_1`: the supported hardware classes.
    pub hardware: Option<u32>,
    /// The hardware platforms that fetch each image, as bits (0: all); empty if there are none. A
    /// phone fetches the images of its own platform.
    pub platforms: Vec<u32>,
}
