//! A phone that requests its configuration start after start, in a record of requests alone.

use super::{
    context::{Context, FileRequest},
    core::Conversion,
    starts::RequestLoop,
};
use crate::{
    diagnose::Code,
    phone::{Family, RequestedFile, normalized_name},
    track::{
        change::Change,
        diagnosis::{rules, text},
        event::State,
        observation::RunTime,
    },
};

/// Files with dialling rules, which some phones request together with their configuration whether
/// it names them or not.
pub(super) fn is_beside_configuration(name: &str) -> bool {
    normalized_name(name).ends_with("dialrules.xml")
}

impl Conversion {
    /// Counts starts by their requests.
    pub(super) fn count_starts(
        &mut self,
        cx: Context<'_>,
        request: FileRequest<'_>,
        out: &mut Vec<Change>,
    ) {
        if !cx.requests_only || cx.excluded {
            return;
        }
        let starts = &mut self.configuration.request_loop;
        match request.file {
            RequestedFile::TrustList(_)
            | RequestedFile::IdentityList(_)
            | RequestedFile::SharedTrustList => starts.has_list = true,
            RequestedFile::Config { signed: false, .. } | RequestedFile::DefaultConfig => {
                if request.served.is_none() {
                    return;
                }
                let begun = starts.clone();
                // The start before this one is over: nothing followed it.
                if starts.on_configuration(cx.at, request.name)
                    && starts.starts > rules::REJECTED_BOOTS.into()
                {
                    self.raise_request_loop(&begun, out);
                }
            }
            RequestedFile::Other if is_beside_configuration(request.name) => {}
            _ => {
                *starts = RequestLoop::default();
                self.withdraw(Code::ConfigRejected, None, out);
            }
        }
    }

    /// When [`Conversion::check_request_loop`] has something to do.
    pub(super) fn request_loop_due(&self) -> Option<RunTime> {
        let due = self.configuration.request_loop.due();
        due.filter(|_| self.may_be_request_loop())
    }

    /// The newest start has requested nothing of a later step.
    pub(super) fn check_request_loop(&mut self, at: RunTime, out: &mut Vec<Change>) {
        if self.request_loop_due().is_some_and(|due| at >= due) {
            let starts = self.configuration.request_loop.clone();
            self.raise_request_loop(&starts, out);
        }
    }

    fn may_be_request_loop(&self) -> bool {
        let has_cause = [
            Code::ConfigRejected,
            Code::BlockedByFirewall,
            Code::AccessDenied,
            Code::TrustList,
            Code::UnsupportedModel,
        ];
        // A 7940 or 7960 requests no file that shows whether it accepted its configuration.
        !has_cause.iter().any(|code| self.has_diagnosis(*code))
            && self.device.family != Some(Family::P3)
            && matches!(self.state, State::Seen | State::Configuring)
            && !self.is_up()
    }

    fn raise_request_loop(&mut self, starts: &RequestLoop, out: &mut Vec<Change>) {
        if let Some((last, name)) = &starts.newest
            && self.may_be_request_loop()
        {
            let diagnosis = text::request_loop(starts.starts, name, starts.first, *last);
            self.raise("", diagnosis, out);
        }
    }
}
