//! Packets of many clients in batches: one system call receives or sends up to 64.

#![expect(
    unsafe_code,
    reason = "recvmmsg and sendmmsg with a source address for each packet"
)]
#![expect(clippy::cast_possible_truncation, reason = "sizes of C structures")]

use std::{
    io, mem,
    net::{Ipv4Addr, SocketAddrV4, UdpSocket},
    os::fd::AsRawFd,
    ptr,
    time::Duration,
};

/// Packets in one system call.
const BATCH: usize = 64;
/// The longest packet.
const PACKET: usize = 1_600;

pub(crate) fn socket(at: SocketAddrV4) -> UdpSocket {
    let socket = UdpSocket::bind(at).expect("the port is free");
    for (level, option, value) in [
        (libc::IPPROTO_IP, libc::IP_PKTINFO, 1),
        (libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, 32 << 20),
        (libc::SOL_SOCKET, libc::SO_SNDBUFFORCE, 8 << 20),
    ] {
        let value: libc::c_int = value;
        // SAFETY: the value is a C int that outlives the call, and its size is stated. A
        // buffer that stays small costs speed and nothing else.
        unsafe {
            libc::setsockopt(
                socket.as_raw_fd(),
                level,
                option,
                (&raw const value).cast(),
                mem::size_of_val(&value) as _,
            );
        }
    }
    socket
}

#[derive(Clone, Copy)]
#[repr(C, align(8))]
struct Control([u8; 64]);

/// Buffers for packets.
pub(crate) struct Batch {
    buffers: Vec<[u8; PACKET]>,
    received: Vec<(SocketAddrV4, Ipv4Addr, usize)>,
}

impl Batch {
    pub(crate) fn new() -> Self {
        Self {
            buffers: vec![[0; PACKET]; BATCH],
            received: Vec::new(),
        }
    }

    pub(crate) fn packets(&self) -> impl Iterator<Item = (SocketAddrV4, Ipv4Addr, &[u8])> {
        let with = self.received.iter().zip(&self.buffers);
        with.map(|(&(from, to, length), buffer)| (from, to, &buffer[..length]))
    }

    /// Reads the waiting packets, or waits for some.
    pub(crate) fn receive(&mut self, socket: &UdpSocket, patience: Duration) {
        self.received.clear();
        let mut poll = libc::pollfd {
            fd: socket.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        let mut controls = [Control([0; 64]); BATCH];
        // SAFETY: plain data of C, for which zero is a valid value; then every header points to a
        // name, a part and a control buffer of the stated sizes that outlive the call, and
        // control messages are read within the length that the kernel set.
        unsafe {
            let mut names: [libc::sockaddr_in; BATCH] = mem::zeroed();
            let mut parts: [libc::iovec; BATCH] = mem::zeroed();
            let mut headers: [libc::mmsghdr; BATCH] = mem::zeroed();
            for at in 0..BATCH {
                parts[at].iov_base = self.buffers[at].as_mut_ptr().cast();
                parts[at].iov_len = PACKET;
                let header = &mut headers[at].msg_hdr;
                header.msg_name = ptr::from_mut(&mut names[at]).cast();
                header.msg_namelen = mem::size_of::<libc::sockaddr_in>() as _;
                header.msg_iov = &raw mut parts[at];
                header.msg_iovlen = 1;
                header.msg_control = ptr::from_mut(&mut controls[at]).cast();
                header.msg_controllen = mem::size_of::<Control>() as _;
            }
            let fd = socket.as_raw_fd();
            let mut read = || {
                libc::recvmmsg(
                    fd,
                    headers.as_mut_ptr(),
                    BATCH as _,
                    libc::MSG_DONTWAIT,
                    ptr::null_mut(),
                )
            };
            let mut count = read();
            if count < 0 {
                libc::poll(&raw mut poll, 1, patience.as_millis() as _);
                count = read();
            }
            for at in 0..usize::try_from(count).unwrap_or(0) {
                let header = &headers[at];
                let message = libc::CMSG_FIRSTHDR(&raw const header.msg_hdr);
                let Some(found) = message.as_ref() else {
                    continue;
                };
                if found.cmsg_type != libc::IP_PKTINFO {
                    continue;
                }
                let info: libc::in_pktinfo = ptr::read_unaligned(libc::CMSG_DATA(message).cast());
                let address = |from: libc::in_addr| Ipv4Addr::from_bits(u32::from_be(from.s_addr));
                let from = SocketAddrV4::new(
                    address(names[at].sin_addr),
                    u16::from_be(names[at].sin_port),
                );
                self.received
                    .push((from, address(info.ipi_addr), header.msg_len as usize));
            }
        }
    }

    pub(crate) fn send(socket: &UdpSocket, packets: &[(Ipv4Addr, SocketAddrV4, Vec<u8>)]) {
        let mut packets = packets;
        while !packets.is_empty() {
            let count = packets.len().min(BATCH);
            let mut controls = [Control([0; 64]); BATCH];
            // SAFETY: as above; the kernel only reads what it sends, and CMSG_FIRSTHDR is
            // given a buffer with room for one message.
            let sent = unsafe {
                let mut names: [libc::sockaddr_in; BATCH] = mem::zeroed();
                let mut parts: [libc::iovec; BATCH] = mem::zeroed();
                let mut headers: [libc::mmsghdr; BATCH] = mem::zeroed();
                for (at, (from, to, bytes)) in packets[..count].iter().enumerate() {
                    let be = |address: Ipv4Addr| libc::in_addr {
                        s_addr: address.to_bits().to_be(),
                    };
                    names[at].sin_family = libc::AF_INET as _;
                    names[at].sin_port = to.port().to_be();
                    names[at].sin_addr = be(*to.ip());
                    parts[at].iov_base = bytes.as_ptr().cast_mut().cast();
                    parts[at].iov_len = bytes.len();
                    let header = &mut headers[at].msg_hdr;
                    header.msg_name = ptr::from_mut(&mut names[at]).cast();
                    header.msg_namelen = mem::size_of::<libc::sockaddr_in>() as _;
                    header.msg_iov = &raw mut parts[at];
                    header.msg_iovlen = 1;
                    header.msg_control = ptr::from_mut(&mut controls[at]).cast();
                    let size = mem::size_of::<libc::in_pktinfo>() as u32;
                    header.msg_controllen = libc::CMSG_SPACE(size) as _;
                    let message = libc::CMSG_FIRSTHDR(header);
                    (*message).cmsg_level = libc::IPPROTO_IP;
                    (*message).cmsg_type = libc::IP_PKTINFO;
                    (*message).cmsg_len = libc::CMSG_LEN(size) as _;
                    let info = libc::in_pktinfo {
                        ipi_ifindex: 0,
                        ipi_spec_dst: be(*from),
                        ipi_addr: be(Ipv4Addr::UNSPECIFIED),
                    };
                    ptr::write_unaligned(libc::CMSG_DATA(message).cast(), info);
                }
                libc::sendmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), count as _, 0)
            };
            match usize::try_from(sent) {
                Ok(sent) => packets = &packets[sent..],
                Err(_) if io::Error::last_os_error().kind() == io::ErrorKind::Interrupted => {}
                // The error of an earlier packet: this one is sent next.
                Err(_) => {}
            }
        }
    }
}
