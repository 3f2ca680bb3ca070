//! What the requests of a 7940's or 7960's application show about its loader: that it runs the load of
//! the manifest already, that its own files are missing, or that its loader is installed again and again.

use std::time::Duration;

use super::{
    context::{Context, FileRequest},
    core::Conversion,
    own_file_starts::NEXT_FILE_WITHIN,
};
use crate::{
    diagnose::Code,
    phone::{Family, LoadName, Protocol, RequestedFile, load_of_image_79x0, normalized_name},
    track::{
        change::Change,
        diagnosis::text,
        event::{Evidence, State, StepDetails},
        file_outcome::FileOutcome,
        history::{FetchAttempt, FileRole},
        observation::EvidenceSource,
    },
};

/// An application that is there already requests its first file this long after the manifest, or
/// earlier: observed 23 to 24 s.
const APPLICATION_WITHIN: Duration = Duration::from_mins(1);

/// Whole deliveries of the loader without a request for an application. Two may be a lost power
/// supply.
const LOADERS: usize = 3;

/// Whether the file is one that SCCP firmware of these phones alone requests.
fn is_file_of_sccp(name: &str) -> bool {
    let name = normalized_name(name);
    matches!(
        name.rsplit('/').next(),
        Some("7960-font.xml" | "7960-tones.xml")
    )
}

impl Conversion {
    /// A file that only SCCP firmware of these phones requests shows the family.
    pub(super) fn check_file_of_sccp(
        &mut self,
        cx: Context<'_>,
        request: FileRequest<'_>,
        out: &mut Vec<Change>,
    ) {
        if *request.file != RequestedFile::Other || !is_file_of_sccp(request.name) {
            return;
        }
        if self.known_family().is_none() {
            self.device.set_family(Family::P3);
            // Such a phone normally requests both configurations.
            self.withdraw(Code::ConfigRejected, None, out);
        }
        self.check_unnamed_by_application(cx, out);
    }

    /// The SIP application requests a file: the phone runs the load of the manifest that it read in
    /// this start, if it requested no image after it.
    pub(super) fn check_runs_manifest(
        &mut self,
        cx: Context<'_>,
        request: FileRequest<'_>,
        out: &mut Vec<Change>,
    ) {
        let is_open = matches!(
            self.state,
            State::Seen | State::Configuring | State::Manifest
        );
        if !is_open || cx.excluded || self.is_held(cx) || self.early.is_present() {
            return;
        }
        let newest = {
            let mut newest = self.delivery.attempts.iter().rev();
            newest.find(|one| matches!(one.role, FileRole::Manifest(_) | FileRole::Image(_)))
        };
        let Some(manifest) = newest.filter(|one| matches!(one.role, FileRole::Manifest(_))) else {
            return;
        };
        let load = LoadName::new(manifest.name.trim_end_matches(".loads"));
        let apart = cx.at.saturating_sub(manifest.at);
        let is_read = match manifest.outcome {
            FileOutcome::Delivered => true,
            FileOutcome::NotFound => false,
            _ => cx.requests_only,
        };
        let is_wanted = load.family() == Some(Family::P3)
            && load.protocol() == Some(Protocol::Sip)
            && (cx.catalog.is_target(&load) || cx.requests_only && cx.catalog.is_empty());
        let is_same = |other: &LoadName| other.as_str().eq_ignore_ascii_case(load.as_str());
        let agrees = self.loads.reported.as_ref().is_none_or(is_same);
        if !is_read
            || !is_wanted
            || !agrees
            || !(NEXT_FILE_WITHIN..=APPLICATION_WITHIN).contains(&apart)
        {
            return;
        }
        let evidence = Evidence {
            source: EvidenceSource::Requests,
            detail: format!(
                "read {} and requested no image; {} s later its SIP application requested {}: it runs \
                 that load",
                text::printable(&manifest.name),
                apart.as_secs(),
                text::printable(request.file_name())
            ),
            disputed: false,
        };
        let details = StepDetails {
            load: Some(load),
            ..StepDetails::of_evidence(evidence.clone())
        };
        self.clear_stall(out);
        self.withdraw_final(out);
        self.loads.shown_by(evidence.source, true);
        self.findings.add_deciding_evidence(evidence);
        self.transition_to(State::Already, details, out);
    }

    /// The SIP application requests its own file again and again.
    pub(super) fn note_polls_of_sip(&mut self, polls: u8, name: &str, out: &mut Vec<Change>) {
        let detail = format!(
            "requested '{}' {polls} times about 31 s apart: its SIP application runs, and the file is \
             missing or has no telephone line that it can use",
            text::printable(name)
        );
        self.note(EvidenceSource::Requests, detail, out);
    }

    /// The phone is given an image of its loader again and again, and requests no application.
    pub(super) fn check_loader_again(
        &mut self,
        cx: Context<'_>,
        name: &str,
        out: &mut Vec<Change>,
    ) {
        if self.early.is_present() || self.has_diagnosis(Code::LoaderNamed) {
            return;
        }
        if !is_loader(name) {
            return self.withdraw(Code::UpgradeLoop, None, out);
        }
        let is_delivered = |one: &&FetchAttempt| one.outcome == FileOutcome::Delivered;
        let images = self.delivery.attempts.iter().rev();
        let images = images.filter(|one| matches!(one.role, FileRole::Image(_)));
        let loaders = images.take_while(|one| is_loader(&one.name));
        let count = loaders.filter(is_delivered).count();
        if count >= LOADERS {
            self.raise(name, text::loader_loop(name, count, cx.at), out);
        }
    }
}

/// Whether this is an image of the loader (`P003-8-12-00.sbn`).
fn is_loader(name: &str) -> bool {
    load_of_image_79x0(name)
        .is_some_and(|(load, end)| end.eq_ignore_ascii_case("sbn") && load.is_universal_loader())
}
