//! SCCP firmware that is given to a phone as the target.

use super::{
    context::{Context, FileRequest},
    core::Conversion,
};
use crate::{
    diagnose::Code,
    phone::normalized_name,
    track::{
        change::Change,
        diagnosis::text,
        event::{Evidence, State, StepDetails},
        observation::EvidenceSource,
        route::StageRole,
    },
};

impl Conversion {
    /// Whether the requested image is of SCCP firmware, by its name (`jar45sccp…`, `cvm45sccp…`).
    pub(super) fn check_sccp_image(
        &mut self,
        cx: Context<'_>,
        request: FileRequest<'_>,
        out: &mut Vec<Change>,
    ) {
        let name = normalized_name(request.file_name());
        let name = name.rsplit('/').next().unwrap_or(&name);
        let is_image_of = |protocol: &str| {
            ["jar", "cvm"].iter().any(|kind| name.starts_with(kind)) && name.contains(protocol)
        };
        if is_image_of("sip") {
            self.withdraw(Code::BundleIsSccp, None, out);
        } else if is_image_of("sccp")
            && request.served.is_some()
            && self.role_of_image(cx.catalog, request.file_name()) == StageRole::Target
        {
            self.raise("", text::sccp_firmware(request.file_name(), cx.at), out);
        }
    }

    /// An application started after the images of SCCP firmware: the phone is not converted.
    pub(super) fn on_sccp_installed(&mut self, file: Option<&str>, out: &mut Vec<Change>) {
        self.loads.on_overwritten();
        self.loads.was_on_sccp = true;
        let detail = format!(
            "{}: SCCP firmware; then an application requested {}",
            self.delivery.describe_images(),
            file.map_or_else(|| "a file".to_owned(), text::printable)
        );
        self.delivery.current = None;
        let evidence = Evidence {
            source: EvidenceSource::Requests,
            detail,
            disputed: false,
        };
        self.findings.add_evidence(evidence.clone());
        let details = StepDetails {
            file: file.map(str::to_owned),
            ..StepDetails::of_evidence(evidence)
        };
        self.transition_to(State::Configuring, details, out);
    }
}
