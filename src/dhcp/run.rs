//! The server's sockets and its thread.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket},
    os::fd::AsFd,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use socket2::{Domain, Type};
use tokio::sync::mpsc;

use super::{
    DhcpEvent, DhcpServer, ExclusiveServer, LinkInterface, PacketSocket, PacketSocketError,
    ServerConfig,
    packet_socket::{random, wait},
};
use crate::{
    discovery::{ArpTable, ObservationQueue, probe_arp},
    protocol::dhcp::SERVER_PORT,
    track::Observation,
};

/// How long the thread sleeps at most before it checks whether it should stop.
const MAX_PAUSE: Duration = Duration::from_millis(200);

/// Observations that may wait; further ones are dropped and counted.
const WAITING: usize = 256;

/// Bytes of the longest datagram that is read: the MTU of Ethernet.
const DATAGRAM: usize = 1500;

/// Datagrams that are read before the other socket is served.
const MAX_DATAGRAMS: usize = 64;

/// Why the server could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// No packet socket.
    #[error(transparent)]
    PacketSocket(#[from] PacketSocketError),
    /// Port 67 cannot be bound.
    #[error("cannot listen on UDP port 67: {0}")]
    Port(#[source] io::Error),
    /// Another server answered the first probe.
    #[error("another DHCP server answers on this network: {0}")]
    OtherServer(Ipv4Addr),
    /// Any other error.
    #[error("DHCP on {0}: {1}")]
    Other(String, #[source] io::Error),
}

/// Bound sockets that are not served yet. They are opened before privileges are dropped.
#[derive(Debug)]
pub struct BoundServer {
    packets: PacketSocket,
    socket: UdpSocket,
}

impl BoundServer {
    /// Opens the packet socket, and port 67 on this interface only.
    ///
    /// # Errors
    /// A socket cannot be opened.
    pub fn open(interface: LinkInterface) -> Result<Self, StartError> {
        let open = || {
            let socket = socket2::Socket::new(Domain::IPV4, Type::DGRAM, None)?;
            socket.set_nonblocking(true)?;
            socket.set_broadcast(true)?;
            socket.bind_device(Some(interface.name.as_bytes()))?;
            let everywhere = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, SERVER_PORT);
            socket.bind(&SocketAddr::V4(everywhere).into())?;
            Ok(UdpSocket::from(socket))
        };
        let socket = open().map_err(StartError::Port)?;
        let packets = PacketSocket::open(interface)?;
        Ok(Self { packets, socket })
    }

    /// Probes for another server, which takes [`super::PROBE_WINDOW`], and for hosts that already have
    /// addresses.
    ///
    /// # Errors
    /// There is another server, or a socket or the ARP table cannot be used.
    pub fn probe(self, config: ServerConfig) -> Result<ProbedServer, StartError> {
        let name = self.packets.interface().name.clone();
        let other = |error| StartError::Other(name.clone(), error);
        // The order does not matter, so any MAC will do.
        let all = config.pool.candidates(self.packets.interface().mac);
        probe_arp(config.address, all).map_err(other)?;
        // `false`: the packet socket does not reach this program's own port 67.
        let offers = self.packets.probe(false).map_err(other)?;
        if let Some(offer) = offers.first() {
            return Err(StartError::OtherServer(offer.server));
        }
        let mut server = DhcpServer::new(config);
        let arp = ArpTable::read().map_err(other)?;
        for (address, mac) in arp.on_interface(&name) {
            server.reserve(address, mac);
        }
        let began = Instant::now();
        let service = ExclusiveServer::new(server, self.packets.interface().mac, began.elapsed());
        Ok(ProbedServer {
            bound: self,
            service,
            began,
        })
    }
}

/// A server that is the only one of its network and does not serve yet.
#[derive(Debug)]
pub struct ProbedServer {
    bound: BoundServer,
    service: ExclusiveServer,
    began: Instant,
}

impl ProbedServer {
    /// Serves on a thread of its own until [`RunningServer`] is dropped.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start(self) -> Result<RunningServer, StartError> {
        let name = self.bound.packets.interface().name.clone();
        let (send, events) = mpsc::channel(WAITING);
        let stop = Arc::new(AtomicBool::new(false));
        let thread = Thread {
            bound: self.bound,
            service: self.service,
            began: self.began,
            observations: ObservationQueue::new(send, "DHCP leases"),
            stop: Arc::clone(&stop),
        };
        let thread = thread::Builder::new()
            .name("dhcp".to_owned())
            .spawn(move || thread.run())
            .map_err(|error| StartError::Other(name, error))?;
        Ok(RunningServer {
            stop,
            events: Some(events),
            thread: Some(thread),
        })
    }
}

/// A running server. Dropping it stops and joins the thread.
#[derive(Debug)]
pub struct RunningServer {
    stop: Arc<AtomicBool>,
    events: Option<mpsc::Receiver<(Instant, Observation)>>,
    thread: Option<JoinHandle<()>>,
}

impl RunningServer {
    /// The queue of leases, for the tracker; `None` after the first call.
    pub fn observations(&mut self) -> Option<mpsc::Receiver<(Instant, Observation)>> {
        self.events.take()
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let ended = self.thread.take().map(JoinHandle::join);
        if let Some(Err(_)) = ended {
            tracing::error!("the DHCP server's thread panicked");
        }
    }
}

struct Thread {
    bound: BoundServer,
    service: ExclusiveServer,
    began: Instant,
    observations: ObservationQueue,
    stop: Arc<AtomicBool>,
}

impl Thread {
    fn run(mut self) {
        while !self.stop.load(Ordering::Relaxed) {
            if let Err(error) = self.step() {
                // The interface may come back; until then a short pause avoids a busy loop.
                tracing::warn!("DHCP server: {error}");
                thread::sleep(MAX_PAUSE);
            }
        }
        self.observations.end();
    }

    fn step(&mut self) -> io::Result<()> {
        let now = self.began.elapsed();
        if let Some(question) = self.service.wake(now, random()) {
            self.bound.packets.send(&question)?;
        }
        let now = self.began.elapsed();
        let pause = self.service.deadline(now).map_or(MAX_PAUSE, |deadline| {
            deadline.saturating_sub(now).min(MAX_PAUSE)
        });
        wait(
            [self.bound.socket.as_fd(), self.bound.packets.as_fd()],
            pause,
        )?;
        let before = self.service.withdrawn();
        self.bound
            .packets
            .receive(|source, message| self.service.observe_reply(source, message))?;
        let answered = self.answer();
        self.report_events();
        if let (None, Some(other)) = (before, self.service.withdrawn()) {
            tracing::warn!(
                "another DHCP server answers on this network: {other}. The server of reflash no \
                 longer answers (second-dhcp). Switch the other one off and start again, or set \
                 its option 150 to this machine and omit --dhcp"
            );
        }
        answered
    }

    fn answer(&mut self) -> io::Result<()> {
        let mut buffer = [0; DATAGRAM];
        for _ in 0..MAX_DATAGRAMS {
            let length = match self.bound.socket.recv(&mut buffer) {
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            let now = self.began.elapsed();
            if let Some(reply) = self.service.receive(now, &buffer[..length]) {
                self.bound.socket.send_to(&reply.bytes, reply.to)?;
            }
        }
        Ok(())
    }

    fn report_events(&mut self) {
        for event in self.service.drain_events() {
            match &event {
                DhcpEvent::Leased { address, mac } => {
                    tracing::info!("DHCP: SEP{} leased {address}", mac.upper_hex());
                }
                DhcpEvent::Exhausted(mac) => tracing::warn!(
                    "DHCP: no free address for SEP{}: the subnet of this interface is too small; \
                     give the interface a shorter prefix",
                    mac.upper_hex()
                ),
                DhcpEvent::Declined(address) => tracing::warn!(
                    "DHCP: {address} is in use by another host; not assigned for an hour"
                ),
                DhcpEvent::OtherServer(_) => {}
            }
            if let Some(observation) = event.observation() {
                self.observations.send(Instant::now(), observation);
            }
        }
    }
}
