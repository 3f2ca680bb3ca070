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
    /// Whether the peer acknowledged a packet of this transfer, so that its address is real.
    pub is_proven: bool,
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
    queues: Vec<Vec<Outgoing>>,
    /// The ports whose queues are not empty.
    filled: Vec<TransferPort>,
}

impl TransmitQueue {
    /// Adds a packet to this port's queue.
    pub fn push(&mut self, port: TransferPort, packet: Outgoing) {
        if self.queues.len() <= port.index() {
            self.queues.resize_with(port.index() + 1, Vec::new);
        }
        let queue = &mut self.queues[port.index()];
        if queue.is_empty() {
            self.filled.push(port);
        }
        queue.push(packet);
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
                is_proven: false,
            },
        );
    }

    /// Passes every queue that is not empty to `send`, and empties it.
    pub fn drain(&mut self, mut send: impl FnMut(TransferPort, &mut Vec<Outgoing>)) {
        for port in self.filled.drain(..) {
            let queue = &mut self.queues[port.index()];
            send(port, queue);
            queue.clear();
        }
    }
}
