//! Messages to the operator about the phones of a run.

use crate::{text::escape, track::PhoneRef};

/// The message after the first signal. `fragile`: phones that must not lose power now.
pub(super) fn stopping(fragile: &[PhoneRef]) -> String {
    if fragile.is_empty() {
        return "stopping".to_owned();
    }
    format!(
        "stopping: no new phone is served; waiting for {}. Do not unplug. Press Ctrl-C again to \
         exit now",
        phone_list(fragile)
    )
}

/// The message after the second signal.
pub(super) fn leaving(fragile: &[PhoneRef]) -> String {
    if fragile.is_empty() {
        return "exiting now".to_owned();
    }
    format!(
        "exiting now. DO NOT UNPLUG {}: start the run again so that they can finish",
        phone_list(fragile)
    )
}

/// The phones by their names, or by their addresses while the MAC is unknown.
pub(super) fn phone_list(phones: &[PhoneRef]) -> String {
    let name = |phone: &PhoneRef| {
        let name = phone.name.as_ref().map(|name| format!(" {}", escape(name)));
        match phone.mac {
            Some(mac) => format!("SEP{}{}", mac.upper_hex(), name.unwrap_or_default()),
            None => phone.address.to_string(),
        }
    };
    phones.iter().map(name).collect::<Vec<_>>().join(", ")
}
