//! What a reader must know about a log or a capture before believing its report.

use std::net::Ipv4Addr;

use jiff::SignedDuration;
use serde::Serialize;

use crate::phone::MacAddress;

/// One thing to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
#[non_exhaustive]
pub enum TraceNote {
    /// No line has a time.
    NoTimes,
    /// The last line came first.
    NewestFirst,
    /// Times go back where files were put together: the lines were sorted.
    OutOfOrder {
        /// The first line with an earlier time than the one before.
        line: u64,
        /// How often times go back.
        steps: u64,
    },
    /// A clock was set back: the order was kept.
    ClockSetBack {
        /// The first line after it.
        line: u64,
        /// By how much.
        #[serde(serialize_with = "seconds")]
        by: SignedDuration,
    },
    /// A clock was set forward while phones started: the lines before it were moved.
    ClockSetForward {
        /// The first line after it.
        line: u64,
        /// By how much.
        #[serde(serialize_with = "seconds")]
        by: SignedDuration,
    },
    /// The server does not say which client it answered.
    NoClients {
        /// Lines without a client.
        lines: u64,
        /// Those of them that could belong to several phones, and were left out.
        left_out: u64,
        /// The number of phones whose address no line shows.
        unaddressed: u64,
    },
    /// A rule of the server changed a name into that of a file that does not exist.
    NameRewritten {
        /// The requested name.
        name: String,
        /// The name that the server looked for.
        alias: String,
        /// The number of further such requests.
        more: u64,
    },
    /// xinetd started a server whose requests are not in the log.
    RequestsNotLogged {
        /// How often.
        starts: u64,
    },
    /// The lines of two hosts contain one address, and nothing shows whether two phones have it.
    AddressOnTwoHosts {
        /// The first such address.
        address: Ipv4Addr,
        /// The hosts.
        hosts: Vec<String>,
        /// The number of further addresses.
        more: u64,
    },
    /// The lines of two hosts contain one address that two phones have.
    AddressOfTwoPhones {
        /// The first such address.
        address: Ipv4Addr,
        /// The hosts.
        hosts: Vec<String>,
        /// The number of further addresses.
        more: u64,
    },
    /// Requests from one address name several MACs in turns.
    MacsInTurns {
        /// The first such address.
        address: Ipv4Addr,
        /// The MACs.
        macs: Vec<MacAddress>,
        /// The number of further addresses.
        more: u64,
    },
    /// The capture has requests and no answer at all.
    OneDirection,
    /// The capture has answers without their requests.
    AnswersOnly,
    /// Packets of a capture are not in the order of their times.
    PacketsOutOfOrder {
        /// The first packet with an earlier time than the one before.
        packet: u64,
        /// How often times go back.
        steps: u64,
    },
    /// The capture has only the beginnings of packets, and these do not show what they are.
    PacketsCut {
        /// The number of such packets.
        packets: u64,
    },
    /// Packets are inside a tunnel, which is not read.
    Tunnelled {
        /// The tunnel.
        tunnel: &'static str,
        /// The number of such packets.
        packets: u64,
    },
}

fn seconds<S: serde::Serializer>(by: &SignedDuration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_i64(by.as_secs())
}

/// The verb after an address, with the number of further addresses.
fn and_more(more: u64) -> String {
    match more {
        0 => " is".to_owned(),
        1 => " and 1 other address are".to_owned(),
        more => format!(" and {more} other addresses are"),
    }
}

/// [`TraceNote::NoClients`] as a sentence.
fn no_clients(lines: u64, left_out: u64, unaddressed: u64) -> String {
    let named = if lines == 1 {
        "line names"
    } else {
        "lines name"
    };
    let hidden = match unaddressed {
        0 => String::new(),
        1 => "; of 1 phone no line shows the address".to_owned(),
        many => format!("; of {many} phones no line shows the address"),
    };
    let rest = match left_out {
        0 => String::new(),
        more => format!("; {more} that may be of several phones were left out"),
    };
    format!(
        "{lines} {named} no client: a file name with a MAC counts for the address where that MAC \
         was last observed{hidden}{rest}"
    )
}

impl TraceNote {
    /// The line that it is about; 0 for the whole file.
    pub(super) fn line(&self) -> u64 {
        match self {
            Self::OutOfOrder { line, .. }
            | Self::ClockSetBack { line, .. }
            | Self::ClockSetForward { line, .. } => *line,
            _ => 0,
        }
    }

    /// As a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::NoTimes => "no line has a time: how long a step took, and which requests belong \
                              to one start, is not known"
                .to_owned(),
            Self::NewestFirst => {
                "the newest line comes first: the lines were read backwards".into()
            }
            Self::OutOfOrder { line, steps } => format!(
                "the times go back {steps} {}, first at line {line}: files were put together in \
                 the wrong order; the lines were sorted by their times",
                if *steps == 1 { "time" } else { "times" }
            ),
            Self::ClockSetBack { line, by } => format!(
                "at line {line} the clock goes back by {}: the lines keep their order, and their \
                 times go on from there",
                crate::text::clock(by.as_secs())
            ),
            Self::ClockSetForward { line, by } => format!(
                "at line {line} the clock goes forward by {}: it was set while phones started. \
                 The lines before are read as if they came 20 s before it",
                crate::text::clock(by.as_secs())
            ),
            Self::NoClients {
                lines,
                left_out,
                unaddressed,
            } => no_clients(*lines, *left_out, *unaddressed),
            Self::NameRewritten { name, alias, more } => format!(
                "the server looked for '{}' when a phone requested '{}'{}, and did not find it: its \
                 rewriting rules (tftpd-hpa: --map-file) change the name; correct the rule",
                crate::text::escape(alias),
                crate::text::escape(name),
                match more {
                    0 => String::new(),
                    more => format!(" (and {more} more requests like it)"),
                }
            ),
            Self::RequestsNotLogged { starts } => format!(
                "xinetd started the TFTP server {starts} {}, but the log has no request: add \
                 --verbose to server_args in /etc/xinetd.d/tftp and let a phone start again",
                if *starts == 1 { "time" } else { "times" }
            ),
            Self::AddressOnTwoHosts {
                address,
                hosts,
                more,
            } => format!(
                "{address}{} in the lines of {}: if these are two networks, the report mixes two \
                 phones; replay the lines of each host alone",
                and_more(*more),
                hosts.join(" and ")
            ),
            Self::AddressOfTwoPhones {
                address,
                hosts,
                more,
            } => format!(
                "{address}{} in the lines of {}, which are two networks: read as one phone of each",
                and_more(*more),
                hosts.join(" and ")
            ),
            Self::MacsInTurns {
                address,
                macs,
                more,
            } => {
                let macs: Vec<String> = macs.iter().map(ToString::to_string).collect();
                let whose = match more {
                    0 => "the requests from it name",
                    _ => "the requests from the first name",
                };
                format!(
                    "{address}{} used by several phones: {whose} {} in turns. They are behind one \
                     NAT or in two networks; a request without a MAC counts for the phone that was \
                     named last. Replay the log of each network alone",
                    and_more(*more),
                    macs.join(" and ")
                )
            }
            note => note.about_packets(),
        }
    }

    /// A note about a capture as a sentence.
    fn about_packets(&self) -> String {
        let packets_are = |count: u64| {
            if count == 1 {
                "1 packet is".to_owned()
            } else {
                format!("{count} packets are")
            }
        };
        match self {
            Self::OneDirection => {
                "no packet of a TFTP server is in the capture: it was made with a \
                                   filter for port 69 or in one direction only, or the server does \
                                   not answer; what a phone received is inferred from its next \
                                   request. Capture without a filter for ports"
                    .to_owned()
            }
            Self::PacketsOutOfOrder { packet, steps } => format!(
                "the times of packets go back {steps} {}, first at packet {packet}: what happened \
                 after what is not known. Sort the capture with Wireshark: reordercap FILE NEW",
                if *steps == 1 { "time" } else { "times" }
            ),
            Self::PacketsCut { packets } => format!(
                "{} cut, and the rest does not show what it is: capture whole packets \
                 (tcpdump -s 0)",
                packets_are(*packets)
            ),
            Self::Tunnelled { tunnel, packets } => format!(
                "{} in {tunnel}, which is not read: capture where the phones' packets \
                 have no tunnel, or remove its headers with Wireshark (editcap -C LENGTH -L FILE \
                 NEW)",
                packets_are(*packets)
            ),
            Self::AnswersOnly => {
                "the capture has data of a TFTP server and no requests: it was made \
                                  in one direction only. Capture both directions"
                    .to_owned()
            }
            _ => String::new(),
        }
    }
}
