//! `pjsip.conf` for Asterisk 13 and later; the only SIP driver since 21.

use super::common::{HEADER, PASSWORDS, caller_id, codecs, mailbox};
use crate::provision::{ini::Ini, plan::ProvisionPlan};

pub(super) fn file(plan: &ProvisionPlan) -> Vec<u8> {
    let site = &plan.site;
    let mut ini = Ini::new(&[
        HEADER,
        PASSWORDS,
        "Remove a transport if yours already has one for its protocol and port.",
        "The endpoints name no transport: Asterisk chooses one of its protocol.",
    ]);
    for transport in plan.transports() {
        let transport = transport.name();
        ini.section(&format!("transport-{transport}"));
        ini.set("type", "transport");
        ini.set("protocol", transport);
        ini.set("bind", &format!("0.0.0.0:{}", site.port));
    }
    for account in &plan.accounts {
        let user = &account.user;
        ini.section(user);
        // Without `transport`: with the name of one that does not exist, each call to the phone
        // fails with 500.
        ini.set("type", "endpoint");
        ini.set("context", &site.calls.context);
        ini.set("disallow", "all");
        ini.set("allow", &codecs(plan));
        ini.set("auth", user);
        ini.set("aors", user);
        ini.set("callerid", &caller_id(account));
        // The display changes with the connected party, such as after a transfer or a pickup.
        ini.set("send_rpid", "yes");
        // A phone does not listen on the port it sends from: responses must go to the address
        // in Via and Contact, like chan_sip's nat=no.
        ini.set("force_rport", "no");
        ini.set("rewrite_contact", "no");
        ini.set("rtp_symmetric", "no");
        ini.set("direct_media", "no");
        ini.set("dtmf_mode", "rfc4733");
        // Named groups do not interfere with the numbered ones of the other phones.
        ini.set("named_call_group", &site.calls.pickup_group);
        ini.set("named_pickup_group", &site.calls.pickup_group);
        if let Some(mailbox) = mailbox(account) {
            // The phones do not subscribe to it.
            ini.set("mailboxes", &mailbox);
        }
        if let Some(mailbox) = &account.mailbox {
            // chan_sip's vmexten: the number that the notification names.
            ini.set("voicemail_extension", &mailbox.number);
        }
        ini.section(user);
        ini.set("type", "auth");
        ini.set("auth_type", "userpass");
        ini.set("username", user);
        ini.set("password", account.secret.expose());
        ini.section(user);
        ini.set("type", "aor");
        ini.set("max_contacts", &account.phones.to_string());
        ini.set("remove_existing", "yes");
        ini.set("qualify_frequency", "60");
    }
    ini.into_bytes()
}
