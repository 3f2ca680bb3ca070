//! One simulated phone on a real socket.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    pin::pin,
    time::Duration,
};

use tokio::{
    net::UdpSocket,
    sync::watch,
    time::{Instant, sleep},
};

use super::{
    super::{PhoneAction, PhoneContents, SimulatedPhone, StartState, StreamEvent},
    connection::{self, Connection},
    registration,
};
use crate::phone::{MacAddress, Model};

/// Last octets that phones use, from 1.
const PER_NET: usize = 250;
/// Bytes of the receive buffer; without TFTP options a datagram has at most 516.
const DATAGRAM: usize = 2048;

/// The result of one phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneResult {
    /// Its MAC address.
    pub mac: MacAddress,
    /// Its model.
    pub model: &'static Model,
    /// Its state at the start.
    pub start: StartState,
    /// Its last address.
    pub address: Ipv4Addr,
    /// What it actually has.
    pub contents: PhoneContents,
    /// Whether it started and sent no more requests.
    pub finished: bool,
    /// The socket error that ended the phone, if any.
    pub trouble: Option<String>,
}

/// The addresses and the socket of a phone, and the clock of the fleet.
pub(super) struct Endpoint {
    address: Ipv4Addr,
    /// Its address after a change.
    next_address: Ipv4Addr,
    socket: Option<(u16, UdpSocket)>,
    connection: Option<Connection>,
    began: Instant,
}

impl Endpoint {
    pub(super) fn new((address, next_address): (Ipv4Addr, Ipv4Addr), began: Instant) -> Self {
        Self {
            address,
            next_address,
            socket: None,
            connection: None,
            began,
        }
    }

    /// The address of phone `index`, and the one that it changes to.
    pub(super) fn address_pair(block: u8, index: usize) -> (Ipv4Addr, Ipv4Addr) {
        let octet = |number: usize| u8::try_from(number).unwrap_or(u8::MAX);
        let (net, host) = (octet(index / PER_NET), octet(index % PER_NET + 1));
        (
            Ipv4Addr::new(127, block, 1 + net, host),
            Ipv4Addr::new(127, block, 128 + net, host),
        )
    }

    pub(super) async fn play(
        mut self,
        mut phone: SimulatedPhone,
        manager: Option<SocketAddrV4>,
        mut off: watch::Receiver<bool>,
    ) -> PhoneResult {
        if let Some(manager) = manager {
            tokio::select! {
                // An error means that the fleet was dropped.
                _ = off.wait_for(|off| *off) => {}
                () = registration::until_reset(phone.config(), self.address, manager) => {}
            }
        }
        let trouble = self.drive(&mut phone, off).await.err();
        PhoneResult {
            mac: phone.config().mac,
            model: phone.config().model,
            start: phone.config().start.clone(),
            address: self.address,
            contents: phone.contents(),
            finished: phone.is_finished(),
            trouble: trouble.map(|error| error.to_string()),
        }
    }

    async fn drive(
        &mut self,
        phone: &mut SimulatedPhone,
        mut off: watch::Receiver<bool>,
    ) -> io::Result<()> {
        let actions = phone.power_on(self.began.elapsed());
        self.act(actions).await?;
        let mut buffer = [0; DATAGRAM];
        let mut timer = pin!(sleep(Duration::ZERO));
        while !phone.is_finished() {
            let Some(due) = phone.next_deadline().map(|due| self.began + due) else {
                break;
            };
            // Every block moves the deadline; a later one is checked when the timer fires.
            if timer.is_elapsed() || due < timer.deadline() {
                timer.as_mut().reset(due);
            }
            let actions = tokio::select! {
                biased;
                // An error means that the fleet was dropped.
                _ = off.wait_for(|off| *off) => break,
                received = receive(self.socket.as_ref(), &mut buffer) => {
                    let (port, from, length) = received?;
                    phone.receive(self.began.elapsed(), port, from, &buffer[..length])
                }
                part = connection::read(&mut self.connection) => {
                    let event = if part.is_empty() {
                        StreamEvent::Closed
                    } else {
                        StreamEvent::Data(&part)
                    };
                    phone.stream(self.began.elapsed(), event)
                }
                () = &mut timer => phone.wake(self.began.elapsed()),
            };
            self.act(actions).await?;
        }
        Ok(())
    }

    /// A socket with this port, or with one of the next if other phones of the address use it: a router that
    /// translates addresses gives them other ports too.
    async fn bind(address: Ipv4Addr, port: u16) -> io::Result<UdpSocket> {
        let mut next = port;
        loop {
            match UdpSocket::bind((address, next)).await {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && next < u16::MAX => {
                    next += 1;
                }
                Err(error) => {
                    let text = format!("{address}:{port}: {error}");
                    return Err(io::Error::new(error.kind(), text));
                }
                Ok(socket) => return Ok(socket),
            }
        }
    }

    async fn act(&mut self, actions: Vec<PhoneAction>) -> io::Result<()> {
        for action in actions {
            match action {
                PhoneAction::Open(port) => {
                    let socket = Self::bind(self.address, port).await?;
                    self.socket = Some((port, socket));
                }
                PhoneAction::Close(_) => self.socket = None,
                PhoneAction::Send { to, bytes, .. } => {
                    if let Some((_, socket)) = &self.socket {
                        socket.send_to(&bytes, SocketAddr::V4(to)).await?;
                    }
                }
                PhoneAction::Connect { to, bytes } => {
                    self.connection = Some(Connection::begin(self.address, to, bytes));
                }
                PhoneAction::Disconnect => self.connection = None,
                PhoneAction::ChangeAddress => self.address = self.next_address,
                PhoneAction::Event(note) => {
                    tracing::debug!(address = %self.address, ?note, "phone");
                }
            }
        }
        Ok(())
    }
}

/// The next datagram from an IPv4 address; never, while no socket is open.
async fn receive(
    socket: Option<&(u16, UdpSocket)>,
    buffer: &mut [u8],
) -> io::Result<(u16, SocketAddrV4, usize)> {
    let Some((port, socket)) = socket else {
        return std::future::pending().await;
    };
    loop {
        if let (length, SocketAddr::V4(from)) = socket.recv_from(buffer).await? {
            return Ok((*port, from, length));
        }
    }
}
