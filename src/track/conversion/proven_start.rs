//! Which requests prove that an application, or a boot loader in a pass, starts. A host that forges the phone's address can
//! send a TFTP request, but receives no answer that it could acknowledge.

use super::{
    configuration::PendingStart,
    context::{Context, FileRequest},
    core::Conversion,
};
use crate::{
    phone::RequestedFile,
    track::{
        change::Change,
        event::{State, StepDetails},
        history::{FetchAttempt, FileRole, truncate_name},
        observation::{TransferId, Transport},
        plan::FileServer,
    },
};

impl Conversion {
    /// Whether the request alone is no start: it ends a pass only when the phone acknowledged a file
    /// that its application requested. In a folder of the operator, or at another server, there may
    /// be no such file; a 7940 or 7960 may have none either.
    pub(super) fn awaits_proof(&self, cx: Context<'_>, request: FileRequest<'_>) -> bool {
        let is_open = match self.state {
            State::Manifest => {
                // A phone that keeps its images may be given no further file.
                self.delivery.kept.is_none() || *request.file != RequestedFile::SipLocale
            }
            State::Images | State::Writing | State::Rebooted => true,
            _ => false,
        };
        is_open
            && request.transport == Transport::Tftp
            && cx.catalog.server == FileServer::Bundles
            && !cx.requests_only
            && !self.delivery.is_stepwise()
    }

    /// Keeps the start until it is proven.
    pub(super) fn keep_start(&mut self, cx: Context<'_>, request: FileRequest<'_>) {
        let pending = &mut self.configuration.pending_start;
        let is_boot = matches!(request.file, RequestedFile::TrustList(_));
        match pending {
            Some(pending) if is_boot => pending.name = truncate_name(request.file_name()),
            Some(_) => {}
            None => {
                *pending = Some(PendingStart {
                    name: truncate_name(request.file_name()),
                    since: cx.at,
                });
            }
        }
    }

    /// Whether the request for an image counts only after an ACK: the phone has all of them, or is done.
    pub(super) fn awaits_image_proof(&self, cx: Context<'_>, request: FileRequest<'_>) -> bool {
        (self.state.may_be_writing() || self.is_converted())
            && request.transport == Transport::Tftp
            && cx.catalog.server != FileServer::Other
            && !cx.requests_only
            && !self.delivery.is_stepwise()
    }

    /// A part of a file was acknowledged: its request is the phone's.
    pub(super) fn prove_request(
        &mut self,
        cx: Context<'_>,
        transfer: TransferId,
        out: &mut Vec<Change>,
    ) {
        // Some ACKs of this address are guesses: one of them may be right.
        if self.is_forged_at(cx.at) {
            return;
        }
        self.prove_image(cx, transfer, out);
        self.prove_start(cx, transfer, out);
    }

    /// Proves the start, if the application requested the file since.
    fn prove_start(&mut self, cx: Context<'_>, transfer: TransferId, out: &mut Vec<Change>) {
        let Some(pending) = &self.configuration.pending_start else {
            return;
        };
        let Some(attempt) = self.delivery.attempts.get(transfer) else {
            return;
        };
        if attempt.at < pending.since {
            return;
        }
        match attempt.role {
            FileRole::Manifest(_) => return self.prove_manifest(transfer, out),
            FileRole::Image(_) => return,
            _ => {}
        }
        let file = RequestedFile::parse(&attempt.name);
        let (pending, attempt) = (pending.clone(), attempt.clone());
        self.configuration.pending_start = None;
        // A locale file confirms a phone only after the start is proven.
        let first = RequestedFile::parse(&pending.name);
        if first.is_from_application() {
            self.on_start_request(cx, request_of(&attempt, &pending.name, &first), out);
        }
        let request = request_of(&attempt, &attempt.name, &file);
        self.on_proven_request(cx, request, out);
    }

    /// A part of a manifest was acknowledged, which was requested since: the phone begins again.
    fn prove_manifest(&mut self, transfer: TransferId, out: &mut Vec<Change>) {
        let newest = self.delivery.attempts.iter().rev().find(|attempt| {
            attempt.transfer == transfer || matches!(attempt.role, FileRole::Image(_))
        });
        // It may be a duplicate that the phone requested along with its images.
        let Some(attempt) = newest.filter(|attempt| attempt.transfer == transfer) else {
            return;
        };
        let details = StepDetails::of_file(&attempt.name);
        self.configuration.pending_start = None;
        if self.state != State::Manifest {
            self.transition_to(State::Manifest, details, out);
        }
    }
}

fn request_of<'a>(
    attempt: &FetchAttempt,
    name: &'a str,
    file: &'a RequestedFile,
) -> FileRequest<'a> {
    FileRequest {
        transfer: attempt.transfer,
        transport: attempt.transport,
        name,
        port: 0,
        file,
        served: None,
        error: None,
    }
}
