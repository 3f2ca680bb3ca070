//! Which bundles may be staged together, and which load a model gets.

use super::*;

#[test]
fn selection_follows_the_verdicts_and_the_protocol() {
    let intact = Bundle {
        verdict: Verdict::Intact,
        ..sip45()
    };
    let unknown = AcceptPolicy {
        unknown: true,
        ..AcceptPolicy::default()
    };
    let sccp = AcceptPolicy {
        sccp: true,
        ..AcceptPolicy::default()
    };
    check_targets(&[sip45()], AcceptPolicy::default()).unwrap();
    let refusal =
        check_targets(std::slice::from_ref(&intact), AcceptPolicy::default()).unwrap_err();
    assert!(refusal.cure().contains("--accept-unknown"));
    check_targets(&[intact], unknown).unwrap();
    let back = bundle("sccp.zip", "SCCP41.9-4-2SR1-1S", &["7941"]);
    assert!(is_sccp(&back) && !is_sccp(&sip45()));
    let refusal = check_targets(&[sip45(), back.clone()], unknown).unwrap_err();
    assert!(matches!(refusal, SelectionError::Sccp { .. }) && !refusal.is_usage());
    check_targets(&[sip45(), back], sccp).unwrap();
}

#[test]
fn two_bundles_for_one_model_are_refused() {
    let other = bundle("other.zip", "SIP45.9-4-2SR4-3S", &["7965"]);
    let refusal = check_targets(&[sip45(), other], AcceptPolicy::default()).unwrap_err();
    assert!(refusal.is_usage());
    assert!(refusal.to_string().contains("7965"), "{refusal}");
    let back = bundle("sccp.zip", "SCCP45.9-4-2SR3-1S", &["7965"]);
    let sccp = AcceptPolicy {
        sccp: true,
        ..AcceptPolicy::default()
    };
    let refusal = check_targets(&[sip45(), back], sccp).unwrap_err();
    assert!(!refusal.is_usage(), "to SIP and back to SCCP: exit code 1");
}

#[test]
fn the_newest_sip_load_of_several_is_chosen_for_a_model() {
    let mut mixed = sip45();
    for name in ["SCCP45.9-4-2SR3-1S", "SIP45.8-5-4S", "term65.default"] {
        mixed.loads.push(LoadName::new(name));
    }
    let targets = eligibility::targets(&mixed);
    assert!(
        targets
            .iter()
            .all(|(_, load)| load.as_str() == "SIP45.9-3-1SR4-1S")
    );
}
