//! The simulated phone against a minimal TFTP server, in virtual time and on loopback.

mod faults;
mod lan;
mod loader;
mod responder;
mod udp;

use std::{
    collections::BTreeMap,
    net::SocketAddrV4,
    sync::{Arc, LazyLock},
    time::Duration,
};

use proptest::prelude::*;
use reflash::{
    phone::{Family, LoadName, MacAddress, Model, RequestedFile},
    simulator::{
        PhoneConfig, PhoneEvent, PhoneFault, SimulatedPhone, Sizes, StartState, SyntheticBundle,
    },
};
use sha2::{Digest, Sha256};

use lan::{Lan, SERVER};
use responder::Responder;

const HOUR: Duration = Duration::from_hours(1);
const IMAGES: [&str; 5] = [
    "jar45sip.9-3-1ES26.sbn",
    "cnu45.9-3-1ES26.sbn",
    "apps45.9-3-1ES26.sbn",
    "dsp45.9-3-1ES26.sbn",
    "cvm45sip.9-3-1ES26.sbn",
];
/// The first requests of an application; its own configuration does not exist.
const BOOT: [&str; 5] = [
    "CTLSEP001D45AABB0C.tlv",
    "ITLSEP001D45AABB0C.tlv",
    "ITLFile.tlv",
    "SEP001D45AABB0C.cnf.xml",
    "XMLDefault.cnf.xml",
];

pub(crate) fn bundle(family: Family) -> SyntheticBundle {
    SyntheticBundle::new(family, 3)
        .expect("a convertible family")
        .sizes(Sizes::Small)
}

/// The bundle's files and an `XMLDefault` that names its load for every model of its family.
pub(crate) fn staged(family: Family, made: &SyntheticBundle) -> Vec<(String, Vec<u8>)> {
    let load = made.load();
    let loads: Vec<String> = family
        .models()
        .map(|model| model.device_type)
        .map(|id| format!("<loadInformation{id} model=\"x\">{load}</loadInformation{id}>"))
        .collect();
    let loads = loads.concat();
    let config = format!("<Default>{loads}</Default>");
    let mut files = made.files();
    files.push(("XMLDefault.cnf.xml".to_owned(), config.into_bytes()));
    files
}

pub(crate) fn hashes(made: &SyntheticBundle) -> BTreeMap<String, String> {
    made.files()
        .into_iter()
        .filter(|(name, _)| matches!(RequestedFile::parse(name), RequestedFile::Image))
        .map(|(name, bytes)| {
            let hash: Vec<String> = Sha256::digest(&bytes)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            (name, hash.concat())
        })
        .collect()
}

fn phone(model: &str, start: StartState, faults: &[&str]) -> SimulatedPhone {
    SimulatedPhone::new(PhoneConfig {
        mac: MacAddress::new([0x00, 0x1d, 0x45, 0xaa, 0xbb, 0x0c]),
        model: Model::by_number(model).expect("a model"),
        start,
        server: SocketAddrV4::new(SERVER, 69),
        http: None,
        pace: 1.0,
        seed: 11,
        faults: faults
            .iter()
            .map(|fault| fault.parse::<PhoneFault>().expect("a fault"))
            .collect(),
        sizes: Arc::clone(&SIZES),
    })
}

/// The files of the bundle and their lengths.
static SIZES: LazyLock<Arc<BTreeMap<String, u64>>> = LazyLock::new(|| {
    let files = bundle(Family::F45).files().into_iter();
    Arc::new(
        files
            .map(|(name, bytes)| (name, bytes.len() as u64))
            .collect(),
    )
});

fn sccp() -> StartState {
    StartState::Application(LoadName::new("SCCP45.8-5-2S"))
}

/// A 7965 with these faults against its bundle.
fn lan_with(start: StartState, faults: &[&str]) -> Lan {
    let files = staged(Family::F45, &bundle(Family::F45));
    Lan::new(phone("7965", start, faults), Responder::new(files))
}

fn target() -> LoadName {
    bundle(Family::F45).load()
}

fn count(lan: &Lan, name: &str) -> usize {
    lan.server
        .names()
        .iter()
        .filter(|asked| **asked == name)
        .count()
}

#[test]
fn a_recovery_fetches_twice_and_ends_with_the_files_of_the_bundle() {
    let mut lan = lan_with(StartState::Recovery, &[]);
    assert!(lan.play(HOUR));
    let once = |manifest| std::iter::once(manifest).chain(IMAGES);
    let expected: Vec<&str> = once("term65.default.loads")
        .chain(BOOT)
        .chain(once("SIP45.9-3-1SR4-1S.loads"))
        .chain(BOOT)
        .chain(["/sp-sip.jar", "dialplan.xml"])
        .collect();
    assert_eq!(lan.server.names(), expected);
    let contents = lan.phone.contents();
    assert_eq!(contents.load, Some(target()));
    assert_eq!(contents.images, hashes(&bundle(Family::F45)));
    let installed: Vec<&str> = lan
        .notes()
        .filter_map(|note| match note {
            PhoneEvent::Installed(load) => Some(load.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(installed, ["term65.default", "SIP45.9-3-1SR4-1S"]);
}

#[test]
fn an_sccp_phone_reads_its_load_from_its_configuration_and_fetches_once() {
    let mut lan = lan_with(sccp(), &[]);
    assert!(lan.play(HOUR));
    let expected: Vec<&str> = BOOT
        .into_iter()
        .chain(["/sp-sccp.jar", "SIP45.9-3-1SR4-1S.loads"])
        .chain(IMAGES)
        .chain(BOOT)
        .chain(["/sp-sip.jar", "dialplan.xml"])
        .collect();
    assert_eq!(lan.server.names(), expected);
    assert_eq!(lan.phone.contents().load, Some(target()));
    assert_eq!(lan.phone.contents().images, hashes(&bundle(Family::F45)));
}

#[test]
fn every_convertible_model_converts_by_both_routes() {
    for family in [
        Family::F11,
        Family::F31,
        Family::F41,
        Family::F42,
        Family::F45,
        Family::F70,
        Family::F75,
    ] {
        let made = bundle(family);
        for model in family.models() {
            let old = LoadName::new("SCCP00.8-5-2S");
            for start in [StartState::Recovery, StartState::Application(old)] {
                let responder = Responder::new(staged(family, &made));
                let mut lan = Lan::new(phone(model.number, start, &[]), responder);
                assert!(lan.play(HOUR), "{model:?}");
                assert_eq!(lan.phone.contents().load, Some(made.load()));
                assert_eq!(lan.phone.contents().images, hashes(&made));
                let sip = lan
                    .server
                    .names()
                    .iter()
                    .filter(|name| name.ends_with("-sip.jar"))
                    .count();
                assert_eq!(sip, 1, "{model:?}");
            }
        }
    }
}

#[test]
fn its_times_are_those_of_a_phone() {
    let mut lan = lan_with(StartState::Recovery, &[]);
    assert!(lan.play(HOUR));
    let at = |name: &str| {
        let asked = lan.server.asked.iter().find(|(_, _, asked)| asked == name);
        asked.expect("it was asked").0.as_secs_f64()
    };
    let first = at(IMAGES[0]) - at("term65.default.loads");
    assert!((2.0..2.1).contains(&first), "{first}");
    for pair in IMAGES.windows(2) {
        let gap = at(pair[1]) - at(pair[0]);
        assert!((2.0..9.0).contains(&gap), "{gap}");
    }
    let silence = at(BOOT[0]) - at(IMAGES[4]);
    assert!((60.0..181.0).contains(&silence), "{silence}");
}

#[test]
fn an_invalid_pace_is_replaced_by_the_pace_of_a_real_phone() {
    let first = |pace| {
        let config = PhoneConfig {
            pace,
            ..phone("7965", StartState::Recovery, &[]).config().clone()
        };
        let mut phone = SimulatedPhone::new(config);
        let _ = phone.power_on(Duration::ZERO);
        phone.next_deadline().expect("it will ask")
    };
    let real = first(1.0);
    assert!(real > Duration::ZERO);
    assert_eq!(first(0.0), Duration::ZERO);
    assert_eq!(first(0.5), real / 2);
    for odd in [f64::NAN, f64::INFINITY, -1.0, 1e300] {
        assert_eq!(first(odd), real, "{odd}");
    }
}

#[test]
fn each_file_has_the_port_after_the_last_and_a_boot_loader_begins_at_49152() {
    let mut lan = lan_with(StartState::Recovery, &[]);
    assert!(lan.play(HOUR));
    let ports: Vec<u16> = lan
        .server
        .asked
        .iter()
        .map(|(_, from, _)| from.port())
        .collect();
    assert_eq!(ports[..6], [49152, 49153, 49154, 49155, 49156, 49157]);
    let application = ports[6];
    let expected: Vec<u16> = (application..).take(11).collect();
    assert_eq!(ports[6..17], expected);
}

#[test]
fn a_phone_s_own_configuration_goes_before_the_default() {
    let mut files = staged(Family::F45, &bundle(Family::F45));
    let own = "<device><userLocale><name>English_United_States</name></userLocale>\
        <loadInformation>SIP45.9-3-1SR4-1S</loadInformation></device>";
    files.push((BOOT[3].to_owned(), own.as_bytes().to_vec()));
    let mut lan = Lan::new(phone("7965", sccp(), &[]), Responder::new(files));
    assert!(lan.play(HOUR));
    assert_eq!(count(&lan, "XMLDefault.cnf.xml"), 0);
    assert_eq!(count(&lan, "English_United_States/sp-sip.jar"), 1);
    assert_eq!(lan.phone.contents().load, Some(target()));
}

#[test]
fn the_same_seed_is_the_same_phone() {
    let play = || {
        let mut lan = lan_with(StartState::Recovery, &["loss=10", "power-cut=dsp:50"]);
        assert!(lan.play(HOUR));
        lan.actions
    };
    let (one, two) = (play(), play());
    assert!(one == two, "{} and {} actions", one.len(), two.len());
}

/// Datagrams that are almost valid, and random ones.
fn datagram() -> impl Strategy<Value = Vec<u8>> {
    let junk = prop::collection::vec(any::<u8>(), 0..600);
    let tail = prop::collection::vec(any::<u8>(), 0..520);
    let near = (0_u8..7, 0_u8..4, tail)
        .prop_map(|(code, block, tail)| [&[0, code, 0, block], tail.as_slice()].concat());
    prop_oneof![junk, near]
}

proptest! {
    #[test]
    fn no_datagram_and_no_moment_breaks_a_phone(
        inputs in prop::collection::vec((datagram(), 49150_u16..49160, 0_u16..3, 0_u64..9000), 0..60),
        recovery in any::<bool>(),
    ) {
        let start = if recovery { StartState::Recovery } else { sccp() };
        let mut phone = phone("7965", start, &[]);
        let mut now = Duration::ZERO;
        let _ = phone.power_on(now);
        for (bytes, port, tid, pause) in inputs {
            now += Duration::from_millis(pause);
            let _ = phone.wake(now);
            let _ = phone.receive(now, port, SocketAddrV4::new(SERVER, tid), &bytes);
            let _ = phone.contents();
        }
    }
}
