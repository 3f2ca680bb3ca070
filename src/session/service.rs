//! What the servers ask and tell: names become files, transfers become observations.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddrV4},
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use super::Shared;
use crate::{
    discovery::ArpTable,
    http,
    phone::RequestedFile,
    stage::StagedFile,
    text::escape,
    tftp::{self, Answer, packet::error_code},
    track::{
        Admission, Observation, ObservationKind, ServedFile, TransferEnd, TransferId, Transport,
    },
};

/// What becomes of a request, whatever it came over.
enum Decision {
    Serve(TransferId, StagedFile),
    NotFound,
    /// The file is another phone's.
    Withheld,
    Stopping,
}

/// Why a phone gets nothing.
const STOPPING: &str = "the server is stopping";
const WITHHELD: &str = "this configuration is another phone's";

impl Shared {
    /// From a name to a file: admitted, found, and told as seen.
    fn handle_request(
        &self,
        now: Instant,
        transport: Transport,
        peer: SocketAddrV4,
        name: &str,
    ) -> Decision {
        let address = *peer.ip();
        let view = match self.fleet().admit_at(self.clock.at(now), address, name) {
            Admission::Serve(view) => view,
            Admission::Draining => return Decision::Stopping,
        };
        // No file has such a name; where one has, no phone asks for it.
        let strange = |c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER;
        let file = (!name.contains(strange))
            .then(|| self.source.resolve(view, name))
            .flatten();
        let withheld = file.is_some() && is_withheld(address, name);
        let file = file.filter(|_| !withheld);
        let transfer = TransferId(self.transfers.fetch_add(1, Ordering::Relaxed));
        let asked = ObservationKind::Requested {
            transfer,
            transport,
            name: name.to_owned(),
            port: peer.port(),
            served: file.as_ref().map(|file| ServedFile {
                name: file.name.to_string(),
                size: file.bytes.len() as u64,
            }),
        };
        let line = self.see(now, address, asked);
        // Before the answer: what a phone was given, a killed run still knows.
        self.wait_written(line);
        match file {
            Some(file) => Decision::Serve(transfer, file),
            None if withheld => Decision::Withheld,
            None => Decision::NotFound,
        }
    }

    fn see(&self, now: Instant, address: Ipv4Addr, seen: ObservationKind) -> u64 {
        self.observe(self.clock.at(now), &Observation { address, seen })
    }
}

/// Whether this is a phone's own configuration, which may hold its SIP password, and the
/// kernel knows that another phone asks for it.
fn is_withheld(address: Ipv4Addr, name: &str) -> bool {
    let RequestedFile::Config { mac, .. } = RequestedFile::parse(name) else {
        return false;
    };
    // Without the table nothing is withheld.
    let table = ArpTable::read().unwrap_or_default();
    let Some(other) = table.other_mac(address, mac) else {
        return false;
    };
    tracing::warn!(
        "{} is not given to {address}: that is {other}; if a phone has a new address, it gets \
         its configuration once this machine has learnt it",
        escape(name)
    );
    true
}

/// The TFTP engine's side of a run.
pub(super) struct TftpHandler {
    shared: Arc<Shared>,
    /// Where each running transfer goes to. As many as the engine lets run at once.
    running: HashMap<u64, (Ipv4Addr, TransferId)>,
}

impl TftpHandler {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            running: HashMap::new(),
        }
    }
}

impl tftp::Service for TftpHandler {
    fn request(&mut self, now: Instant, request: &tftp::Request<'_>) -> Answer {
        match self
            .shared
            .handle_request(now, Transport::Tftp, request.peer, request.name)
        {
            Decision::Serve(transfer, file) => {
                let running = (*request.peer.ip(), transfer);
                self.running.insert(request.transfer, running);
                Answer::Serve(tftp::File {
                    name: file.name,
                    bytes: file.bytes,
                })
            }
            Decision::NotFound => Answer::NotFound,
            Decision::Withheld => Answer::Refuse(error_code::ACCESS, WITHHELD),
            Decision::Stopping => Answer::Refuse(error_code::NOT_DEFINED, STOPPING),
        }
    }

    fn acknowledged(&mut self, now: Instant, transfer: u64, bytes: u64) {
        if let Some(&(address, transfer)) = self.running.get(&transfer) {
            self.shared.see(
                now,
                address,
                ObservationKind::Acknowledged { transfer, bytes },
            );
        }
    }

    fn ended(&mut self, now: Instant, transfer: u64, end: tftp::End, bytes: u64) {
        let Some((address, transfer)) = self.running.remove(&transfer) else {
            return;
        };
        let end = match end {
            tftp::End::Delivered => TransferEnd::Delivered,
            tftp::End::PeerError(code, message) => TransferEnd::Aborted {
                code: Some(code),
                message: Some(message),
            },
            tftp::End::PortClosed => TransferEnd::Aborted {
                code: None,
                message: None,
            },
            tftp::End::TimedOut { all_sent } => TransferEnd::Vanished { all_sent },
            tftp::End::Replaced | tftp::End::Refused => TransferEnd::Replaced,
        };
        let ended = ObservationKind::Ended {
            transfer,
            end,
            bytes,
        };
        self.shared.see(now, address, ended);
    }

    fn sent_again(&mut self, packets: u64) {
        self.shared.counters.sent_again(packets);
    }

    fn error_sent(&mut self, code: u16) {
        self.shared.counters.error_sent(code);
    }
}

/// The HTTP server's side of a run.
pub(super) struct HttpHandler(Arc<Shared>);

impl HttpHandler {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }
}

impl http::Service for HttpHandler {
    fn request(&self, now: Instant, peer: SocketAddrV4, name: &str) -> http::Answer {
        match self.0.handle_request(now, Transport::Http, peer, name) {
            Decision::Serve(transfer, file) => http::Answer::Serve(transfer.0, file),
            Decision::NotFound => http::Answer::NotFound,
            Decision::Withheld => http::Answer::Forbidden,
            Decision::Stopping => http::Answer::Stopping,
        }
    }

    fn acknowledged(&self, now: Instant, peer: SocketAddrV4, transfer: u64, bytes: u64) {
        let transfer = TransferId(transfer);
        self.0.see(
            now,
            *peer.ip(),
            ObservationKind::Acknowledged { transfer, bytes },
        );
    }

    fn ended(&self, now: Instant, peer: SocketAddrV4, transfer: u64, end: http::End, bytes: u64) {
        let end = match end {
            http::End::Delivered => TransferEnd::Delivered,
            // Over TFTP a lost final ACK may be what a closed port means. Here the kernel
            // knows better: nothing is implied.
            http::End::Closed | http::End::Part | http::End::Stopped => TransferEnd::Replaced,
            http::End::TimedOut => TransferEnd::Vanished { all_sent: false },
        };
        let ended = ObservationKind::Ended {
            transfer: TransferId(transfer),
            end,
            bytes,
        };
        self.0.see(now, *peer.ip(), ended);
    }
}
