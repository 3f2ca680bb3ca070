//! The phones, faults and network of one fleet, chosen by its seed.

use reflash::{
    phone::{LoadName, MacAddress, Model},
    simulator::{PhoneFault, StartState},
    track::EvidenceSource,
};

use super::server::Http;

/// `SplitMix64`.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5bf0_3635)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ (word >> 31)) % limit
    }

    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn small(&mut self, limit: u8) -> u8 {
        u8::try_from(self.below(u64::from(limit))).unwrap()
    }
}

/// The fault of one phone, or of its link.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cause {
    Nothing,
    Refuses,
    Hardware,
    Bridge,
    PowerCut { image: &'static str, percent: u8 },
    AddressChange,
    NoSecondPass,
    NoWitness,
    ConfigRefused,
    PeerSharing,
    Firewall,
    BlackHole,
    WrongModel,
    LostFinalAcks,
    Restart,
    Already,
    // Of phones with two slots.
    RefusesImages,
    OtherSlot,
    TrustList,
    WeakPower,
    Multiplatform,
    SccpLeft,
}

#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) mac: MacAddress,
    pub(crate) model: &'static Model,
    pub(crate) start: StartState,
    pub(crate) cause: Cause,
    pub(crate) loss: u8,
    /// Its CDP is observed at every start of an application, and was before the run.
    pub(crate) witness: bool,
    /// Its DHCP is observed.
    pub(crate) dhcp: bool,
    pub(crate) http: Http,
    /// Has an SEP file of its own.
    pub(crate) own_config: bool,
    /// When it loses power, in seconds.
    pub(crate) restarts: Vec<u64>,
    /// When its MAC is reported besides its starts, in seconds: by the kernel's ARP table, or by
    /// DHCP when it renews its lease.
    pub(crate) mac_reports: Vec<(u64, EvidenceSource)>,
}

#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) seed: u64,
    pub(crate) members: Vec<Member>,
    pub(crate) bridge: bool,
    pub(crate) capitals: bool,
    /// An image that the folder lacks.
    pub(crate) missing: Option<&'static str>,
    /// Whether closed ports are reported by ICMP.
    pub(crate) icmp: bool,
    /// Of a fleet of 7940 and 7960: whether the steps to the loader are served.
    pub(crate) steps: Option<bool>,
}

const STEMS: [&str; 5] = ["jar", "cnu", "apps", "dsp", "cvm"];

impl Member {
    pub(crate) fn faults(&self) -> Vec<PhoneFault> {
        let mut faults = match &self.cause {
            Cause::Refuses => vec![PhoneFault::RefusesManifest],
            Cause::Hardware => vec![PhoneFault::WrongHardware],
            Cause::Bridge => vec![PhoneFault::NeedsBridge],
            Cause::PowerCut { image, percent } => vec![PhoneFault::PowerCut {
                image: (*image).to_owned(),
                percent: *percent,
            }],
            Cause::AddressChange => vec![PhoneFault::AddressChange],
            Cause::NoSecondPass => vec![PhoneFault::NoSecondPass],
            Cause::NoWitness => vec![PhoneFault::NoWitness],
            Cause::ConfigRefused => vec![PhoneFault::ConfigRefused],
            Cause::PeerSharing => vec![PhoneFault::PeerSharing],
            Cause::RefusesImages => vec![PhoneFault::RefusesImages],
            Cause::OtherSlot => vec![PhoneFault::OtherSlot],
            Cause::TrustList => vec![PhoneFault::TrustList],
            Cause::WeakPower => vec![PhoneFault::WeakPower],
            Cause::Multiplatform => vec![PhoneFault::Multiplatform],
            _ => Vec::new(),
        };
        if self.loss > 0 {
            faults.push(PhoneFault::Loss(self.loss));
        }
        faults
    }

    /// The load that it ran before a reset.
    pub(crate) fn before(&self) -> LoadName {
        match &self.start {
            StartState::Application(load) => load.clone(),
            StartState::Recovery if self.cause == Cause::Bridge => LoadName::new("SCCP45.8-3-2S"),
            StartState::Recovery => LoadName::new("SCCP45.8-5-2S"),
        }
    }
}

impl Scenario {
    pub(crate) fn new(seed: u64, target: &LoadName) -> Self {
        let mut random = Random::new(seed);
        let size = 1 + random.below(6);
        let bridge = random.percent(30);
        let missing = random
            .percent(8)
            .then(|| STEMS[usize::from(random.small(5))]);
        let members = (0..size)
            .map(|index| member(&mut random, u8::try_from(index).unwrap(), target))
            .collect();
        Self {
            seed,
            members,
            bridge,
            capitals: random.percent(20),
            missing,
            icmp: random.percent(50),
            steps: None,
        }
    }

    /// A fleet of 7940 and 7960, most of them from before the loader.
    pub(crate) fn first_phones(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let size = 1 + random.small(5);
        let members = (0..size)
            .map(|index| first_phone(&mut random, index))
            .collect();
        Self {
            seed,
            members,
            bridge: false,
            capitals: false,
            missing: None,
            icmp: random.percent(50),
            steps: Some(random.percent(75)),
        }
    }
}

/// What a 7940 or 7960 runs: each kind of step, and the loader.
const FIRST_LOADS: [&str; 10] = [
    "P0S30203",
    "P0S3-03-2-00",
    "P0S3-04-4-00",
    "P0S3-05-3-00",
    "P0S3-06-3-00",
    "P00303020214",
    "P00304000000",
    "P00305000700",
    "P003AL00",
    "P0030801SR02",
];

fn first_phone(random: &mut Random, index: u8) -> Member {
    let cause = match random.below(10) {
        0 | 1 => Cause::Refuses,
        2 => Cause::PowerCut {
            image: "P0",
            percent: random.small(101),
        },
        3 => Cause::LostFinalAcks,
        4 => Cause::Restart,
        5 => Cause::Firewall,
        _ => Cause::Nothing,
    };
    let load = LoadName::new(FIRST_LOADS[usize::from(random.small(10))]);
    let restarts = match cause {
        Cause::Restart => (0..=random.below(3))
            .map(|_| 5 + random.below(900))
            .collect(),
        _ => Vec::new(),
    };
    let is_lossy = cause == Cause::Nothing && random.percent(30);
    let number = if random.percent(50) { "7940" } else { "7960" };
    Member {
        mac: MacAddress::new([0x02, 0x52, 0x45, 0x48, 1, index]),
        model: Model::by_number(number).expect("a model"),
        start: StartState::Application(load),
        loss: if is_lossy { 1 + random.small(15) } else { 0 },
        witness: random.percent(40),
        dhcp: random.percent(30),
        http: Http::Never,
        own_config: false,
        restarts,
        mac_reports: mac_reports(random),
        cause,
    }
}

fn member(random: &mut Random, index: u8, target: &LoadName) -> Member {
    let cause = match random.below(22) {
        0 | 1 => Cause::Refuses,
        2 => Cause::Hardware,
        3 | 4 => Cause::Bridge,
        5 | 6 => Cause::PowerCut {
            image: STEMS[usize::from(random.small(5))],
            percent: random.small(101),
        },
        7 => Cause::AddressChange,
        8 => Cause::NoSecondPass,
        9 => Cause::NoWitness,
        10 => Cause::ConfigRefused,
        11 => Cause::PeerSharing,
        12 => Cause::Firewall,
        13 => Cause::BlackHole,
        14 => Cause::WrongModel,
        15 => Cause::LostFinalAcks,
        16 => Cause::Restart,
        17 => Cause::Already,
        _ => Cause::Nothing,
    };
    let recovery = match cause {
        Cause::WrongModel => true,
        Cause::Already | Cause::PeerSharing => false,
        _ => random.percent(50),
    };
    let load = match cause {
        Cause::Already => target.clone(),
        Cause::Bridge => LoadName::new("SCCP45.8-3-2S"),
        _ => LoadName::new("SCCP45.8-5-2S"),
    };
    let number = match (&cause, random.percent(50)) {
        (Cause::WrongModel, _) => "7962",
        (_, true) => "7965",
        (_, false) => "7945",
    };
    let restarts = match cause {
        Cause::Restart => (0..=random.below(3))
            .map(|_| 5 + random.below(600))
            .collect(),
        _ => Vec::new(),
    };
    // Heavy loss would be a cause of its own; each phone has one cause.
    let loss = match cause {
        Cause::Nothing | Cause::AddressChange | Cause::NoSecondPass if random.percent(40) => {
            1 + random.small(20)
        }
        _ => 0,
    };
    Member {
        mac: MacAddress::new([0x02, 0x52, 0x45, 0x48, 0, index]),
        model: Model::by_number(number).expect("a model"),
        start: if recovery {
            StartState::Recovery
        } else {
            StartState::Application(load)
        },
        loss,
        // A signature that a phone refuses for no reason contradicts every load.
        witness: cause != Cause::Refuses && random.percent(40),
        dhcp: random.percent(30),
        http: match random.below(4) {
            0 => Http::First,
            // A firewall that blocks TFTP may not block TCP.
            1 if cause != Cause::Firewall => Http::Only,
            _ => Http::Never,
        },
        own_config: random.percent(50),
        restarts,
        mac_reports: mac_reports(random),
        cause,
    }
}

/// Most phones are on a LAN, where the kernel knows MACs: it reports them all the time, or now and
/// then. The others are routed.
pub(crate) fn mac_reports(random: &mut Random) -> Vec<(u64, EvidenceSource)> {
    match random.below(3) {
        0 => return Vec::new(),
        1 => {
            let period = 5 + random.below(50);
            return (1..2400 / period)
                .map(|number| (number * period, EvidenceSource::Neighbour))
                .collect();
        }
        _ => {}
    }
    let mut reports: Vec<_> = (0..random.below(40))
        .map(|_| {
            let source = if random.percent(20) {
                EvidenceSource::Dhcp
            } else {
                EvidenceSource::Neighbour
            };
            (random.below(2400), source)
        })
        .collect();
    reports.sort_by_key(|(at, _)| *at);
    reports
}
