//! A packet socket on one interface that receives only DHCP replies.
//!
//! The socket is a packet socket because a phone that boots sends from 0.0.0.0, and because another
//! program may use port 68. The kernel filters: no other frame is copied to this process.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
    io::{self, Read},
    net::{Ipv4Addr, SocketAddrV4, UdpSocket},
    os::fd::{AsFd, BorrowedFd},
    time::{Duration, Instant},
};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use socket2::{Domain, SockAddr, SockFilter, Socket, Type};

use super::{Offer, Probe};
use crate::{
    phone::MacAddress,
    protocol::dhcp::{SERVER_PORT, frame},
};

/// Bytes of the largest frame: 1500 bytes of payload, the header, and a VLAN tag.
const FRAME: usize = 1518;

/// A network interface, as a packet socket needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkInterface {
    /// Name, as in `ip link`.
    pub name: String,
    /// Interface index.
    pub index: u32,
    /// Ethernet address.
    pub mac: MacAddress,
    /// IPv4 address.
    pub address: Ipv4Addr,
}

/// Why a packet socket could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PacketSocketError {
    /// `CAP_NET_RAW` is missing.
    #[error("sending raw frames needs CAP_NET_RAW")]
    NotAllowed,
    /// Any other error.
    #[error("cannot open a packet socket on {0}: {1}")]
    Other(String, #[source] io::Error),
}

/// A packet socket. It stays usable after privileges are dropped.
#[derive(Debug)]
pub struct PacketSocket {
    socket: Socket,
    to: SockAddr,
    interface: LinkInterface,
}

impl PacketSocket {
    /// Opens the socket.
    ///
    /// # Errors
    /// The privilege is missing, or the interface cannot be used.
    pub fn open(interface: LinkInterface) -> Result<Self, PacketSocketError> {
        let open = || {
            // With protocol 0 it receives nothing before it is bound, so the filter is in place first.
            let socket = Socket::new(Domain::PACKET, Type::RAW, None)?;
            socket.attach_filter(&FILTER)?;
            socket.set_nonblocking(true)?;
            let address = link_address(interface.index)?;
            socket.bind(&address)?;
            Ok::<_, io::Error>((socket, address))
        };
        match open() {
            Ok((socket, to)) => Ok(Self {
                socket,
                to,
                interface,
            }),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                Err(PacketSocketError::NotAllowed)
            }
            Err(error) => Err(PacketSocketError::Other(interface.name, error)),
        }
    }

    /// The interface.
    #[must_use]
    pub fn interface(&self) -> &LinkInterface {
        &self.interface
    }

    /// Broadcasts a message as a phone without an address does.
    pub(super) fn send(&self, message: &[u8]) -> io::Result<()> {
        let frame = frame::encode_broadcast(self.interface.mac, message);
        self.socket.send_to(&frame, &self.to).map(drop)
    }

    /// Passes received messages to `take`, without waiting.
    pub(super) fn receive(&self, mut take: impl FnMut(Ipv4Addr, &[u8])) -> io::Result<()> {
        let mut buffer = [0; FRAME];
        loop {
            match (&self.socket).read(&mut buffer) {
                Ok(length) => {
                    if let Some((source, message)) = frame::decode_reply(&buffer[..length]) {
                        take(source, message);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Collects the offers of all DHCP servers on this network; takes [`super::PROBE_WINDOW`].
    /// `include_local`: also asks a server on this machine, which frames do not reach.
    ///
    /// # Errors
    /// The socket failed.
    pub fn probe(&self, include_local: bool) -> io::Result<Vec<Offer>> {
        let local = include_local.then(|| self.local()).transpose()?;
        let began = Instant::now();
        let mut probe = Probe::new(self.interface.mac, random(), began.elapsed());
        while let Some(deadline) = probe.deadline(began.elapsed()) {
            let now = began.elapsed();
            if let Some(question) = probe.wake(now) {
                self.send(&question)?;
                if let Some(local) = &local {
                    let broadcast = SocketAddrV4::new(Ipv4Addr::BROADCAST, SERVER_PORT);
                    local.send_to(&question, broadcast)?;
                }
                continue;
            }
            wait([self.as_fd()], deadline.saturating_sub(now))?;
            self.receive(|source, message| probe.receive(source, message))?;
        }
        Ok(probe.offers().to_vec())
    }

    /// A UDP socket, whose broadcasts also reach programs on this machine.
    fn local(&self) -> io::Result<UdpSocket> {
        let socket = UdpSocket::bind((self.interface.address, 0))?;
        socket.set_broadcast(true)?;
        socket2::SockRef::from(&socket).bind_device(Some(self.interface.name.as_bytes()))?;
        Ok(socket)
    }
}

impl AsFd for PacketSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Waits until one of the sockets is readable, or the time is over.
pub(super) fn wait<const N: usize>(sockets: [BorrowedFd<'_>; N], time: Duration) -> io::Result<()> {
    let mut sockets = sockets.map(|socket| PollFd::new(socket, PollFlags::POLLIN));
    // Rounds up: less than a millisecond would be a busy loop.
    let time = time + Duration::from_millis(1);
    let time = PollTimeout::try_from(time).unwrap_or(PollTimeout::MAX);
    match poll(&mut sockets, time) {
        Ok(_) | Err(nix::errno::Errno::EINTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// A random number.
pub(super) fn random() -> u32 {
    let [a, b, c, d, ..] = RandomState::new().build_hasher().finish().to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}

/// IPv4, not a later fragment, UDP, from port 67 to port 68 (packet(7), the classic filter).
/// Offsets are in the Ethernet frame; the kernel removed a VLAN tag before.
const FILTER: [SockFilter; 11] = {
    const HALF: u16 = 0x28;
    const BYTE: u16 = 0x30;
    const HALF_INDEXED: u16 = 0x48;
    const EQUAL: u16 = 0x15;
    const BITS: u16 = 0x45;
    const HEADER_LENGTH: u16 = 0xb1;
    const RETURN: u16 = 0x06;
    [
        SockFilter::new(HALF, 0, 0, 12),
        SockFilter::new(EQUAL, 0, 8, 0x0800),
        SockFilter::new(BYTE, 0, 0, 23),
        SockFilter::new(EQUAL, 0, 6, 17),
        SockFilter::new(HALF, 0, 0, 20),
        SockFilter::new(BITS, 4, 0, 0x1fff),
        SockFilter::new(HEADER_LENGTH, 0, 0, 14),
        SockFilter::new(HALF_INDEXED, 0, 0, 14),
        SockFilter::new(EQUAL, 0, 1, 67),
        SockFilter::new(RETURN, 0, 0, 0xffff),
        SockFilter::new(RETURN, 0, 0, 0),
    ]
};

/// The address of an interface for all protocols: frames that this machine sends are only visible to
/// sockets bound to `ETH_P_ALL` (packet(7)).
#[allow(
    unsafe_code,
    reason = "the address of a packet socket has no safe constructor"
)]
fn link_address(index: u32) -> io::Result<SockAddr> {
    let number = i32::try_from(index).map_err(io::Error::other)?;
    let protocol = u16::try_from(libc::ETH_P_ALL).map_err(io::Error::other)?;
    let family = libc::sa_family_t::try_from(libc::AF_PACKET).map_err(io::Error::other)?;
    // SAFETY: the storage is zeroed, aligned for every socket address and at least as long as
    // `sockaddr_ll`, of which every field is a plain number; the length is that of `sockaddr_ll`.
    let ((), address) = unsafe {
        SockAddr::try_init(|storage, length| {
            let link = (*storage).view_as::<libc::sockaddr_ll>();
            link.sll_family = family;
            link.sll_protocol = protocol.to_be();
            link.sll_ifindex = number;
            *length = u32::try_from(size_of::<libc::sockaddr_ll>()).map_err(io::Error::other)?;
            Ok(())
        })
    }?;
    Ok(address)
}
