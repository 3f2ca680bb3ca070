//! Whether the phone accepts its configuration.

use super::{
    configuration::ConfigBoot,
    context::{Context, FileRequest},
    core::Conversion,
    request_loop::is_beside_configuration,
};
use crate::{
    diagnose::{Code, Diagnosis},
    phone::{Family, RequestedFile},
    track::{
        change::Change,
        diagnosis::{rules, text},
        event::StepDetails,
        observation::TransferId,
    },
};

impl ConfigBoot {
    /// The phone's own configuration was delivered by this transfer.
    pub(super) fn on_own_delivered(&mut self, transfer: TransferId) {
        self.own_delivered |= self.own.is_some_and(|(own, _)| own == transfer);
    }
}

impl Conversion {
    /// A request shows whether the phone accepted the configuration that it fetched before.
    pub(super) fn check_config(
        &mut self,
        cx: Context<'_>,
        request: FileRequest<'_>,
        out: &mut Vec<Change>,
    ) {
        if cx.excluded {
            return;
        }
        let boot = &mut self.configuration.boot;
        let rejected = match request.file {
            RequestedFile::TrustList(_) => {
                *boot = boot.next(cx.at);
                self.check_list_loop(cx, request, out);
                self.check_no_configuration(cx, request, out);
                self.rejected_in_boots(cx, request)
            }
            // Some phones request their CTL last, or never.
            RequestedFile::IdentityList(_) if boot.own_delivered || boot.default_delivered => {
                *boot = boot.next(cx.at);
                self.rejected_in_boots(cx, request)
            }
            RequestedFile::Config { signed: true, .. } => {
                boot.requested = true;
                None
            }
            RequestedFile::Config { signed: false, .. } => {
                boot.requested = true;
                let is_near = boot
                    .own_at
                    .replace(cx.at)
                    .is_some_and(|last| cx.at.saturating_sub(last) <= rules::STARTS_WITHIN);
                let again = is_near
                    && boot.own_delivered
                    && boot.own.is_some_and(|(_, port)| port != request.port);
                boot.own = Some((request.transfer, request.port));
                again.then(|| text::rejected_own(request.name, false, cx.at))
            }
            RequestedFile::DefaultConfig => {
                boot.requested = true;
                // The loader of a 7940 or 7960 ends at its own file; its application requests both.
                let ended = self.configuration.unnamed_load.ended.is_some();
                let may_be_loader = ended && self.device.family.is_none();
                boot.own_delivered
                    .then(|| text::rejected_own(request.name, may_be_loader, cx.at))
            }
            RequestedFile::Manifest(_)
            | RequestedFile::Image
            | RequestedFile::SipLocale
            | RequestedFile::SccpLocale
            | RequestedFile::Other
                if !is_beside_configuration(request.name) =>
            {
                if boot.own_delivered || boot.default_delivered {
                    self.on_configuration_used(out);
                    if *request.file == RequestedFile::Other {
                        self.on_running(cx.at, out);
                    }
                }
                None
            }
            RequestedFile::Other => {
                // Requested in every boot, so it shows an application and not what it accepted.
                if boot.own_delivered && !self.has_diagnosis(Code::ConfigRejected) {
                    self.on_running(cx.at, out);
                }
                None
            }
            _ => None,
        };
        let is_configuration = matches!(
            request.file,
            RequestedFile::Config { .. }
                | RequestedFile::DefaultConfig
                | RequestedFile::LegacyConfig(_)
                | RequestedFile::LegacyDefault
        );
        if is_configuration && request.served.is_some() {
            self.configuration.boot.found = true;
            self.withdraw(Code::NoConfiguration, None, out);
        }
        // A 7940 or 7960 normally requests both files, so this proves nothing about it.
        if let Some(diagnosis) = rejected
            && !self.has_diagnosis(Code::UnsupportedModel)
            && self.device.family != Some(Family::P3)
        {
            let was_up = self.is_shown_up();
            self.activity.running_since = None;
            self.raise("", diagnosis, out);
            if was_up {
                self.step(StepDetails::default(), out);
            }
        }
    }

    /// What the phone did shows that it uses a configuration.
    pub(super) fn on_configuration_used(&mut self, out: &mut Vec<Change>) {
        let boot = &mut self.configuration.boot;
        if boot.own_delivered || boot.default_delivered {
            *boot = ConfigBoot {
                began: boot.began,
                requested: true,
                ..ConfigBoot::default()
            };
        }
        self.withdraw(Code::ConfigRejected, None, out);
    }

    /// The diagnosis if a configuration was delivered in too many boots without effect.
    fn rejected_in_boots(&self, cx: Context<'_>, request: FileRequest<'_>) -> Option<Diagnosis> {
        let boot = &self.configuration.boot;
        let boots = boot.boots_without_effect;
        // A phone that is given no load any more has nothing to fetch after XMLDefault.
        let counts = boot.own_without_effect || !self.routing.suppress_load;
        (boots >= rules::REJECTED_BOOTS && counts)
            .then(|| text::rejected_in_boots(boots, boot.own_without_effect, request.name, cx.at))
    }

    /// Whether the phone finds no configuration, start after start. A file that the server refuses
    /// has another diagnosis.
    fn check_no_configuration(
        &mut self,
        cx: Context<'_>,
        request: FileRequest<'_>,
        out: &mut Vec<Change>,
    ) {
        let boots = self.configuration.boot.boots_without_file;
        let has_cause = self.has_diagnosis(Code::AccessDenied)
            || self.has_diagnosis(Code::TrustList)
            || self.has_diagnosis(Code::UnsupportedModel);
        if boots >= rules::REJECTED_BOOTS && !has_cause {
            self.raise("", text::no_configuration(boots, request.name, cx.at), out);
        }
    }

    /// Whether the phone starts over again and again with its trust lists.
    fn check_list_loop(
        &mut self,
        cx: Context<'_>,
        request: FileRequest<'_>,
        out: &mut Vec<Change>,
    ) {
        let boots = self.configuration.boot.boots_without_request;
        // A phone that repeats the request at once receives no answers: another diagnosis.
        let unacked = self.reachability.unacked.as_ref();
        let is_answered = unacked.is_none_or(|unacked| unacked.repetitions == 0);
        if boots >= rules::REJECTED_BOOTS && is_answered {
            self.raise(
                "",
                text::list_loop(boots, request.name, self.family_in_run(cx), cx.at),
                out,
            );
        }
    }
}
