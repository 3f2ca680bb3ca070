//! What `convert` says about factory resets at its start.

use crate::{
    bundle::{Bundle, FirmwareSet},
    phone::Model,
};

/// How to bring a phone into its boot loader, which requests the target by itself. Not during a
/// survey: a phone that was reset has no load left to report.
const RESET: &str = "to reset a phone: hold # while you connect its power, until the line lamps \
                     light in turn; then type 123456789*0#";

/// How phones are reset, or that they must not be.
pub(super) fn messages(targets: &[Bundle]) -> Vec<String> {
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
            numbers.join(", ")
        ));
    }
    let recovers =
        |number: &str| Model::by_number(number).is_some_and(|model| !stuck.contains(&model));
    if sets().any(|set| set.models.iter().any(|number| recovers(number))) {
        messages.push(RESET.to_owned());
    }
    messages
}
