//! Values that several files share.

use std::collections::BTreeSet;

use crate::{
    inventory::PbxTransport,
    provision::plan::{Account, ProvisionPlan},
};

/// The first line of each file.
pub(super) const HEADER: &str = "Written by `reflash provision`. The next run overwrites it.";

/// The second line of each file with passwords.
pub(super) const PASSWORDS: &str =
    "It contains passwords: only Asterisk should be able to read it.";

/// The context of the voice mailboxes.
pub(super) const MAILBOXES: &str = "default";

/// The value of `allow`: the codecs in order of preference.
pub(super) fn codecs(plan: &ProvisionPlan) -> String {
    let names: Vec<_> = plan.site.codecs.iter().map(|codec| codec.name()).collect();
    names.join(",")
}

/// The names of transports.
pub(in crate::provision) fn names(transports: &BTreeSet<PbxTransport>, between: &str) -> String {
    let names: Vec<_> = transports.iter().map(|one| one.name()).collect();
    names.join(between)
}

/// `"Reception" <1001>`.
pub(super) fn caller_id(account: &Account) -> String {
    format!("\"{}\" <{}>", account.display, account.user)
}

pub(super) fn mailbox(account: &Account) -> Option<String> {
    account
        .mailbox
        .as_ref()
        .map(|_| format!("{}@{MAILBOXES}", account.user))
}
