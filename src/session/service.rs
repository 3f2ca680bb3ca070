//! The request handlers of the servers: a name becomes a file, a transfer becomes observations.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddrV4},
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use super::shared::RunShared;
use crate::{
    discovery::ArpTable,
    http,
    phone::RequestedFile,
    stage::OpenFile,
    text::escape,
    tftp::{self, TftpAnswer, packet::error_code},
    track::{
        Admission, Observation, ObservationKind, ServedFile, TransferEnd, TransferId, Transport,
    },
};

/// The answer to a request, over any transport.
enum Decision {
    Serve(TransferId, OpenFile),
    NotFound,
    /// The configuration of another phone.
    Withheld,
    Stopping,
}

const STOPPING: &str = "the server is stopping";
const WITHHELD: &str = "this configuration is for another phone";

impl RunShared {
    /// Decides whether the request is admitted, finds its file, and records the request.
    fn handle_request(
        &self,
        now: Instant,
        transport: Transport,
        peer: SocketAddrV4,
        name: &str,
    ) -> Decision {
        let address = *peer.ip();
        let requested = RequestedFile::parse(name);
        let (admission, is_unfit) = {
            let fleet = self.fleet();
            let admission = fleet.admit_at(self.clock.at(now), address, name, &requested);
            (admission, fleet.withholds(&requested))
        };
        let view = match admission {
            Admission::Serve(view) => view,
            Admission::Draining => return Decision::Stopping,
        };
        // Phones do not request such names.
        let is_unusual = |c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER;
        let file = (!name.contains(is_unusual) && !is_unfit)
            .then(|| self.source.resolve(view, name))
            .flatten();
        let withheld = file.is_some() && is_withheld(address, name, &requested);
        let file = file.filter(|_| !withheld);
        let transfer = TransferId(self.transfers.fetch_add(1, Ordering::Relaxed));
        let asked = ObservationKind::Requested {
            transfer,
            transport,
            name: name.to_owned(),
            port: peer.port(),
            served: file.as_ref().map(|file| ServedFile {
                name: file.name.to_string(),
                size: file.size(),
            }),
            error: None,
            sender: None,
        };
        let line = self.observe_kind(now, address, asked);
        // Before the answer, so that a killed run still knows what it served.
        self.wait_written(line);
        match file {
            Some(file) => Decision::Serve(transfer, file),
            None if withheld => Decision::Withheld,
            None => Decision::NotFound,
        }
    }

    fn observe_kind(&self, now: Instant, address: Ipv4Addr, kind: ObservationKind) -> u64 {
        self.observe(self.clock.at(now), &Observation { address, kind })
    }
}

/// Whether this is the configuration of one phone, which may hold its SIP password, and the
/// kernel's ARP table has another phone at the address that requests it.
fn is_withheld(address: Ipv4Addr, name: &str, requested: &RequestedFile) -> bool {
    let (RequestedFile::Config { mac, .. } | RequestedFile::LegacyConfig(mac)) = *requested else {
        return false;
    };
    // Without the table nothing is withheld.
    let table = ArpTable::read().unwrap_or_default();
    let Some(other) = table.other_mac(address, mac) else {
        return false;
    };
    tracing::warn!(
        "{} is not served to {address}, which is {other}. A phone that changed its address gets \
         its configuration once the ARP table of this machine has the new address",
        escape(name)
    );
    true
}

/// Handles the requests of the TFTP server.
pub(super) struct TftpHandler {
    shared: Arc<RunShared>,
    /// The address and the run's number of each running transfer, by the server's number. The
    /// server limits how many there are.
    running: HashMap<u64, (Ipv4Addr, TransferId)>,
}

impl TftpHandler {
    pub(super) fn new(shared: Arc<RunShared>) -> Self {
        Self {
            shared,
            running: HashMap::new(),
        }
    }
}

impl tftp::TftpService for TftpHandler {
    fn request(&mut self, now: Instant, request: &tftp::TftpRequest<'_>) -> TftpAnswer {
        match self
            .shared
            .handle_request(now, Transport::Tftp, request.peer, request.name)
        {
            Decision::Serve(transfer, file) => {
                let running = (*request.peer.ip(), transfer);
                self.running.insert(request.transfer, running);
                TftpAnswer::Serve(file)
            }
            Decision::NotFound => TftpAnswer::NotFound,
            Decision::Withheld => TftpAnswer::Refuse(error_code::ACCESS, WITHHELD),
            Decision::Stopping => TftpAnswer::Refuse(error_code::NOT_DEFINED, STOPPING),
        }
    }

    fn acknowledged(&mut self, now: Instant, transfer: u64, bytes: u64) {
        if let Some(&(address, transfer)) = self.running.get(&transfer) {
            self.shared.observe_kind(
                now,
                address,
                ObservationKind::Acknowledged { transfer, bytes },
            );
        }
    }

    fn ended(&mut self, now: Instant, transfer: u64, end: tftp::TransferOutcome, bytes: u64) {
        let Some((address, transfer)) = self.running.remove(&transfer) else {
            return;
        };
        let end = match end {
            tftp::TransferOutcome::Delivered => TransferEnd::Delivered,
            tftp::TransferOutcome::PeerError(code, message) => TransferEnd::Aborted {
                code: Some(code),
                message: Some(message),
            },
            tftp::TransferOutcome::PortClosed => TransferEnd::Aborted {
                code: None,
                message: None,
            },
            tftp::TransferOutcome::TimedOut { all_sent } => TransferEnd::Vanished { all_sent },
            tftp::TransferOutcome::Stopped => TransferEnd::Killed,
            tftp::TransferOutcome::Replaced
            | tftp::TransferOutcome::Refused
            | tftp::TransferOutcome::FileFailed => TransferEnd::Replaced,
        };
        let ended = ObservationKind::Ended {
            transfer,
            end,
            bytes,
        };
        self.shared.observe_kind(now, address, ended);
    }

    fn retransmitted(&mut self, packets: u64) {
        self.shared.counters.retransmitted(packets);
    }

    fn error_sent(&mut self, code: u16) {
        self.shared.counters.error_sent(code);
    }
}

/// Handles the requests of the HTTP server.
pub(super) struct HttpHandler(Arc<RunShared>);

impl HttpHandler {
    pub(super) fn new(shared: Arc<RunShared>) -> Self {
        Self(shared)
    }
}

impl http::HttpService for HttpHandler {
    fn request(&self, now: Instant, peer: SocketAddrV4, name: &str) -> http::HttpAnswer {
        match self.0.handle_request(now, Transport::Http, peer, name) {
            Decision::Serve(transfer, file) => http::HttpAnswer::Serve(transfer.0, file),
            Decision::NotFound => http::HttpAnswer::NotFound,
            Decision::Withheld => http::HttpAnswer::Forbidden,
            Decision::Stopping => http::HttpAnswer::Stopping,
        }
    }

    fn acknowledged(&self, now: Instant, peer: SocketAddrV4, transfer: u64, bytes: u64) {
        let transfer = TransferId(transfer);
        self.0.observe_kind(
            now,
            *peer.ip(),
            ObservationKind::Acknowledged { transfer, bytes },
        );
    }

    fn ended(&self, now: Instant, peer: SocketAddrV4, transfer: u64, end: http::End, bytes: u64) {
        let end = match end {
            http::End::Delivered => TransferEnd::Delivered,
            // Over TFTP a closed port may mean that the final ACK was lost. Over TCP the kernel
            // knows what was acknowledged, so nothing is implied.
            http::End::Closed | http::End::Part => TransferEnd::Replaced,
            http::End::Stopped => TransferEnd::Killed,
            http::End::TimedOut => TransferEnd::Vanished { all_sent: false },
        };
        let ended = ObservationKind::Ended {
            transfer: TransferId(transfer),
            end,
            bytes,
        };
        self.0.observe_kind(now, *peer.ip(), ended);
    }
}
