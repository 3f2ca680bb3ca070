//! Observations: what was seen on the network, and at which address.

use std::{
    net::{Ipv4Addr, SocketAddrV4},
    time::Duration,
};

use serde::{Deserialize, Serialize};

pub use super::evidence_source::EvidenceSource;
use super::{
    lease::LeaseOptions,
    register::{Register, RegisterOutcome},
    remark::RemarkMeaning,
    restart::{NotOrdered, Uplink},
    tftp_error::TftpError,
    withheld::{Forgery, Withheld},
};
use crate::{
    phone::{LoadName, MacAddress},
    protocol::sip::SipTransport,
};

/// Monotonic time since the run began. The journal and the report convert it to a time of day, from
/// the wall clock at the beginning of the run.
pub type RunTime = Duration;

/// One observation about one address.
///
/// # Examples
///
/// ```
/// use std::{net::Ipv4Addr, time::Duration};
/// use reflash::{
///     phone::LoadName,
///     track::{EvidenceSource, Fleet, Observation, ObservationKind, Plan},
/// };
///
/// // CDP from the phone at this address was captured.
/// let observation = Observation {
///     address: Ipv4Addr::new(192, 0, 2, 7),
///     kind: ObservationKind::MacReported {
///         mac: "001d45aabb01".parse()?,
///         source: EvidenceSource::Cdp,
///         sender: None,
///     },
/// };
/// let load = Observation {
///     kind: ObservationKind::Load {
///         load: LoadName::new("SCCP45.8-5-2S"),
///         source: EvidenceSource::Cdp,
///         detail: "CDP".to_owned(),
///     },
///     ..observation.clone()
/// };
/// let mut fleet = Fleet::new(Plan::default());
/// for observation in [&observation, &load] {
///     fleet.observe(Duration::from_secs(1), observation);
/// }
/// let report = fleet.report("2026-01-01T08:00:00Z".parse()?);
/// assert_eq!(report.phones[0].mac, "001d45aabb01".parse().ok());
/// assert_eq!(report.phones[0].from, Some(LoadName::new("SCCP45.8-5-2S")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// The address that it is about.
    pub address: Ipv4Addr,
    /// What was observed.
    pub kind: ObservationKind,
}

/// The number of one transfer, unique in a run across all transports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TransferId(pub u64);

/// The protocol that a file is fetched over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// TFTP, port 69.
    Tftp,
    /// HTTP, port 6970. Loads from 9.3 on try it first.
    Http,
}

/// The file that a request was answered with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServedFile {
    /// Its name as staged, which may differ in case from the requested name.
    pub name: String,
    /// Its size in bytes, or [`ServedFile::UNKNOWN_SIZE`].
    pub size: u64,
}

impl ServedFile {
    /// The size is not known: another server's log does not give it.
    pub const UNKNOWN_SIZE: u64 = u64::MAX;
}

/// How a transfer ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TransferEnd {
    /// The last block was acknowledged.
    Delivered,
    /// The peer sent a TFTP ERROR, or its port was closed (ICMP port unreachable: code and
    /// message are `None`).
    Aborted {
        /// The peer's TFTP error code.
        code: Option<u16>,
        /// The peer's text, unescaped.
        message: Option<String>,
    },
    /// The peer sent nothing more within the limit.
    Vanished {
        /// Whether every block was sent, so that only the final ACK is missing.
        all_sent: bool,
    },
    /// The same peer and port sent a new request before the end.
    Replaced,
    /// The server stopped or was killed during the transfer. Not evidence about the phone.
    Killed,
}

/// What was observed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ObservationKind {
    /// A phone requested a file. A repeated request of one transfer is reported once.
    #[serde(alias = "asked")]
    Requested {
        /// Identifies the transfer in later observations. A request that was answered with
        /// "not found" has a number too.
        transfer: TransferId,
        /// The protocol.
        transport: Transport,
        /// The requested name, with invalid UTF-8 replaced.
        name: String,
        /// The client's port.
        port: u16,
        /// The file that is served; `None` if the answer was an error.
        served: Option<ServedFile>,
        /// The error, if it is known and another than "not found".
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<TftpError>,
        /// If the name contains a MAC: the MAC that the ARP table has for the address. `None`: not
        /// known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sender: Option<MacAddress>,
    },
    /// The phone sent the request of a transfer again, at least 2 s after it: its timer ran out
    /// before an answer arrived.
    RequestRepeated {
        /// The transfer.
        transfer: TransferId,
    },
    /// A client requested the configuration of a phone and did not get it.
    Withheld {
        /// The number of the request, as that of a transfer.
        transfer: TransferId,
        /// The protocol.
        transport: Transport,
        /// The requested name, with invalid UTF-8 replaced.
        name: String,
        /// The phone that the file configures.
        mac: MacAddress,
        /// Why.
        reason: Withheld,
    },
    /// Packets with this source address show that another sender uses it. Not every sign is reported.
    Forged {
        /// What was seen.
        sign: Forgery,
    },
    /// This many bytes of a transfer have been acknowledged. Not every step is reported.
    Acknowledged {
        /// The transfer.
        transfer: TransferId,
        /// Bytes since the beginning of the transfer.
        bytes: u64,
    },
    /// A transfer ended.
    Ended {
        /// The transfer.
        transfer: TransferId,
        /// How it ended.
        end: TransferEnd,
        /// Acknowledged bytes.
        bytes: u64,
    },
    /// A source other than the requests reports the MAC of this address.
    #[serde(alias = "named")]
    MacReported {
        /// The phone.
        mac: MacAddress,
        /// The source.
        #[serde(rename = "witness")]
        source: EvidenceSource,
        /// The MAC of the host that sent the report: that of the frame with CDP, LLDP and DHCP, else
        /// the one that the ARP table has for the address. `None`: not known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sender: Option<MacAddress>,
    },
    /// A source reports the load that the phone runs.
    Load {
        /// The load.
        load: LoadName,
        /// The source.
        #[serde(rename = "witness")]
        source: EvidenceSource,
        /// The text of the report, for the evidence.
        detail: String,
    },
    /// A source reports the model of the phone.
    Model {
        /// The number without letters, `7965`.
        model: String,
        /// The source.
        #[serde(rename = "witness")]
        source: EvidenceSource,
    },
    /// SIP firmware identifies itself without naming its load.
    #[serde(alias = "agent")]
    UserAgent {
        /// Its release, `9.3.1`, if it names one.
        release: Option<String>,
        /// The source.
        #[serde(rename = "witness")]
        source: EvidenceSource,
        /// The text of the report, for the evidence.
        detail: String,
    },
    /// The phone `mac` was polled at this address and another phone answered. That is
    /// evidence about neither of them, except that `mac` is elsewhere.
    #[serde(alias = "disputed")]
    AddressConflict {
        /// The phone that was polled.
        mac: MacAddress,
        /// The phone that answered.
        other: MacAddress,
        /// The source that was polled.
        #[serde(rename = "witness")]
        source: EvidenceSource,
    },
    /// A source reports the VLAN with which the phone tags its frames.
    Vlan {
        /// From 1 to 4094.
        vlan: u16,
        /// The source.
        #[serde(rename = "witness")]
        source: EvidenceSource,
    },
    /// A DHCP server acknowledged a lease of this address to a starting phone.
    #[serde(alias = "leased")]
    LeaseAcked {
        /// The boot options of the lease.
        lease: Box<LeaseOptions>,
    },
    /// A phone without an address asks DHCP servers for one. The address of the observation is
    /// 0.0.0.0.
    AddressWanted {
        /// The phone.
        mac: MacAddress,
        /// Its model, if the request names it: the number without letters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<String>,
    },
    /// A DHCP server answered such a request with an offer or a refusal. The address of the
    /// observation is 0.0.0.0.
    AddressAnswered {
        /// The phone.
        mac: MacAddress,
        /// The DHCP server, if the answer names it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        server: Option<Ipv4Addr>,
    },
    /// A request of the phone to port 69 was answered with ICMP port unreachable.
    TftpPortClosed {
        /// The address and port.
        server: SocketAddrV4,
    },
    /// A SIP request of the PBX to the phone was answered with ICMP port unreachable.
    ContactClosed {
        /// The phone's address and port that the PBX used.
        contact: SocketAddrV4,
        /// The PBX.
        pbx: SocketAddrV4,
    },
    /// A source reports the hardware classes of the phone, as `#HARDWARE_COMP_1` counts them.
    Hardware {
        /// The classes, one bit each.
        classes: u32,
        /// The source.
        #[serde(rename = "witness")]
        source: EvidenceSource,
        /// The text of the report, for the evidence.
        detail: String,
    },
    /// The phone sent a REGISTER to a PBX, or the PBX answered it.
    Register {
        /// The request.
        register: Box<Register>,
        /// What happened to it.
        #[serde(alias = "fate")]
        outcome: RegisterOutcome,
    },
    /// The phone sent to a closed port: ICMP port unreachable over UDP, a refused connection
    /// over TCP.
    #[serde(alias = "closed")]
    PortClosed {
        /// The address and port.
        pbx: SocketAddrV4,
        /// The transport.
        #[serde(alias = "over")]
        transport: SipTransport,
    },
    /// The phone registers by SCCP with this program, which may restart it.
    SccpRegistered {
        /// The phone.
        mac: MacAddress,
        /// Its active audio streams.
        streams: u32,
        /// The MAC that the ARP table has for the address. `None`: not known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sender: Option<MacAddress>,
    },
    /// The phone ended its SCCP registration with this program, or closed the connection.
    SccpLeft {
        /// The phone.
        mac: MacAddress,
    },
    /// The phone reports why it restarted.
    Alarm {
        /// The number of the alarm: 22 is a reset by the call manager, 0 to 9 a load that failed.
        reason: u16,
        /// The source.
        #[serde(rename = "witness")]
        source: EvidenceSource,
    },
    /// The phone reports the switch port that it is connected to.
    SwitchPort {
        /// The switch and its port.
        #[serde(flatten)]
        uplink: Uplink,
        /// The source.
        #[serde(rename = "witness")]
        source: EvidenceSource,
    },
    /// This program orders the phone to restart. Recorded before the order is sent.
    RestartOrdered {
        /// The phone.
        mac: MacAddress,
        /// The wave, from 1.
        wave: u32,
        /// Whether the Reset is repeated on the same connection.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        again: bool,
    },
    /// The connection ended before the order was sent.
    RestartNotSent {
        /// The phone.
        mac: MacAddress,
    },
    /// The phone is not ordered to restart now.
    RestartWithheld {
        /// The phone.
        mac: MacAddress,
        /// Why.
        reason: NotOrdered,
    },
    /// A source reports something else about the phone; it is kept as evidence.
    #[serde(alias = "noted")]
    Remark {
        /// The source.
        #[serde(rename = "witness")]
        source: EvidenceSource,
        /// The text of the report, for the evidence.
        detail: String,
        /// What it changes; `None`: no state.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        means: Option<RemarkMeaning>,
    },
}

impl ObservationKind {
    /// The same, sent by the host with this MAC; unchanged if it is no request and reports no MAC.
    #[must_use]
    pub fn sent_by(mut self, host: Option<MacAddress>) -> Self {
        if let Self::MacReported { sender, .. }
        | Self::Requested { sender, .. }
        | Self::SccpRegistered { sender, .. } = &mut self
        {
            *sender = host;
        }
        self
    }
}
