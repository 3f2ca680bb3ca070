//! One phone of a run.

use std::time::Duration;

use super::{Candidate, Order, SignalKind, WhyNot};
use crate::restart::{
    ami::EndpointState,
    notify::{Answer, CallIdSource},
};

/// What is known of the restart of a phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestartStatus {
    /// It can be ordered.
    Ready,
    /// No order was sent.
    NotOrdered(WhyNot),
    /// An order was sent. That proves no restart.
    Ordered,
    /// It removed its registration after the order.
    Restarting,
    /// It registered again, in a registration of its own.
    Back,
    /// It refused the order, or did nothing that shows a restart.
    Ignored,
}

impl RestartStatus {
    /// The value of `restart` in JSON; `None`: no order was sent.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        match self {
            Self::Ready | Self::NotOrdered(_) => None,
            Self::Ordered => Some("ordered"),
            Self::Restarting => Some("restarting"),
            Self::Back => Some("back"),
            Self::Ignored => Some("ignored"),
        }
    }
}

/// One phone of a run.
#[derive(Debug, Clone)]
pub struct RestartedPhone {
    /// The phone.
    pub candidate: Candidate,
    /// What is known of its restart.
    pub status: RestartStatus,
    /// The order that may be or was sent.
    pub order: Option<Order>,
    /// What shows the status, or why it is not better.
    pub evidence: String,
    /// What to do next; empty if nothing.
    pub cure: String,
    /// When it was ordered.
    pub(super) ordered: Option<Duration>,
    /// When Asterisk is asked about it next.
    pub(super) next_poll: Duration,
}

impl RestartedPhone {
    pub(super) fn new(candidate: Candidate) -> Self {
        Self {
            candidate,
            status: RestartStatus::Ready,
            order: None,
            evidence: String::new(),
            cure: String::new(),
            ordered: None,
            next_poll: Duration::ZERO,
        }
    }

    /// Whether proof of its restart is still awaited.
    pub(super) fn is_outstanding(&self) -> bool {
        self.ordered.is_some()
            && matches!(
                self.status,
                RestartStatus::Ordered | RestartStatus::Restarting
            )
    }

    pub(super) fn refuse(&mut self, why: WhyNot) {
        self.evidence = why.text();
        self.cure = why.cure();
        self.status = RestartStatus::NotOrdered(why);
    }

    /// Takes the phone's response to the NOTIFY.
    pub(super) fn answered(&mut self, answer: Answer) {
        let Some(order) = &self.order else { return };
        let contact = order.contact.as_deref();
        let (evidence, cure) = answer.explain(order.event.kind(), order.source, contact);
        (self.evidence, self.cure) = (evidence, cure);
        if !answer.is_promising() {
            self.status = RestartStatus::Ignored;
        }
    }

    /// Takes a message that the phone sent after the order.
    pub(super) fn signal(&mut self, kind: &SignalKind) {
        let before = self
            .order
            .as_ref()
            .and_then(|order| order.call_id.as_deref());
        match kind {
            SignalKind::NotifyAnswered(status) if self.status == RestartStatus::Ordered => {
                self.answered(Answer::of_status(*status));
            }
            SignalKind::NotifyAnswered(_) => {}
            SignalKind::Register {
                is_unregister: true,
                ..
            } => self.left("it removed its registration (REGISTER with Expires 0)"),
            SignalKind::Register { call_id, alarm, .. } => {
                // A refresh has the Call-ID before it, or one that Asterisk never knew. Only the
                // first REGISTER after a start has an alarm.
                let is_start = alarm.is_some()
                    || self.status == RestartStatus::Restarting
                    || self.source() == Some(CallIdSource::Wire);
                let is_new = match before {
                    Some(before) => before != call_id && is_start,
                    None => matches!(alarm, Some(22 | 23)),
                };
                if is_new {
                    self.back(&match alarm {
                        Some(22) => "REGISTER with alarm 22, reset by its PBX".to_owned(),
                        Some(23) => "REGISTER with alarm 23, restarted by its PBX".to_owned(),
                        Some(code) => format!("REGISTER with a new Call-ID, alarm {code}"),
                        None => "REGISTER with a new Call-ID".to_owned(),
                    });
                }
            }
        }
    }

    fn source(&self) -> Option<CallIdSource> {
        self.order.as_ref().map(|order| order.source)
    }

    /// Takes what Asterisk has after the order.
    pub(super) fn polled(&mut self, state: Option<&EndpointState>) {
        let Some(order) = &self.order else { return };
        let contacts = state.map_or(&[][..], |state| &state.contacts);
        let Some(before) = &order.call_id else { return };
        let has_old = contacts
            .iter()
            .any(|contact| contact.call_id.as_ref() == Some(before));
        if has_old {
            return;
        }
        let is_this = |address: Option<std::net::Ipv4Addr>| {
            contacts.len() == 1 || order.address.is_none() || address == order.address
        };
        // The Call-ID that Asterisk has may be older than the one that was captured.
        let is_new =
            order.source == CallIdSource::Asterisk || self.status == RestartStatus::Restarting;
        let mut own = contacts.iter().filter(|contact| is_this(contact.address()));
        match own.next() {
            None => self.left("Asterisk has no contact of it any more"),
            Some(contact) if is_new && contact.call_id.is_some() => {
                self.back("Asterisk has a registration with a new Call-ID");
            }
            Some(_) => {}
        }
    }

    fn left(&mut self, evidence: &str) {
        if self.status == RestartStatus::Ordered {
            self.status = RestartStatus::Restarting;
            evidence.clone_into(&mut self.evidence);
            self.cure.clear();
        }
    }

    fn back(&mut self, evidence: &str) {
        self.status = RestartStatus::Back;
        evidence.clone_into(&mut self.evidence);
        self.cure.clear();
    }

    /// Ends the wait for proof.
    pub(super) fn give_up(&mut self, waited: Duration) {
        let minutes = waited.as_secs().div_ceil(60);
        if self.status == RestartStatus::Restarting {
            self.evidence = format!(
                "it removed its registration, and did not register again in {minutes} minutes"
            );
            "Look at its display: it may wait for a file, or have no address"
                .clone_into(&mut self.cure);
            return;
        }
        let answer = if self.evidence.is_empty() {
            String::new()
        } else {
            format!("{}; ", self.evidence)
        };
        self.evidence = format!(
            "{answer}nothing showed a restart in {minutes} minutes (it may be in a call, or have \
             nothing new to read)"
        );
        "Repeat the command with --interface NAME on the PBX, which shows the phone's answer. Or \
         press **#** in Settings, or disconnect its power and connect it again"
            .clone_into(&mut self.cure);
        self.status = RestartStatus::Ignored;
    }
}
