//! The PBX's side: the same accounts that the phones were told of.

mod chan_sip;
mod dialling;
mod pjsip;

use super::plan::{Account, Plan};

/// Every file of the Asterisk side, by its name there.
pub(super) fn files(plan: &Plan) -> Vec<(&'static str, Vec<u8>)> {
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

/// What stands at the top of each.
const HEADER: &str = "Written by `reflash provision`; the next run writes it anew.";

/// The context of the voice mailboxes.
const MAILBOXES: &str = "default";

/// `allow`: the codecs, the best first.
fn codecs(plan: &Plan) -> String {
    let names: Vec<_> = plan.site.codecs.iter().map(|codec| codec.name()).collect();
    names.join(",")
}

/// `"Reception" <1001>`.
fn caller_id(account: &Account) -> String {
    format!("\"{}\" <{}>", account.display, account.user)
}

fn mailbox(account: &Account) -> Option<String> {
    account
        .mailbox
        .as_ref()
        .map(|_| format!("{}@{MAILBOXES}", account.user))
}
