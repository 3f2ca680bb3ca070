//! The TFTP client of a phone, one file at a time.
//!
//! It has its own codec, not the server's, so that an error does not cancel out. It does only what
//! was observed with phones: octet mode, no options (RFC 1350 blocks of 512 bytes), and no ERROR
//! packets. A phone ends a transfer by closing its socket.

use std::{net::SocketAddrV4, time::Duration};

use sha2::{Digest, Sha256};

use super::{
    action::PhoneAction,
    packets::{BLOCK, ServerPacket, acknowledgement, decode, request},
};

/// An unanswered request is repeated after this long (503 of about 560 intervals of real phones).
/// Not scaled by the pace.
const RETRY: Duration = Duration::from_secs(4);
/// Requests from one port.
const TRIES: u32 = 5;
/// Ports that a file is requested from, each one above the one before.
const PORTS: u32 = 3;
/// The first port of a boot loader, and the port after the highest one.
pub(super) const FIRST_PORT: u16 = 49152;
/// Some firmware of the year 2000 sends a zero byte after this request: here, each that has an odd port.
const OLDEST_NAME: &str = "OS79XX.TXT";
/// Bytes of a manifest or a configuration that a phone keeps.
pub(super) const KEPT: usize = 550_001;

/// The port after this one.
pub(super) fn port_after(port: u16) -> u16 {
    port.checked_add(1).unwrap_or(FIRST_PORT)
}

/// A completely received file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fetched {
    pub(super) bytes: u64,
    pub(super) sha256: [u8; 32],
    /// Empty for an image, and for a file that is longer than a phone keeps.
    pub(super) body: Vec<u8>,
}

/// The progress of a file after an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FetchProgress {
    /// The transfer goes on.
    Going,
    /// It is complete; the open socket still acknowledges repeated blocks.
    Got(Fetched),
    /// The server sent ERROR with this code.
    Refused(u16),
    /// The server does not answer.
    Silent,
}

/// One file being fetched.
#[derive(Debug, Clone)]
pub(super) struct Fetch {
    name: String,
    server: SocketAddrV4,
    port: u16,
    ports: u32,
    tries: u32,
    /// The server's address and port of this transfer, from its first answer on.
    tid: Option<SocketAddrV4>,
    /// The last acknowledged block.
    block: u16,
    bytes: u64,
    keeps: bool,
    /// A zero byte after its requests, as phones of the year 2000 send.
    extra_nul: bool,
    body: Vec<u8>,
    hash: Sha256,
    deadline: Option<Duration>,
}

impl Fetch {
    /// Opens `port` and requests `name`. `keeps`: keep the contents, not only their hash.
    pub(super) fn begin(
        now: Duration,
        name: String,
        port: u16,
        server: SocketAddrV4,
        keeps: bool,
        actions: &mut Vec<PhoneAction>,
    ) -> Self {
        let mut fetch = Self {
            name,
            server,
            port,
            ports: 1,
            tries: 0,
            tid: None,
            block: 0,
            bytes: 0,
            keeps,
            extra_nul: false,
            body: Vec::new(),
            hash: Sha256::new(),
            deadline: None,
        };
        fetch.extra_nul = fetch.name == OLDEST_NAME && port % 2 == 1;
        actions.push(PhoneAction::Open(port));
        fetch.send_request(now, actions);
        fetch
    }

    /// The port that is open; the next file goes out from a later one.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The number of received bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether a block was received, even an empty one.
    pub(super) fn has_begun(&self) -> bool {
        self.tid.is_some()
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        self.deadline
    }

    /// Closes the socket, whatever is still on its way: the server's next datagram comes
    /// back as ICMP port unreachable.
    pub(super) fn close(self, actions: &mut Vec<PhoneAction>) {
        actions.push(PhoneAction::Close(self.port));
    }

    fn send_request(&mut self, now: Duration, actions: &mut Vec<PhoneAction>) {
        self.tries += 1;
        self.deadline = Some(now + RETRY);
        let mut bytes = request(&self.name);
        bytes.extend(self.extra_nul.then_some(0));
        actions.push(PhoneAction::Send {
            port: self.port,
            to: self.server,
            bytes,
        });
    }

    fn acknowledge(&self, to: SocketAddrV4, actions: &mut Vec<PhoneAction>) {
        actions.push(PhoneAction::Send {
            port: self.port,
            to,
            bytes: acknowledgement(self.block),
        });
    }

    /// Handles a datagram that `port` received.
    pub(super) fn receive(
        &mut self,
        now: Duration,
        port: u16,
        from: SocketAddrV4,
        bytes: &[u8],
        actions: &mut Vec<PhoneAction>,
    ) -> FetchProgress {
        // A datagram of another sender, or the answer to an earlier port of the same request.
        if port != self.port
            || from.ip() != self.server.ip()
            || self.tid.is_some_and(|tid| tid != from)
        {
            return FetchProgress::Going;
        }
        match decode(bytes) {
            Some(ServerPacket::Error(code)) if self.deadline.is_some() => {
                self.deadline = None;
                FetchProgress::Refused(code)
            }
            Some(ServerPacket::Data(block, data)) => self.data(now, from, block, data, actions),
            _ => FetchProgress::Going,
        }
    }

    fn data(
        &mut self,
        now: Duration,
        from: SocketAddrV4,
        block: u16,
        data: &[u8],
        actions: &mut Vec<PhoneAction>,
    ) -> FetchProgress {
        let repeated = self.tid.is_some() && block == self.block;
        if repeated {
            self.acknowledge(from, actions);
        }
        if repeated || self.deadline.is_none() || block != self.block.wrapping_add(1) {
            return FetchProgress::Going;
        }
        self.tid = Some(from);
        self.block = block;
        self.bytes += data.len() as u64;
        self.hash.update(data);
        if self.keeps && self.body.len() + data.len() <= KEPT {
            self.body.extend_from_slice(data);
        } else {
            self.keeps = false;
            self.body = Vec::new();
        }
        self.tries = 0;
        self.acknowledge(from, actions);
        if data.len() == BLOCK {
            self.deadline = Some(now + RETRY);
            return FetchProgress::Going;
        }
        self.deadline = None;
        FetchProgress::Got(Fetched {
            bytes: self.bytes,
            sha256: self.hash.finalize_reset().into(),
            body: std::mem::take(&mut self.body),
        })
    }

    /// Lets time pass.
    pub(super) fn wake(&mut self, now: Duration, actions: &mut Vec<PhoneAction>) -> FetchProgress {
        if self.deadline.is_none_or(|deadline| now < deadline) {
            return FetchProgress::Going;
        }
        if self.tries < TRIES {
            match self.tid {
                None => self.send_request(now, actions),
                Some(tid) => {
                    // No public capture shows what a phone does in mid-transfer; repeating
                    // its ACK at the pace of its requests is this script's choice.
                    self.tries += 1;
                    self.deadline = Some(now + RETRY);
                    self.acknowledge(tid, actions);
                }
            }
            return FetchProgress::Going;
        }
        if self.tid.is_none() && self.ports < PORTS {
            actions.push(PhoneAction::Close(self.port));
            self.port = port_after(self.port);
            self.ports += 1;
            self.tries = 0;
            actions.push(PhoneAction::Open(self.port));
            self.send_request(now, actions);
            return FetchProgress::Going;
        }
        self.deadline = None;
        FetchProgress::Silent
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const SERVER: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 69);
    const TID: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 3000);

    fn begun(actions: &mut Vec<PhoneAction>) -> Fetch {
        let name = "term65.default.loads".to_owned();
        Fetch::begin(Duration::ZERO, name, FIRST_PORT, SERVER, true, actions)
    }

    fn data(block: u16, length: usize) -> Vec<u8> {
        let [high, low] = block.to_be_bytes();
        let mut bytes = vec![0, 3, high, low];
        bytes.resize(4 + length, 7);
        bytes
    }

    fn ack(port: u16, block: u16) -> PhoneAction {
        let bytes = acknowledgement(block);
        PhoneAction::Send {
            port,
            to: TID,
            bytes,
        }
    }

    #[test]
    fn a_silent_server_gets_fifteen_requests_from_three_ports_in_a_minute() {
        let mut actions = Vec::new();
        let mut fetch = begun(&mut actions);
        let mut now;
        loop {
            now = fetch.deadline().expect("it waits until it gives up");
            if fetch.wake(now, &mut actions) == FetchProgress::Silent {
                break;
            }
        }
        assert_eq!(now, Duration::from_mins(1));
        let ports: Vec<u16> = actions
            .iter()
            .filter_map(|action| match action {
                PhoneAction::Send { port, to, bytes } => {
                    assert_eq!(
                        (*to, bytes.as_slice()),
                        (SERVER, &b"\0\x01term65.default.loads\0octet\0"[..])
                    );
                    Some(*port)
                }
                _ => None,
            })
            .collect();
        let expected: Vec<u16> = (0..3).flat_map(|port| [FIRST_PORT + port; 5]).collect();
        assert_eq!(ports, expected);
    }

    #[test]
    fn the_client_keeps_the_first_transfer_id_and_acknowledges_repeated_blocks() {
        let mut actions = Vec::new();
        let mut fetch = begun(&mut actions);
        actions.clear();
        let other = SocketAddrV4::new(*TID.ip(), 3001);
        let stranger = SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, 9), 3000);
        let mut take = |from, bytes: &[u8]| {
            fetch.receive(Duration::ZERO, FIRST_PORT, from, bytes, &mut actions)
        };
        assert_eq!(take(stranger, &data(1, 512)), FetchProgress::Going);
        assert_eq!(take(TID, &data(2, 512)), FetchProgress::Going);
        assert_eq!(take(TID, &data(1, 512)), FetchProgress::Going);
        assert_eq!(take(other, &data(2, 512)), FetchProgress::Going);
        assert_eq!(take(other, b"\0\x05\0\x01gone\0"), FetchProgress::Going);
        assert_eq!(take(TID, &data(1, 512)), FetchProgress::Going);
        let FetchProgress::Got(fetched) = take(TID, &data(2, 0)) else {
            panic!("an empty block ends a file of whole blocks");
        };
        assert_eq!((fetched.bytes, fetched.body.len()), (512, 512));
        assert_eq!(fetched.sha256, <[u8; 32]>::from(Sha256::digest([7; 512])));
        // The final ACK was lost: the repeated block is acknowledged, and the file is not received
        // twice.
        assert_eq!(take(TID, &data(2, 0)), FetchProgress::Going);
        let acks = [1, 1, 2, 2].map(|block| ack(FIRST_PORT, block));
        assert_eq!(actions, acks);
    }

    #[test]
    fn the_request_of_the_oldest_firmware_ends_with_one_byte_more() {
        let requests = |port| {
            let mut actions = Vec::new();
            let name = OLDEST_NAME.to_owned();
            let mut fetch = Fetch::begin(Duration::ZERO, name, port, SERVER, true, &mut actions);
            let _ = fetch.wake(RETRY, &mut actions);
            let sent = actions.into_iter().filter_map(|action| match action {
                PhoneAction::Send { bytes, .. } => Some(bytes),
                _ => None,
            });
            sent.collect::<Vec<_>>()
        };
        let plain = b"\0\x01OS79XX.TXT\0octet\0".to_vec();
        let longer = [&plain[..], b"\0"].concat();
        assert_eq!(requests(50_001), [longer.clone(), longer]);
        assert_eq!(requests(50_002), [plain.clone(), plain]);
    }

    #[test]
    fn an_oack_and_a_block_of_more_than_512_bytes_are_ignored() {
        let mut actions = Vec::new();
        let mut fetch = begun(&mut actions);
        actions.clear();
        for bytes in [b"\0\x06blksize\x001024\0".to_vec(), data(1, 513)] {
            let progress = fetch.receive(Duration::ZERO, FIRST_PORT, TID, &bytes, &mut actions);
            assert_eq!(progress, FetchProgress::Going);
        }
        assert_eq!((actions, fetch.has_begun()), (Vec::new(), false));
    }

    #[test]
    fn block_numbers_wrap_after_65535() {
        let mut actions = Vec::new();
        let mut fetch = begun(&mut actions);
        for index in 1..=65537_u32 {
            #[expect(clippy::cast_possible_truncation, reason = "the wire's own wrap")]
            let block = data(index as u16, 512);
            let progress = fetch.receive(Duration::ZERO, FIRST_PORT, TID, &block, &mut actions);
            assert_eq!(progress, FetchProgress::Going);
        }
        assert_eq!(fetch.bytes(), 65537 * 512);
        assert!(
            fetch.body.is_empty(),
            "no phone keeps a configuration of 32 MB"
        );
        assert_eq!(actions.last(), Some(&ack(FIRST_PORT, 1)));
    }
}
