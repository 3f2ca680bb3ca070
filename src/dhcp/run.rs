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
    DhcpEvent, ExclusiveServer, LinkInterface, PacketSocket, PacketSocketError, Server,
    ServerConfig,
    arp_probe::probe_arp,
    packet_socket::{random, wait},
};
use crate::{
    discovery::{ArpTable, ObservationQueue},
    protocol::dhcp::SERVER_PORT,
    track::Observation,
};

/// How long the thread sleeps at most before it looks whether it is to stop.
const NAP: Duration = Duration::from_millis(200);

/// Observations that wait to be taken, at most; further ones are dropped and counted.
const WAITING: usize = 256;

/// Bytes of the longest datagram that is read: no phone sends more than Ethernet carries.
const DATAGRAM: usize = 1500;

/// Datagrams that are taken before the other socket has its turn.
const TURN: usize = 64;

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// No raw socket.
    #[error(transparent)]
    PacketSocket(#[from] PacketSocketError),
    /// Port 67 cannot be had.
    #[error("cannot listen on UDP port 67: {0}")]
    Port(#[source] io::Error),
    /// Another server answers.
    #[error("another DHCP server answers on this network: {0}")]
    Second(Ipv4Addr),
    /// Anything else.
    #[error("DHCP on {0}: {1}")]
    Other(String, #[source] io::Error),
}

/// Sockets that are bound, and nothing that is served yet. They are opened while there are rights.
#[derive(Debug)]
pub struct BoundServer {
    wire: PacketSocket,
    socket: UdpSocket,
}

impl BoundServer {
    /// Opens the raw socket and port 67 of this interface alone.
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
        let wire = PacketSocket::open(interface)?;
        Ok(Self { wire, socket })
    }

    /// Looks for another server first, which takes [`super::PROBE_WINDOW`], and for hosts that have
    /// addresses already; then serves in a thread of its own until what is returned is dropped.
    pub fn start(self, config: ServerConfig) -> Result<RunningServer, StartError> {
        let name = self.wire.interface().name.clone();
        let other = |error| StartError::Other(name.clone(), error);
        // Nobody's MAC: the order does not matter.
        let all = config.pool.candidates(self.wire.interface().mac);
        probe_arp(config.address, all).map_err(other)?;
        // Its own port 67 hears no frame that this machine sends.
        let offers = self.wire.probe(false).map_err(other)?;
        if let Some(offer) = offers.first() {
            return Err(StartError::Second(offer.server));
        }
        let mut server = Server::new(config);
        let arp = ArpTable::read().map_err(other)?;
        for (address, mac) in arp.on_interface(&name) {
            server.reserve(address, mac);
        }
        let began = Instant::now();
        let service = ExclusiveServer::new(server, self.wire.interface().mac, began.elapsed());
        let (send, told) = mpsc::channel(WAITING);
        let stop = Arc::new(AtomicBool::new(false));
        let thread = Thread {
            bound: self,
            service,
            began,
            observations: ObservationQueue::new(send, "the addresses that this program gives"),
            stop: Arc::clone(&stop),
        };
        let thread = thread::Builder::new()
            .name("dhcp".to_owned())
            .spawn(move || thread.run())
            .map_err(other)?;
        Ok(RunningServer {
            stop,
            told: Some(told),
            thread: Some(thread),
        })
    }
}

/// A server that runs; dropping it ends it.
#[derive(Debug)]
pub struct RunningServer {
    stop: Arc<AtomicBool>,
    told: Option<mpsc::Receiver<(Instant, Observation)>>,
    thread: Option<JoinHandle<()>>,
}

impl RunningServer {
    /// Tells who has which address, for the tracking; to the first who asks.
    pub fn observations(&mut self) -> Option<mpsc::Receiver<(Instant, Observation)>> {
        self.told.take()
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
            if let Err(error) = self.turn() {
                // An interface that went away comes back, or the run ends; neither is helped by
                // asking in a loop.
                tracing::warn!("the DHCP server: {error}");
                thread::sleep(NAP);
            }
        }
        self.observations.end();
    }

    fn turn(&mut self) -> io::Result<()> {
        let now = self.began.elapsed();
        if let Some(question) = self.service.wake(now, random()) {
            self.bound.wire.send(&question)?;
        }
        let now = self.began.elapsed();
        let nap = self
            .service
            .deadline(now)
            .map_or(NAP, |deadline| deadline.saturating_sub(now).min(NAP));
        wait([self.bound.socket.as_fd(), self.bound.wire.as_fd()], nap)?;
        let before = self.service.withdrawn();
        self.bound
            .wire
            .receive(|source, message| self.service.observe_reply(source, message))?;
        let answered = self.answer();
        self.tell();
        if let (None, Some(other)) = (before, self.service.withdrawn()) {
            tracing::warn!(
                "another DHCP server answers on this network: {other}. This one is silent from \
                 here on (second-dhcp). Switch the other one off and start again, or point its \
                 option 150 here and leave --dhcp out"
            );
        }
        answered
    }

    fn answer(&mut self) -> io::Result<()> {
        let mut buffer = [0; DATAGRAM];
        for _ in 0..TURN {
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

    fn tell(&mut self) {
        for told in self.service.drain_events() {
            match &told {
                DhcpEvent::Leased { address, mac } => {
                    tracing::info!("DHCP: {address} is SEP{}'s", mac.upper_hex());
                }
                DhcpEvent::Exhausted(mac) => tracing::warn!(
                    "DHCP: no address is left for SEP{}: the subnet of this interface is too \
                     small, give it a shorter prefix",
                    mac.upper_hex()
                ),
                DhcpEvent::Declined(address) => tracing::warn!(
                    "DHCP: {address} is in use by a host that did not answer; it rests for an hour"
                ),
                DhcpEvent::OtherServer(_) => {}
            }
            if let Some(observation) = told.observation() {
                self.observations.send(Instant::now(), observation);
            }
        }
    }
}
