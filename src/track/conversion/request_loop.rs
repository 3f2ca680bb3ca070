//! A phone that requests its configuration start after start, in a record of requests alone.

use super::{
    context::{Context, FileRequest},
    core::Conversion,
};
use crate::{
    diagnose::Code,
    phone::{Family, RequestedFile, normalized_name},
    track::{
        change::Change,
        diagnosis::{rules, text},
        event::State,
        history::truncate_name,
        observation::RunTime,
    },
};

/// Consecutive starts with a request for a configuration and none of a later step.
#[derive(Debug, Clone, Default)]
pub(in crate::track) struct RequestLoop {
    /// The newest start: when it requested its configuration, and which one.
    newest: Option<(RunTime, String)>,
    /// When the first of these starts requested its configuration.
    first: RunTime,
    starts: u32,
    /// A trust list was requested since the newest configuration.
    has_list: bool,
}

impl RequestLoop {
    /// The phone requested a configuration. Returns whether it is a further start.
    fn on_configuration(&mut self, at: RunTime, name: &str) -> bool {
        let has_list = std::mem::take(&mut self.has_list);
        let Some((last, _)) = &mut self.newest else {
            self.begin(at, name);
            return true;
        };
        let apart = at.saturating_sub(*last);
        let (least, most) = if has_list {
            (rules::STARTS_APART, rules::STARTS_WITHIN)
        } else {
            (rules::REPEATED_WITHIN, rules::POLLS_APART)
        };
        if apart < least || apart == least && !has_list {
            // A repetition, which does not end the start.
            *last = at;
            return false;
        }
        if apart > most {
            self.begin(at, name);
        } else {
            self.starts += 1;
            self.newest = Some((at, truncate_name(name)));
        }
        true
    }

    fn begin(&mut self, at: RunTime, name: &str) {
        *self = Self {
            newest: Some((at, truncate_name(name))),
            first: at,
            starts: 1,
            has_list: false,
        };
    }

    /// When the newest start has had the time for a later step, if there are enough starts.
    fn due(&self) -> Option<RunTime> {
        let (at, _) = self.newest.as_ref()?;
        (self.starts >= rules::REJECTED_BOOTS.into()).then_some(*at + rules::NEXT_STEP_WITHIN)
    }
}

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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn starts(at: &[u64], has_list: bool) -> u32 {
        let mut starts = RequestLoop::default();
        for second in at {
            starts.has_list |= has_list;
            starts.on_configuration(Duration::from_secs(*second), "SEP001D45AABB01.cnf.xml");
        }
        starts.starts
    }

    #[test]
    fn starts_are_told_from_repetitions_polls_and_restarts_by_hand() {
        assert_eq!(starts(&[0, 15, 30, 45], true), 4);
        assert_eq!(starts(&[0, 33, 66], false), 3);
        assert_eq!(starts(&[0, 4, 8, 12, 16], false), 1, "repetitions");
        assert_eq!(starts(&[0, 1, 90, 91], true), 2, "HTTP, then TFTP");
        assert_eq!(starts(&[0, 60, 120], false), 3);
        assert_eq!(starts(&[0, 300, 600], false), 1, "polls");
        assert_eq!(starts(&[0, 300, 600], true), 1, "restarts by hand");
    }
}
