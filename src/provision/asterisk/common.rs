//! Parts of several files.

use crate::provision::plan::{Account, Plan};

/// What stands at the top of each.
pub(super) const HEADER: &str = "Written by `reflash provision`; the next run writes it anew.";

/// The context of the voice mailboxes.
pub(super) const MAILBOXES: &str = "default";

/// `allow`: the codecs, the best first.
pub(super) fn codecs(plan: &Plan) -> String {
    let names: Vec<_> = plan.site.codecs.iter().map(|codec| codec.name()).collect();
    names.join(",")
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
