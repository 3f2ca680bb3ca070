//! Packets that another sender sends with the phone's address as source.

use std::net::Ipv4Addr;

use super::{context::Context, core::Conversion};
use crate::{
    diagnose::Code,
    track::{
        change::Change,
        diagnosis::{rules, text},
        observation::RunTime,
        withheld::Forgery,
    },
};

impl Conversion {
    /// The TFTP server saw such packets.
    pub(in crate::track) fn on_forged(
        &mut self,
        cx: Context<'_>,
        address: Ipv4Addr,
        sign: Forgery,
        out: &mut Vec<Change>,
    ) {
        self.reachability.forged = Some(cx.at);
        // Answers that are not acknowledged have a known reason.
        self.withdraw(Code::BlockedByFirewall, None, out);
        self.raise("", text::forged(address, sign, cx.at), out);
    }

    /// Whether such packets explain answers that are not acknowledged.
    pub(in crate::track) fn is_forged_at(&self, at: RunTime) -> bool {
        let newest = self.reachability.forged;
        newest.is_some_and(|newest| at.saturating_sub(newest) <= rules::FORGED_RECENTLY)
    }

    /// The phone acknowledged something.
    pub(super) fn clear_forged(&mut self, at: RunTime, out: &mut Vec<Change>) {
        if self.reachability.forged.is_some() && !self.is_forged_at(at) {
            self.reachability.forged = None;
            self.withdraw(Code::ForgedPackets, None, out);
        }
    }
}
