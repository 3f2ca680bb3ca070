//! A packet socket that receives only frames that report something about phones (packet(7)).

#![expect(
    unsafe_code,
    reason = "the options of packet sockets have no safe wrapper in any crate here"
)]

use std::{
    io, mem,
    os::fd::{AsRawFd, IntoRawFd},
    time::Duration,
};

use libc::{c_int, packet_mreq, socklen_t, tpacket_stats};
use pnet::datalink::{self, Channel, ChannelType, Config, DataLinkReceiver, NetworkInterface};
use socket2::{Domain, SockFilter, Socket, Type};

/// Destination of CDP frames.
const CDP_GROUP: [u8; 6] = [0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcc];
/// Destination of LLDP frames (IEEE 802.1AB, table 7-1).
const LLDP_GROUP: [u8; 6] = [0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e];

/// Receive buffer in bytes, if the kernel allows as many: about 1,300 frames.
const WAITING: usize = 1024 * 1024;

/// Bytes of a frame that are read. Ethernet frames have up to 1,522.
const FRAME_MAX: usize = 2048;

/// The frames, and the socket for its options and errors.
pub(super) struct OpenedCapture {
    pub(super) frames: Box<dyn DataLinkReceiver>,
    pub(super) socket: Socket,
}

/// Opens a socket on this interface. `read_timeout`: how long a read waits. `sip`: SIP port.
pub(super) fn open(
    interface: &NetworkInterface,
    read_timeout: Duration,
    sip: u16,
) -> io::Result<OpenedCapture> {
    // Without a protocol it receives nothing before it is bound, so no frame passes the filter.
    let socket = Socket::new(Domain::PACKET, Type::RAW, None)?;
    let filter = filter(sip).map(|(code, yes, no, number)| SockFilter::new(code, yes, no, number));
    socket.attach_filter(&filter)?;
    socket.set_recv_buffer_size(WAITING)?;
    let index = c_int::try_from(interface.index).map_err(io::Error::other)?;
    for group in [CDP_GROUP, LLDP_GROUP] {
        join(&socket, index, group)?;
    }
    let config = Config {
        channel_type: ChannelType::Layer2,
        promiscuous: false,
        read_buffer_size: FRAME_MAX,
        read_timeout: Some(read_timeout),
        // pnet owns and closes the duplicate.
        socket_fd: Some(socket.try_clone()?.into_raw_fd()),
        ..Config::default()
    };
    match datalink::channel(interface, config)? {
        Channel::Ethernet(_, frames) => Ok(OpenedCapture { frames, socket }),
        _ => Err(io::Error::other("not an Ethernet channel")),
    }
}

/// Frames that the kernel dropped since the last call, because the buffer was full.
pub(super) fn lost(socket: &Socket) -> io::Result<u32> {
    let mut stats = tpacket_stats {
        tp_packets: 0,
        tp_drops: 0,
    };
    let mut length = size::<tpacket_stats>();
    // SAFETY: the kernel writes at most `length` bytes, which is the size of `stats`; both
    // live through the call.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_PACKET,
            libc::PACKET_STATISTICS,
            (&raw mut stats).cast(),
            &raw mut length,
        )
    };
    match result {
        0 => Ok(stats.tp_drops),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Joins a multicast group, which the network card filters out otherwise.
fn join(socket: &Socket, index: c_int, group: [u8; 6]) -> io::Result<()> {
    let mut address = [0; 8];
    address[..group.len()].copy_from_slice(&group);
    let request = packet_mreq {
        mr_ifindex: index,
        mr_type: 0, // PACKET_MR_MULTICAST
        mr_alen: 6,
        mr_address: address,
    };
    set(socket, libc::PACKET_ADD_MEMBERSHIP, &request)
}

fn set<T: Copy>(socket: &Socket, option: c_int, value: &T) -> io::Result<()> {
    // SAFETY: the kernel reads as many bytes as a `T` has, from a `T` that lives through the call.
    // The only type that is passed is plain C data.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_PACKET,
            option,
            (&raw const *value).cast(),
            size::<T>(),
        )
    };
    match result {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "some bytes")]
fn size<T>() -> socklen_t {
    mem::size_of::<T>() as socklen_t
}

/// An instruction of a classic BPF filter: code, jump if true, jump if false, operand.
type BpfInstruction = (u16, u8, u8, u32);

/// Load 4 bytes, 2 bytes, 1 byte at an offset in the frame.
const WORD: u16 = 0x20;
const HALF: u16 = 0x28;
const BYTE: u16 = 0x30;
/// Load the length of the IPv4 header at an offset into the index register.
const HEADER: u16 = 0xb1;
/// Load 2 bytes at an offset after the index.
const HALF_INDEXED: u16 = 0x48;
/// Compare: equal, greater, any bit set.
const EQUAL: u16 = 0x15;
const GREATER: u16 = 0x25;
const ANY: u16 = 0x45;
/// Return: the number of bytes to keep.
const TAKE: u16 = 0x06;

/// The offset of a frame's direction (`SKF_AD_OFF` and `SKF_AD_PKTTYPE`), and its value for
/// frames that this machine sends.
const DIRECTION: u32 = 0xffff_f004;
const OUTGOING: u32 = 4;

const STEPS: usize = 34;

/// Placeholder for the SIP port: one more than the largest port.
const SIP: u32 = 0x0001_0000;

/// The filter with this SIP port.
fn filter(sip: u16) -> [BpfInstruction; STEPS] {
    FILTER.map(|(code, yes, no, number)| {
        let number = if number == SIP { sip.into() } else { number };
        (code, yes, no, number)
    })
}

/// A program for the kernel's classic filter, so that a frame of a transfer is never copied. It
/// accepts SIP in both directions, because a PBX on this machine answers from here, and ICMP
/// messages that the SIP port is closed. Of incoming frames it also accepts CDP, LLDP, ARP, and UDP
/// to ports 67 and 68. The kernel has removed one 802.1Q tag before.
const FILTER: [BpfInstruction; STEPS] = [
    (HALF, 0, 0, 12),
    (EQUAL, 10, 0, 0x0800), // IPv4: see below
    (WORD, 0, 0, DIRECTION),
    (EQUAL, 28, 0, OUTGOING), // outgoing: drop
    (HALF, 0, 0, 12),
    (EQUAL, 27, 0, 0x88cc), // LLDP: accept
    (EQUAL, 26, 0, 0x0806), // ARP: accept
    (GREATER, 24, 0, 1500), // not 802.3: drop
    (WORD, 0, 0, 14),       // SNAP, and the first byte of the OUI
    (EQUAL, 0, 22, 0xaaaa_0300),
    (WORD, 0, 0, 18), // the rest of Cisco's OUI, and CDP
    (EQUAL, 21, 20, 0x000c_2000),
    (HALF, 0, 0, 20), // IPv4: drop a later fragment, which has no ports
    (ANY, 18, 0, 0x1fff),
    (HEADER, 0, 0, 14),
    (BYTE, 0, 0, 23),
    (EQUAL, 7, 0, 6),  // TCP: compare both ports
    (EQUAL, 10, 0, 1), // ICMP: see below
    (EQUAL, 0, 13, 17),
    (WORD, 0, 0, DIRECTION),
    (EQUAL, 3, 0, OUTGOING),
    (HALF_INDEXED, 0, 0, 16), // incoming UDP: the destination port
    (EQUAL, 10, 0, 67),
    (EQUAL, 9, 0, 68),
    (HALF_INDEXED, 0, 0, 14), // the source port
    (EQUAL, 7, 0, SIP),
    (HALF_INDEXED, 0, 0, 16),
    (EQUAL, 5, 4, SIP),
    (HALF_INDEXED, 0, 0, 14), // ICMP: port unreachable
    (EQUAL, 0, 2, 0x0303),
    (HALF_INDEXED, 0, 0, 44), // the destination port of the rejected datagram
    (EQUAL, 1, 0, SIP),
    (TAKE, 0, 0, 0),
    (TAKE, 0, 0, u32::MAX),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs the filter as the kernel does: how many bytes of a frame in this direction it keeps.
    fn run(frame: &[u8], direction: u32, sip: u16) -> u32 {
        let filter = filter(sip);
        let load = |at: u32, length: usize| {
            if at == DIRECTION {
                return Some(direction);
            }
            let at = at as usize;
            let bytes = frame.get(at..at + length)?;
            Some(
                bytes
                    .iter()
                    .fold(0, |sum, byte| sum << 8 | u32::from(*byte)),
            )
        };
        let (mut place, mut held, mut index) = (0, 0, 0);
        loop {
            let (code, yes, no, number) = filter[place];
            place += 1;
            let loaded = match code {
                WORD => load(number, 4),
                HALF => load(number, 2),
                BYTE => load(number, 1),
                HALF_INDEXED => load(number + index, 2),
                HEADER => {
                    index = 4 * u32::from(frame[number as usize] & 0x0f);
                    continue;
                }
                TAKE => return number,
                _ => {
                    let holds = match code {
                        EQUAL => held == number,
                        GREATER => held > number,
                        ANY => held & number != 0,
                        other => panic!("{other} is no step"),
                    };
                    place += usize::from(if holds { yes } else { no });
                    continue;
                }
            };
            // A load beyond the end of the frame drops it.
            let Some(loaded) = loaded else { return 0 };
            held = loaded;
        }
    }

    fn ethernet(kind: u16, rest: &[u8]) -> Vec<u8> {
        [&[0; 12][..], &kind.to_be_bytes(), rest].concat()
    }

    fn ipv4(options: u8, fragment: u16, protocol: u8, ports: (u16, u16)) -> Vec<u8> {
        let mut bytes = vec![0; 20 + 4 * usize::from(options) + 8];
        bytes[0] = 0x45 + options;
        bytes[6..8].copy_from_slice(&fragment.to_be_bytes());
        bytes[9] = protocol;
        let at = 20 + 4 * usize::from(options);
        bytes[at..at + 2].copy_from_slice(&ports.0.to_be_bytes());
        bytes[at + 2..at + 4].copy_from_slice(&ports.1.to_be_bytes());
        ethernet(0x0800, &bytes)
    }

    /// An ICMP message about a datagram to this port.
    fn unreachable(code: u8, port: u16) -> Vec<u8> {
        let mut icmp = ipv4(0, 0, 1, (u16::from_be_bytes([3, code]), 0));
        icmp.extend(&ipv4(0, 0, 17, (40_000, port))[14..]);
        icmp
    }

    #[test]
    fn the_filter_has_the_sip_port_of_the_pbx() {
        for frame in [
            ipv4(0, 0, 17, (49_154, 5160)),
            ipv4(0, 0, 6, (5160, 49_154)),
            unreachable(3, 5160),
        ] {
            assert_eq!((run(&frame, 0, 5060), run(&frame, OUTGOING, 5060)), (0, 0));
            assert!(run(&frame, 0, 5160) > 0 && run(&frame, OUTGOING, 5160) > 0);
        }
    }

    #[test]
    fn the_filter_accepts_frames_with_evidence_and_nothing_else() {
        let snap = |oui: [u8; 3], kind: [u8; 2]| {
            let inside = [&[0xaa, 0xaa, 3][..], &oui, &kind, &[2, 180]].concat();
            ethernet(10, &inside)
        };
        // Whether the frame is accepted when it comes in, and when this machine sends it.
        for (what, frame, comes_in, goes_out) in [
            ("LLDP", ethernet(0x88cc, &[0; 30]), true, false),
            ("ARP", ethernet(0x0806, &[0; 28]), true, false),
            ("CDP", snap([0, 0, 0x0c], [0x20, 0]), true, false),
            ("VTP", snap([0, 0, 0x0c], [0x20, 3]), false, false),
            (
                "SNAP of another",
                snap([0, 0, 0x0d], [0x20, 0]),
                false,
                false,
            ),
            ("spanning tree", ethernet(38, &[0x42; 38]), false, false),
            ("IPv6", ethernet(0x86dd, &[0; 60]), false, false),
            ("to a DHCP server", ipv4(0, 0, 17, (68, 67)), true, false),
            ("to a DHCP client", ipv4(0, 0, 17, (67, 68)), true, false),
            ("with IP options", ipv4(3, 0, 17, (67, 68)), true, false),
            (
                "whole, not to be cut",
                ipv4(0, 0x4000, 17, (68, 67)),
                true,
                false,
            ),
            (
                "a later fragment",
                ipv4(0, 0x0001, 17, (68, 67)),
                false,
                false,
            ),
            ("TFTP", ipv4(0, 0, 17, (40_000, 69)), false, false),
            ("a transfer", ipv4(0, 0, 17, (40_000, 40_001)), false, false),
            ("TCP", ipv4(0, 0, 6, (68, 67)), false, false),
            ("a REGISTER", ipv4(0, 0, 17, (49_154, 5060)), true, true),
            ("its answer", ipv4(0, 0, 17, (5060, 49_154)), true, true),
            ("over TCP", ipv4(2, 0, 6, (49_154, 5060)), true, true),
            ("its answer", ipv4(0, 0, 6, (5060, 49_154)), true, true),
            (
                "a fragment of it",
                ipv4(0, 0x0002, 17, (49_154, 5060)),
                false,
                false,
            ),
            ("no SIP there", unreachable(3, 5060), true, true),
            ("no TFTP there", unreachable(3, 69), false, false),
            ("no way there", unreachable(1, 5060), false, false),
            ("a ping", ipv4(0, 0, 1, (0x0800, 0)), false, false),
            ("nothing", Vec::new(), false, false),
            ("a header alone", ethernet(0x0800, &[]), false, false),
        ] {
            assert_eq!(run(&frame, 0, 5060) > 0, comes_in, "{what}, in");
            assert_eq!(run(&frame, OUTGOING, 5060) > 0, goes_out, "{what}, out");
            let is_sip = goes_out;
            assert_eq!(
                run(&frame, 0, 5160) > 0,
                comes_in && !is_sip,
                "{what}, other port"
            );
        }
    }
}
