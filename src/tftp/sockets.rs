//! The sockets of a running server: waiting for them, and sending without waiting for one of them.

use std::{
    cell::RefCell,
    io,
    net::{Ipv4Addr, UdpSocket},
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

use socket2::SockRef;
use tokio::io::{
    Interest,
    unix::{AsyncFd, AsyncFdReadyGuard},
};

use super::{
    TransferPort, batch,
    neighbours::Unresolved,
    poller::Poller,
    transmit::{Outgoing, TransmitQueue},
};

/// How often a packet to a proven peer is tried again while the send buffer is full. After that it is
/// dropped, as in a congested network; timers retransmit it.
const SEND_ATTEMPTS: u32 = 20;

/// The pause between these attempts.
const SEND_PAUSE: Duration = Duration::from_millis(1);

/// Attempts to send one packet: an error may be the late report of an earlier packet.
const SEND_TRIES: u32 = 3;

/// One part in so many of a send buffer is for packets that wait for ARP replies.
const UNRESOLVED_SHARE: usize = 2;

/// The running server's sockets.
pub(super) struct TftpSockets {
    pub(super) listener: AsyncFd<UdpSocket>,
    /// Watches `transfers`.
    pub(super) poller: Poller,
    pub(super) transfers: Vec<UdpSocket>,
    bound: Ipv4Addr,
    /// Bytes that may wait in one socket's send buffer before packets to unresolved addresses are dropped.
    crowded: usize,
    unresolved: RefCell<Unresolved>,
}

/// What can be received.
pub(super) enum Received<'a> {
    Requests(AsyncFdReadyGuard<'a, UdpSocket>),
    Acks(AsyncFdReadyGuard<'a, OwnedFd>),
}

impl TftpSockets {
    /// Watches the sockets of a server that is bound.
    pub(super) fn new(
        listener: UdpSocket,
        transfers: Vec<UdpSocket>,
        bound: Ipv4Addr,
    ) -> io::Result<Self> {
        let buffers = transfers
            .iter()
            .map(|socket| SockRef::from(socket).send_buffer_size());
        let smallest = buffers.filter_map(Result::ok).min().unwrap_or(0);
        Ok(Self {
            listener: batch::watch(listener)?,
            poller: Poller::new(&transfers)?,
            transfers,
            bound,
            crowded: smallest / UNRESOLVED_SHARE,
            unresolved: RefCell::default(),
        })
    }

    /// Waits until any socket is ready.
    pub(super) async fn ready(&self) -> io::Result<Received<'_>> {
        let interest = Interest::READABLE | Interest::ERROR;
        tokio::select! {
            guard = self.poller.ready() => Ok(Received::Acks(guard?)),
            guard = self.listener.ready(interest) => Ok(Received::Requests(guard?)),
        }
    }

    /// Sends all queued packets. Frames to hosts that may not exist wait in the send buffer for an ARP
    /// reply. When half of it is in use, further packets to them are dropped. When it is full, packets to peers
    /// that never acknowledged are dropped; the others wait, and delay no other socket.
    pub(super) async fn flush(&self, out: &mut TransmitQueue) {
        let mut blocked = Vec::new();
        out.drain(|port, queue| {
            if queue.iter().any(|packet| !packet.is_proven) && self.is_crowded(port) {
                let mut unresolved = self.unresolved.borrow_mut();
                let now = Instant::now();
                queue.retain(|packet| {
                    packet.is_proven || !unresolved.contains(now, *packet.to.ip())
                });
            }
            let sent = self.send(port, queue);
            if sent < queue.len() {
                let rest = queue.drain(sent..).filter(|packet| packet.is_proven);
                blocked.push((port, rest.collect::<Vec<_>>()));
            }
        });
        blocked.retain(|(_, queue)| !queue.is_empty());
        for _ in 0..SEND_ATTEMPTS {
            if blocked.is_empty() {
                return;
            }
            tokio::time::sleep(SEND_PAUSE).await;
            blocked.retain_mut(|(port, queue)| {
                let sent = self.send(*port, queue);
                queue.drain(..sent);
                !queue.is_empty()
            });
        }
        let dropped: usize = blocked.iter().map(|(_, queue)| queue.len()).sum();
        if dropped > 0 {
            tracing::debug!(dropped, "a send buffer stays full");
        }
    }

    fn is_crowded(&self, port: TransferPort) -> bool {
        batch::unsent(&self.transfers[port.index()]) > self.crowded
    }

    /// Sends packets until the send buffer is full. Returns how many are done with.
    fn send(&self, port: TransferPort, packets: &[Outgoing]) -> usize {
        let name_source = self.bound.is_unspecified();
        let mut done = 0;
        let mut tries = 0;
        while done < packets.len() {
            match batch::send(&self.transfers[port.index()], &packets[done..], name_source) {
                Ok(count) => {
                    done += count;
                    tries = 0;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return done,
                Err(error) => {
                    tries += 1;
                    if tries >= SEND_TRIES {
                        tracing::debug!(to = %packets[done].to, %error, "packet not sent");
                        done += 1;
                        tries = 0;
                    }
                }
            }
        }
        done
    }
}
