//! Target and bridge in one stage: only the view decides which file a name means.

use std::path::Path;

use super::{
    tests::{CALL_MANAGER, bundle, content, names, sip45, sources, unpack},
    *,
};
use crate::{
    bundle::{Bundle, Verdict},
    phone::LoadName,
    track::{StagePlan, View},
};

fn bridge() -> Bundle {
    bundle("sccp45.zip", "SCCP45.8-5-2S", &["7945", "7965"])
}

fn staged(base: &Path, targets: &[Bundle], bridges: &[Bundle]) -> Result<Stage, StageError> {
    layout::temporary(base, sources(targets, bridges), CALL_MANAGER, &unpack)
}

fn text(stage: &Stage, view: View, name: &str) -> Option<String> {
    let file = stage.resolve(view, name)?;
    Some(String::from_utf8(file.bytes.to_vec()).unwrap())
}

#[test]
fn each_view_has_the_bytes_of_its_own_bundle_under_one_name() {
    let base = tempfile::tempdir().unwrap();
    let stage = staged(base.path(), &[sip45()], &[bridge()]).unwrap();
    let (new, old) = (&sip45().loads[0], &bridge().loads[0]);
    // Target and bridge have files of these names with different bytes.
    for name in ["term65.default.loads", "jar7945.9.sbn"] {
        let of = |load| Some(String::from_utf8(content(load, name)).unwrap());
        assert_eq!(text(&stage, View::Target, name), of(new));
        assert_eq!(text(&stage, View::NoLoad, name), of(new));
        assert_eq!(text(&stage, View::Bridge(0), name), of(old));
        assert_eq!(text(&stage, View::ConfigOnly, name), None);
    }
    // A file of only one of them is not in the views of the other.
    assert!(stage.resolve(View::Target, &old.manifest()).is_none());
    assert!(stage.resolve(View::NoLoad, &old.manifest()).is_none());
    assert!(stage.resolve(View::Bridge(0), &new.manifest()).is_none());
    let defaults = |view| text(&stage, view, "XMLDefault.cnf.xml").unwrap();
    let named = |load: &LoadName| format!("<loadInformation436 model=\"Cisco 7965\">{load}<");
    assert!(defaults(View::Target).contains(&named(new)));
    assert!(defaults(View::Bridge(0)).contains(&named(old)));
    assert!(!defaults(View::Bridge(0)).contains(new.as_str()));
    assert!(!defaults(View::NoLoad).contains("loadInformation"));
    assert_eq!(defaults(View::NoLoad), defaults(View::ConfigOnly));
}

#[test]
fn the_configuration_during_a_survey_names_the_call_manager_and_no_load() {
    let base = tempfile::tempdir().unwrap();
    let source = Path::new("made");
    let says = |text: &str| text.as_bytes().to_vec();
    let (mine, name) = (says("target"), "SEP001D45AABB01.cnf.xml");
    let own =
        ExtraFile::per_view(name, source, mine, vec![says("bridge")], says("no load")).unwrap();
    let (targets, bridges) = ([sip45()], [bridge()]);
    let legs = inspect::LayoutSources {
        extra: &[own],
        ..sources(&targets, &bridges)
    };
    let stage = layout::temporary(base.path(), legs, CALL_MANAGER, &unpack).unwrap();
    let default = text(&stage, View::ConfigOnly, "XMLDefault.cnf.xml").unwrap();
    let manager = format!("<processNodeName>{CALL_MANAGER}</processNodeName>");
    assert!(default.contains(&manager), "{default}");
    assert!(!default.contains("loadInformation"), "{default}");
    assert_eq!(
        text(&stage, View::ConfigOnly, name).as_deref(),
        Some("no load")
    );
    // The view has no loads and images, neither of the target nor of the bridge.
    for load in [&sip45().loads[0], &bridge().loads[0]] {
        assert!(stage.resolve(View::ConfigOnly, &load.manifest()).is_none());
    }
    for name in ["term65.default.loads", "jar7945.9.sbn"] {
        assert!(stage.resolve(View::ConfigOnly, name).is_none(), "{name}");
    }
}

#[test]
fn targets_and_bridges_have_separate_folders_and_plans() {
    let base = tempfile::tempdir().unwrap();
    let targets = [
        sip45(),
        bundle("sip41.zip", "SIP41.9-4-2SR3-1S", &["7941", "7961"]),
    ];
    let bridges = [
        bridge(),
        bundle("sccp41.zip", "SCCP41.8-5-2S", &["7941", "7961"]),
    ];
    let stage = staged(base.path(), &targets, &bridges).unwrap();
    assert_eq!(
        names(&stage.root()),
        [
            ".lock", "0", "1", "bridge", "bridge-0", "bridge-1", "config", "target"
        ]
    );
    let loads =
        |plans: Vec<StagePlan>| plans.iter().map(|p| p.load.to_string()).collect::<Vec<_>>();
    assert_eq!(
        loads(stage.plan()),
        ["SIP45.9-3-1SR4-1S", "SIP41.9-4-2SR3-1S"]
    );
    assert_eq!(
        loads(stage.bridge_plan()),
        ["SCCP45.8-5-2S", "SCCP41.8-5-2S"]
    );
    let of_target = |entry: &StagedFile| stage.resolve(View::Target, &entry.name).is_some();
    assert!(stage.files().iter().all(of_target));
    drop(stage);
    let without = staged(base.path(), &targets, &[]).unwrap();
    assert!(without.bridge_plan().is_empty());
    assert!(
        without
            .resolve(View::Bridge(0), "XMLDefault.cnf.xml")
            .is_none()
    );
}

#[test]
fn two_bridges_with_one_name_and_different_bytes_are_refused() {
    let base = tempfile::tempdir().unwrap();
    let mut other = bundle("sccp41.zip", "SCCP41.8-5-2S", &["7941"]);
    other.members[2].served_as = vec!["jar7945.9.sbn".to_owned()];
    let error = staged(base.path(), &[sip45()], &[bridge(), other]).unwrap_err();
    assert!(matches!(error, StageError::Collision { .. }), "{error}");
    let mut huge = bridge();
    huge.members[0].size = MAX_STAGE_BYTES;
    let error = staged(base.path(), &[sip45()], &[huge]).unwrap_err();
    assert!(matches!(error, StageError::TooLarge { .. }), "{error}");
    assert_eq!(names(base.path()), [""; 0]);
}

#[test]
fn a_bridge_needs_an_accepted_verdict_and_a_model_of_a_target() {
    let target = [sip45()];
    check_bridges(&[bridge()], &target, false).unwrap();
    // A SIP bundle can be a bridge too.
    let sip = bundle("sip.zip", "SIP45.8-5-2S", &["7945", "7965"]);
    check_bridges(std::slice::from_ref(&sip), &target, false).unwrap();

    let refusal = check_bridges(&[bridge(), sip], &target, false).unwrap_err();
    assert!(
        refusal.is_usage() && refusal.to_string().contains("7945"),
        "{refusal}"
    );
    let elsewhere = bundle("sccp41.zip", "SCCP41.8-5-2S", &["7941"]);
    let refusal = check_bridges(&[elsewhere], &target, false).unwrap_err();
    assert!(refusal.is_usage(), "{refusal}");

    let intact = Bundle {
        verdict: Verdict::Intact,
        ..bridge()
    };
    let refusal = check_bridges(std::slice::from_ref(&intact), &target, false).unwrap_err();
    assert!(!refusal.is_usage() && refusal.cure().contains("--accept-unknown"));
    check_bridges(&[intact], &target, true).unwrap();
    let damaged = Bundle {
        verdict: Verdict::Damaged,
        ..bridge()
    };
    assert!(check_bridges(&[damaged], &target, true).is_err());
}

#[test]
fn the_target_itself_and_a_load_with_the_key_of_the_target_are_no_bridges() {
    let target = [sip45()];
    let check = |bridge: Bundle| check_bridges(&[bridge], &target, true);
    assert_eq!(check(bridge()), Ok(()));
    let same = bundle("copy.zip", target[0].loads[0].as_str(), &["7945", "7965"]);
    assert!(
        matches!(check(same), Err(SelectionError::BridgeIsTarget { .. })),
        "the target"
    );
    for load in ["SCCP45.9-3-1SR1-1S", "SIP45.8-5-3S", "SCCP45.8-5-2SR1S"] {
        let error = check(bundle("new.zip", load, &["7945", "7965"])).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("refuse it too"), "{text}");
        assert!(error.cure().contains("8.5(2)"), "{}", error.cure());
        assert!(error.is_usage());
    }
    for load in ["SCCP45.8-4-2S", "SIP45.8-5-2S"] {
        assert_eq!(check(bundle("old.zip", load, &["7945", "7965"])), Ok(()));
    }
}
