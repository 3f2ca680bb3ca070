//! What a line of a server means, whichever server wrote it.

use std::net::Ipv4Addr;

use crate::{phone::MacAddress, track::Transport};

/// A request for a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LoggedRequest<'a> {
    pub address: Ipv4Addr,
    /// 0 if the line does not give it.
    pub port: u16,
    pub transport: Transport,
    pub name: &'a str,
}

impl<'a> LoggedRequest<'a> {
    /// A request over TFTP from an unknown port.
    pub(super) fn tftp(address: Ipv4Addr, name: &'a str) -> Self {
        Self {
            address,
            port: 0,
            transport: Transport::Tftp,
            name,
        }
    }
}

/// How a request was answered, or ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LoggedOutcome<'a> {
    /// The file was found; the line does not show that it arrived.
    Served {
        size: Option<u64>,
    },
    /// The last block was acknowledged.
    Delivered {
        size: Option<u64>,
    },
    NotFound,
    /// The server refused it with an error.
    Refused {
        code: u16,
        message: &'a str,
    },
    /// The client did not respond.
    TimedOut,
    /// The client closed its port.
    PortClosed,
    /// The client sent an ERROR; its text is in this line, or was in the one before.
    Failed {
        code: Option<u16>,
        message: &'a str,
    },
}

/// What a line means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ServerMessage<'a> {
    /// A request. `alias`: the name that the server made of it.
    Request {
        request: LoggedRequest<'a>,
        alias: Option<&'a str>,
    },
    /// A request and its outcome in one line.
    Answered {
        request: LoggedRequest<'a>,
        outcome: LoggedOutcome<'a>,
    },
    /// The outcome of an earlier request.
    Outcome {
        address: Option<Ipv4Addr>,
        name: Option<&'a str>,
        outcome: LoggedOutcome<'a>,
    },
    /// A client; the name of the file is in another line.
    Connected { address: Ipv4Addr, port: u16 },
    /// The name of a file; the client is in an earlier line, if at all.
    Named { name: &'a str },
    /// A request that the phone itself logs, without its address.
    Own { transport: Transport, name: &'a str },
    /// A client's ERROR; the next line of the server has the file that it ended.
    PeerError {
        address: Ipv4Addr,
        code: u16,
        message: &'a str,
    },
    /// The server answered a request for this file with an error. No line names the client.
    Clientless {
        name: &'a str,
        outcome: LoggedOutcome<'a>,
    },
    /// A DHCP server leased the address to this MAC.
    Leased { address: Ipv4Addr, mac: MacAddress },
    /// The server was started for a client, whose request is not logged.
    Started { address: Ipv4Addr },
    /// A message of a server without a request.
    Routine,
}
