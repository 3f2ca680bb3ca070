//! `manager.conf` and `pjsip_notify.conf`: what `reflash restart` and a person at Asterisk's console
//! need to restart phones.

use super::common::{HEADER, PASSWORDS};
use crate::provision::{ini::Ini, passwords::MANAGER, plan::ProvisionPlan};

/// The address of a PBX that `reflash restart` runs on.
const OWN: &str = "127.0.0.1";

/// The user of the manager interface, who may use actions of the class `system` only.
pub(super) fn file(plan: &ProvisionPlan) -> Option<Vec<u8>> {
    let manager = plan.manager.as_ref()?;
    let from = manager.from.as_deref().unwrap_or(OWN);
    let mut ini = Ini::new(&[
        HEADER,
        PASSWORDS,
        "Include this file in manager.conf. Its [general] must have enabled=yes, and bindaddr must",
        "be an address at which the host of `permit` reaches it.",
        "`reflash restart` uses PJSIPShowEndpoint and PJSIPNotify. Both need write=system, with which",
        "a user can also read the passwords of the endpoints.",
    ]);
    ini.section(MANAGER);
    ini.set("secret", manager.secret.expose());
    ini.set("deny", "0.0.0.0/0.0.0.0");
    ini.set("permit", &format!("{from}/255.255.255.255"));
    ini.set("read", "");
    ini.set("write", "system");
    Some(ini.into_bytes())
}

/// The entry for `pjsip send notify` at Asterisk's console. Only a 7940 and 7960 obey it.
pub(super) fn notify() -> Vec<u8> {
    let mut ini = Ini::new(&[
        HEADER,
        "A 7940 and 7960 obey check-sync. There is no entry for other phones: they demand the Call-ID",
        "of their registration, and this file has no variables. `reflash restart` knows it.",
    ]);
    ini.section("reflash-check-sync");
    ini.object("Event", "check-sync");
    ini.into_bytes()
}
