//! Observations per second, and memory per phone: `cargo bench --bench track`.
//!
//! The results are printed and not asserted, because they depend on the machine.

use std::{
    fs,
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use reflash::{
    phone::{Family, LoadName},
    track::{
        Fleet, ManifestPlan, Observation, ObservationKind, Plan, RunTime, ServedFile, StagePlan,
        TransferEnd, TransferId, Transport,
    },
};

const PHONES: u32 = 1_000;
const STEPS: u64 = 165;
const TERM: &str = "term65.default.loads";
const IMAGES: [(&str, u64); 5] = [
    ("jar45sip.9-3-1ES26.sbn", 1_885_045),
    ("cnu45.9-3-1ES26.sbn", 525_007),
    ("apps45.9-3-1ES26.sbn", 2_936_005),
    ("dsp45.9-3-1ES26.sbn", 342_219),
    ("cvm45sip.9-3-1ES26.sbn", 2_494_573),
];

fn plan() -> Plan {
    Plan {
        stages: vec![StagePlan {
            load: LoadName::new("SIP45.9-3-1SR4-1S"),
            models: Family::F45.models().collect(),
            manifests: vec![ManifestPlan {
                name: TERM.to_owned(),
                images: IMAGES.map(|(name, size)| (name.to_owned(), size)).to_vec(),
                hardware: Some(15),
                platforms: Vec::new(),
            }],
        }],
        ..Plan::default()
    }
}

/// One fleet and its clock.
struct Bench {
    fleet: Fleet,
    now: RunTime,
    observations: u64,
    events: usize,
}

impl Bench {
    fn observe(&mut self, phone: u32, kind: ObservationKind) {
        self.now += Duration::from_micros(100);
        let address = Ipv4Addr::from(0x0a00_0000 + phone);
        let observation = Observation { address, kind };
        self.events += self.fleet.observe(self.now, &observation).len();
        self.observations += 1;
        // The calls of a run after each observation.
        let _ = self.fleet.next_deadline();
        let _ = self.fleet.run_state(self.now);
    }

    fn ask(&mut self, phone: u32, transfer: TransferId, name: &str, size: Option<u64>) {
        let served = size.map(|size| ServedFile {
            name: name.to_owned(),
            size,
        });
        let name = name.to_owned();
        let asked = ObservationKind::Requested {
            transfer,
            transport: Transport::Tftp,
            name,
            port: 49_152,
            served,
            error: None,
            sender: None,
        };
        self.observe(phone, asked);
    }
}

/// Resident memory in KiB, as the kernel counts it; 0 where there is no /proc.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

fn main() {
    let mut bench = Bench {
        fleet: Fleet::new(plan()),
        now: RunTime::ZERO,
        observations: 0,
        events: 0,
    };
    let before = resident();
    let began = Instant::now();
    let mut next = 0_u64;
    for (name, size) in [(TERM, 654)].into_iter().chain(IMAGES) {
        let first = next;
        next += u64::from(PHONES);
        let transfer = |phone: u32| TransferId(first + u64::from(phone));
        for phone in 0..PHONES {
            bench.ask(phone, transfer(phone), name, Some(size));
        }
        for step in 1..=STEPS {
            for phone in 0..PHONES {
                let (transfer, bytes) = (transfer(phone), size * step / STEPS);
                bench.observe(phone, ObservationKind::Acknowledged { transfer, bytes });
            }
        }
        for phone in 0..PHONES {
            let (transfer, end) = (transfer(phone), TransferEnd::Delivered);
            bench.observe(
                phone,
                ObservationKind::Ended {
                    transfer,
                    end,
                    bytes: size,
                },
            );
        }
    }
    let took = began.elapsed();
    let writing = bench.fleet.must_stay_powered().len();
    let observations = u32::try_from(bench.observations).unwrap_or(u32::MAX);
    println!(
        "{} observations of {PHONES} phones in {took:.2?} on one core: {:.0} a second, {} events, {writing} \
         phones write",
        bench.observations,
        f64::from(observations) / took.as_secs_f64(),
        bench.events,
    );
    let after = resident();
    println!(
        "memory after a pass: {} KiB more than before, {:.1} KiB a phone",
        after.saturating_sub(before),
        f64::from(u32::try_from(after.saturating_sub(before)).unwrap_or(u32::MAX))
            / f64::from(PHONES)
    );
    // Phones that repeat requests without end.
    for round in 0..2_000_u64 {
        for phone in 0..PHONES {
            let transfer = TransferId(next + round * u64::from(PHONES) + u64::from(phone));
            bench.ask(phone, transfer, "XMLDefault.cnf.xml", None);
        }
    }
    let bounded = resident().saturating_sub(before);
    println!(
        "memory after 2,000 more requests of each: {bounded} KiB, {:.1} KiB a phone; rows are bounded",
        f64::from(u32::try_from(bounded).unwrap_or(u32::MAX)) / f64::from(PHONES)
    );
}
