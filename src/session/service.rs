//! The request handlers of the servers: a name becomes a file, a transfer becomes observations.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddrV4},
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::{Duration, Instant},
};

use super::{secrets::Access, shared::RunShared};
use crate::{
    http,
    phone::{RequestedFile, configured_phone},
    stage::OpenFile,
    text::escape,
    tftp::{self, TftpAnswer, packet::error_code},
    track::{
        Admission, Forgery, Observation, ObservationKind, ServedFile, TransferEnd, TransferId,
        Transport,
    },
};

/// The answer to a request, over any transport.
enum Decision {
    Serve(TransferId, OpenFile),
    NotFound,
    /// The configuration of a phone, which this client does not get.
    Withheld,
    /// To be decided later: the MAC of the client is not known yet.
    Later,
    Stopping,
}

const STOPPING: &str = "the server is stopping";
const WITHHELD: &str = "this configuration is only for the phone itself";

/// A request, over any transport.
#[derive(Clone, Copy)]
struct FileRequest<'a> {
    transport: Transport,
    peer: SocketAddrV4,
    name: &'a str,
    /// How long it has waited for a decision.
    waited: Duration,
}

impl RunShared {
    /// Decides whether the request is admitted, finds its file, and records the request.
    fn handle_request(&self, now: Instant, request: FileRequest<'_>) -> Decision {
        let FileRequest {
            transport,
            peer,
            name,
            waited,
        } = request;
        let address = *peer.ip();
        let access = |mac| self.secrets.access(now, address, mac, waited);
        // That the file exists was checked when the request arrived.
        if !waited.is_zero() && configured_phone(name).map(access) == Some(Access::Unresolved) {
            return Decision::Later;
        }
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
        // A link in a served folder may have another name than the file.
        let phone = file
            .as_ref()
            .and_then(|file| configured_phone(name).or_else(|| configured_phone(&file.name)));
        let reason = match phone.map(|mac| (mac, access(mac))) {
            Some((_, Access::Unresolved)) => return Decision::Later,
            Some((mac, Access::Withheld(reason))) => Some((mac, reason)),
            Some((_, Access::Granted)) | None => None,
        };
        let transfer = TransferId(self.transfers.fetch_add(1, Ordering::Relaxed));
        if let Some((mac, reason)) = reason {
            let withheld = ObservationKind::Withheld {
                transfer,
                transport,
                name: name.to_owned(),
                mac,
                reason,
            };
            self.observe_kind(now, address, withheld);
            return Decision::Withheld;
        }
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
            None => Decision::NotFound,
        }
    }

    fn observe_kind(&self, now: Instant, address: Ipv4Addr, kind: ObservationKind) -> u64 {
        self.observe(self.clock.at(now), &Observation { address, kind })
    }
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
        let asked = FileRequest {
            transport: Transport::Tftp,
            peer: request.peer,
            name: request.name,
            waited: request.waited,
        };
        match self.shared.handle_request(now, asked) {
            Decision::Serve(transfer, file) => {
                let running = (*request.peer.ip(), transfer);
                self.running.insert(request.transfer, running);
                TftpAnswer::Serve(file)
            }
            Decision::NotFound => TftpAnswer::NotFound,
            Decision::Withheld => TftpAnswer::Refuse(error_code::ACCESS, WITHHELD),
            Decision::Later => TftpAnswer::Later,
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

    fn forged(&mut self, now: Instant, address: Ipv4Addr, sign: tftp::ForgerySign) {
        let sign = match sign {
            tftp::ForgerySign::Guesses => Forgery::Guesses,
            tftp::ForgerySign::Flood => Forgery::Flood,
        };
        let forged = ObservationKind::Forged { sign };
        self.shared.observe_kind(now, address, forged);
    }

    fn retransmitted(&mut self, packets: u64) {
        self.shared.counters.retransmitted(packets);
    }

    fn error_sent(&mut self, code: u16) {
        self.shared.counters.error_sent(code);
    }
}

/// Foreign hosts that the operator is warned of: one warning each.
const FOREIGN_HOSTS: usize = 8;

/// Handles the requests of the HTTP server.
pub(super) struct HttpHandler {
    shared: Arc<RunShared>,
    /// The foreign hosts that the operator was warned of.
    foreign: Mutex<Vec<String>>,
}

impl HttpHandler {
    pub(super) fn new(shared: Arc<RunShared>) -> Self {
        Self {
            shared,
            foreign: Mutex::default(),
        }
    }
}

impl http::HttpService for HttpHandler {
    fn request(&self, now: Instant, request: &http::HttpRequest<'_>) -> http::HttpAnswer {
        let asked = FileRequest {
            transport: Transport::Http,
            peer: request.peer,
            name: request.name,
            waited: request.waited,
        };
        match self.shared.handle_request(now, asked) {
            Decision::Serve(transfer, file) => http::HttpAnswer::Serve(transfer.0, file),
            Decision::NotFound => http::HttpAnswer::NotFound,
            Decision::Withheld => http::HttpAnswer::Forbidden,
            Decision::Later => http::HttpAnswer::Later,
            Decision::Stopping => http::HttpAnswer::Stopping,
        }
    }

    fn is_for_phones(&self) -> bool {
        true
    }

    fn foreign_host(&self, peer: SocketAddrV4, host: &str) {
        let mut foreign = self.foreign.lock().unwrap_or_else(PoisonError::into_inner);
        if foreign.len() < FOREIGN_HOSTS && !foreign.iter().any(|known| known == host) {
            foreign.push(host.to_owned());
            let host = escape(host);
            tracing::warn!(
                "{} requested a file over HTTP for the host \"{host}\" and did not get it: this is no \
                 known name of this machine. If phones use this name (DHCP option 66), start again \
                 with --server-name and this name; until then they use TFTP",
                peer.ip()
            );
        }
    }

    fn acknowledged(&self, now: Instant, peer: SocketAddrV4, transfer: u64, bytes: u64) {
        let transfer = TransferId(transfer);
        self.shared.observe_kind(
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
        self.shared.observe_kind(now, *peer.ip(), ended);
    }
}
