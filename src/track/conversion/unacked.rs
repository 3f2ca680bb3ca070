//! Whether the phone receives this machine's answers.

use super::{
    context::{Context, FileRequest},
    core::Conversion,
    reachability::UnackedRequests,
};
use crate::{
    diagnose::Code,
    phone::normalized_name,
    track::{
        change::Change,
        diagnosis::{rules, text},
        history::FetchAttempt,
        observation::{RunTime, Transport},
    },
};

impl Conversion {
    /// The phone requested a file, perhaps again because it received no answer.
    pub(super) fn count_unacked_request(
        &mut self,
        cx: Context<'_>,
        request: FileRequest<'_>,
        out: &mut Vec<Change>,
    ) {
        if request.transport == Transport::Http {
            return;
        }
        let name = normalized_name(request.name);
        match &mut self.reachability.unacked {
            Some(unacked) if unacked.name == name => {
                if cx.at.saturating_sub(unacked.last) < rules::REPEAT_AFTER {
                    return;
                }
                unacked.requests = unacked.requests.saturating_add(1);
                unacked.last = cx.at;
                if unacked.port != request.port {
                    unacked.port = request.port;
                    unacked.ports = unacked.ports.saturating_add(1);
                }
            }
            _ => {
                self.reachability.unacked = Some(UnackedRequests {
                    name,
                    first: cx.at,
                    last: cx.at,
                    port: request.port,
                    ports: 1,
                    requests: 1,
                    transfers: 0,
                });
            }
        }
        self.check_unacked(cx.at, out);
    }

    /// A transfer ended without an ACK.
    pub(super) fn count_unacked_transfer(
        &mut self,
        at: RunTime,
        attempt: &FetchAttempt,
        out: &mut Vec<Change>,
    ) {
        if let Some(unacked) = &mut self.reachability.unacked
            && unacked.name == normalized_name(&attempt.name)
        {
            unacked.transfers = unacked.transfers.saturating_add(1);
            self.check_unacked(at, out);
        }
    }

    fn check_unacked(&mut self, at: RunTime, out: &mut Vec<Change>) {
        let Some(unacked) = &self.reachability.unacked else {
            return;
        };
        let is_blocked = unacked.ports >= 2
            && (unacked.transfers >= rules::UNACKED_TRANSFERS
                || unacked.transfers == 0 && unacked.requests >= rules::UNACKED_ANSWERS);
        if is_blocked {
            let diagnosis = text::blocked(
                &unacked.name,
                unacked.requests,
                unacked.ports,
                unacked.first,
                at,
            );
            self.raise("", diagnosis, out);
        }
    }

    /// The phone acknowledged something, so it receives this machine's answers.
    pub(super) fn on_acknowledgement(&mut self, out: &mut Vec<Change>) {
        self.reachability.unacked = None;
        self.withdraw(Code::BlockedByFirewall, None, out);
    }
}
