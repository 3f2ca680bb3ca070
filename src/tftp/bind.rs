//! Binding the server's sockets, and why that failed.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket},
};

use nix::sys::resource::{Resource, getrlimit};
use socket2::{Domain, SockRef, Type};

use super::{batch, policy::EngineLimits};

/// The requested receive buffer, in bytes. With the kernel's default of 212,992, a thousand phones that
/// start at once lose requests; with this they lose none.
pub const RECEIVE_BUFFER: usize = 4 << 20;

/// How many ports transfers have unless they are fixed, or half of the file descriptors beyond 128 if
/// that is less. A host that sees no packet of a transfer guesses its port once in so many requests.
pub const TRANSFER_PORTS: u16 = 256;

/// File descriptors that random transfer ports leave to files, captures and HTTP connections.
const OTHER_DESCRIPTORS: u64 = 128;

/// The requested send buffer, in bytes.
const SEND_BUFFER: usize = 1 << 20;

/// The UDP source ports of transfers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransferPorts {
    /// The first port; 0 = ports that the kernel chooses at random.
    pub first: u16,
    /// How many there are; at least two are used. Fixed ports follow each other.
    pub count: u16,
}

impl Default for TransferPorts {
    fn default() -> Self {
        Self::RANDOM
    }
}

impl TransferPorts {
    /// As many random ports as there are by default.
    pub const RANDOM: Self = Self {
        first: 0,
        count: TRANSFER_PORTS,
    };

    /// The ports to bind with this many file descriptors.
    fn wanted(self, descriptors: u64) -> impl Iterator<Item = u16> {
        let affordable = match self.first {
            0 => {
                u16::try_from(descriptors.saturating_sub(OTHER_DESCRIPTORS) / 2).unwrap_or(u16::MAX)
            }
            _ => u16::MAX,
        };
        let count = self.count.min(affordable).max(2);
        let first = self.first.min(u16::MAX - (count - 1));
        (0..count).map(move |index| if self.first == 0 { 0 } else { first + index })
    }
}

/// Where to listen, and the limits.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// The address that receives requests; port 0 = any. With address 0.0.0.0, answers use the address that
    /// received the request.
    pub listen: SocketAddrV4,
    /// The UDP source ports of transfers; a random one serves each transfer.
    pub transfer_ports: TransferPorts,
    /// DSCP value of sent packets, 0 to 63 (RFC 2474); 0 = default.
    pub dscp: u8,
    /// The limits.
    pub limits: EngineLimits,
}

impl Config {
    /// This address, any transfer port and the default limits.
    #[must_use]
    pub fn new(listen: SocketAddrV4) -> Self {
        Self {
            listen,
            transfer_ports: TransferPorts::RANDOM,
            dscp: 0,
            limits: EngineLimits::default(),
        }
    }
}

/// Why a port cannot be bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindErrorKind {
    /// Ports below 1024 need a privilege.
    Permission,
    /// Another program uses it.
    InUse,
    /// No interface has this address.
    NotAvailable,
    /// Any other error.
    Other,
}

impl BindErrorKind {
    /// The kind of a system error.
    #[must_use]
    pub fn of(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::PermissionDenied => Self::Permission,
            io::ErrorKind::AddrInUse => Self::InUse,
            io::ErrorKind::AddrNotAvailable => Self::NotAvailable,
            _ => Self::Other,
        }
    }
}

/// A socket that could not be bound.
#[derive(Debug, thiserror::Error)]
#[error("cannot bind UDP {address}:{port}")]
pub struct BindError {
    /// The address.
    pub address: Ipv4Addr,
    /// The port.
    pub port: u16,
    /// The reason.
    pub kind: BindErrorKind,
    /// The system's error.
    #[source]
    pub source: io::Error,
}

impl BindError {
    pub(super) fn new(wanted: SocketAddrV4, source: io::Error) -> Self {
        Self {
            address: *wanted.ip(),
            port: wanted.port(),
            kind: BindErrorKind::of(&source),
            source,
        }
    }
}

/// A server with bound sockets that does not run yet.
#[derive(Debug)]
pub struct TftpServer {
    pub(super) listener: UdpSocket,
    pub(super) transfers: Vec<UdpSocket>,
    pub(super) local: SocketAddrV4,
    receive_buffer: usize,
    pub(super) limits: EngineLimits,
}

impl TftpServer {
    /// Binds the sockets. Needs no runtime, so it can run before privileges are dropped (they are
    /// dropped per thread).
    ///
    /// # Errors
    /// [`BindError`] names the address, the port and the reason.
    pub fn bind(config: &Config) -> Result<Self, BindError> {
        let address = *config.listen.ip();
        let listener = open(config.listen)?;
        let (descriptors, _) = getrlimit(Resource::RLIMIT_NOFILE).unwrap_or((u64::MAX, u64::MAX));
        let transfers = config
            .transfer_ports
            .wanted(descriptors)
            .map(|port| open(SocketAddrV4::new(address, port)))
            .collect::<Result<Vec<_>, _>>()?;
        let failed = |error| BindError::new(config.listen, error);
        for socket in &transfers {
            batch::enable_error_queue(socket).map_err(failed)?;
            SockRef::from(socket)
                .set_tos_v4(u32::from(config.dscp) << 2)
                .map_err(failed)?;
        }
        Ok(Self {
            local: local_addr(&listener).map_err(failed)?,
            receive_buffer: SockRef::from(&listener)
                .recv_buffer_size()
                .map_err(failed)?,
            listener,
            transfers,
            limits: config.limits,
        })
    }

    /// The address that receives requests.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddrV4 {
        self.local
    }

    /// The source ports of transfers, for firewall rules.
    ///
    /// # Errors
    /// The system does not report a socket's address.
    pub fn transfer_ports(&self) -> io::Result<Vec<u16>> {
        let ports = self.transfers.iter();
        ports.map(|socket| Ok(local_addr(socket)?.port())).collect()
    }

    /// The listener's receive buffer as granted, in bytes. Linux includes its bookkeeping: it reports
    /// twice the requested size if it granted all.
    #[must_use]
    pub fn receive_buffer(&self) -> usize {
        self.receive_buffer
    }
}

pub(super) fn open(wanted: SocketAddrV4) -> Result<UdpSocket, BindError> {
    let open = || {
        let socket = socket2::Socket::new(Domain::IPV4, Type::DGRAM, None)?;
        socket.set_nonblocking(true)?;
        socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
        socket.set_send_buffer_size(SEND_BUFFER)?;
        socket.bind(&SocketAddr::V4(wanted).into())?;
        let short = socket.recv_buffer_size()? < 2 * RECEIVE_BUFFER;
        let socket = UdpSocket::from(socket);
        if short
            && let Ok(bytes) = i32::try_from(RECEIVE_BUFFER)
            && let Err(error) = batch::force_receive_buffer(&socket, bytes)
        {
            tracing::debug!(%wanted, %error, "receive buffer stays at the system's limit");
        }
        if let Ok(bytes) = i32::try_from(SEND_BUFFER)
            && let Err(error) = batch::force_send_buffer(&socket, bytes)
        {
            tracing::debug!(%wanted, %error, "send buffer stays at the system's limit");
        }
        batch::enable_packet_info(&socket)?;
        Ok(socket)
    };
    open().map_err(|error| BindError::new(wanted, error))
}

pub(super) fn local_addr(socket: &UdpSocket) -> io::Result<SocketAddrV4> {
    match socket.local_addr()? {
        SocketAddr::V4(local) => Ok(local),
        SocketAddr::V6(_) => Err(io::Error::other("an IPv4 socket has an IPv6 address")),
    }
}
