//! A fleet that records its journal as a run does, without a server.

use std::{
    collections::BTreeMap,
    fs,
    net::{Ipv4Addr, SocketAddrV4},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use reflash::{
    journal::{self, Journal, JournalHeader, Network, RunFinished},
    track::{
        Fleet, Observation, ObservationKind, Report, RunTime, ServedFile, TransferId, Transport,
    },
};

use crate::support::conversation::*;

pub(super) fn header() -> JournalHeader {
    let at = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 69);
    let network = Network {
        tftp: at,
        http: None,
    };
    let mut header = JournalHeader::new(
        "convert",
        network,
        journal::Arguments::default(),
        &[],
        &plan(),
    );
    header.bundles = plan()
        .stages
        .iter()
        .map(|stage| journal::ServedBundle {
            path: "/b.zip".into(),
            digests: None,
            contents: String::new(),
            bridge: false,
            load: stage.load.clone(),
            models: stage.models.clone(),
            manifests: stage
                .manifests
                .iter()
                .map(|manifest| journal::RecordedManifest {
                    name: manifest.name.clone(),
                    platforms: Vec::new(),
                    hardware: manifest.hardware,
                    images: manifest.images.clone(),
                })
                .collect(),
        })
        .collect();
    header
}

/// A fleet and its journal.
pub(super) struct RecordedFleet {
    pub(super) fleet: Fleet,
    journal: Journal,
    now: RunTime,
    /// The report after each change, by its time.
    pub(super) reports: BTreeMap<RunTime, Report>,
    next: u64,
    /// The host that requested each transfer: its ACKs and its end come from that host.
    requesters: Vec<u8>,
}

pub(super) const BEGAN: i64 = 1_784_000_000;

impl RecordedFleet {
    pub(super) fn new(path: &Path) -> Self {
        let at = Timestamp::from_second(BEGAN).unwrap();
        let mut live = Self {
            fleet: Fleet::new(plan()),
            journal: Journal::create(path, at, header()).unwrap(),
            now: RunTime::ZERO,
            reports: BTreeMap::new(),
            next: 0,
            requesters: Vec::new(),
        };
        live.save_report();
        live
    }

    fn save_report(&mut self) {
        let report = self.fleet.report(Timestamp::UNIX_EPOCH);
        self.reports.insert(self.fleet.now(), report);
    }

    pub(super) fn observe(&mut self, host: u8, kind: ObservationKind) {
        self.now += Duration::from_millis(1);
        let observation = Observation {
            address: address(host),
            kind,
        };
        let events = self.fleet.observe(self.now, &observation);
        self.journal
            .observe(self.fleet.now(), &observation, &events);
        self.save_report();
    }

    /// Ends the run and its journal.
    pub(super) fn finish_with(self, finished: RunFinished) {
        assert_eq!(self.journal.finish(self.now, finished), None);
    }

    pub(super) fn wait(&mut self, seconds: u64) {
        // One tick a second, as in a run without traffic.
        for _ in 0..seconds {
            self.now += Duration::from_secs(1);
            let events = self.fleet.tick(self.now);
            self.journal.tick(self.fleet.now(), &events);
            self.save_report();
        }
    }

    pub(super) fn request(&mut self, host: u8, name: &str, served: Option<u64>) -> TransferId {
        let transfer = TransferId(self.next);
        self.next += 1;
        self.requesters.push(host);
        let requested = ObservationKind::Requested {
            transfer,
            transport: Transport::Tftp,
            name: name.to_owned(),
            port: 49152,
            served: served.map(|size| ServedFile {
                name: name.to_owned(),
                size,
            }),
            error: None,
            sender: None,
        };
        self.observe(host, requested);
        transfer
    }

    /// One of the newest transfers and the host that requested it, or `host` if there is none.
    pub(super) fn recent(&self, back: u64, host: u8) -> (u8, TransferId) {
        let transfer = self.next.saturating_sub(back);
        let requester = usize::try_from(transfer)
            .ok()
            .and_then(|at| self.requesters.get(at));
        (requester.copied().unwrap_or(host), TransferId(transfer))
    }

    pub(super) fn finish(&self) {
        let totals = self.fleet.report(Timestamp::UNIX_EPOCH).totals;
        let finished = RunFinished {
            totals,
            succeeded: false,
            signal: None,
        };
        assert_eq!(self.journal.finish(self.fleet.now(), finished), None);
    }
}

pub(super) fn network() -> Network {
    header().network
}

/// Waits until the file has this many lines, and reads it.
pub(super) fn wait_for_lines(path: &Path, lines: usize) -> Vec<u8> {
    let patience = Instant::now() + Duration::from_secs(30);
    loop {
        let bytes = fs::read(path).unwrap();
        if bytes.split(|byte| *byte == b'\n').count() > lines {
            return bytes;
        }
        assert!(Instant::now() < patience, "the lines were not written");
        thread::sleep(Duration::from_millis(5));
    }
}
