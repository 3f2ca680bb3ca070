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
        observation::EvidenceSource,
    },
};

/// Whether this is `SIPDefault.cnf`, which only the SIP application of these phones requests.
pub(super) fn is_sip_default(request: FileRequest<'_>) -> bool {
    *request.file == RequestedFile::LegacyDefault
        && normalized_name(request.name).ends_with("sipdefault.cnf")
}

/// What an image of releases 2 to 4 is (`P0S30203.bin`, `P0S3-04-4-00.bin`): these phones install
/// one unsigned file then, and signed ones alone from 5.0 on.
fn unsigned_image(name: &str) -> Option<(&'static str, String, &'static str)> {
    const FIRST_SIGNED: u8 = 5;
    let name = normalized_name(name);
    let load = name.rsplit('/').next()?.strip_suffix(".bin")?;
    let (protocol, route) = match load.get(..4)? {
        "p0s3" => ("SIP", "4.4, 5.3, 6.x and 7.x"),
        "p003" => ("SCCP", "5.x"),
        "p0m3" => ("MGCP", "7.x"),
        _ => return None,
    };
    let digits: String = load[4..].chars().filter(char::is_ascii_digit).collect();
    let major: u8 = digits.get(..2)?.parse().ok()?;
    (1..FIRST_SIGNED).contains(&major).then(|| {
        let minor = digits[2..].get(..2).filter(|_| !load.contains('-'));
        let minor = minor.or(digits.get(2..3)).unwrap_or("0");
        let minor = minor.trim_start_matches('0');
        let minor = if minor.is_empty() { "0" } else { minor };
        (protocol, format!("{major}.{minor}"), route)
    })
}

impl Conversion {
    /// The phone requested an image. Those of the first releases say what its firmware is.
    pub(super) fn check_unsigned_image(&mut self, request: FileRequest<'_>, out: &mut Vec<Change>) {
        let Some((protocol, release, route)) = unsigned_image(request.name) else {
            return;
        };
        self.device.family.get_or_insert(Family::P3);
        let detail = format!(
            "requested {}: {protocol} {release} of the 7940 and 7960, older than signed firmware \
             (5.0). From there a phone gets to SIP 8.12 only through {route}; this program does \
             not do that",
            text::printable(request.file_name())
        );
        self.note(EvidenceSource::Requests, detail, out);
    }

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
        // Without a manifest, an image of the first releases was fetched, and the phone restarted.
        let is_restart = match self.state {
            State::Manifest => is_sip_default(request),
            State::Images => self.delivery.current.is_none(),
            _ => false,
        };
        if is_restart && !self.delivery.is_stepwise() {
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
