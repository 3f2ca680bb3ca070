//! Many datagrams per system call, with each one's destination address, and the ICMP errors of sent
//! datagrams. Linux only; the only file of the engine with `unsafe`.

#![expect(
    unsafe_code,
    reason = "recvmmsg, sendmmsg and control messages have no safe wrapper in one batch"
)]

use std::{
    io, mem,
    net::{Ipv4Addr, SocketAddrV4, UdpSocket},
    os::fd::AsRawFd,
    ptr,
};

use libc::{c_int, in_addr, in_pktinfo, iovec, mmsghdr, msghdr, sock_extended_err, sockaddr_in};

use tokio::io::unix::AsyncFd;

use super::transmit::Outgoing;

/// Maximum number of datagrams per system call.
pub(crate) const BATCH: usize = 64;

/// Size of a small batch, in datagrams: preparing a system call takes time for each that it could
/// transfer.
pub(crate) const FEW: usize = 16;

/// Maximum number of bytes read of a datagram: more than a request's 512, so that longer ones are
/// recognised.
const DATAGRAM_MAX: usize = 600;

/// The address family of every socket here.
#[expect(clippy::cast_possible_truncation, reason = "the constant is 2")]
const INET: libc::sa_family_t = libc::AF_INET as libc::sa_family_t;

/// Buffer for one datagram's control messages: `IP_PKTINFO` takes 32 bytes, `IP_RECVERR` 48.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
struct Control([u8; 128]);

/// A received datagram.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Datagram<'a> {
    /// The sender.
    pub(crate) peer: SocketAddrV4,
    /// The destination address; `None` if it is not one of this machine's own (broadcast,
    /// multicast) or unknown.
    pub(crate) local: Option<Ipv4Addr>,
    /// Its bytes, at most [`DATAGRAM_MAX`] of them.
    pub(crate) bytes: &'a [u8],
}

/// Buffers for one batch.
pub(crate) struct ReceiveBatch {
    buffers: Vec<[u8; DATAGRAM_MAX]>,
    controls: Vec<Control>,
    came: Vec<(SocketAddrV4, Option<Ipv4Addr>, usize)>,
}

impl ReceiveBatch {
    pub(crate) fn new() -> Self {
        Self {
            buffers: vec![[0; DATAGRAM_MAX]; BATCH],
            controls: vec![Control([0; 128]); BATCH],
            came: Vec::with_capacity(BATCH),
        }
    }

    /// Receives what is queued on the socket, without blocking, at most [`BATCH`] datagrams. Returns
    /// whether the queue is empty now: a batch that is not full emptied it.
    pub(crate) fn receive(&mut self, socket: &UdpSocket) -> io::Result<bool> {
        self.receive_up_to::<BATCH>(socket)
    }

    /// As [`ReceiveBatch::receive`], at most `MOST` datagrams.
    pub(crate) fn receive_up_to<const MOST: usize>(
        &mut self,
        socket: &UdpSocket,
    ) -> io::Result<bool> {
        const { assert!(MOST <= BATCH) }
        self.came.clear();
        // SAFETY: all three are plain data of C, for which zero is a value.
        let mut names: [sockaddr_in; MOST] = unsafe { mem::zeroed() };
        // SAFETY: as above.
        let mut parts: [iovec; MOST] = unsafe { mem::zeroed() };
        // SAFETY: as above.
        let mut headers: [mmsghdr; MOST] = unsafe { mem::zeroed() };
        for at in 0..MOST {
            parts[at] = part(&mut self.buffers[at]);
            let header = &mut headers[at].msg_hdr;
            header.msg_name = ptr::from_mut(&mut names[at]).cast();
            header.msg_namelen = size_u32::<sockaddr_in>();
            header.msg_iov = &raw mut parts[at];
            header.msg_iovlen = 1;
            header.msg_control = ptr::from_mut(&mut self.controls[at]).cast();
            header.msg_controllen = mem::size_of::<Control>() as _;
        }
        // SAFETY: every header points to a name, a part and a control buffer of the stated
        // sizes, one for each, and all of them outlive the call.
        let count = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                headers.as_mut_ptr(),
                size_of_batch(MOST),
                libc::MSG_DONTWAIT,
                ptr::null_mut(),
            )
        };
        let count = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
        for (header, name) in headers[..count].iter().zip(&names) {
            let length = usize::try_from(header.msg_len).unwrap_or(DATAGRAM_MAX);
            let local = find_control(&header.msg_hdr, libc::IP_PKTINFO)
                .map(|info: in_pktinfo| (address(info.ipi_addr), address(info.ipi_spec_dst)))
                .and_then(|(sent_to, own)| (sent_to == own).then_some(own));
            self.came
                .push((peer(name), local, length.min(DATAGRAM_MAX)));
        }
        Ok(count < MOST)
    }

    /// The received datagrams.
    pub(crate) fn datagrams(&self) -> impl Iterator<Item = Datagram<'_>> {
        self.came
            .iter()
            .zip(&self.buffers)
            .map(|(&(peer, local, length), buffer)| Datagram {
                peer,
                local,
                bytes: &buffer[..length],
            })
    }
}

/// Sends as many of these packets as fit in one call and returns their number. `name_source`: the socket
/// is bound to every address, so each packet names its source.
pub(crate) fn send(
    socket: &UdpSocket,
    packets: &[Outgoing],
    name_source: bool,
) -> io::Result<usize> {
    if packets.len() <= FEW {
        send_up_to::<FEW>(socket, packets, name_source)
    } else {
        send_up_to::<BATCH>(socket, packets, name_source)
    }
}

/// Sends at most `MOST` of these packets.
fn send_up_to<const MOST: usize>(
    socket: &UdpSocket,
    packets: &[Outgoing],
    name_source: bool,
) -> io::Result<usize> {
    let count = packets.len().min(MOST);
    // SAFETY: plain data of C, for which zero is a value.
    let mut names: [sockaddr_in; MOST] = unsafe { mem::zeroed() };
    // SAFETY: as above.
    let mut parts: [[iovec; 2]; MOST] = unsafe { mem::zeroed() };
    // SAFETY: as above.
    let mut headers: [mmsghdr; MOST] = unsafe { mem::zeroed() };
    let mut controls = [Control([0; 128]); MOST];
    for (at, packet) in packets[..count].iter().enumerate() {
        names[at] = sockaddr_in {
            sin_family: INET,
            sin_port: packet.to.port().to_be(),
            sin_addr: in_addr {
                s_addr: packet.to.ip().to_bits().to_be(),
            },
            sin_zero: [0; 8],
        };
        // The kernel does not write through the parts of a packet that it sends.
        parts[at] = [packet.head.as_bytes(), packet.body()].map(|bytes| iovec {
            iov_base: bytes.as_ptr().cast_mut().cast(),
            iov_len: bytes.len(),
        });
        let header = &mut headers[at].msg_hdr;
        header.msg_name = ptr::from_mut(&mut names[at]).cast();
        header.msg_namelen = size_u32::<sockaddr_in>();
        header.msg_iov = parts[at].as_mut_ptr();
        header.msg_iovlen = 2;
        if name_source {
            put_source(header, &mut controls[at], packet.from);
        }
    }
    // SAFETY: every header points to a name, two parts and, where named, a control message
    // of the stated sizes; the packets are borrowed, the arrays outlive the call.
    let sent = unsafe {
        libc::sendmmsg(
            socket.as_raw_fd(),
            headers.as_mut_ptr(),
            size_of_batch(count),
            libc::MSG_DONTWAIT,
        )
    };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

/// Reads one entry of the socket's error queue: the peer whose port is closed, or `None` for any other
/// error. Fails with `WouldBlock` when the queue is empty.
pub(crate) fn closed_port(socket: &UdpSocket) -> io::Result<Option<SocketAddrV4>> {
    /// Destination unreachable, port unreachable (RFC 792).
    const PORT_UNREACHABLE: (u8, u8) = (3, 3);
    // SAFETY: plain data of C, for which zero is a value.
    let mut name: sockaddr_in = unsafe { mem::zeroed() };
    // SAFETY: as above.
    let mut header: msghdr = unsafe { mem::zeroed() };
    let mut buffer = [0; DATAGRAM_MAX];
    let mut parts = part(&mut buffer);
    let mut control = Control([0; 128]);
    header.msg_name = ptr::from_mut(&mut name).cast();
    header.msg_namelen = size_u32::<sockaddr_in>();
    header.msg_iov = &raw mut parts;
    header.msg_iovlen = 1;
    header.msg_control = ptr::from_mut(&mut control).cast();
    header.msg_controllen = mem::size_of::<Control>() as _;
    // SAFETY: the header points to a name, a part and a control buffer of the stated sizes,
    // and all of them outlive the call.
    let got = unsafe {
        libc::recvmsg(
            socket.as_raw_fd(),
            &raw mut header,
            libc::MSG_ERRQUEUE | libc::MSG_DONTWAIT,
        )
    };
    if got < 0 {
        return Err(io::Error::last_os_error());
    }
    let closed = find_control(&header, libc::IP_RECVERR).is_some_and(|e: sock_extended_err| {
        e.ee_origin == libc::SO_EE_ORIGIN_ICMP && (e.ee_type, e.ee_code) == PORT_UNREACHABLE
    });
    // The name is the destination of the packet that caused the ICMP error.
    Ok((closed && name.sin_family == INET).then(|| peer(&name)))
}

/// Bytes of packets that left the socket and that the interface has not sent, with the kernel's bookkeeping.
pub(crate) fn unsent(socket: &UdpSocket) -> usize {
    let mut bytes: c_int = 0;
    // SAFETY: the call writes one C int, which outlives it.
    let result = unsafe { libc::ioctl(socket.as_raw_fd(), libc::TIOCOUTQ, &raw mut bytes) };
    if result < 0 {
        return 0;
    }
    usize::try_from(bytes).unwrap_or(0)
}

/// Registers a socket with the runtime.
pub(crate) fn watch(socket: UdpSocket) -> io::Result<AsyncFd<UdpSocket>> {
    // SAFETY: a `UdpSocket` owns its one descriptor and keeps it open until it is dropped,
    // and the `AsyncFd` owns the `UdpSocket`.
    Ok(unsafe { AsyncFd::register(socket) }?)
}

/// Makes every received datagram carry its destination address.
pub(crate) fn enable_packet_info(socket: &UdpSocket) -> io::Result<()> {
    set(socket, libc::IPPROTO_IP, libc::IP_PKTINFO, 1)
}

/// Makes the kernel queue ICMP errors with the address they concern.
pub(crate) fn enable_error_queue(socket: &UdpSocket) -> io::Result<()> {
    set(socket, libc::IPPROTO_IP, libc::IP_RECVERR, 1)
}

/// Sets the receive buffer beyond the system's limit, which needs a privilege.
pub(crate) fn force_receive_buffer(socket: &UdpSocket, bytes: c_int) -> io::Result<()> {
    set(socket, libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, bytes)
}

/// The same for the send buffer.
pub(crate) fn force_send_buffer(socket: &UdpSocket, bytes: c_int) -> io::Result<()> {
    set(socket, libc::SOL_SOCKET, libc::SO_SNDBUFFORCE, bytes)
}

fn set(socket: &UdpSocket, level: c_int, option: c_int, value: c_int) -> io::Result<()> {
    // SAFETY: the value is a C int that outlives the call, and its size is stated.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            option,
            (&raw const value).cast(),
            size_u32::<c_int>(),
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Writes the control message that names a packet's source address.
fn put_source(header: &mut msghdr, control: &mut Control, from: Ipv4Addr) {
    let info = in_pktinfo {
        ipi_ifindex: 0,
        ipi_spec_dst: in_addr {
            s_addr: from.to_bits().to_be(),
        },
        ipi_addr: in_addr { s_addr: 0 },
    };
    let size = size_u32::<in_pktinfo>();
    header.msg_control = ptr::from_mut(control).cast();
    // SAFETY: the two only compute sizes; CMSG_FIRSTHDR is given a control buffer that is
    // aligned and longer than CMSG_SPACE, so there is room for a header and the data.
    unsafe {
        header.msg_controllen = libc::CMSG_SPACE(size) as _;
        let message = libc::CMSG_FIRSTHDR(header);
        (*message).cmsg_level = libc::IPPROTO_IP;
        (*message).cmsg_type = libc::IP_PKTINFO;
        (*message).cmsg_len = libc::CMSG_LEN(size) as _;
        ptr::write_unaligned(libc::CMSG_DATA(message).cast(), info);
    }
}

/// Control data that is plain C data: any bytes are a valid value.
trait PlainData: Copy {}
impl PlainData for in_pktinfo {}
impl PlainData for sock_extended_err {}

/// Finds an IP control message of this kind in a header that the kernel filled.
fn find_control<T: PlainData>(header: &msghdr, kind: c_int) -> Option<T> {
    // SAFETY: only called while the control buffer that the header points to is alive; the
    // kernel wrote well-formed messages and their total length, within which these stay.
    unsafe {
        let mut message = libc::CMSG_FIRSTHDR(header);
        while let Some(found) = message.as_ref() {
            let whole = found.cmsg_len >= libc::CMSG_LEN(size_u32::<T>()) as _;
            if found.cmsg_level == libc::IPPROTO_IP && found.cmsg_type == kind && whole {
                return Some(ptr::read_unaligned(libc::CMSG_DATA(message).cast()));
            }
            message = libc::CMSG_NXTHDR(header, message);
        }
    }
    None
}

fn part(buffer: &mut [u8; DATAGRAM_MAX]) -> iovec {
    iovec {
        iov_base: buffer.as_mut_ptr().cast(),
        iov_len: buffer.len(),
    }
}

fn peer(name: &sockaddr_in) -> SocketAddrV4 {
    SocketAddrV4::new(address(name.sin_addr), u16::from_be(name.sin_port))
}

fn address(from: in_addr) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from_be(from.s_addr))
}

fn size_u32<T>() -> u32 {
    u32::try_from(mem::size_of::<T>()).expect("socket structures are small")
}

fn size_of_batch(count: usize) -> u32 {
    u32::try_from(count).expect("a batch is small")
}
