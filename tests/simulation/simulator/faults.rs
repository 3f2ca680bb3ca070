//! Each fault has its effect and no other.

use std::{net::SocketAddrV4, time::Duration};

use reflash::{
    phone::{Family, LoadName, Protocol},
    simulator::{ManifestRefusal, PhoneAction, PhoneEvent, Release, StartState},
};

use super::{
    BOOT, HOUR, IMAGES, bundle, count, hashes,
    lan::{AWAY, HOME, Lan, SERVER},
    lan_with, phone,
    responder::Responder,
    sccp, staged, target,
};

#[test]
fn a_refused_manifest_is_requested_in_pairs_and_no_image_is_requested() {
    for fault in ["refuses-manifest", "wrong-hardware", "needs-bridge"] {
        let mut lan = lan_with(StartState::Recovery, &[fault]);
        assert!(!lan.play(HOUR), "{fault}");
        assert!(
            lan.server
                .names()
                .iter()
                .all(|name| *name == "term65.default.loads")
        );
        let times: Vec<f64> = lan
            .server
            .asked
            .iter()
            .map(|(at, ..)| at.as_secs_f64())
            .collect();
        assert!(times.len() > 40, "{fault}: {}", times.len());
        for pair in times.chunks_exact(2) {
            assert!((0.0..1.1).contains(&(pair[1] - pair[0])), "{pair:?}");
        }
        for pair in times[1..].chunks_exact(2) {
            assert!((87.0..148.1).contains(&(pair[1] - pair[0])), "{pair:?}");
        }
        assert_eq!(lan.phone.contents().load, None);
        assert!(lan.phone.contents().images.is_empty());
        let reason = match fault {
            "refuses-manifest" => ManifestRefusal::Signature,
            "wrong-hardware" => ManifestRefusal::Hardware,
            _ => ManifestRefusal::TooNew,
        };
        assert!(
            lan.notes().any(
                |note| matches!(note, PhoneEvent::Refused { reason: why, .. } if *why == reason)
            )
        );
    }
}

#[test]
fn an_sccp_phone_that_refuses_keeps_its_load() {
    let mut lan = lan_with(sccp(), &["wrong-hardware"]);
    assert!(!lan.play(HOUR));
    assert!(count(&lan, "SIP45.9-3-1SR4-1S.loads") > 40);
    assert!(IMAGES.iter().all(|image| count(&lan, image) == 0));
    assert_eq!(
        lan.phone.contents().load,
        Some(LoadName::new("SCCP45.8-5-2S"))
    );
}

#[test]
fn the_bridge_is_installed_and_then_the_target() {
    let release = Release {
        load: "8-5-2S".to_owned(),
        images: "8-5-2TH1-9".to_owned(),
    };
    let bridge = bundle(Family::F45)
        .protocol(Protocol::Sccp)
        .release(release);
    let mut files = staged(Family::F45, &bundle(Family::F45));
    // The recovery manifests are the bridge's, the load is the target's.
    files.extend(bridge.files());
    let phone = phone("7965", StartState::Recovery, &["needs-bridge"]);
    let mut lan = Lan::new(phone, Responder::new(files));
    assert!(lan.play(HOUR));
    assert_eq!(count(&lan, "jar45sccp.8-5-2TH1-9.sbn"), 1);
    assert_eq!(count(&lan, "/sp-sccp.jar"), 1);
    assert_eq!(lan.phone.contents().load, Some(target()));
    assert_eq!(lan.phone.contents().images, hashes(&bundle(Family::F45)));
}

#[test]
fn a_power_cut_breaks_the_image_off_and_recovery_heals_it() {
    for start in [StartState::Recovery, sccp()] {
        let mut lan = lan_with(start, &["power-cut=apps:40"]);
        assert!(lan.play(HOUR));
        assert_eq!(
            lan.notes()
                .filter(|note| **note == PhoneEvent::PowerLost)
                .count(),
            1
        );
        assert!(lan.unreachable > 0, "its port is closed");
        let names = lan.server.names();
        let cut = names
            .iter()
            .position(|name| *name == IMAGES[2])
            .expect("apps was asked");
        assert_eq!(names[cut + 1], "term65.default.loads");
        assert_eq!(
            lan.server.asked[cut + 1].1.port(),
            49152,
            "a boot loader begins with this port"
        );
        assert_eq!(lan.phone.contents().load, Some(target()));
        assert_eq!(lan.phone.contents().images, hashes(&bundle(Family::F45)));
    }
}

#[test]
fn an_address_changes_once_and_between_two_boots() {
    let mut lan = lan_with(StartState::Recovery, &["address-change"]);
    assert!(lan.play(HOUR));
    let addresses: Vec<bool> = lan
        .server
        .asked
        .iter()
        .map(|(_, from, _)| *from.ip() == AWAY)
        .collect();
    let expected: Vec<bool> = (0..addresses.len()).map(|index| index >= 6).collect();
    assert_eq!(addresses, expected);
    assert_eq!(*lan.server.asked[0].1.ip(), HOME);
}

#[test]
fn without_evidence_of_its_load_a_phone_converts_all_the_same() {
    let mut lan = lan_with(StartState::Recovery, &["no-witness"]);
    assert!(lan.play(HOUR));
    assert!(
        lan.server
            .names()
            .iter()
            .all(|name| !name.ends_with("-sip.jar"))
    );
    assert_eq!(count(&lan, "dialplan.xml"), 1);
    assert_eq!(lan.phone.contents().load, Some(target()));
}

#[test]
fn without_a_second_pass_the_recovery_load_stays() {
    let mut lan = lan_with(StartState::Recovery, &["no-second-pass"]);
    assert!(lan.play(HOUR));
    assert_eq!(count(&lan, "SIP45.9-3-1SR4-1S.loads"), 0);
    assert_eq!(
        lan.phone.contents().load,
        Some(LoadName::new("term65.default"))
    );
    assert_eq!(lan.phone.contents().images, hashes(&bundle(Family::F45)));
}

#[test]
fn a_refused_configuration_is_requested_again_and_never_applied() {
    let mut files = staged(Family::F45, &bundle(Family::F45));
    let own = b"<device><loadInformation>SIP45.9-3-1SR4-1S</loadInformation></device>";
    files.push((BOOT[3].to_owned(), own.to_vec()));
    let phone = phone("7965", sccp(), &["config-refused"]);
    let mut lan = Lan::new(phone, Responder::new(files));
    assert!(!lan.play(HOUR));
    let round = [BOOT[0], BOOT[1], BOOT[2], BOOT[3], BOOT[3], BOOT[4]];
    let names = lan.server.names();
    assert!(names.len() > 2 * round.len());
    for asked in names.chunks_exact(round.len()) {
        assert_eq!(asked, round);
    }
    assert_eq!(
        lan.phone.contents().load,
        Some(LoadName::new("SCCP45.8-5-2S"))
    );
}

#[test]
fn a_missing_image_ends_the_next_transfer_and_the_phone_starts_over() {
    let made = bundle(Family::F45).without("jar45");
    let files = staged(Family::F45, &made);
    let mut lan = Lan::new(
        phone("7965", StartState::Recovery, &[]),
        Responder::new(files),
    );
    assert!(!lan.play(Duration::from_mins(1)));
    let round = ["term65.default.loads", IMAGES[0], IMAGES[1]];
    let names = lan.server.names();
    assert!(names.len() > 2 * round.len());
    for asked in names.chunks_exact(round.len()) {
        assert_eq!(asked, round);
    }
    assert!(
        lan.unreachable > 1,
        "the socket is closed under the server's data"
    );
    assert_eq!(lan.phone.contents().load, None);
}

#[test]
fn loss_takes_longer_and_changes_nothing() {
    for start in [StartState::Recovery, sccp()] {
        for percent in ["loss=5", "loss=20"] {
            let mut lan = lan_with(start.clone(), &[percent]);
            assert!(lan.play(HOUR), "{percent}");
            assert_eq!(lan.phone.contents().load, Some(target()));
            assert_eq!(lan.phone.contents().images, hashes(&bundle(Family::F45)));
        }
    }
}

#[test]
fn loss_is_on_both_ways() {
    let mut phone = phone("7965", StartState::Recovery, &["loss=50"]);
    let _ = phone.power_on(Duration::ZERO);
    let now = phone.next_deadline().expect("it will ask");
    let _ = phone.wake(now);
    let block = [&b"\0\x03\0\x01"[..], &[b'#'; 512]].concat();
    let answers = (0..1000)
        .flat_map(|_| phone.receive(now, 49152, SocketAddrV4::new(SERVER, 3000), &block))
        .filter(|action| matches!(action, PhoneAction::Send { .. }))
        .count();
    // Half of the data arrives, and half of its ACKs.
    assert!((200..300).contains(&answers), "{answers}");
}

#[test]
fn requests_to_a_silent_server_are_repeated_without_end() {
    let mut lan = lan_with(StartState::Recovery, &["loss=99"]);
    assert!(!lan.play(HOUR));
    assert!(
        lan.notes()
            .any(|note| matches!(note, PhoneEvent::Missed { code: None, .. }))
    );
    assert_eq!(lan.phone.contents().load, None);
}
