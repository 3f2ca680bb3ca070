//! What a phone's requests say of power, of its configuration and of the way to it.

use super::{
    Ask, Change, Conversion, FileOutcome, Kind, Row, Scene, State, TransferEnd, TransferId,
};
use crate::{
    diagnose::Code,
    phone::{Family, RequestedFile, normalized_name},
    track::{
        RunTime, Transport,
        diagnosis::{rules, text},
    },
};

/// Images whose failed attempts are counted.
const MAX_FAILING: usize = 8;

/// What one boot of an application fetched of its configuration.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Boot {
    /// The newest request for its own file, and the port that it came from.
    own: Option<(TransferId, u16)>,
    /// Its own file came whole.
    own_delivered: bool,
    /// `XMLDefault.cnf.xml` came whole.
    default_delivered: bool,
    /// Boots before this one, in a row, in which `XMLDefault.cnf.xml` came whole and
    /// nothing followed.
    idle: u8,
}

/// One name that is asked for again and again, in vain.
#[derive(Debug, Clone)]
pub(in super::super) struct Unheard {
    name: String,
    first: RunTime,
    last: RunTime,
    port: u16,
    ports: u16,
    asks: u16,
    transfers: u16,
}

impl Conversion {
    /// A request of an application, for what it says of the configuration before it.
    pub(super) fn judge_config(&mut self, scene: Scene<'_>, ask: Ask<'_>, out: &mut Vec<Change>) {
        if scene.excluded {
            return;
        }
        let boot = &mut self.boot;
        let rejected = match ask.request {
            RequestedFile::TrustList(_) => {
                // One boot may ask twice: over HTTP first, or because an answer got lost.
                let idle = match (boot.own_delivered, boot.default_delivered) {
                    (false, true) => boot.idle.saturating_add(1),
                    (false, false) => boot.idle,
                    (true, _) => 0,
                };
                self.boot = Boot {
                    idle,
                    ..Boot::default()
                };
                (idle >= rules::REJECTED_BOOTS && !self.quiet)
                    .then(|| text::rejected_default(idle, ask.name, scene.at))
            }
            RequestedFile::Config { signed: false, .. } => {
                let again =
                    boot.own_delivered && boot.own.is_some_and(|(_, port)| port != ask.port);
                boot.own = Some((ask.transfer, ask.port));
                again.then(|| text::rejected_own(ask.name, scene.at))
            }
            RequestedFile::DefaultConfig => boot
                .own_delivered
                .then(|| text::rejected_own(ask.name, scene.at)),
            RequestedFile::Manifest(_)
            | RequestedFile::Image
            | RequestedFile::SipLocale
            | RequestedFile::SccpLocale
            | RequestedFile::Other => {
                if boot.own_delivered || boot.default_delivered {
                    *boot = Boot::default();
                    self.refute(Code::ConfigRejected, None, out);
                }
                None
            }
            _ => None,
        };
        // A 7940 or 7960 asks for both as a rule.
        if let Some(diagnosis) = rejected
            && !self.stands(Code::UnsupportedModel)
            && self.family != Some(Family::P3)
        {
            self.raise("", diagnosis, out);
        }
    }

    /// A file that is neither manifest nor image came whole.
    pub(super) fn config_delivered(&mut self, scene: Scene<'_>, row: &Row) {
        match RequestedFile::parse(&row.name) {
            RequestedFile::Config { signed: false, .. } => {
                self.boot.own_delivered |= self.boot.own.is_some_and(|(id, _)| id == row.transfer);
            }
            // Nothing follows one that names no load.
            RequestedFile::DefaultConfig => self.boot.default_delivered |= !self.is_held(scene),
            _ => {}
        }
    }

    /// What the phone would be torn out of if it started now; `recovery`: by its boot
    /// loader. `None` where a start is no sign of that.
    pub(in super::super) fn cut_short(&self, recovery: bool) -> Option<String> {
        let pass = self.current.as_ref().filter(|pass| !pass.interrupted)?;
        // A 7940 or 7960 starts after each image.
        if pass.stepwise {
            return None;
        }
        if pass.complete {
            // A lease that was asked for is a restart, whoever asked for it.
            let writes = recovery && matches!(self.state, State::Writing | State::Rebooted);
            return writes.then(|| "while it should have been writing".to_owned());
        }
        if [Code::MissingImage, Code::NameMismatch, Code::TransferBroken]
            .into_iter()
            .any(|code| self.stands(code))
            || !recovery && pass.lacks_only_the_last_ack()
        {
            return None;
        }
        let (row, newest) = self.rows.iter().rev().find_map(|row| match row.kind {
            Kind::Image(Some(place)) if row.pass == pass.number => Some((row, place)),
            _ => None,
        })?;
        if row.killed {
            return None;
        }
        // A phone that gives up on an image drops the next one: then the way is at fault.
        let others_came = pass.images.iter().enumerate().all(|(place, image)| {
            place == newest || image.attempts == 0 || image.is_there() || image.all_sent
        });
        let size = row.size.unwrap_or(0);
        others_came.then(|| {
            if row.size.is_none() {
                format!("after it had asked for '{}'", text::shown(&row.name))
            } else if row.outcome == FileOutcome::Delivered {
                format!(
                    "after '{}' and before the next image",
                    text::shown(&row.name)
                )
            } else {
                format!(
                    "after {} of {size} bytes of '{}'",
                    row.bytes,
                    text::shown(&row.name)
                )
            }
        })
    }

    /// The phone starts: whether that tore it out of its images.
    pub(super) fn judge_start(
        &mut self,
        scene: Scene<'_>,
        ask: Ask<'_>,
        recovery: bool,
        out: &mut Vec<Change>,
    ) {
        let before = self.cut.take();
        if let Some(cut) = before.or_else(|| self.cut_short(recovery)) {
            let diagnosis = text::rebooted(ask.name, &cut, scene.at);
            self.raise("", diagnosis, out);
        }
    }

    /// A file was asked for: perhaps once more, because no answer came.
    pub(super) fn count_unheard(&mut self, scene: Scene<'_>, ask: Ask<'_>, out: &mut Vec<Change>) {
        if ask.transport == Transport::Http {
            return;
        }
        let name = normalized_name(ask.name);
        match &mut self.unheard {
            Some(unheard) if unheard.name == name => {
                if scene.at.saturating_sub(unheard.last) < rules::REPEAT_AFTER {
                    return;
                }
                unheard.asks = unheard.asks.saturating_add(1);
                unheard.last = scene.at;
                if unheard.port != ask.port {
                    unheard.port = ask.port;
                    unheard.ports = unheard.ports.saturating_add(1);
                }
            }
            _ => {
                self.unheard = Some(Unheard {
                    name,
                    first: scene.at,
                    last: scene.at,
                    port: ask.port,
                    ports: 1,
                    asks: 1,
                    transfers: 0,
                });
            }
        }
        self.judge_unheard(scene.at, out);
    }

    /// A transfer ended without one ACK.
    pub(super) fn unheard_transfer(&mut self, at: RunTime, row: &Row, out: &mut Vec<Change>) {
        if let Some(unheard) = &mut self.unheard
            && unheard.name == normalized_name(&row.name)
        {
            unheard.transfers = unheard.transfers.saturating_add(1);
            self.judge_unheard(at, out);
        }
    }

    fn judge_unheard(&mut self, at: RunTime, out: &mut Vec<Change>) {
        let Some(unheard) = &self.unheard else {
            return;
        };
        let is_blocked = unheard.ports >= 2
            && (unheard.transfers >= rules::UNHEARD_TRANSFERS
                || unheard.transfers == 0 && unheard.asks >= rules::UNHEARD_ANSWERS);
        if is_blocked {
            let diagnosis = text::blocked(
                &unheard.name,
                unheard.asks,
                unheard.ports,
                unheard.first,
                at,
            );
            self.raise("", diagnosis, out);
        }
    }

    /// The phone acknowledged something: our answers reach it.
    pub(super) fn heard(&mut self, out: &mut Vec<Change>) {
        self.unheard = None;
        self.refute(Code::BlockedByFirewall, None, out);
    }

    /// An image's transfer is over: counts what fails again and again over all passes.
    pub(super) fn count_failing(&mut self, row: &Row, end: &TransferEnd) {
        let name = normalized_name(&row.name);
        let known = self
            .failing
            .iter()
            .position(|(failing, _)| *failing == name);
        // Who finds one image missing drops the next.
        let breaks = row.bytes > 0 && !self.stands(Code::MissingImage);
        match (end, known) {
            (TransferEnd::Delivered, Some(at)) => {
                self.failing.remove(at);
            }
            (TransferEnd::Delivered, None) => {}
            (_, Some(at)) if breaks => {
                let count = &mut self.failing[at].1;
                *count = count.saturating_add(1);
            }
            (_, None) if breaks => {
                if self.failing.len() >= MAX_FAILING {
                    self.failing.remove(0);
                }
                self.failing.push((name, 1));
            }
            _ => {}
        }
    }

    /// Attempts at this image that broke off since it was last delivered.
    pub(super) fn failures(&self, name: &str) -> u16 {
        let name = normalized_name(name);
        self.failing
            .iter()
            .find(|(failing, _)| *failing == name)
            .map_or(0, |(_, count)| *count)
    }
}
