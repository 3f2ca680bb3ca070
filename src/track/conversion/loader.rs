//! The 7940 and 7960: a loader and an application, each fetched in a boot of its own.
//!
//! Observed: the loader asks CTLSEP, SEP, SIP, MGC, `XMLDefault`, then its manifest and one
//! image; it takes the loader's image first, starts anew, and takes the application's. The
//! SIP application reads the manifest in every boot and asks for `SIPDefault.cnf`, which the
//! loader never does.

use super::{Ask, Change, Conversion, Scene, State, StepDetails};
use crate::{
    diagnose::Code,
    phone::{Family, RequestedFile, normalized_name},
    track::diagnosis::text,
};

/// Whether this is `SIPDefault.cnf`, which only the SIP application of these phones asks for.
pub(super) fn is_sip_default(ask: Ask<'_>) -> bool {
    *ask.request == RequestedFile::LegacyDefault
        && normalized_name(ask.name).ends_with("sipdefault.cnf")
}

impl Conversion {
    /// Whether the images of this phone's pass are fetched one a boot.
    pub(super) fn is_stepwise(&self) -> bool {
        self.current.as_ref().is_some_and(|pass| pass.stepwise)
    }

    /// Whether a manifest is asked for as a matter of routine.
    pub(super) fn is_routine(&self) -> bool {
        self.is_stepwise()
            && matches!(
                self.state,
                State::Flashed | State::Confirmed | State::Already
            )
    }

    /// Whether this request can be the first of what was just written.
    pub(super) fn may_follow(&self, ask: Ask<'_>) -> bool {
        !self.is_stepwise() || is_sip_default(ask)
    }

    /// A request of the application, or of the loader that looks for one.
    pub(super) fn loader_or_application(&mut self, ask: Ask<'_>, out: &mut Vec<Change>) {
        let runs = is_sip_default(ask);
        let starts = runs || matches!(ask.request, RequestedFile::TrustList(_));
        match self.state {
            State::Writing | State::Rebooted | State::Manifest | State::Configuring
                if runs && self.has_everything() =>
            {
                self.config_at = None;
                self.refute(Code::ProtocolApplicationInvalid, None, out);
                self.came_back(Some(ask.file()), out);
            }
            State::Writing => self.enter(State::Rebooted, StepDetails::file(ask.file()), out),
            State::Images | State::Manifest if starts => {
                self.enter(State::Configuring, StepDetails::file(ask.file()), out);
            }
            _ => {}
        }
    }

    /// What only these phones ask for: who they are, and whether the loader found nothing to
    /// start.
    pub(super) fn judge_loader(&mut self, scene: Scene<'_>, ask: Ask<'_>, out: &mut Vec<Change>) {
        if !matches!(
            ask.request,
            RequestedFile::LegacyConfig(_) | RequestedFile::LegacyDefault
        ) {
            return;
        }
        if self.family.is_none() {
            self.family = Some(Family::P3);
        }
        if is_sip_default(ask) && !self.is_stepwise() && self.state == State::Manifest {
            self.enter(State::Configuring, StepDetails::file(ask.file()), out);
        }
        // It asks for all kinds of configurations where no application says which one.
        if !normalized_name(ask.name).starts_with("mgc") {
            return;
        }
        self.raise(ask.name, text::no_application(ask.name, scene.at), out);
        if let Some(pass) = &mut self.current
            && pass.stepwise
            && pass.complete
            && matches!(self.state, State::Writing | State::Rebooted)
        {
            pass.interrupted = true;
            self.enter(State::Configuring, StepDetails::file(ask.file()), out);
        }
    }
}
