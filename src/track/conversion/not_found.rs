//! Requests that were answered with "not found", and images whose transfers keep failing.

use super::{
    context::{Context, FileRequest},
    core::Conversion,
};
use crate::{
    diagnose::Code,
    phone::{Family, RequestedFile, normalized_name},
    track::{
        change::Change,
        diagnosis::{
            rules::{self, NotFound},
            text,
        },
        observation::{EvidenceSource, ServedFile, Transport},
        route::StageRole,
    },
};

impl Conversion {
    /// A request was answered with "not found".
    pub(super) fn check_not_found(
        &mut self,
        cx: Context<'_>,
        request: FileRequest<'_>,
        out: &mut Vec<Change>,
    ) {
        // `--only` and surveys refuse loads on purpose; a phone that requested over HTTP
        // requests again over TFTP.
        if cx.excluded || self.is_held(cx) || request.transport == Transport::Http {
            return;
        }
        if let Some(error) = request.error {
            if error.is_denial() {
                let diagnosis = text::access_denied(request.name, error, cx.at);
                return self.raise(request.name, diagnosis, out);
            }
            let detail = text::server_error(request.name, error);
            self.note(EvidenceSource::Requests, detail, out);
        }
        let catalog = cx.catalog;
        let stage = self.offered_stage();
        // While the bridge is offered, the target is withheld on purpose.
        if stage != StageRole::Target && catalog.has_file(StageRole::Target, request.name) {
            return;
        }
        if self.is_expected_miss(cx, request) {
            return;
        }
        if let RequestedFile::Manifest(load) = request.file
            && load.is_universal_loader()
        {
            let diagnosis = text::loader_named(request.name, cx.at);
            return self.raise(request.name, diagnosis, out);
        }
        let finding = rules::not_found(
            request.name,
            request.file,
            catalog.file_names(stage),
            &catalog.families,
            self.delivery.fetched,
        );
        let diagnosis = match finding {
            NotFound::Nothing => return self.check_legacy(cx, request, out),
            NotFound::SccpLoad => return self.check_sccp_load(cx, request, out),
            NotFound::Multiplatform => return self.on_multiplatform(cx, request.name, out),
            NotFound::WrongModel(family) => {
                self.device.family.get_or_insert(family);
                text::wrong_model(
                    request.name,
                    family,
                    (&catalog.families, catalog.server),
                    cx.at,
                )
            }
            // A record of another server, which has no load for the phone either.
            NotFound::Unsupported(Some(family)) if catalog.is_empty() => {
                self.device.family.get_or_insert(family);
                text::missing_for(request.name, family, cx.at)
            }
            NotFound::Unsupported(family) => text::unsupported(request.name, family, cx.at),
            NotFound::Mismatch(meant) => {
                let diagnosis = text::mismatch(request.name, &meant, cx.at);
                return self.raise(&meant, diagnosis, out);
            }
            NotFound::Slip(slip) => text::slipped(request.name, slip, cx.at),
            NotFound::Missing => text::missing(request.name, request.file, catalog.server, cx.at),
        };
        self.raise(request.name, diagnosis, out);
    }

    /// Names that only a 7940 or 7960 requests.
    fn check_legacy(&mut self, cx: Context<'_>, request: FileRequest<'_>, out: &mut Vec<Change>) {
        if matches!(
            request.file,
            RequestedFile::LegacyConfig(_) | RequestedFile::LegacyDefault
        ) && !cx.catalog.families.contains(&Family::P3)
        {
            let diagnosis = text::unsupported(request.name, Some(Family::P3), cx.at);
            self.raise(request.name, diagnosis, out);
        }
    }

    /// An image was requested `attempts` times without a delivery.
    pub(super) fn check_broken(
        &mut self,
        cx: Context<'_>,
        request: FileRequest<'_>,
        attempts: u16,
        out: &mut Vec<Change>,
    ) {
        // A phone that loses power at the same image does not lose packets.
        if self.slots().is_some() && self.has_diagnosis(Code::RebootedMidImage) {
            return;
        }
        let name = normalized_name(request.file_name());
        let before = self.delivery.attempts.iter().rfind(|attempt| {
            attempt.transfer != request.transfer && normalized_name(&attempt.name) == name
        });
        if let Some(error) = before.and_then(|attempt| attempt.error.as_ref()) {
            let diagnosis = text::aborted(request.name, attempts, error, cx.at);
            return self.raise(request.file_name(), diagnosis, out);
        }
        let bytes = before.map_or(0, |attempt| attempt.bytes);
        let last = request
            .served
            .map(|served| served.size)
            .filter(|size| *size != ServedFile::UNKNOWN_SIZE)
            .map(|size| (bytes, size));
        let diagnosis = text::broken(request.name, attempts, last, cx.at);
        self.raise(request.file_name(), diagnosis, out);
    }
}
