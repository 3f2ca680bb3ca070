//! Runs of the tracker for tests: the requests and reports of phones at given times, and what the
//! tracker makes of them.
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
        Admission, Event, EvidenceSource, Fleet, ManifestPlan, Observation, ObservationKind,
        PhoneReport, Plan, Report, RunTime, ServedFile, StagePlan, State, TransferEnd, TransferId,
        Transport, View,
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

/// What the boot loader of a 7945 requests; `TERM` is what that of a 7965 requests.
const TERM_7945: &str = "term45.default.loads";

pub const BRIDGE: &str = "SCCP45.8-5-2S";
pub const BRIDGE_LOADS: &str = "SCCP45.8-5-2S.loads";
pub const BRIDGE_IMAGES: [(&str, u64); 5] = [
    ("jar45sccp.8-5-2TH1-9.sbn", 1_885_045),
    ("cnu45.8-5-2TH1-9.sbn", 525_007),
    ("apps45.8-5-2TH1-9.sbn", 2_936_005),
    ("dsp45.8-5-2TH1-9.sbn", 342_219),
    ("cvm45sccp.8-5-2TH1-9.sbn", 2_494_573),
];

pub fn seconds(seconds: f64) -> RunTime {
    Duration::from_secs_f64(seconds)
}

pub fn mac(last: u8) -> MacAddress {
    MacAddress::new([0x00, 0x1d, 0x45, 0xaa, 0xbb, last])
}

pub fn address(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(192, 168, 5, last)
}

/// The stage of a load of the 7945 family: each manifest names all images.
fn stage_plan(load: &str, manifests: [&str; 3], images: &[(&str, u64)]) -> StagePlan {
    let images: Vec<_> = images
        .iter()
        .map(|(name, size)| ((*name).to_owned(), *size))
        .collect();
    let manifests = manifests.map(|name| ManifestPlan {
        hardware: None,
        platforms: Vec::new(),
        name: name.to_owned(),
        images: images.clone(),
    });
    StagePlan {
        load: LoadName::new(load),
        models: Family::F45.models().collect(),
        manifests: manifests.to_vec(),
    }
}

/// Converts the 7945 family to `LOAD`.
pub fn plan() -> Plan {
    Plan {
        stages: vec![stage_plan(LOAD, [LOADS, TERM_7945, TERM], &IMAGES)],
        ..Plan::default()
    }
}

/// A bridge load with these images.
pub fn bridge(images: &[(&str, u64)]) -> StagePlan {
    stage_plan(BRIDGE, [BRIDGE_LOADS, TERM_7945, TERM], images)
}

/// One run: the tracker, its events, and the staged files. `host` is the last byte of a phone's
/// address, `phone` that of its MAC.
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

    /// Lets time pass up to `at`, with every tick that is due before.
    pub fn advance_to(&mut self, at: f64) -> &mut Self {
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

    pub fn observe(&mut self, at: f64, host: u8, kind: ObservationKind) {
        self.observe_from(at, address(host), kind);
    }

    /// An observation at an address of any network.
    pub fn observe_from(&mut self, at: f64, address: Ipv4Addr, kind: ObservationKind) {
        self.advance_to(at);
        let observation = Observation { address, kind };
        let events = self.fleet.observe(self.now, &observation);
        self.add(events);
    }

    fn add(&mut self, events: Vec<Event>) {
        self.times.extend(events.iter().map(|_| self.now));
        self.events.extend(events);
    }

    pub fn request_over(
        &mut self,
        at: f64,
        host: u8,
        transport: Transport,
        name: &str,
    ) -> TransferId {
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
        self.observe(
            at,
            host,
            ObservationKind::Requested {
                transfer,
                transport,
                name: name.to_owned(),
                port: 49152,
                served,
                error: None,
                sender: None,
            },
        );
        transfer
    }

    /// A request whose transfer does not end.
    pub fn request(&mut self, at: f64, host: u8, name: &str) -> TransferId {
        self.request_over(at, host, Transport::Tftp, name)
    }

    pub fn size(&self, name: &str) -> u64 {
        self.staged
            .get(&name.to_lowercase())
            .map_or(0, |(_, size)| *size)
    }

    pub fn end(&mut self, at: f64, host: u8, transfer: TransferId, end: TransferEnd, bytes: u64) {
        self.observe(
            at,
            host,
            ObservationKind::Ended {
                transfer,
                end,
                bytes,
            },
        );
    }

    /// A request, and the delivery half a second later if the file is staged.
    pub fn fetch(&mut self, at: f64, host: u8, name: &str) -> &mut Self {
        let transfer = self.request(at, host, name);
        let size = self.size(name.trim_start_matches('/'));
        if size > 0 {
            self.observe(
                at + 0.2,
                host,
                ObservationKind::Acknowledged {
                    transfer,
                    bytes: size / 2,
                },
            );
            self.end(at + 0.5, host, transfer, TransferEnd::Delivered, size);
        }
        self
    }

    /// A request, and acknowledgements up to this many bytes; the transfer does not end.
    pub fn fetch_partly(&mut self, at: f64, host: u8, name: &str, bytes: u64) -> TransferId {
        let transfer = self.request(at, host, name);
        self.observe(
            at + 0.2,
            host,
            ObservationKind::Acknowledged { transfer, bytes },
        );
        transfer
    }

    /// The boot of an application: it requests trust lists and configurations, from `at` on.
    pub fn boot(&mut self, at: f64, host: u8, phone: u8) -> &mut Self {
        let mac = mac(phone).upper_hex();
        self.fetch(at, host, &format!("CTLSEP{mac}.tlv"))
            .fetch(at + 0.1, host, &format!("ITLSEP{mac}.tlv"))
            .fetch(at + 0.2, host, "ITLFile.tlv")
            .fetch(at + 0.3, host, &format!("SEP{mac}.cnf.xml"))
            .fetch(at + 0.4, host, "XMLDefault.cnf.xml")
    }

    /// A pass of the target: the manifest and all its images, 5 s each.
    pub fn full_pass(&mut self, at: f64, host: u8, manifest: &str) -> &mut Self {
        self.pass_of(at, host, manifest, &IMAGES)
    }

    /// The manifest and these images, 5 s each.
    pub fn pass_of(
        &mut self,
        at: f64,
        host: u8,
        manifest: &str,
        images: &[(&str, u64)],
    ) -> &mut Self {
        self.fetch(at, host, manifest);
        let mut at = at + 2.0;
        for (name, _) in images {
            self.fetch(at, host, name);
            at += 5.0;
        }
        self
    }

    /// CDP or another source reports a MAC at an address.
    pub fn report_mac(&mut self, at: f64, host: u8, phone: u8, source: EvidenceSource) {
        let mac = mac(phone);
        self.observe(
            at,
            host,
            ObservationKind::MacReported {
                mac,
                source,
                sender: None,
            },
        );
    }

    /// The same, in a message that the host with the MAC `sender` sent.
    pub fn report_mac_by(
        &mut self,
        at: f64,
        host: u8,
        phone: u8,
        (source, sender): (EvidenceSource, u8),
    ) {
        let kind = ObservationKind::MacReported {
            mac: mac(phone),
            source,
            sender: Some(mac(sender)),
        };
        self.observe(at, host, kind);
    }

    /// The view from which a request of this phone is served now.
    pub fn view(&self, host: u8, name: &str) -> View {
        match self.fleet.admit(address(host), name) {
            Admission::Serve(view) => view,
            Admission::Draining => panic!("the run is not draining"),
        }
    }

    /// CDP reports that the phone runs this load.
    pub fn report_load(&mut self, at: f64, host: u8, load: &str) -> &mut Self {
        self.observe(
            at,
            host,
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

    /// The phone with this MAC.
    pub fn phone_of(&self, phone: u8) -> PhoneReport {
        let report = self.report();
        let found = report
            .phones
            .into_iter()
            .find(|it| it.mac == Some(mac(phone)));
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
