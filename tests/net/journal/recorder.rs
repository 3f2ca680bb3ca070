//! A fleet and its journal, as a run has them, without a server.

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
                    hardware: manifest.hardware,
                    images: manifest.images.clone(),
                })
                .collect(),
        })
        .collect();
    header
}

/// A fleet and its journal, as a run has them.
pub(super) struct Live {
    pub(super) fleet: Fleet,
    journal: Journal,
    now: RunTime,
    /// What was to be said at which moment.
    pub(super) told: BTreeMap<RunTime, Report>,
    next: u64,
    /// Who asked, by transfer: what it acknowledges and how it ends comes from there.
    askers: Vec<u8>,
}

pub(super) const BEGAN: i64 = 1_784_000_000;

impl Live {
    pub(super) fn new(path: &Path) -> Self {
        let at = Timestamp::from_second(BEGAN).unwrap();
        let mut live = Self {
            fleet: Fleet::new(plan()),
            journal: Journal::create(path, at, header()).unwrap(),
            now: RunTime::ZERO,
            told: BTreeMap::new(),
            next: 0,
            askers: Vec::new(),
        };
        live.keep();
        live
    }

    fn keep(&mut self) {
        let report = self.fleet.report(Timestamp::UNIX_EPOCH);
        self.told.insert(self.fleet.now(), report);
    }

    pub(super) fn see(&mut self, who: u8, kind: ObservationKind) {
        self.now += Duration::from_millis(1);
        let observation = Observation {
            address: address(who),
            kind,
        };
        let events = self.fleet.observe(self.now, &observation);
        self.journal
            .observe(self.fleet.now(), &observation, &events);
        self.keep();
    }

    pub(super) fn wait(&mut self, seconds: u64) {
        // As often as a run that has nothing else to do.
        for _ in 0..seconds {
            self.now += Duration::from_secs(1);
            let events = self.fleet.tick(self.now);
            self.journal.tick(self.fleet.now(), &events);
            self.keep();
        }
    }

    pub(super) fn ask(&mut self, who: u8, name: &str, served: Option<u64>) -> TransferId {
        let transfer = TransferId(self.next);
        self.next += 1;
        self.askers.push(who);
        let asked = ObservationKind::Requested {
            transfer,
            transport: Transport::Tftp,
            name: name.to_owned(),
            port: 49152,
            served: served.map(|size| ServedFile {
                name: name.to_owned(),
                size,
            }),
        };
        self.see(who, asked);
        transfer
    }

    /// One of the newest transfers, and who asked for it; `who` where nobody did.
    pub(super) fn recent(&self, back: u64, who: u8) -> (u8, TransferId) {
        let transfer = self.next.saturating_sub(back);
        let asker = usize::try_from(transfer)
            .ok()
            .and_then(|at| self.askers.get(at));
        (asker.copied().unwrap_or(who), TransferId(transfer))
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

/// The file, once it has this many lines.
pub(super) fn wait_for_lines(path: &Path, lines: usize) -> Vec<u8> {
    let patience = Instant::now() + Duration::from_secs(30);
    loop {
        let bytes = fs::read(path).unwrap();
        if bytes.split(|byte| *byte == b'\n').count() > lines {
            return bytes;
        }
        assert!(Instant::now() < patience, "the lines never came");
        thread::sleep(Duration::from_millis(5));
    }
}
