//! `sip.conf` and `users.conf` for Asterisk up to 20. Asterisk 21 removed `chan_sip`.

use super::common::{HEADER, PASSWORDS, caller_id, codecs, mailbox, names};
use crate::{
    inventory::PbxTransport,
    provision::{
        ini::Ini,
        plan::{Account, ProvisionPlan},
    },
};

const VERSION_NOTE: &str =
    "Only for Asterisk up to 20 with chan_sip. Asterisk 21 removed chan_sip.";
const CHOICE_NOTE: &str = "Use sip.conf or users.conf, not both: each defines the same peers.";

/// SIP's port, on which `chan_sip` listens over UDP without any setting.
const DEFAULT_PORT: u16 = 5060;

/// What the file says about the port, if `[general]` needs a setting.
const GENERAL_NOTE: [&str; 2] = [
    "Include this file after the [general] section of sip.conf: (+) adds to it.",
    "Asterisk ignores a second [general], and rejects (+) before the first one.",
];

pub(super) fn peers(plan: &ProvisionPlan) -> Vec<u8> {
    let general = general(plan);
    let mut comment = vec![HEADER, PASSWORDS, VERSION_NOTE, CHOICE_NOTE];
    if !general.is_empty() {
        comment.extend(GENERAL_NOTE);
    }
    let mut ini = Ini::new(&comment);
    if !general.is_empty() {
        ini.addition("general");
        for (name, value) in &general {
            ini.set(name, value);
        }
    }
    for account in &plan.accounts {
        ini.section(&account.user);
        ini.set("type", "friend");
        ini.set("callerid", &caller_id(account));
        if let Some(mailbox) = mailbox(account) {
            ini.set("mailbox", &mailbox);
        }
        common(&mut ini, plan, account);
    }
    ini.into_bytes()
}

/// The settings of `[general]` that the phones need and that are not the default.
fn general(plan: &ProvisionPlan) -> Vec<(&'static str, String)> {
    let address = format!("0.0.0.0:{}", plan.site.port);
    let mut settings = Vec::new();
    for transport in plan.transports() {
        match transport {
            PbxTransport::Udp if plan.site.port == DEFAULT_PORT => {}
            PbxTransport::Udp => settings.push(("udpbindaddr", address.clone())),
            PbxTransport::Tcp => settings.extend([
                ("tcpenable", "yes".to_owned()),
                ("tcpbindaddr", address.clone()),
            ]),
        }
    }
    settings
}

pub(super) fn users(plan: &ProvisionPlan) -> Vec<u8> {
    let port = format!(
        "sip.conf must listen: transport {}, port {}.",
        names(&plan.transports(), " and "),
        plan.site.port
    );
    let mailboxes = "This file also defines the mailboxes: do not use voicemail.conf with it.";
    let mut ini = Ini::new(&[
        HEADER,
        PASSWORDS,
        VERSION_NOTE,
        CHOICE_NOTE,
        mailboxes,
        &port,
    ]);
    for account in &plan.accounts {
        ini.section(&account.user);
        ini.set("fullname", &account.display);
        ini.set("cid_number", &account.user);
        ini.set("hassip", "yes");
        ini.set("hasiax", "no");
        if let Some(mailbox) = &account.mailbox {
            ini.set("hasvoicemail", "yes");
            ini.set("mailbox", &account.user);
            ini.set("vmsecret", mailbox.pin.expose());
        }
        common(&mut ini, plan, account);
    }
    ini.into_bytes()
}

fn common(ini: &mut Ini, plan: &ProvisionPlan, account: &Account) {
    ini.set("host", "dynamic");
    ini.set("secret", account.secret.expose());
    ini.set("context", &plan.site.calls.context);
    ini.set("transport", &names(&account.transports, ","));
    // With force_rport, the phone does not receive the responses to its REGISTER.
    ini.set("nat", "no");
    ini.set("qualify", "yes");
    ini.set("directmedia", "no");
    ini.set("sendrpid", "yes");
    // Without it, hints do not know whether a phone is busy.
    ini.set("callcounter", "yes");
    ini.set("namedcallgroup", &plan.site.calls.pickup_group);
    ini.set("namedpickupgroup", &plan.site.calls.pickup_group);
    if let Some(mailbox) = &account.mailbox {
        ini.set("vmexten", &mailbox.number);
    }
    ini.set("dtmfmode", "rfc2833");
    ini.set("disallow", "all");
    ini.set("allow", &codecs(plan));
}
