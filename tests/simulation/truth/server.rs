//! The request handler of a run: names become files, transfers become observations.

use std::{
    collections::HashMap,
    net::Ipv4Addr,
    sync::{Arc, Mutex, MutexGuard},
    time::Instant,
};

use jiff::Timestamp;
use reflash::{
    journal::{self, Journal, RunFinished},
    stage::StagedFile,
    tftp::{self, TftpAnswer, TftpService},
    track::{
        Admission, Event, Fleet, Observation, ObservationKind, Plan, Report, RunTime, ServedFile,
        TransferEnd, TransferId, Transport, View,
    },
};

use tempfile::NamedTempFile;

use super::bundles::Files;

/// Which requests of a phone use HTTP. A simulated phone with two slots has an HTTP client; requests of
/// the others over TFTP are reported as over HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Http {
    Never,
    /// Every file is requested over HTTP first and not found.
    First,
    /// The files of an application are fetched over HTTP.
    Only,
}

pub(crate) struct Run {
    pub(crate) fleet: Fleet,
    pub(crate) journal: Journal,
    pub(crate) events: Vec<Event>,
    pub(crate) http: HashMap<Ipv4Addr, Http>,
    views: HashMap<View, Files>,
    transfers: HashMap<u64, Ipv4Addr>,
    began: Instant,
    http_transfers: u64,
}

#[derive(Clone)]
pub(crate) struct Server(Arc<Mutex<Run>>);

impl Server {
    pub(crate) fn new(
        began: Instant,
        plan: Plan,
        views: HashMap<View, Files>,
        journal: Journal,
    ) -> Self {
        Self(Arc::new(Mutex::new(Run {
            journal,
            fleet: Fleet::new(plan),
            events: Vec::new(),
            http: HashMap::new(),
            views,
            transfers: HashMap::new(),
            began,
            http_transfers: 1 << 40,
        })))
    }

    pub(crate) fn run(&self) -> MutexGuard<'_, Run> {
        self.0.lock().unwrap()
    }
}

impl Run {
    pub(crate) fn observe(&mut self, at: RunTime, address: Ipv4Addr, kind: ObservationKind) {
        let observation = Observation { address, kind };
        let events = self.fleet.observe(at, &observation);
        self.journal
            .observe(self.fleet.now(), &observation, &events);
        self.events.extend(events);
    }

    /// Answers a request over HTTP. `is_served`: 404 otherwise.
    pub(crate) fn request_over_http(
        &mut self,
        at: RunTime,
        address: Ipv4Addr,
        name: &str,
        is_served: bool,
    ) -> (TransferId, Option<StagedFile>) {
        let Admission::Serve(view) = self.fleet.admit(address, name) else {
            panic!("this run does not drain");
        };
        let file = self.views[&view].get(&name.to_lowercase()).cloned();
        let file = file.filter(|_| is_served);
        self.http_transfers += 1;
        let transfer = TransferId(self.http_transfers);
        let served = file.as_ref().map(|file| ServedFile {
            name: file.name.to_string(),
            size: file.bytes.len() as u64,
        });
        let requested = ObservationKind::Requested {
            transfer,
            transport: Transport::Http,
            name: name.to_owned(),
            port: 0,
            served,
            error: None,
            sender: None,
        };
        self.observe(at, address, requested);
        (transfer, file)
    }

    pub(crate) fn tick(&mut self, at: RunTime) {
        let events = self.fleet.tick(at);
        self.journal.tick(self.fleet.now(), &events);
        self.events.extend(events);
    }

    /// The report of this run's journal, after all of it is written.
    pub(crate) fn report_of_journal(&self, record: &NamedTempFile, plan: Plan) -> Report {
        let epoch = Timestamp::UNIX_EPOCH;
        let finished = RunFinished {
            totals: self.fleet.report(epoch).totals,
            succeeded: self.fleet.succeeded(),
            signal: None,
        };
        let missing = self.journal.finish(self.fleet.now(), finished);
        assert_eq!(missing, None, "no line was lost");
        let recorded = journal::read(record.path()).expect("a journal");
        assert!(recorded.finished && recorded.lines_cut == 0);
        recorded.refold(plan).report(epoch)
    }

    fn at(&self, now: Instant) -> RunTime {
        now - self.began
    }
}

impl TftpService for Server {
    fn request(&mut self, now: Instant, request: &tftp::TftpRequest<'_>) -> TftpAnswer {
        let mut run = self.run();
        let (at, address) = (run.at(now), *request.peer.ip());
        let Admission::Serve(view) = run.fleet.admit(address, request.name) else {
            panic!("this run does not drain");
        };
        let name = request.name.trim_start_matches('/').to_lowercase();
        let file = run.views[&view].get(&name).cloned();
        // A boot loader uses TFTP only.
        let http = run.http.get(&address).copied();
        let http = http.filter(|_| !name.starts_with("term") && request.peer.port() != 49_152);
        let requested = |transfer, transport, served| ObservationKind::Requested {
            transfer: TransferId(transfer),
            transport,
            name: request.name.to_owned(),
            port: request.peer.port(),
            served,
            error: None,
            sender: None,
        };
        // A file that is not found over HTTP is requested over TFTP.
        if http == Some(Http::First) || http == Some(Http::Only) && file.is_none() {
            run.http_transfers += 1;
            let first = requested(run.http_transfers, Transport::Http, None);
            run.observe(at, address, first);
        }
        let transport = match http {
            Some(Http::Only) if file.is_some() => Transport::Http,
            _ => Transport::Tftp,
        };
        let served = file.as_ref().map(|file| ServedFile {
            name: file.name.to_string(),
            size: file.bytes.len() as u64,
        });
        run.observe(at, address, requested(request.transfer, transport, served));
        match file {
            Some(file) => {
                run.transfers.insert(request.transfer, address);
                TftpAnswer::Serve(file.into())
            }
            None => TftpAnswer::NotFound,
        }
    }

    fn acknowledged(&mut self, now: Instant, transfer: u64, bytes: u64) {
        let mut run = self.run();
        let (at, address) = (run.at(now), run.transfers[&transfer]);
        let transfer = TransferId(transfer);
        run.observe(
            at,
            address,
            ObservationKind::Acknowledged { transfer, bytes },
        );
    }

    fn ended(&mut self, now: Instant, transfer: u64, end: tftp::TransferOutcome, bytes: u64) {
        let mut run = self.run();
        let at = run.at(now);
        let Some(address) = run.transfers.remove(&transfer) else {
            return;
        };
        let end = match end {
            tftp::TransferOutcome::Delivered => TransferEnd::Delivered,
            tftp::TransferOutcome::PeerError(..) => panic!("phones send no ERROR"),
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
        let transfer = TransferId(transfer);
        run.observe(
            at,
            address,
            ObservationKind::Ended {
                transfer,
                end,
                bytes,
            },
        );
    }
}
