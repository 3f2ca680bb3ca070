//! Fleets of phones with two slots, of several families at once.

use std::sync::Arc;

use reflash::{
    phone::{Family, LoadName, MacAddress, Model, Protocol, RequestedFile, Support},
    simulator::{Sizes, StartState, SyntheticBundle},
    track::{ManifestPlan, StagePlan},
};

use super::{
    bundles::{Bundle, Bundles},
    scenario::{Cause, Member, Random, Scenario, mac_reports},
    server::Http,
};

/// The families whose loads are staged.
const FAMILIES: [Family; 6] = [
    Family::F6911,
    Family::F69,
    Family::F894,
    Family::F8961,
    Family::F78,
    Family::F88,
];

/// Every third fleet.
pub(crate) fn is_of_slots(seed: u64) -> bool {
    seed % 3 == 2
}

/// Whether this is such a fleet, and none of 7940 and 7960.
pub(crate) fn has_slots(scenario: &Scenario) -> bool {
    scenario.steps.is_none() && is_of_slots(scenario.seed)
}

/// The bundles of all families.
pub(crate) fn bundles() -> Vec<Bundle> {
    FAMILIES.iter().map(|family| bundle(*family)).collect()
}

fn bundle(family: Family) -> Bundle {
    let made = SyntheticBundle::new(family, 5)
        .expect("a family with a bundle")
        .sizes(Sizes::Small);
    let parts = Bundle::parts(&made.files(), false);
    let has_platforms = family.slots().is_some_and(|slots| slots.has_platforms);
    let images: Vec<(String, u64)> = made
        .files()
        .iter()
        .filter(|(name, _)| RequestedFile::parse(name) == RequestedFile::Image)
        .map(|(name, bytes)| (name.clone(), bytes.len() as u64))
        .collect();
    let platforms = images
        .iter()
        .filter(|_| has_platforms)
        .map(|(name, _)| {
            if name
                .split('.')
                .next()
                .is_some_and(|stem| stem.ends_with('2'))
            {
                2
            } else {
                1
            }
        })
        .collect();
    let load = made.load();
    Bundle {
        plan: StagePlan {
            load: load.clone(),
            models: family.models().collect(),
            manifests: vec![ManifestPlan {
                name: load.manifest(),
                images,
                hardware: None,
                platforms,
            }],
        },
        load,
        files: parts.files,
        hashes: parts.hashes,
        sizes: Arc::new(parts.sizes),
    }
}

/// The load before the run, which no fleet stages.
pub(crate) fn old_load(family: Family) -> LoadName {
    match family.support() {
        Support::Converts => family.slot_load(Protocol::Sccp, "9-3-1-3"),
        _ => family.slot_load(Protocol::Sip, "9-2-1-0"),
    }
}

/// The SCCP load that an old configuration names: neither the one that runs nor one that is staged.
pub(crate) fn left_load(family: Family) -> LoadName {
    family.slot_load(Protocol::Sccp, "9-2-1-0")
}

pub(crate) fn scenario(seed: u64, bundles: &Bundles) -> Scenario {
    let mut random = Random::new(seed);
    let size = 1 + random.below(6);
    let missing = random.percent(8).then(|| {
        let at = usize::try_from(random.below(3)).unwrap();
        ["dsp69xx", "sip894x.9-4-2sr3-1.bin3", "rootfs"][at]
    });
    let members = (0..size)
        .map(|index| member(&mut random, u8::try_from(index).unwrap(), bundles))
        .collect();
    Scenario {
        seed,
        members,
        bridge: false,
        capitals: false,
        missing,
        icmp: random.percent(50),
        steps: None,
    }
}

/// The beginning of the name of an image that is not the last one.
fn first_image(family: Family) -> &'static str {
    match family {
        Family::F6911 => "KNL6911",
        Family::F69 => "DSP69xx",
        Family::F894 => "SIP894x.9-4-2SR3-1.bin5",
        _ => "kern",
    }
}

fn member(random: &mut Random, index: u8, bundles: &Bundles) -> Member {
    let at = usize::try_from(random.below(FAMILIES.len() as u64)).unwrap();
    let family = FAMILIES[at];
    let converts = family.is_convertible();
    let cause = match random.below(24) {
        0 | 1 => Cause::Refuses,
        2 => Cause::Hardware,
        3 | 4 => Cause::PowerCut {
            image: first_image(family),
            percent: 5 + u8::try_from(random.below(90)).unwrap(),
        },
        5 => Cause::AddressChange,
        6 => Cause::NoWitness,
        7 => Cause::ConfigRefused,
        8 => Cause::PeerSharing,
        9 => Cause::Firewall,
        10 => Cause::WrongModel,
        11 | 12 => Cause::Restart,
        13 => Cause::Already,
        14 => Cause::RefusesImages,
        15 => Cause::OtherSlot,
        16 => Cause::TrustList,
        17 => Cause::WeakPower,
        18 => Cause::Multiplatform,
        19 if converts => Cause::SccpLeft,
        20 => Cause::LostFinalAcks,
        _ => Cause::Nothing,
    };
    let models: Vec<&'static Model> = match cause {
        Cause::WrongModel => Family::F42.models().collect(),
        _ => family.models().collect(),
    };
    let model = models[usize::try_from(random.below(models.len() as u64)).unwrap()];
    let start = match cause {
        Cause::WrongModel => StartState::Recovery,
        Cause::Already => StartState::Application(bundles.of(family).load.clone()),
        _ => StartState::Application(old_load(family)),
    };
    let loss = match cause {
        Cause::Nothing | Cause::AddressChange if random.percent(40) => {
            1 + u8::try_from(random.below(20)).unwrap()
        }
        _ => 0,
    };
    let restarts = match cause {
        Cause::Restart => (0..=random.below(3))
            .map(|_| 5 + random.below(400))
            .collect(),
        _ => Vec::new(),
    };
    Member {
        mac: MacAddress::new([0x02, 0x52, 0x45, 0x48, 1, index]),
        model,
        start,
        loss,
        witness: random.percent(40),
        dhcp: random.percent(30),
        http: match random.below(4) {
            _ if family == Family::F6911 => Http::Never,
            0 | 1 => Http::First,
            2 if cause != Cause::Firewall => Http::Only,
            _ => Http::Never,
        },
        own_config: cause == Cause::SccpLeft || random.percent(50),
        restarts,
        mac_reports: mac_reports(random),
        cause,
    }
}
