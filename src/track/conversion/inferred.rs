//! What requests alone show about files, if no acknowledgements are observed (a log of another
//! server). A phone requests an image once it has the previous one.

use std::time::Duration;

use super::{
    context::{Context, FileRequest},
    core::Conversion,
    delivery::Delivery,
};
use crate::{
    diagnose::Code,
    track::{
        change::Change,
        event::StepDetails,
        observation::TransferId,
        pass::{ImagePass, ImageStatus},
    },
};

/// A phone that writes and restarts is silent for at least this long after requesting its
/// last image. The shortest time that was observed is 26 s.
const RESTART_AFTER: Duration = Duration::from_secs(15);

impl Conversion {
    /// A manifest was requested; its delivery is inferred.
    pub(super) fn infer_manifest(&mut self, cx: Context<'_>, request: FileRequest<'_>) {
        if !cx.requests_only {
            return;
        }
        self.delivery.fetched = true;
        if let Some(attempt) = self.delivery.attempts.get(request.transfer).cloned() {
            self.record_manifest_delivery(cx, &attempt, false);
        }
    }

    /// The image at `index` was requested, so the phone has the manifest, and the images
    /// before it unless something else is known of them.
    pub(super) fn infer_images_before(
        &mut self,
        cx: Context<'_>,
        index: usize,
        out: &mut Vec<Change>,
    ) {
        if !cx.requests_only {
            return;
        }
        self.on_acknowledgement(cx.at, out);
        if let Some(pass) = &mut self.delivery.current {
            pass.has_manifest = true;
        }
        for before in 0..index {
            self.infer_image(before, out);
        }
    }

    /// An application starts, so the phone has the last image, if it had all others, the
    /// transfer did not fail and there was time to write it.
    pub(super) fn infer_last_image(
        &mut self,
        cx: Context<'_>,
        request: FileRequest<'_>,
        out: &mut Vec<Change>,
    ) {
        let Some(pass) = self
            .delivery
            .current
            .as_ref()
            .filter(|pass| !pass.interrupted)
        else {
            return;
        };
        let is_near = pass.lacks_only_the_last_ack();
        if !cx.requests_only || !is_near || !self.may_follow_writing(cx, request) {
            return;
        }
        let Some(last) = pass.own_images().next_back().map(|(index, _)| index) else {
            return;
        };
        let written = self
            .delivery
            .image_transfer(last)
            .and_then(|transfer| self.delivery.attempts.get(transfer))
            .is_some_and(|attempt| cx.at.saturating_sub(attempt.at) >= RESTART_AFTER);
        if written {
            self.infer_image(last, out);
            self.check_complete(StepDetails::default(), out);
        }
    }

    fn infer_image(&mut self, index: usize, out: &mut Vec<Change>) {
        let open = self
            .delivery
            .image_transfer(index)
            .and_then(|transfer| self.delivery.attempts.get(transfer))
            .filter(|attempt| attempt.open)
            .map(|attempt| attempt.name.clone());
        if let Some(name) = open
            && let Some(pass) = &mut self.delivery.current
        {
            pass.images[index].inferred = true;
            self.withdraw(Code::TransferBroken, Some(&name), out);
        }
    }
}

impl Delivery {
    /// The newest transfer of the image at `index` of the current pass.
    fn image_transfer(&self, index: usize) -> Option<TransferId> {
        self.current.as_ref()?.images.get(index)?.transfer
    }

    /// How the images of the current pass are accounted for, as text.
    pub(super) fn describe_images(&self) -> String {
        let own = self.current.iter().flat_map(ImagePass::own_images);
        let images: Vec<&ImageStatus> = own.map(|(_, image)| image).collect();
        let count =
            |what: fn(&ImageStatus) -> bool| images.iter().filter(|image| what(image)).count();
        let delivered = count(|image| image.delivered);
        let inferred = count(|image| image.inferred && !image.delivered);
        let had_before = count(|image| image.had_before);
        let implied = images.len() - delivered - inferred - had_before;
        let parts = [
            (delivered, "delivered"),
            (implied, "implied"),
            (inferred, "requested in order"),
            (had_before, "present before"),
        ];
        let parts: Vec<String> = parts
            .iter()
            .filter(|(count, how)| *count > 0 || *how == "delivered" && inferred == 0)
            .enumerate()
            .map(|(position, (count, how))| match position {
                0 => format!("{count} images {how}"),
                _ => format!("{count} {how}"),
            })
            .collect();
        let caution = if inferred > 0 {
            "inferred from requests alone, no acknowledgement was observed: "
        } else {
            ""
        };
        format!(
            "{caution}pass {}: {}, none missing",
            self.pass,
            parts.join(", ")
        )
    }
}
