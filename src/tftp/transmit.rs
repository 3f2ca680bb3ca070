//! What is to be sent, by port, without a copy of the file's bytes.

use std::{
    net::{Ipv4Addr, SocketAddrV4},
    ops::Range,
    sync::Arc,
};

use super::{Port, packet::Head};

/// One packet to send.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The address that the peer knows this server by.
    pub from: Ipv4Addr,
    /// To whom.
    pub to: SocketAddrV4,
    /// The packet's beginning, or all of it.
    pub head: Head,
    /// The rest: these bytes of a file.
    pub body: Option<(Arc<[u8]>, Range<usize>)>,
}

impl Outgoing {
    /// The file bytes that follow the head.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.body
            .as_ref()
            .map_or(&[], |(bytes, range)| &bytes[range.clone()])
    }

    /// The packet in one piece.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        [self.head.as_bytes(), self.body()].concat()
    }
}

/// Packets to send, oldest first; reused from batch to batch.
#[derive(Debug, Default)]
pub struct TransmitQueue {
    queues: [Vec<Outgoing>; 2],
}

impl TransmitQueue {
    /// Adds a packet to what leaves this port.
    pub fn push(&mut self, port: Port, packet: Outgoing) {
        self.queues[port.index()].push(packet);
    }

    /// What is to leave this port.
    pub fn queue(&mut self, port: Port) -> &mut Vec<Outgoing> {
        &mut self.queues[port.index()]
    }

    /// Whether there is nothing to send.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queues.iter().all(Vec::is_empty)
    }
}
