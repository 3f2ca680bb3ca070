//! The 7940 and 7960: a loader and an application, each fetched in a boot of its own.
//!
//! Observed: the loader requests CTLSEP, SEP, SIP, MGC, `XMLDefault`, then its manifest and one
//! image. It takes the loader's image first, restarts, and takes the application's. The SIP
//! application reads the manifest in every boot and requests `SIPDefault.cnf`, which the
//! loader never does.

use super::{
    context::{Context, FileRequest},
    core::Conversion,
};
use crate::{
    diagnose::Code,
    phone::{Family, RequestedFile, normalized_name},
    track::{
        change::Change,
        diagnosis::text,
        event::{State, StepDetails},
    },
};

/// Whether this is `SIPDefault.cnf`, which only the SIP application of these phones requests.
pub(super) fn is_sip_default(request: FileRequest<'_>) -> bool {
    *request.file == RequestedFile::LegacyDefault
        && normalized_name(request.name).ends_with("sipdefault.cnf")
}

impl Conversion {
    /// Whether the phone requests its manifest as a matter of routine.
    pub(super) fn is_routine_manifest(&self) -> bool {
        self.delivery.is_stepwise() && self.is_converted()
    }

    /// Whether this request can be the first of newly written firmware.
    pub(super) fn may_follow_writing(&self, request: FileRequest<'_>) -> bool {
        !self.delivery.is_stepwise() || is_sip_default(request)
    }

    /// A request of the application, or of the loader that looks for one.
    pub(super) fn on_stepwise_request(&mut self, request: FileRequest<'_>, out: &mut Vec<Change>) {
        let is_application = is_sip_default(request);
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
        if !matches!(
            request.file,
            RequestedFile::LegacyConfig(_) | RequestedFile::LegacyDefault
        ) {
            return;
        }
        self.device.family.get_or_insert(Family::P3);
        let details = StepDetails::of_file(request.file_name());
        if is_sip_default(request) && !self.delivery.is_stepwise() && self.state == State::Manifest
        {
            self.transition_to(State::Configuring, details, out);
            return;
        }
        // Without an application, the loader requests every kind of configuration.
        if !normalized_name(request.name).starts_with("mgc") {
            return;
        }
        self.raise(request.name, text::no_application(request.name, cx.at), out);
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
