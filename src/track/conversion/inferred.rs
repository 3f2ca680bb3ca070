//! What requests alone say of files, where no acknowledgement is seen: a log that another
//! server wrote. A phone asks for an image once it has the one before.

use std::time::Duration;

use super::{Ask, Change, Conversion, Scene, StepDetails};
use crate::{
    diagnose::Code,
    track::{TransferId, pass::Image},
};

/// A phone that writes and starts anew is silent for at least this long after asking for its
/// last image: 26 s is the shortest that was observed.
const RESTART_AFTER: Duration = Duration::from_secs(15);

impl Conversion {
    /// A manifest was asked for: that it was taken is inferred.
    pub(super) fn infer_taken(&mut self, scene: Scene<'_>, ask: Ask<'_>) {
        if !scene.requests_only {
            return;
        }
        self.fetched = true;
        if let Some(row) = self.rows.get(ask.transfer).cloned() {
            self.take(scene, &row, false);
        }
    }

    /// The image at `place` is asked for: the phone has the manifest, and the images before
    /// it that nothing else is known of.
    pub(super) fn infer_before(&mut self, scene: Scene<'_>, place: usize, out: &mut Vec<Change>) {
        if !scene.requests_only {
            return;
        }
        self.heard(out);
        if let Some(pass) = &mut self.current {
            pass.manifest = true;
        }
        for before in 0..place {
            self.infer(before, out);
        }
    }

    /// An application starts: the phone has the last image, if it had all others, nothing
    /// went wrong with it and there was time to write it.
    pub(super) fn infer_last(&mut self, scene: Scene<'_>, ask: Ask<'_>, out: &mut Vec<Change>) {
        let Some(pass) = self.current.as_ref().filter(|pass| !pass.interrupted) else {
            return;
        };
        let is_near = pass.lacks_only_the_last_ack();
        if !scene.requests_only || !is_near || !self.may_follow(ask) {
            return;
        }
        let last = pass.images.len() - 1;
        let written = self
            .asked_in(last)
            .and_then(|transfer| self.rows.get(transfer))
            .is_some_and(|row| scene.at.saturating_sub(row.at) >= RESTART_AFTER);
        if written {
            self.infer(last, out);
            self.check_complete(StepDetails::default(), out);
        }
    }

    /// The newest transfer of the current pass's image at `place`.
    fn asked_in(&self, place: usize) -> Option<TransferId> {
        self.current.as_ref()?.images.get(place)?.transfer
    }

    fn infer(&mut self, place: usize, out: &mut Vec<Change>) {
        let open = self
            .asked_in(place)
            .and_then(|transfer| self.rows.get(transfer))
            .filter(|row| row.open)
            .map(|row| row.name.clone());
        if let Some(name) = open
            && let Some(pass) = &mut self.current
        {
            pass.images[place].inferred = true;
            self.refute(Code::TransferBroken, Some(&name), out);
        }
    }

    /// How the images of the current pass are accounted for, in words.
    pub(super) fn images_accounted(&self) -> String {
        let images = self.current.as_ref().map_or(&[][..], |pass| &pass.images);
        let count = |what: fn(&Image) -> bool| images.iter().filter(|image| what(image)).count();
        let delivered = count(|image| image.delivered);
        let inferred = count(|image| image.inferred && !image.delivered);
        let had = count(|image| image.had);
        let implied = images.len() - delivered - inferred - had;
        let parts = [
            (delivered, "delivered"),
            (implied, "implied"),
            (inferred, "asked for in turn"),
            (had, "there before"),
        ];
        let parts: Vec<String> = parts
            .iter()
            .filter(|(count, word)| *count > 0 || *word == "delivered" && inferred == 0)
            .enumerate()
            .map(|(at, (count, word))| match at {
                0 => format!("{count} images {word}"),
                _ => format!("{count} {word}"),
            })
            .collect();
        let caution = if inferred > 0 {
            "inferred from requests alone, no acknowledgement was seen: "
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
