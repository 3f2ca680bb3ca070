//! `sip.conf` and `users.conf` for Asterisk up to 20. Asterisk 21 removed `chan_sip`.

use super::common::{HEADER, PASSWORDS, caller_id, codecs, mailbox};
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
    let site = &plan.site;
    let bind = match site.transport {
        PbxTransport::Udp if site.port == DEFAULT_PORT => None,
        PbxTransport::Udp => Some("udpbindaddr"),
        PbxTransport::Tcp => Some("tcpbindaddr"),
    };
    let mut comment = vec![HEADER, PASSWORDS, VERSION_NOTE, CHOICE_NOTE];
    if bind.is_some() {
        comment.extend(GENERAL_NOTE);
    }
    let mut ini = Ini::new(&comment);
    if let Some(bind) = bind {
        ini.addition("general");
        if site.transport == PbxTransport::Tcp {
            ini.set("tcpenable", "yes");
        }
        ini.set(bind, &format!("0.0.0.0:{}", site.port));
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

pub(super) fn users(plan: &ProvisionPlan) -> Vec<u8> {
    let port = format!(
        "sip.conf must listen: transport {}, port {}.",
        plan.site.transport.name(),
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
    ini.set("transport", plan.site.transport.name());
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
