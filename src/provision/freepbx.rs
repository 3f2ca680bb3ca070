//! The extensions for the bulk import of `FreePBX` 13 and later (Admin, Bulk Handler).
//!
//! The columns are a part of those that `FreePBX` exports: it keeps its defaults for the others.

use super::plan::{Account, ProvisionPlan};

/// The file name.
pub(super) const NAME: &str = "extensions.csv";

/// How an account fills a column.
type Value = fn(&ProvisionPlan, &Account) -> String;

/// The columns, and how they are filled.
const COLUMNS: [(&str, Value); 27] = [
    ("extension", |_, account| account.user.clone()),
    ("name", |_, account| account.display.clone()),
    ("description", |_, account| account.display.clone()),
    ("tech", |_, _| "pjsip".to_owned()),
    ("id", |_, account| account.user.clone()),
    ("dial", |_, account| format!("PJSIP/{}", account.user)),
    ("devicetype", |_, _| "fixed".to_owned()),
    ("user", |_, account| account.user.clone()),
    ("sipdriver", |_, _| "chan_pjsip".to_owned()),
    ("secret", |_, account| account.secret.expose().to_owned()),
    ("context", |plan, _| plan.site.calls.context.clone()),
    ("disallow", |_, _| "all".to_owned()),
    // Unlike pjsip.conf, FreePBX separates codecs with `&`.
    ("allow", |plan, _| {
        let codecs = plan.site.codecs.iter().map(|codec| codec.name());
        codecs.collect::<Vec<_>>().join("&")
    }),
    ("dtmfmode", |_, _| "rfc4733".to_owned()),
    ("force_rport", no),
    ("rewrite_contact", no),
    ("rtp_symmetric", no),
    ("direct_media", no),
    ("max_contacts", |_, account| account.phones.to_string()),
    ("sendrpid", |_, _| "yes".to_owned()),
    ("send_connected_line", |_, _| "yes".to_owned()),
    ("namedcallgroup", |plan, _| {
        plan.site.calls.pickup_group.clone()
    }),
    ("namedpickupgroup", |plan, _| {
        plan.site.calls.pickup_group.clone()
    }),
    ("voicemail", |_, account| {
        let mailbox = account.mailbox.as_ref();
        mailbox.map_or("novm", |_| "default").to_owned()
    }),
    ("voicemail_enable", |_, account| {
        let mailbox = account.mailbox.as_ref();
        mailbox.map_or("", |_| "yes").to_owned()
    }),
    ("voicemail_vmpwd", |_, account| {
        let pin = account.mailbox.as_ref().map(|mailbox| &mailbox.pin);
        pin.map(|pin| pin.expose().to_owned()).unwrap_or_default()
    }),
    ("voicemail_same_exten", |_, account| {
        let mailbox = account.mailbox.as_ref();
        mailbox.map_or("", |_| "no").to_owned()
    }),
];

fn no(_: &ProvisionPlan, _: &Account) -> String {
    "no".to_owned()
}

/// The file: a header line, then a line for each account.
pub(super) fn extensions(plan: &ProvisionPlan) -> Vec<u8> {
    let mut text = line(COLUMNS.iter().map(|(name, _)| (*name).to_owned()));
    for account in &plan.accounts {
        text += &line(COLUMNS.iter().map(|(_, value)| value(plan, account)));
    }
    text.into_bytes()
}

/// Whether `FreePBX` accepts the extension: it requires digits.
pub(super) fn accepts(account: &Account) -> bool {
    account.user.bytes().all(|byte| byte.is_ascii_digit())
}

/// Quotes a value with a comma. No value can contain a quote or a line break.
fn line(values: impl Iterator<Item = String>) -> String {
    let quoted = |value: String| {
        if value.contains(',') {
            format!("\"{value}\"")
        } else {
            value
        }
    };
    values.map(quoted).collect::<Vec<_>>().join(",") + "\n"
}
