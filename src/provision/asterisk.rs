//! The PBX's files, with the same accounts as the phones' files.

mod chan_sip;
mod common;
mod dialling;
mod manager;
mod pjsip;

pub(super) use common::names;

use super::plan::ProvisionPlan;

/// Every file for Asterisk, by its path below `asterisk/`.
pub(super) fn files(plan: &ProvisionPlan) -> Vec<(&'static str, Vec<u8>)> {
    let mut files = vec![
        ("pjsip.conf", pjsip::file(plan)),
        (
            "extensions.conf",
            dialling::extensions(plan, dialling::PJSIP),
        ),
    ];
    if plan
        .accounts
        .iter()
        .any(|account| account.mailbox.is_some())
    {
        files.push(("voicemail.conf", dialling::voicemail(plan)));
    }
    if let Some(file) = manager::file(plan) {
        files.push(("manager.conf", file));
    }
    if plan.site.first_phones.is_some() {
        files.push(("pjsip_notify.conf", manager::notify()));
    }
    files.extend([
        ("chan_sip/sip.conf", chan_sip::peers(plan)),
        ("chan_sip/users.conf", chan_sip::users(plan)),
        (
            "chan_sip/extensions.conf",
            dialling::extensions(plan, dialling::CHAN_SIP),
        ),
    ]);
    files
}
