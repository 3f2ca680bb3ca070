//! One phone on one socket at a time.

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

use super::super::{Action, PhoneContents, SimulatedPhone, StartState};
use crate::phone::{MacAddress, Model};

/// Last octets that phones use, from 1.
const PER_NET: usize = 250;
/// Bytes of the longest datagram that is taken whole; without options 516 are usual.
const DATAGRAM: usize = 2048;

/// What became of one phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneResult {
    /// Who it is.
    pub mac: MacAddress,
    /// What it is.
    pub model: &'static Model,
    /// How it began.
    pub start: StartState,
    /// Its last address.
    pub address: Ipv4Addr,
    /// What it really has.
    pub contents: PhoneContents,
    /// Whether it came up and had nothing more to ask.
    pub finished: bool,
    /// What this machine's sockets refused; the phone ended there.
    pub trouble: Option<String>,
}

/// Where a phone lives: its addresses, its one socket, the fleet's clock.
pub(super) struct Endpoint {
    address: Ipv4Addr,
    /// Its address after a change.
    next_address: Ipv4Addr,
    socket: Option<(u16, UdpSocket)>,
    began: Instant,
}

impl Endpoint {
    pub(super) fn new((address, next_address): (Ipv4Addr, Ipv4Addr), began: Instant) -> Self {
        Self {
            address,
            next_address,
            socket: None,
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
        off: watch::Receiver<bool>,
    ) -> PhoneResult {
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
            // A later deadline is only looked at when the timer goes off: one block after
            // the other moves it.
            if timer.is_elapsed() || due < timer.deadline() {
                timer.as_mut().reset(due);
            }
            let actions = tokio::select! {
                biased;
                // An error means that the fleet is gone.
                _ = off.wait_for(|off| *off) => break,
                received = receive(self.socket.as_ref(), &mut buffer) => {
                    let (port, from, length) = received?;
                    phone.receive(self.began.elapsed(), port, from, &buffer[..length])
                }
                () = &mut timer => phone.wake(self.began.elapsed()),
            };
            self.act(actions).await?;
        }
        Ok(())
    }

    async fn act(&mut self, actions: Vec<Action>) -> io::Result<()> {
        for action in actions {
            match action {
                Action::Open(port) => {
                    let socket = UdpSocket::bind((self.address, port))
                        .await
                        .map_err(|error| {
                            io::Error::new(
                                error.kind(),
                                format!("{}:{port}: {error}", self.address),
                            )
                        })?;
                    self.socket = Some((port, socket));
                }
                Action::Close(_) => self.socket = None,
                Action::Send { to, bytes, .. } => {
                    if let Some((_, socket)) = &self.socket {
                        socket.send_to(&bytes, SocketAddr::V4(to)).await?;
                    }
                }
                Action::ChangeAddress => self.address = self.next_address,
                Action::Event(note) => tracing::debug!(address = %self.address, ?note, "phone"),
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
