//! The 7940 and 7960: a loader and an application, each fetched in a boot of its own.
//!
//! The loader runs at every start. It searches for a load in CTLSEP, SEP, SIP, MGC, `XMLDefault`,
//! `SIPDefault` and `MGCDefault`, in this order, until one names it, and requests the manifest of that
//! load and one image: the loader's first, after which it restarts, then the application's. Without
//! SIP, it skips MGC and `XMLDefault`. The SIP application starts 20 s or more after the search
//! (observed: 23 to 69 s) and requests `SIPDefault.cnf`, then `SIP<MAC>.cnf`.

use super::{
    context::{Context, FileRequest},
    core::Conversion,
    loader_search::{is_mgcp, is_ring_list},
    requests::is_dial_plan,
};
use crate::{
    diagnose::Code,
    phone::{Family, Generation79x0, LoadName, RequestedFile, load_of_image_79x0, normalized_name},
    track::{
        change::Change,
        diagnosis::text,
        event::{State, StepDetails},
        observation::EvidenceSource,
    },
};

/// Consecutive requests of the SIP application for its own file: it has no line.
const POLLS: u8 = 3;

/// What an image of releases 2 to 4 is (`P0S30203.bin`, `P0S3-04-4-00.bin`): these phones install
/// one unsigned file then, and signed ones alone from 5.0 on.
fn unsigned_image(name: &str) -> Option<(&'static str, String, &'static str)> {
    let name = normalized_name(name);
    let load = LoadName::new(name.rsplit('/').next()?.strip_suffix(".bin")?);
    if load.generation_79x0() != Some(Generation79x0::Unsigned) {
        return None;
    }
    let (protocol, route) = match load.as_str().get(..4)? {
        "p0s3" => ("SIP", "4.4 and 5.3, each given with --bridge"),
        "p003" => ("SCCP", "5.x, given with --bridge"),
        _ => ("MGCP", "7.x"),
    };
    let release = load.release()?;
    let release = format!("{}.{}", release.major, release.minor);
    Some((protocol, release, route))
}

impl Conversion {
    /// The phone requested an image. Those of the first releases say what its firmware is.
    pub(super) fn check_unsigned_image(
        &mut self,
        cx: Context<'_>,
        request: FileRequest<'_>,
        out: &mut Vec<Change>,
    ) {
        let Some((protocol, release, route)) = unsigned_image(request.name) else {
            return;
        };
        // A step that the phone is given.
        if load_of_image_79x0(request.name).is_some_and(|(load, _)| cx.catalog.is_bridge(&load)) {
            return;
        }
        self.device.family.get_or_insert(Family::P3);
        let detail = format!(
            "requested {}: {protocol} {release} of the 7940 and 7960, older than signed firmware \
             (5.0). From there a phone gets to SIP 8.12 only through {route}",
            text::printable(request.file_name())
        );
        self.note(EvidenceSource::Requests, detail, out);
    }

    /// Whether the phone requests its manifest as a matter of routine.
    pub(super) fn is_routine_manifest(&self) -> bool {
        self.delivery.is_stepwise() && self.is_converted()
    }

    /// Whether this request can be the first of newly written firmware.
    pub(super) fn may_follow_writing(&self, cx: Context<'_>, request: FileRequest<'_>) -> bool {
        !self.delivery.is_stepwise() || self.is_sip_application(cx, request)
    }

    /// Whether the SIP application of such a phone requests this: `SIPDefault.cnf`, or a file that
    /// neither the loader nor SCCP firmware requests.
    pub(super) fn is_sip_application(&self, cx: Context<'_>, request: FileRequest<'_>) -> bool {
        self.device.loader.is_application(cx.at, request) || self.is_file_of_sip(request)
    }

    /// Whether only the SIP application of such a phone requests the file: its ring list or dial plan.
    pub(super) fn is_file_of_sip(&self, request: FileRequest<'_>) -> bool {
        self.delivery.is_stepwise() && (is_ring_list(request) || is_dial_plan(request.name))
    }

    /// A request of the application, or of the loader that looks for one.
    pub(super) fn on_stepwise_request(
        &mut self,
        cx: Context<'_>,
        request: FileRequest<'_>,
        out: &mut Vec<Change>,
    ) {
        let is_application = self.is_sip_application(cx, request);
        let starts = is_application || matches!(request.file, RequestedFile::TrustList(_));
        let details = StepDetails::of_file(request.file_name());
        match self.state {
            State::Writing | State::Rebooted | State::Manifest | State::Configuring
                if is_application && self.delivery.has_everything() =>
            {
                self.configuration.requested_at = None;
                self.withdraw(Code::ProtocolApplicationInvalid, None, out);
                self.on_application_start(Some(request.file_name()), out);
            }
            State::Writing => self.transition_to(State::Rebooted, details, out),
            State::Images | State::Manifest if starts => {
                self.transition_to(State::Configuring, details, out);
            }
            _ => {}
        }
    }

    /// Requests that only these phones send, and whether the loader found no application.
    pub(super) fn check_loader(
        &mut self,
        cx: Context<'_>,
        request: FileRequest<'_>,
        out: &mut Vec<Change>,
    ) {
        let is_application = self.is_sip_application(cx, request);
        let searches_again = self.device.loader.add(cx.at, request);
        let polls = self.device.loader.polls();
        if polls == POLLS {
            self.note_polls_of_sip(polls, request.name, out);
        }
        self.check_file_of_sccp(cx, request, out);
        if is_application {
            self.check_runs_manifest(cx, request, out);
        }
        if is_ring_list(request) {
            self.device.family.get_or_insert(Family::P3);
            self.on_running(cx.at, out);
            let detail = "requested RINGLIST.DAT: its SIP application runs".to_owned();
            self.note(EvidenceSource::Requests, detail, out);
        }
        if !matches!(
            request.file,
            RequestedFile::LegacyConfig(_) | RequestedFile::LegacyDefault
        ) {
            return;
        }
        self.device.family.get_or_insert(Family::P3);
        let details = StepDetails::of_file(request.file_name());
        // Without a manifest, an image of the first releases was fetched, and the phone restarted.
        let is_restart = match self.state {
            State::Manifest => is_application,
            State::Images => self.delivery.current.is_none(),
            _ => false,
        };
        if is_restart && !self.delivery.is_stepwise() {
            self.transition_to(State::Configuring, details, out);
            return;
        }
        if !is_mgcp(request) {
            return;
        }
        let is_unwritten = matches!(self.state, State::Writing | State::Rebooted)
            && self.delivery.is_stepwise()
            && self.delivery.has_everything();
        if searches_again || is_unwritten {
            self.raise(request.name, text::no_application(request.name, cx.at), out);
        }
        if let Some(pass) = &mut self.delivery.current
            && pass.stepwise
            && pass.complete
            && matches!(self.state, State::Writing | State::Rebooted)
        {
            pass.interrupted = true;
            self.transition_to(State::Configuring, details, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_of_the_first_releases_are_known() {
        let of = |name: &str| {
            let (protocol, release, _) = unsigned_image(name)?;
            Some(format!("{protocol} {release}"))
        };
        for (name, expected) in [
            ("P0S30203.bin", Some("SIP 2.3")),
            ("/P0S3-04-4-00.BIN", Some("SIP 4.4")),
            ("P00303020214.bin", Some("SCCP 3.2")),
            ("P00405000700.bin", None),
            ("P00305000700.bin", None),
            ("P0M30100.bin", Some("MGCP 1.0")),
            // The loader of newer releases.
            ("P003-8-12-00.bin", None),
            ("P00308000500.bin", None),
            ("P0S30203.sbn", None),
            ("P0S3.bin", None),
            ("P003ä.bin", None),
        ] {
            assert_eq!(of(name).as_deref(), expected, "{name}");
        }
    }
}
