//! A small language for conversations: who asks what when, and how it ends.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses its part of this module"
)]

use std::{collections::HashMap, net::Ipv4Addr, time::Duration};

use jiff::Timestamp;
use reflash::{
    phone::{Family, LoadName, MacAddress},
    track::{
        Event, EvidenceSource, Fleet, ManifestPlan, Observation, ObservationKind, PhoneReport,
        Plan, Report, RunTime, ServedFile, StagePlan, State, TransferEnd, TransferId, Transport,
    },
};

pub const TERM: &str = "term65.default.loads";
pub const LOAD: &str = "SIP45.9-3-1SR4-1S";
pub const LOADS: &str = "SIP45.9-3-1SR4-1S.loads";
pub const IMAGES: [(&str, u64); 5] = [
    ("jar45sip.9-3-1ES26.sbn", 1_885_045),
    ("cnu45.9-3-1ES26.sbn", 525_007),
    ("apps45.9-3-1ES26.sbn", 2_936_005),
    ("dsp45.9-3-1ES26.sbn", 342_219),
    ("cvm45sip.9-3-1ES26.sbn", 2_494_573),
];
pub const MANIFEST_BYTES: u64 = 654;

pub fn seconds(seconds: f64) -> RunTime {
    Duration::from_secs_f64(seconds)
}

pub fn mac(last: u8) -> MacAddress {
    MacAddress::new([0x00, 0x1d, 0x45, 0xaa, 0xbb, last])
}

pub fn address(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(192, 168, 5, last)
}

pub fn plan() -> Plan {
    let images: Vec<_> = IMAGES.map(|(name, size)| (name.to_owned(), size)).to_vec();
    let manifests = [LOADS, "term45.default.loads", TERM]
        .map(|name| ManifestPlan {
            hardware: None,
            name: name.to_owned(),
            images: images.clone(),
        })
        .to_vec();
    Plan {
        stages: vec![StagePlan {
            load: LoadName::new(LOAD),
            models: Family::F45.models().collect(),
            manifests,
        }],
        ..Plan::default()
    }
}

/// One run: the fleet, what it said, and what is staged.
pub struct Run {
    pub fleet: Fleet,
    pub events: Vec<Event>,
    /// When each event happened.
    pub times: Vec<RunTime>,
    pub now: RunTime,
    staged: HashMap<String, (String, u64)>,
    next: u64,
}

impl Run {
    pub fn new(plan: Plan) -> Self {
        let mut staged = HashMap::new();
        let mut stage = |name: &str, size: u64| {
            staged.insert(name.to_lowercase(), (name.to_owned(), size));
        };
        for manifest in plan
            .stages
            .iter()
            .chain(&plan.bridge)
            .flat_map(|stage| &stage.manifests)
        {
            stage(&manifest.name, MANIFEST_BYTES);
            for (name, size) in &manifest.images {
                stage(name, *size);
            }
        }
        stage("XMLDefault.cnf.xml", 900);
        stage("dialplan.xml", 90);
        Self {
            fleet: Fleet::new(plan),
            events: Vec::new(),
            times: Vec::new(),
            now: RunTime::ZERO,
            staged,
            next: 0,
        }
    }

    pub fn stage(&mut self, name: &str, size: u64) {
        self.staged
            .insert(name.to_lowercase(), (name.to_owned(), size));
    }

    pub fn unstage(&mut self, name: &str) {
        self.staged.remove(&name.to_lowercase());
    }

    /// Time passes up to `at`, with every tick that is due on the way.
    pub fn until(&mut self, at: f64) -> &mut Self {
        let at = seconds(at);
        while let Some(due) = self.fleet.next_deadline().filter(|due| *due <= at) {
            let events = self.fleet.tick(due.max(self.now));
            self.now = self.now.max(due);
            self.add(events);
            if self.fleet.next_deadline().is_some_and(|next| next <= due) {
                break;
            }
        }
        self.now = self.now.max(at);
        self
    }

    pub fn see(&mut self, at: f64, who: u8, kind: ObservationKind) {
        self.until(at);
        let observation = Observation {
            address: address(who),
            kind,
        };
        let events = self.fleet.observe(self.now, &observation);
        self.add(events);
    }

    fn add(&mut self, events: Vec<Event>) {
        self.times.extend(events.iter().map(|_| self.now));
        self.events.extend(events);
    }

    pub fn asks_over(&mut self, at: f64, who: u8, transport: Transport, name: &str) -> TransferId {
        let transfer = TransferId(self.next);
        self.next += 1;
        let bare = name.trim_start_matches('/').to_lowercase();
        let served = self
            .staged
            .get(&bare)
            .filter(|_| transport == Transport::Tftp)
            .map(|(name, size)| ServedFile {
                name: name.clone(),
                size: *size,
            });
        self.see(
            at,
            who,
            ObservationKind::Requested {
                transfer,
                transport,
                name: name.to_owned(),
                port: 49152,
                served,
            },
        );
        transfer
    }

    /// The request alone.
    pub fn asks(&mut self, at: f64, who: u8, name: &str) -> TransferId {
        self.asks_over(at, who, Transport::Tftp, name)
    }

    pub fn size(&self, name: &str) -> u64 {
        self.staged
            .get(&name.to_lowercase())
            .map_or(0, |(_, size)| *size)
    }

    pub fn ends(&mut self, at: f64, who: u8, transfer: TransferId, end: TransferEnd, bytes: u64) {
        self.see(
            at,
            who,
            ObservationKind::Ended {
                transfer,
                end,
                bytes,
            },
        );
    }

    /// The request and, where it is staged, its delivery half a second later.
    pub fn gets(&mut self, at: f64, who: u8, name: &str) -> &mut Self {
        let transfer = self.asks(at, who, name);
        let size = self.size(name.trim_start_matches('/'));
        if size > 0 {
            self.see(
                at + 0.2,
                who,
                ObservationKind::Acknowledged {
                    transfer,
                    bytes: size / 2,
                },
            );
            self.ends(at + 0.5, who, transfer, TransferEnd::Delivered, size);
        }
        self
    }

    /// A request that the phone leaves after this many bytes.
    pub fn loses(&mut self, at: f64, who: u8, name: &str, bytes: u64) -> TransferId {
        let transfer = self.asks(at, who, name);
        self.see(
            at + 0.2,
            who,
            ObservationKind::Acknowledged { transfer, bytes },
        );
        transfer
    }

    /// An application's boot: trust lists and configuration, from `at` on.
    pub fn boots(&mut self, at: f64, who: u8, name: u8) -> &mut Self {
        let wire = mac(name).upper_hex();
        self.gets(at, who, &format!("CTLSEP{wire}.tlv"))
            .gets(at + 0.1, who, &format!("ITLSEP{wire}.tlv"))
            .gets(at + 0.2, who, "ITLFile.tlv")
            .gets(at + 0.3, who, &format!("SEP{wire}.cnf.xml"))
            .gets(at + 0.4, who, "XMLDefault.cnf.xml")
    }

    /// A manifest and all images of it, 5 s each.
    pub fn passes(&mut self, at: f64, who: u8, manifest: &str) -> &mut Self {
        self.gets(at, who, manifest);
        let mut at = at + 2.0;
        for (name, _) in IMAGES {
            self.gets(at, who, name);
            at += 5.0;
        }
        self
    }

    pub fn load(&mut self, at: f64, who: u8, load: &str) -> &mut Self {
        self.see(
            at,
            who,
            ObservationKind::Load {
                load: LoadName::new(load),
                source: EvidenceSource::Cdp,
                detail: format!("Version {load}"),
            },
        );
        self
    }

    pub fn report(&self) -> Report {
        self.fleet.report(Timestamp::UNIX_EPOCH)
    }

    /// The only phone of the run.
    pub fn phone(&self) -> PhoneReport {
        let mut report = self.report();
        assert_eq!(report.phones.len(), 1, "{report:#?}");
        report.phones.remove(0)
    }

    pub fn phone_of(&self, name: u8) -> PhoneReport {
        let report = self.report();
        let found = report.phones.into_iter().find(|p| p.mac == Some(mac(name)));
        found.expect("this phone is in the report")
    }

    pub fn state(&self) -> State {
        self.phone().state
    }

    /// The states of all steps, repeats left out.
    pub fn states(&self) -> Vec<State> {
        let mut states: Vec<State> = self
            .events
            .iter()
            .filter_map(|event| match event {
                Event::Step(step) => Some(step.state),
                _ => None,
            })
            .collect();
        states.dedup();
        states
    }

    /// The codes that were raised and withdrawn, in order: `missing-image`,
    /// `-missing-image`.
    pub fn codes(&self) -> Vec<String> {
        self.events
            .iter()
            .filter_map(|event| match event {
                Event::Diagnosis { diagnosis, .. } => Some(diagnosis.code.to_string()),
                Event::Withdrawn { diagnosis, .. } => Some(format!("-{}", diagnosis.code)),
                _ => None,
            })
            .collect()
    }
}
