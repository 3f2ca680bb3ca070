//! Whether the phone receives the server's answers.

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
        file_outcome::FileOutcome,
        history::{FetchAttempt, FileRole, truncate_name},
        observation::{RunTime, TransferId, Transport},
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
        match &mut self.reachability.unacked {
            Some(unacked) if unacked.is_about(request.name) => {
                if !unacked.on_request(cx.at, request.port) {
                    return;
                }
            }
            earlier => {
                // A phone without an answer waits for its timer.
                let is_answered = earlier.as_ref().is_some_and(|earlier| {
                    cx.at.saturating_sub(earlier.last) < rules::REPEAT_AFTER
                });
                *earlier = Some(UnackedRequests::new(request.name, cx.at, request.port));
                if is_answered {
                    self.withdraw(Code::BlockedByFirewall, None, out);
                }
            }
        }
        self.check_unacked(cx, out);
    }

    /// The phone repeated the request of this transfer.
    pub(in crate::track) fn on_repetition(
        &mut self,
        cx: Context<'_>,
        transfer: TransferId,
        out: &mut Vec<Change>,
    ) {
        let Some(attempt) = self.delivery.attempts.get(transfer) else {
            return;
        };
        let (name, role) = (attempt.name.clone(), attempt.role);
        let is_delivered = attempt.bytes > 0 || attempt.outcome == FileOutcome::Delivered;
        self.on_activity(cx.at, out);
        if is_delivered {
            return;
        }
        self.configuration.unnamed_load.on_repetition(transfer);
        if matches!(role, FileRole::Manifest(_)) {
            self.delivery.on_manifest_unanswered(&name, cx.at);
        }
        if let Some(unacked) = &mut self.reachability.unacked {
            let port = unacked.port;
            if unacked.on_request(cx.at, port) {
                self.check_unacked(cx, out);
            }
        }
    }

    /// A transfer ended without an ACK.
    pub(super) fn count_unacked_transfer(
        &mut self,
        cx: Context<'_>,
        attempt: &FetchAttempt,
        out: &mut Vec<Change>,
    ) {
        if matches!(attempt.role, FileRole::Manifest(_)) {
            self.delivery.on_manifest_unanswered(&attempt.name, cx.at);
        }
        if let Some(unacked) = &mut self.reachability.unacked
            && unacked.is_about(&attempt.name)
            // A phone that requests images has received its manifest.
            && !(unacked.port == 0 && matches!(attempt.role, FileRole::Image(_)))
        {
            unacked.transfers = unacked.transfers.saturating_add(1);
            self.check_unacked(cx, out);
        }
    }

    fn check_unacked(&mut self, cx: Context<'_>, out: &mut Vec<Change>) {
        if let Some(unacked) = &self.reachability.unacked
            && unacked.is_blocked()
            && !self.is_forged_at(cx.at)
            && self.reachability.closed_server.is_none()
        {
            let lost = text::LostAnswers {
                name: &unacked.name,
                requests: unacked.requests,
                ports: unacked.ports,
                has_ports: unacked.port != 0,
                answers_observed: !cx.requests_only,
                first: unacked.first,
                last: cx.at,
            };
            self.raise("", text::blocked(&lost), out);
        }
    }

    /// The phone acknowledged something, so it receives this machine's answers.
    pub(super) fn on_acknowledgement(&mut self, at: RunTime, out: &mut Vec<Change>) {
        self.reachability.unacked = None;
        self.clear_closed_server(out);
        self.withdraw(Code::BlockedByFirewall, None, out);
        self.clear_forged(at, out);
    }
}

impl UnackedRequests {
    fn new(name: &str, at: RunTime, port: u16) -> Self {
        Self {
            name: truncate_name(name),
            first: at,
            last: at,
            port,
            ports: 1,
            requests: 1,
            repetitions: 0,
            transfers: 0,
        }
    }

    fn is_about(&self, name: &str) -> bool {
        normalized_name(&self.name) == normalized_name(name)
    }

    /// The same name was requested again. Returns whether the request is no duplicate.
    fn on_request(&mut self, at: RunTime, port: u16) -> bool {
        let gap = at.saturating_sub(self.last);
        if gap < rules::REPEAT_AFTER {
            return false;
        }
        self.requests = self.requests.saturating_add(1);
        if gap <= rules::REPEATED_WITHIN {
            self.repetitions = self.repetitions.saturating_add(1);
        }
        self.last = at;
        if self.port != port {
            self.port = port;
            self.ports = self.ports.saturating_add(1);
        }
        true
    }

    /// Whether no answer reaches the phone. Without an answer it goes on from another port.
    fn is_blocked(&self) -> bool {
        let (enough, is_sure) = if self.port == 0 {
            (rules::UNANSWERED_WITHOUT_PORTS, true)
        } else {
            (rules::UNANSWERED_REPETITIONS, self.ports >= 2)
        };
        is_sure && (self.transfers >= rules::UNACKED_TRANSFERS || self.repetitions >= enough)
    }
}
