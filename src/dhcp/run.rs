//! The server's sockets and its thread.

use std::{
    collections::HashSet,
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
    event_log::EventLog,
    packet_socket::{random, wait},
    reclaim::{Reclaim, ReclaimStep},
};
use crate::{
    discovery::{ArpTable, ObservationQueue, probe_arp},
    limits::{Rate, TokenBucket},
    protocol::dhcp::SERVER_PORT,
    track::Observation,
};

/// How long the thread sleeps at most before it checks whether it should stop.
const MAX_PAUSE: Duration = Duration::from_millis(200);

/// Observations that may wait; further ones are dropped and counted.
const WAITING: usize = 256;

/// Bytes of the longest datagram that is read: the MTU of Ethernet.
const DATAGRAM: usize = 1500;

/// Unicast answers: few enough that those to hosts that do not answer ARP, which the kernel keeps for
/// 3 s, never fill the socket. Only renewals and INFORMs are answered by unicast.
const UNICAST: Rate = Rate::per_second(10, 20);

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
        let service = ExclusiveServer::new(server, began.elapsed());
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
            unicast: TokenBucket::default(),
            log: EventLog::default(),
            reclaim: Reclaim::default(),
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
    unicast: TokenBucket,
    log: EventLog,
    reclaim: Reclaim,
}

impl Thread {
    fn run(mut self) {
        while !self.stop.load(Ordering::Relaxed) {
            if let Err(error) = self.step() {
                // Receiving failed. The interface may come back; until then a short pause avoids a
                // busy loop.
                self.log.problem(&format!("cannot receive: {error}"));
                thread::sleep(MAX_PAUSE);
            }
        }
        self.observations.end();
    }

    fn step(&mut self) -> io::Result<()> {
        let now = self.began.elapsed();
        if let Some(question) = self.service.wake(now, random())
            && let Err(error) = self.bound.packets.send(&question)
        {
            self.log
                .problem(&format!("cannot probe for another server: {error}"));
        }
        self.reclaim_leases(now);
        let now = self.began.elapsed();
        let pause = self.service.deadline(now).map_or(MAX_PAUSE, |deadline| {
            deadline.saturating_sub(now).min(MAX_PAUSE)
        });
        wait(
            [self.bound.socket.as_fd(), self.bound.packets.as_fd()],
            pause,
        )?;
        let before = self.service.withdrawn();
        self.bound.packets.receive(|source, message| {
            let now = self.began.elapsed();
            self.service.observe_reply(now, source, message);
        })?;
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
            let (length, from) = match self.bound.socket.recv_from(&mut buffer) {
                Ok((length, SocketAddr::V4(from))) => (length, *from.ip()),
                Ok((_, SocketAddr::V6(_))) => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            let now = self.began.elapsed();
            let reply = self.service.receive(now, from, &buffer[..length]);
            let Some(reply) = reply.filter(|reply| self.may_send(*reply.to.ip())) else {
                continue;
            };
            // Not sent again: the phone repeats its request.
            if let Err(error) = self.bound.socket.send_to(&reply.bytes, reply.to) {
                self.log
                    .problem(&format!("cannot answer {}: {error}", reply.to));
            }
        }
        Ok(())
    }

    fn may_send(&mut self, to: Ipv4Addr) -> bool {
        to.is_broadcast() || self.unicast.take(Instant::now(), UNICAST)
    }

    /// If no address was free: asks all hosts with leases by ARP, and later reclaims the leases of those
    /// that did not answer.
    fn reclaim_leases(&mut self, now: Duration) {
        let server = self.service.server_mut();
        match self.reclaim.step(now) {
            ReclaimStep::Nothing => {}
            ReclaimStep::Ask => {
                let leased: Vec<Ipv4Addr> = server.leased().collect();
                if let Err(error) = probe_arp(server.config().address, leased.into_iter()) {
                    self.log.problem(&format!("cannot check leases: {error}"));
                }
            }
            ReclaimStep::Reclaim => {
                let table = ArpTable::read();
                // Without the table no lease is reclaimed.
                let Ok(table) = table else { return };
                let name = &self.bound.packets.interface().name;
                let present: HashSet<_> = table.on_interface(name).collect();
                let reclaimed =
                    server.reclaim(now, |address, mac| present.contains(&(address, mac)));
                if reclaimed > 0 {
                    self.log.problem(&format!(
                        "no address was free; {reclaimed} leases of hosts that do not answer ARP are \
                         assigned again when they are needed"
                    ));
                }
            }
        }
    }

    fn report_events(&mut self) {
        for event in self.service.drain_events() {
            if matches!(event, DhcpEvent::Exhausted(_)) {
                self.reclaim.is_wanted = true;
            }
            self.log.event(&event);
            if let Some(observation) = event.observation() {
                self.observations.send(Instant::now(), observation);
            }
        }
    }
}
