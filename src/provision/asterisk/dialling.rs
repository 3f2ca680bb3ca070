//! `extensions.conf` and `voicemail.conf`: calls between the phones, and voice mail.

use std::collections::BTreeSet;

use super::common::{HEADER, MAILBOXES, mailbox};
use crate::provision::{ini::Ini, plan::ProvisionPlan};

/// Names of Asterisk's channel technologies.
pub(super) const PJSIP: &str = "PJSIP";
pub(super) const CHAN_SIP: &str = "SIP";

/// Seconds that a phone rings before voice mail answers.
const RING: u8 = 25;

pub(super) fn extensions(plan: &ProvisionPlan, technology: &str) -> Vec<u8> {
    let mut ini = Ini::new(&[
        HEADER,
        "Calls to other numbers are not defined here: include them in this context.",
        if plan.emergency.is_empty() {
            "There is no route for emergency numbers: add one, and test it."
        } else {
            "Test the routes of the emergency numbers."
        },
    ]);
    ini.section(&plan.site.calls.context);
    for account in &plan.accounts {
        let user = &account.user;
        ini.object("exten", &format!("{user},hint,{technology}/{user}"));
        let phones = if account.phones > 1 && technology == PJSIP {
            // Without PJSIP_DIAL_CONTACTS, only one of the phones of a shared line rings.
            format!("${{PJSIP_DIAL_CONTACTS({user})}}")
        } else {
            format!("{technology}/{user}")
        };
        match mailbox(account) {
            None => ini.object("exten", &format!("{user},1,Dial({phones})")),
            Some(mailbox) => {
                ini.object("exten", &format!("{user},1,Dial({phones},{RING})"));
                ini.object("same", &format!("n,VoiceMail({mailbox},u)"));
            }
        }
        ini.object("same", "n,Hangup()");
    }
    let mailboxes = plan
        .accounts
        .iter()
        .filter_map(|account| account.mailbox.as_ref());
    let numbers: BTreeSet<_> = mailboxes.map(|mailbox| &mailbox.number).collect();
    let users: Vec<_> = plan.accounts.iter().map(|account| &account.user).collect();
    for number in numbers.into_iter().filter(|number| !users.contains(number)) {
        ini.object(
            "exten",
            &format!("{number},1,VoiceMailMain(${{CALLERID(num)}}@{MAILBOXES})"),
        );
        ini.object("same", "n,Hangup()");
    }
    emergency(&mut ini, plan, technology);
    soft_keys(&mut ini, &plan.site.calls.context);
    ini.into_bytes()
}

/// The routes of emergency numbers to the trunk.
fn emergency(ini: &mut Ini, plan: &ProvisionPlan, technology: &str) {
    let Some(trunk) = &plan.site.calls.emergency_trunk else {
        return;
    };
    for number in &plan.emergency {
        let channel = if technology == PJSIP {
            format!("PJSIP/{number}@{trunk}")
        } else {
            format!("SIP/{trunk}/{number}")
        };
        ini.object("exten", &format!("{number},1,Dial({channel})"));
        ini.object("same", "n,Hangup()");
    }
}

/// The extensions that the soft keys of the phones call, by the URIs in their files. `-` has no
/// meaning in an extension. `[x]` is the letter: in a pattern, x is any digit.
fn soft_keys(ini: &mut Ini, context: &str) {
    let prefix = "_[x]-cisco-serviceuri-";
    let after = |key: &str| "x-cisco-serviceuri-".len() + key.len();
    for (key, action) in [
        ("pickup", "Pickup()".to_owned()),
        ("opickup", "Pickup()".to_owned()),
        (
            "gpickup-",
            format!("Pickup(${{EXTEN:{}}}@{context})", after("gpickup-")),
        ),
        (
            "blfpickup-",
            format!("Pickup(${{EXTEN:{}}}@{context})", after("blfpickup-")),
        ),
        (
            "meetme-",
            format!("ConfBridge(${{EXTEN:{}}})", after("meetme-")),
        ),
    ] {
        let rest = if key.ends_with('-') { "." } else { "" };
        ini.object("exten", &format!("{prefix}{key}{rest},1,{action}"));
        ini.object("same", "n,Hangup()");
    }
}

pub(super) fn voicemail(plan: &ProvisionPlan) -> Vec<u8> {
    let mut ini = Ini::new(&[HEADER]);
    ini.section(MAILBOXES);
    for account in &plan.accounts {
        if let Some(mailbox) = &account.mailbox {
            // A comma separates fields here.
            let name = account.display.replace(',', " ");
            let entry = format!("{},{name}", mailbox.pin.expose());
            ini.object(&account.user, &entry);
        }
    }
    ini.into_bytes()
}
