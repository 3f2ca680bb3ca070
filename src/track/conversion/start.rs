//! Whether a start of the phone interrupted its images: a sign of lost power.

use super::{
    context::{Context, FileRequest},
    core::Conversion,
};
use crate::{
    diagnose::Code,
    track::{
        change::Change, diagnosis::text, event::State, file_outcome::FileOutcome, history::FileRole,
    },
};

impl Conversion {
    /// The phone starts. `recovery`: its boot loader does.
    pub(super) fn check_start(
        &mut self,
        cx: Context<'_>,
        request: FileRequest<'_>,
        recovery: bool,
        out: &mut Vec<Change>,
    ) {
        let before = self.delivery.interrupted_file.take();
        if let Some(interrupted) = before.or_else(|| self.interrupted_work(recovery)) {
            let diagnosis = text::rebooted(request.name, &interrupted, self.known_family(), cx.at);
            self.raise("", diagnosis, out);
        }
    }

    /// What a start of the phone would interrupt now. `recovery`: its boot loader starts. `None` if
    /// a start would not be a sign of an interruption.
    pub(super) fn interrupted_work(&self, recovery: bool) -> Option<String> {
        let delivery = &self.delivery;
        let pass = delivery.current.as_ref().filter(|pass| !pass.interrupted)?;
        // A phone without a server gives up and starts.
        if pass.not_served || pass.stepwise && pass.complete {
            return None;
        }
        if pass.complete {
            // A DHCP request is a restart, of whatever firmware.
            let writes = recovery && matches!(self.state, State::Writing | State::Rebooted);
            return writes.then(|| "while it should have been writing".to_owned());
        }
        let explains = [
            Code::MissingImage,
            Code::NameMismatch,
            Code::TransferBroken,
            Code::ImagesRefused,
        ];
        if explains.into_iter().any(|code| self.has_diagnosis(code))
            || !recovery && pass.lacks_only_the_last_ack() && !self.has_broken_last_image()
        {
            return None;
        }
        let (attempt, newest) = delivery
            .attempts
            .iter()
            .rev()
            .find_map(|attempt| match attempt.role {
                FileRole::Image(Some(index)) if attempt.pass == pass.number => {
                    Some((attempt, index))
                }
                _ => None,
            })?;
        if attempt.killed {
            return None;
        }
        // The server gave up, and nothing shows that an answer arrived: a phone without answers
        // starts over too.
        if attempt.outcome == FileOutcome::Vanished && attempt.bytes == 0 {
            return None;
        }
        // A 7940 or 7960 starts after each image that it has.
        let has_all = attempt.outcome == FileOutcome::Delivered || pass.images[newest].all_sent;
        if pass.stepwise && (has_all || attempt.bytes == 0) {
            return None;
        }
        // A phone that gives up on an image also drops the next one. If several images are
        // incomplete, the cause is therefore the network and not a loss of power.
        let others_arrived = pass.images.iter().enumerate().all(|(index, image)| {
            index == newest || image.attempts == 0 || image.is_present() || image.all_sent
        });
        let name = text::printable(&attempt.name);
        others_arrived.then(|| match attempt.size {
            None => format!("after requesting '{name}'"),
            Some(_) if attempt.outcome == FileOutcome::Delivered => {
                format!("after '{name}' and before the next image")
            }
            Some(size) => format!("after {} of {size} bytes of '{name}'", attempt.bytes),
        })
    }
}
