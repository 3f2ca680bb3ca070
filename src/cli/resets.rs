//! What `convert` says about factory resets at its start.

use crate::{
    bundle::{Bundle, FirmwareSet},
    phone::{Model, is_early_step, restart_instructions},
};

/// How to bring a phone into its boot loader, which requests the target by itself. Not during a
/// survey: a phone that was reset has no load left to report.
const RESET: &str = "to reset a phone: hold # while you connect its power, until the line lamps \
                     light in turn; then type 123456789*0#";

/// That there is no way back after the steps of a 7940 or 7960; `None` if none is given.
fn no_way_back(bridges: &[Bundle]) -> Option<String> {
    let mut loads = bridges.iter().flat_map(Bundle::served_loads);
    loads.any(is_early_step).then(|| {
        "a 7940 or 7960 from before 5.0 has no way back from here: from 5.0 on, it accepts signed \
         images only. It installs one bridge at each start, restarts by itself, and must keep its \
         power"
            .to_owned()
    })
}

/// How phones are reset, or that they must not be.
pub(super) fn messages(targets: &[Bundle], bridges: &[Bundle]) -> Vec<String> {
    let sets = || targets.iter().flat_map(Bundle::served_sets);
    let stuck: Vec<&Model> = sets()
        .flat_map(FirmwareSet::models_without_recovery)
        .collect();
    let mut messages = Vec::new();
    if !stuck.is_empty() {
        let numbers: Vec<&str> = stuck.iter().map(|model| model.number).collect();
        messages.push(format!(
            "do not reset a {}: there is no SIP recovery manifest for it, so it would not come back \
             with SIP. Restart it instead (Settings, then **#**): it then reads its configuration, \
             which names the new load",
            numbers.join(" or ")
        ));
    }
    let models = || {
        sets()
            .flat_map(|set| &set.models)
            .filter_map(|number| Model::by_number(number))
    };
    let recovers = |model: &Model| model.family.has_recovery_manifest() && !stuck.contains(&model);
    if models().any(recovers) {
        messages.push(RESET.to_owned());
    }
    messages.extend(restart_instructions(&models().collect::<Vec<_>>()));
    messages.extend(no_way_back(bridges));
    messages
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        bundle::{ExamineOptions, examine},
        phone::Family,
        simulator::{Sizes, SyntheticBundle, test_key},
    };

    fn said(without: &str) -> Vec<String> {
        said_of(Family::F45, without)
    }

    #[test]
    fn phones_with_a_loader_are_restarted() {
        let [only] = &said_of(Family::P3, "nothing")[..] else {
            panic!()
        };
        assert!(only.starts_with("7940, 7960: disconnect"), "{only}");
    }

    fn said_of(family: Family, without: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("made.zip");
        let made = SyntheticBundle::new(family, 5).unwrap().sizes(Sizes::Small);
        made.without(without).write_zip(&path).unwrap();
        let options = ExamineOptions {
            trusted: vec![test_key()],
            ..ExamineOptions::default()
        };
        messages(&examine(&path, &options).unwrap(), &[])
    }

    #[test]
    fn nobody_is_told_to_reset_a_phone_without_a_recovery_manifest() {
        assert_eq!(said("nothing"), [RESET]);
        let [only] = &said("term")[..] else { panic!() };
        assert!(only.starts_with("do not reset a 7945 or 7965"), "{only}");
        let [first, second] = &said("term65")[..] else {
            panic!()
        };
        assert!(first.starts_with("do not reset a 7965"), "{first}");
        assert_eq!(second, RESET);
    }
}
