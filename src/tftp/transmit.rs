//! Packets waiting to be sent, per port, without copies of file bytes.

use std::{
    net::{Ipv4Addr, SocketAddrV4},
    ops::Range,
    sync::Arc,
};

use super::{TransferPort, packet::PacketHead};

/// One packet to send.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The source address: the one that the peer sent its request to.
    pub from: Ipv4Addr,
    /// The destination.
    pub to: SocketAddrV4,
    /// The packet's header, or the whole packet.
    pub head: PacketHead,
    /// The rest: a range of a file's bytes.
    pub body: Option<(Arc<[u8]>, Range<usize>)>,
}

impl Outgoing {
    /// The file bytes that follow the header.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.body
            .as_ref()
            .map_or(&[], |(bytes, range)| &bytes[range.clone()])
    }

    /// The whole packet.
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
    /// Adds a packet to this port's queue.
    pub fn push(&mut self, port: TransferPort, packet: Outgoing) {
        self.queues[port.index()].push(packet);
    }

    /// Adds a packet that is only a header to this port's queue.
    pub fn push_head(
        &mut self,
        port: TransferPort,
        from: Ipv4Addr,
        to: SocketAddrV4,
        head: PacketHead,
    ) {
        let body = None;
        self.push(
            port,
            Outgoing {
                from,
                to,
                head,
                body,
            },
        );
    }

    /// This port's queue.
    pub fn queue(&mut self, port: TransferPort) -> &mut Vec<Outgoing> {
        &mut self.queues[port.index()]
    }

    /// Whether both queues are empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queues.iter().all(Vec::is_empty)
    }
}
