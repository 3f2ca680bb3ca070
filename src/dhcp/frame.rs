//! A question as it goes onto the wire: UDP from 0.0.0.0 port 68 to everybody's port 67.
//!
//! The system's own UDP would put this machine's address there, which no phone that boots has.

use std::net::{Ipv4Addr, SocketAddrV4};

use crate::{
    phone::MacAddress,
    protocol::{
        dhcp::{CLIENT_PORT, SERVER_PORT},
        frame::{Frame, Payload},
    },
};

const ETHERNET: usize = 14;
const IPV4: usize = 20;
const UDP: usize = 8;

/// The question's frame.
pub(super) fn question(from: MacAddress, message: &[u8]) -> Vec<u8> {
    // Our own messages are a few hundred bytes.
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
    // No checksum: UDP over IPv4 may go without (RFC 768).
    frame.extend([0, 0]);
    frame.extend(message);
    frame
}

/// The DHCP message for a client in a frame, and who sent it. A message whose rest is missing
/// is none.
pub(super) fn answer(bytes: &[u8]) -> Option<(Ipv4Addr, &[u8])> {
    match Frame::decode(bytes).ok()?.payload {
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

/// RFC 1071, of an even number of bytes.
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
        fn any_frame_is_an_answer_or_none(
            bytes in proptest::collection::vec(any::<u8>(), 0..80),
            header in 0_usize..3,
        ) {
            answer(&bytes);
            let mut whole = question(MacAddress::new([2; 6]), &bytes);
            // What says how long things are: the IPv4 header, its length, UDP's.
            let place = [14, 16, 38][header];
            whole[place] = bytes.first().copied().unwrap_or(0);
            answer(&whole);
        }
    }

    #[test]
    fn a_question_is_a_frame_that_another_reader_understands() {
        let mac = MacAddress::new([2, 0, 0, 0, 0, 7]);
        let bytes = question(mac, b"hello");
        let frame = Frame::decode(&bytes).unwrap();
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
            "a right header sums to nothing"
        );
    }

    #[test]
    fn only_a_servers_word_to_a_client_is_an_answer() {
        let mac = MacAddress::new([2, 0, 0, 0, 0, 7]);
        let mut bytes = question(mac, b"offer");
        assert_eq!(answer(&bytes), None, "a question is none");
        bytes[34..38].copy_from_slice(&[0, 67, 0, 68]);
        assert_eq!(answer(&bytes), Some((Ipv4Addr::UNSPECIFIED, &b"offer"[..])));
        for length in 0..bytes.len() {
            assert_eq!(answer(&bytes[..length]), None, "{length}");
        }
    }
}
