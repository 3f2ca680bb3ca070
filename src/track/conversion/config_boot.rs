//! Whether the phone accepts its configuration.

use super::{
    configuration::ConfigBoot,
    context::{Context, FileRequest},
    core::Conversion,
};
use crate::{
    diagnose::Code,
    phone::{Family, RequestedFile},
    track::{
        change::Change,
        diagnosis::{rules, text},
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
                *boot = boot.next();
                let boots = boot.boots_without_effect;
                (boots >= rules::REJECTED_BOOTS && !self.routing.suppress_load)
                    .then(|| text::rejected_default(boots, request.name, cx.at))
            }
            RequestedFile::Config { signed: false, .. } => {
                let again =
                    boot.own_delivered && boot.own.is_some_and(|(_, port)| port != request.port);
                boot.own = Some((request.transfer, request.port));
                again.then(|| text::rejected_own(request.name, cx.at))
            }
            RequestedFile::DefaultConfig => boot
                .own_delivered
                .then(|| text::rejected_own(request.name, cx.at)),
            RequestedFile::Manifest(_)
            | RequestedFile::Image
            | RequestedFile::SipLocale
            | RequestedFile::SccpLocale
            | RequestedFile::Other => {
                if boot.own_delivered || boot.default_delivered {
                    *boot = ConfigBoot::default();
                    self.withdraw(Code::ConfigRejected, None, out);
                }
                None
            }
            _ => None,
        };
        // A 7940 or 7960 normally requests both files, so this proves nothing about it.
        if let Some(diagnosis) = rejected
            && !self.has_diagnosis(Code::UnsupportedModel)
            && self.device.family != Some(Family::P3)
        {
            self.raise("", diagnosis, out);
        }
    }
}
