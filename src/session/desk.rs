//! What the engine asks and tells: names become files, transfers become sightings.

use std::{collections::HashMap, net::Ipv4Addr, sync::Arc, time::Instant};

use super::Shared;
use crate::{
    tftp::{self, Answer},
    track::{Admission, End, Seen, Served, Sighting, TransferId, Transport},
};

/// The engine's side of a run.
pub(super) struct Desk {
    shared: Arc<Shared>,
    /// Where each running transfer goes to. As many as the engine lets run at once.
    addresses: HashMap<u64, Ipv4Addr>,
}

impl Desk {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            addresses: HashMap::new(),
        }
    }

    fn see(&self, now: Instant, address: Ipv4Addr, seen: Seen) {
        let at = self.shared.clock.at(now);
        let mut fleet = self.shared.fleet();
        let events = fleet.see(at, &Sighting { address, seen });
        // Under the fleet's lock, so that events leave in the order in which they arose.
        self.shared.outbox.put(self.shared.clock.wall(at), events);
    }
}

impl tftp::Service for Desk {
    fn request(&mut self, now: Instant, request: &tftp::Request<'_>) -> Answer {
        let address = *request.peer.ip();
        let view = match self.shared.fleet().admit(address, request.name) {
            Admission::Serve(view) => view,
            Admission::Stopping => return Answer::Refuse(0, "the server is stopping"),
        };
        let file = self.shared.source.resolve(view, request.name);
        let served = file.as_ref().map(|file| Served {
            name: file.name.to_string(),
            size: file.bytes.len() as u64,
        });
        let asked = Seen::Asked {
            transfer: TransferId(request.transfer),
            transport: Transport::Tftp,
            name: request.name.to_owned(),
            port: request.peer.port(),
            served,
        };
        self.see(now, address, asked);
        file.map_or(Answer::NotFound, |file| {
            self.addresses.insert(request.transfer, address);
            Answer::Serve(tftp::File {
                name: file.name,
                bytes: file.bytes,
            })
        })
    }

    fn acknowledged(&mut self, now: Instant, transfer: u64, bytes: u64) {
        if let Some(&address) = self.addresses.get(&transfer) {
            let transfer = TransferId(transfer);
            self.see(now, address, Seen::Acknowledged { transfer, bytes });
        }
    }

    fn ended(&mut self, now: Instant, transfer: u64, end: tftp::End, bytes: u64) {
        let Some(address) = self.addresses.remove(&transfer) else {
            return;
        };
        let end = match end {
            tftp::End::Delivered => End::Delivered,
            tftp::End::PeerError(code, message) => End::Aborted {
                code: Some(code),
                message: Some(message),
            },
            tftp::End::PortClosed => End::Aborted {
                code: None,
                message: None,
            },
            tftp::End::TimedOut { all_sent } => End::Vanished { all_sent },
            tftp::End::Replaced | tftp::End::Refused => End::Replaced,
        };
        self.see(
            now,
            address,
            Seen::Ended {
                transfer: TransferId(transfer),
                end,
                bytes,
            },
        );
    }
}
