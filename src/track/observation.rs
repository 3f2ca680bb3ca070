//! What somebody outside saw, and where.

use std::{
    net::{Ipv4Addr, SocketAddrV4},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::lease::LeaseOptions;
use crate::{
    phone::{LoadName, MacAddress},
    protocol::sip::SipTransport,
};

/// When something was seen: monotonic time since the run began. The wall clock of that
/// beginning turns it into a time of day, in the record and nowhere else.
pub type RunTime = Duration;

/// One fact about one address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// Where it was seen.
    pub address: Ipv4Addr,
    /// What was seen.
    pub seen: ObservationKind,
}

/// The number of one transfer, unique in a run and over all transports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TransferId(pub u64);

/// How a file is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// Port 69.
    Tftp,
    /// Port 6970, which loads from 9.3 on try first.
    Http,
}

/// Who saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum EvidenceSource {
    /// The requests that came to this server.
    Requests,
    /// The kernel's table of neighbours.
    Neighbour,
    /// Cisco Discovery Protocol.
    Cdp,
    /// Link Layer Discovery Protocol with its media extension.
    Lldp,
    /// DHCP on the wire.
    Dhcp,
    /// A SIP REGISTER or its User-Agent.
    Sip,
    /// An SCCP alarm.
    Sccp,
    /// The phone's own web page.
    Web,
    /// A person, asked for what the phone's screen says.
    Person,
}

/// A file that was found for a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServedFile {
    /// Its name as staged, which may differ in case from what was asked.
    pub name: String,
    /// Bytes, or [`ServedFile::UNKNOWN_SIZE`].
    pub size: u64,
}

impl ServedFile {
    /// Where another server's log does not tell how large a file is.
    pub const UNKNOWN_SIZE: u64 = u64::MAX;
}

/// How a transfer ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TransferEnd {
    /// The last block was acknowledged.
    Delivered,
    /// The peer said so (TFTP ERROR), or its port was closed (ICMP port unreachable:
    /// code and message `None`).
    Aborted {
        /// The peer's TFTP error code.
        code: Option<u16>,
        /// The peer's text, as it came; escape it before it is shown.
        message: Option<String>,
    },
    /// Nothing more was heard within the limit.
    Vanished {
        /// Whether every block had been sent: only the final ACK is missing.
        all_sent: bool,
    },
    /// The same peer and port asked again before it was over, or this server stopped.
    Replaced,
    /// The server was killed in the middle of it: that says nothing of the phone. Told when
    /// the run is resumed.
    Killed,
}

/// A phone's REGISTER, without what proves its password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a part of a head that is there or not"
)]
pub struct Register {
    /// The user that is to be registered, as it came; escape it before it is shown.
    pub user: String,
    /// Where it was sent from. A phone over UDP does not listen there.
    pub source: SocketAddrV4,
    /// Where it went.
    pub pbx: SocketAddrV4,
    /// Over what.
    #[serde(alias = "over")]
    pub transport: SipTransport,
    /// The port of its Via: where the phone waits for the answer, over UDP.
    #[serde(alias = "listens")]
    pub via_port: u16,
    /// It asks for the answer at the port that it was sent from (RFC 3581).
    pub rport: bool,
    /// Its Via names another address than it came from.
    #[serde(alias = "nat")]
    pub via_differs: bool,
    /// It proves a password, right or wrong.
    #[serde(alias = "proof")]
    pub has_credentials: bool,
    /// It takes a registration back.
    #[serde(alias = "leaves")]
    pub is_unregister: bool,
}

/// What became of a REGISTER.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RegisterOutcome {
    /// It was sent; no more is known.
    Sent,
    /// It was sent once more: the phone has no answer. A capture may also show one packet twice.
    Again,
    /// The PBX answered, finally.
    Answered {
        /// 200 to 699.
        status: u16,
        /// Where the answer went.
        to: SocketAddrV4,
        /// A proof is asked for because the one that was given is too old, not wrong.
        stale: bool,
        /// Seconds that the registration holds; `None` where the answer names none.
        expires: Option<u32>,
    },
}

/// The fact itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ObservationKind {
    /// A file was asked for. A repeated request of one transfer is reported once.
    #[serde(alias = "asked")]
    Requested {
        /// Names the transfer in what follows. A request that found nothing has one too,
        /// and nothing follows.
        transfer: TransferId,
        /// How it was asked.
        transport: Transport,
        /// The name as asked, invalid UTF-8 replaced.
        name: String,
        /// The asker's port.
        port: u16,
        /// What was found for it; `None`: it was answered with "not found".
        served: Option<ServedFile>,
    },
    /// This many bytes of a transfer are acknowledged by now. Newest wins; not every
    /// step is reported.
    Acknowledged {
        /// Which transfer.
        transfer: TransferId,
        /// Bytes since its beginning.
        bytes: u64,
    },
    /// A transfer is over.
    Ended {
        /// Which transfer.
        transfer: TransferId,
        /// How.
        end: TransferEnd,
        /// Acknowledged bytes.
        bytes: u64,
    },
    /// Somebody else than the requests themselves says which phone has this address.
    #[serde(alias = "named")]
    MacReported {
        /// The phone.
        mac: MacAddress,
        /// Who says so.
        #[serde(rename = "witness")]
        source: EvidenceSource,
    },
    /// Somebody names the load that the phone at this address runs.
    Load {
        /// The load.
        load: LoadName,
        /// Who says so.
        #[serde(rename = "witness")]
        source: EvidenceSource,
        /// The words it was said in.
        detail: String,
    },
    /// Somebody names the model of the phone at this address.
    Model {
        /// The number without letters, `7965`.
        model: String,
        /// Who says so.
        #[serde(rename = "witness")]
        source: EvidenceSource,
    },
    /// SIP firmware at this address names itself, and no load.
    #[serde(alias = "agent")]
    UserAgent {
        /// Its release, `9.3.1`; `None` where it names none.
        release: Option<String>,
        /// Who says so.
        #[serde(rename = "witness")]
        source: EvidenceSource,
        /// The words it was said in.
        detail: String,
    },
    /// A witness was asked at this address for the phone `mac`, and what answers there names itself
    /// otherwise. It says nothing of either phone but that one of the two is elsewhere.
    #[serde(alias = "disputed")]
    AddressConflict {
        /// The phone that was asked.
        mac: MacAddress,
        /// Who answers.
        other: MacAddress,
        /// Who was asked.
        #[serde(rename = "witness")]
        source: EvidenceSource,
    },
    /// Somebody names the VLAN with which the phone at this address tags what it sends.
    Vlan {
        /// From 1 to 4094.
        vlan: u16,
        /// Who says so.
        #[serde(rename = "witness")]
        source: EvidenceSource,
    },
    /// A DHCP server gave the phone that starts at this address its lease, as the wire shows.
    #[serde(alias = "leased")]
    LeaseAcked {
        /// What it told.
        lease: Box<LeaseOptions>,
    },
    /// Somebody names the hardware classes of the phone at this address, as
    /// `#HARDWARE_COMP_1` counts them.
    Hardware {
        /// The classes, a bit each.
        classes: u32,
        /// Who says so.
        #[serde(rename = "witness")]
        source: EvidenceSource,
        /// The words it was said in.
        detail: String,
    },
    /// A phone at this address asks a PBX to be registered, or is answered.
    Register {
        /// What it asked.
        register: Box<Register>,
        /// What became of it.
        #[serde(alias = "fate")]
        outcome: RegisterOutcome,
    },
    /// Who is at this address called a port where nobody listens: ICMP port unreachable over UDP,
    /// a connection that was refused over TCP.
    #[serde(alias = "closed")]
    PortClosed {
        /// What was called.
        pbx: SocketAddrV4,
        /// Over what.
        #[serde(alias = "over")]
        transport: SipTransport,
    },
    /// Somebody says something of the phone at this address that names no load. It is kept as
    /// evidence and changes no state.
    #[serde(alias = "noted")]
    Remark {
        /// Who says so.
        #[serde(rename = "witness")]
        source: EvidenceSource,
        /// The words it was said in.
        detail: String,
    },
}
