//! Stages of the 7940 and 7960 with bridges from before the loader.

use std::path::Path;

use super::{tests::CALL_MANAGER, *};
use crate::{
    bundle::{Bundle, ExamineOptions, examine},
    phone::{Family, Protocol, load_of_image_79x0},
    simulator::{Release, Sizes, SyntheticBundle, test_key},
    track::View,
};

/// A made-up bundle, examined.
fn made(folder: &Path, protocol: Protocol, release: &str) -> Bundle {
    let made = SyntheticBundle::new(Family::P3, 3)
        .unwrap()
        .sizes(Sizes::Small)
        .protocol(protocol)
        .release(Release {
            load: release.to_owned(),
            images: release.to_owned(),
        });
    let path = folder.join(made.file_name());
    made.write_zip(&path).unwrap();
    let options = ExamineOptions {
        trusted: vec![test_key()],
        ..ExamineOptions::default()
    };
    let [bundle] = <[Bundle; 1]>::try_from(examine(&path, &options).unwrap()).unwrap();
    bundle
}

fn text(stage: &Stage, view: View, name: &str) -> Option<String> {
    let file = stage.resolve(view, name)?;
    Some(String::from_utf8_lossy(&file.bytes).into_owned())
}

#[test]
fn each_step_names_its_load_and_has_its_images_alone() {
    let folder = tempfile::tempdir().unwrap();
    let sip = |release| made(folder.path(), Protocol::Sip, release);
    let target = [sip("8-12-00")];
    let skinny = made(folder.path(), Protocol::Sccp, "05000700");
    let given = vec![sip("05-3-00"), skinny, sip("04-4-00")];
    check_bridges(&given, &target, true).unwrap();
    let ordered = order_bridges(given);
    assert!(
        ordered.notes[0].contains("in the order of their releases"),
        "{:?}",
        ordered.notes
    );
    let stage = Stage::temporary(&target, &ordered.bridges, CALL_MANAGER).unwrap();
    for (step, load, images) in [
        (0, "P0S3-04-4-00", &["bin"][..]),
        (1, "P00305000700", &["bin", "sbn"]),
        (2, "P0S3-05-3-00", &["bin", "sbn"]),
    ] {
        let view = View::Bridge(step);
        let own = |name: &str| text(&stage, view, name);
        assert_eq!(own("os79xx.txt"), Some(format!("{load}\r\n")));
        // Some loads spell it in this way.
        let xml = own("xmlDefault.CNF.XML").unwrap();
        for model in ["7 model=\"Cisco 7960\"", "8 model=\"Cisco 7940\""] {
            let element = format!("<loadInformation{model}>{load}<");
            assert!(xml.contains(&element), "{xml}");
        }
        let settings = own("SIPDefault.cnf");
        let is_sip = load.starts_with("P0S3");
        assert_eq!(settings, is_sip.then(|| format!("image_version: {load}\n")));
        for image in ["bin", "sbn"] {
            let name = format!("{load}.{image}");
            assert_eq!(own(&name).is_some(), images.contains(&image), "{name}");
            assert_eq!(text(&stage, View::Target, &name), None);
        }
        assert_eq!(own("P003-8-12-00.sbn"), None);
    }
    let loader = |name: &str| text(&stage, View::Loader, name);
    assert_eq!(loader("OS79XX.TXT").as_deref(), Some("P003-8-12-00\r\n"));
    assert!(
        loader("XMLDefault.cnf.xml")
            .unwrap()
            .contains(">P003-8-12-00<")
    );
    assert!(loader("P003-8-12-00.sbn").is_some());
    let target = |name: &str| text(&stage, View::Target, name);
    assert!(
        target("XMLDefault.cnf.xml")
            .unwrap()
            .contains(">P0S3-8-12-00<")
    );
    assert_eq!(target("OS79XX.TXT"), None);
}

#[test]
fn firmware_from_before_the_loader_is_no_target() {
    let folder = tempfile::tempdir().unwrap();
    let early = [made(folder.path(), Protocol::Sip, "04-4-00")];
    for unknown in [false, true] {
        let accept = AcceptPolicy {
            unknown,
            ..AcceptPolicy::default()
        };
        let refusal = check_targets(&early, accept).unwrap_err();
        let message = refusal.to_string();
        assert!(message.contains("P0S3-04-4-00"), "{message}");
        assert!(message.contains("before their loader"), "{message}");
        assert!(refusal.cure().contains("--bridge"), "{}", refusal.cure());
    }
}

#[test]
fn a_bridge_given_twice_is_refused_and_one_that_no_phone_needs_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let sip = |release| made(folder.path(), Protocol::Sip, release);
    let target = [sip("8-12-00")];
    let twice = [sip("04-4-00"), sip("04-4-00")];
    let refusal = check_bridges(&twice, &target, true).unwrap_err();
    assert!(refusal.is_usage(), "{refusal}");
    let intact = check_bridges(&twice[..1], &target, false).unwrap_err();
    assert!(intact.cure().contains("--accept-unknown"), "{intact}");

    let given = vec![sip("07-5-00"), sip("04-0-00"), sip("04-4-00")];
    check_bridges(&given, &target, true).unwrap();
    let ordered = order_bridges(given);
    let [newer, older] = &ordered.notes[..] else {
        panic!("{:?}", ordered.notes)
    };
    assert!(
        newer.contains("P0S3-07-5-00") && newer.contains("not needed"),
        "{newer}"
    );
    assert!(older.contains("only 4.4 leads on"), "{older}");
    assert_eq!(ordered.bridges.len(), 1);
}

#[test]
fn a_signed_step_that_older_firmware_cannot_fetch_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let target = [made(folder.path(), Protocol::Sip, "8-12-00")];
    let step = |protocol, release: &str| made(folder.path(), protocol, release);
    // A published bundle without its .bin: the rest is complete.
    let without = |mut bundle: Bundle| {
        bundle.members.retain(|member| {
            let image = load_of_image_79x0(&member.name);
            image.is_none_or(|(_, end)| end != "bin")
        });
        bundle
    };
    for (protocol, release) in [(Protocol::Sip, "05-3-00"), (Protocol::Sccp, "05000700")] {
        assert!(check_bridges(&[step(protocol, release)], &target, true).is_ok());
        let error = check_bridges(&[without(step(protocol, release))], &target, true).unwrap_err();
        assert!(
            matches!(error, SelectionError::BridgeWithoutBin { .. }) && !error.is_usage(),
            "{error}"
        );
        assert!(
            error.to_string().contains(&format!("{release}.bin")),
            "{error}"
        );
        assert!(error.cure().contains("as .bin and as .sbn"));
    }
    // What is fetched after it needs no .bin.
    let later = [
        step(Protocol::Sip, "05-3-00"),
        without(step(Protocol::Sip, "06-3-00")),
    ];
    check_bridges(&later, &target, true).unwrap();
}
