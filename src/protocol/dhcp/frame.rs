//! DHCP messages in Ethernet frames: broadcasts of a client without an address (UDP from 0.0.0.0
//! port 68 to 255.255.255.255 port 67), and the servers' replies.
//!
//! An ordinary UDP socket would send this machine's address as the source.

use std::net::{Ipv4Addr, SocketAddrV4};

use super::{
    super::frame::{EthernetFrame, Payload},
    ports::{CLIENT_PORT, SERVER_PORT},
};
use crate::phone::MacAddress;

const ETHERNET: usize = 14;
const IPV4: usize = 20;
const UDP: usize = 8;

/// The frame of a client's message.
pub(crate) fn encode_broadcast(from: MacAddress, message: &[u8]) -> Vec<u8> {
    // The program's own messages have a few hundred bytes.
    let length = |header: usize| u16::try_from(header + message.len()).unwrap_or(u16::MAX);
    let mut frame = Vec::with_capacity(ETHERNET + IPV4 + UDP + message.len());
    frame.extend([0xff; 6]);
    frame.extend(from.bytes());
    frame.extend([0x08, 0x00]);
    let mut header = [0; IPV4];
    // Version 4, five words, no fragment, 64 hops, UDP; the identification is of no use without
    // fragments (RFC 6864).
    header[0] = 0x45;
    header[2..4].copy_from_slice(&length(IPV4 + UDP).to_be_bytes());
    header[8] = 64;
    header[9] = 17;
    header[16..20].copy_from_slice(&Ipv4Addr::BROADCAST.octets());
    let sum = checksum(&header);
    header[10..12].copy_from_slice(&sum.to_be_bytes());
    frame.extend(header);
    frame.extend(CLIENT_PORT.to_be_bytes());
    frame.extend(SERVER_PORT.to_be_bytes());
    frame.extend(length(UDP).to_be_bytes());
    // No checksum, which UDP over IPv4 permits (RFC 768).
    frame.extend([0, 0]);
    frame.extend(message);
    frame
}

/// A server's message to a client, with its sender. `None`: the frame is something else, or bytes of
/// the message are missing.
pub(crate) fn decode_reply(bytes: &[u8]) -> Option<(Ipv4Addr, &[u8])> {
    match EthernetFrame::decode(bytes).ok()?.payload {
        Payload::Ipv4Udp {
            source,
            destination,
            payload,
            is_cut: false,
            ..
        } if destination.port() == CLIENT_PORT && from_server(source) => {
            Some((*source.ip(), payload))
        }
        _ => None,
    }
}

fn from_server(source: SocketAddrV4) -> bool {
    source.port() == SERVER_PORT
}

/// RFC 1071, for an even number of bytes.
fn checksum(bytes: &[u8]) -> u16 {
    let (words, _) = bytes.as_chunks::<2>();
    let mut sum: u32 = words
        .iter()
        .map(|word| u32::from(u16::from_be_bytes(*word)))
        .sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_frame_is_a_reply_or_none(
            bytes in proptest::collection::vec(any::<u8>(), 0..80),
            header in 0_usize..3,
        ) {
            decode_reply(&bytes);
            let mut whole = encode_broadcast(MacAddress::new([2; 6]), &bytes);
            // Bytes with lengths: IPv4 header, IPv4 total, UDP.
            let place = [14, 16, 38][header];
            whole[place] = bytes.first().copied().unwrap_or(0);
            decode_reply(&whole);
        }
    }

    #[test]
    fn a_broadcast_frame_is_decoded_by_the_frame_decoder() {
        let mac = MacAddress::new([2, 0, 0, 0, 0, 7]);
        let bytes = encode_broadcast(mac, b"hello");
        let frame = EthernetFrame::decode(&bytes).unwrap();
        assert_eq!(frame.source, mac);
        assert_eq!(
            frame.payload,
            Payload::Ipv4Udp {
                source: SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 68),
                destination: SocketAddrV4::new(Ipv4Addr::BROADCAST, 67),
                payload: b"hello",
                length: 5,
                is_cut: false,
            }
        );
        assert_eq!(
            checksum(&bytes[ETHERNET..ETHERNET + IPV4]),
            0,
            "the checksum of a correct header is 0"
        );
    }

    #[test]
    fn only_a_servers_message_to_a_client_is_a_reply() {
        let mac = MacAddress::new([2, 0, 0, 0, 0, 7]);
        let mut bytes = encode_broadcast(mac, b"offer");
        assert_eq!(decode_reply(&bytes), None, "a client's message is none");
        bytes[34..38].copy_from_slice(&[0, 67, 0, 68]);
        assert_eq!(
            decode_reply(&bytes),
            Some((Ipv4Addr::UNSPECIFIED, &b"offer"[..]))
        );
        for length in 0..bytes.len() {
            assert_eq!(decode_reply(&bytes[..length]), None, "{length}");
        }
    }
}
