//! What a frame carries.

use std::net::{Ipv4Addr, SocketAddrV4};

use crate::phone::MacAddress;

/// What a frame carries.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Payload<'a> {
    /// Cisco Discovery Protocol, from its version byte on.
    Cdp(&'a [u8]),
    /// LLDP, from its first TLV on.
    Lldp(&'a [u8]),
    /// ARP over Ethernet for IPv4.
    Arp(Arp),
    /// A UDP datagram.
    Ipv4Udp {
        /// Source.
        source: SocketAddrV4,
        /// Destination.
        destination: SocketAddrV4,
        /// Bytes that were sent.
        length: usize,
        /// Bytes that were captured.
        payload: &'a [u8],
        /// Whether bytes are missing: they are in a later fragment or were not captured.
        is_cut: bool,
    },
    /// A TCP segment.
    Ipv4Tcp {
        /// Source.
        source: SocketAddrV4,
        /// Destination.
        destination: SocketAddrV4,
        /// Sequence number of the first byte.
        seq: u32,
        /// Acknowledgement number, if the ACK flag is set.
        ack: Option<u32>,
        /// FIN 1, SYN 2, RST 4, PSH 8, ACK 16 (RFC 9293, 3.1).
        flags: u8,
        /// Bytes that were captured.
        payload: &'a [u8],
        /// Whether bytes are missing: they are in a later fragment or were not captured.
        is_cut: bool,
    },
    /// ICMP port unreachable: the UDP port of an earlier datagram is closed (RFC 792).
    Ipv4Closed {
        /// Source of that datagram.
        source: SocketAddrV4,
        /// Its destination.
        destination: SocketAddrV4,
    },
    /// Anything else: IPv6, later fragments, spanning tree.
    Other,
}

/// An ARP packet (RFC 826).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arp {
    /// 1 is a request, 2 a reply.
    pub operation: u16,
    /// The sender's Ethernet address, as in the packet.
    pub sender_mac: MacAddress,
    /// The sender's IPv4 address; 0.0.0.0 in a probe.
    pub sender: Ipv4Addr,
    /// The address that is to be resolved.
    pub target: Ipv4Addr,
}
