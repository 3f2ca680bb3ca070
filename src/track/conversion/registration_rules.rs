//! Whether a converted phone registers, as far as its REGISTERs and their answers are observed.

use std::net::SocketAddrV4;

use super::{context::Context, core::Conversion};
use crate::{
    diagnose::Code,
    protocol::sip::SipTransport,
    track::{
        change::Change,
        diagnosis::{
            rules,
            text::{self, RegistrationFailure},
        },
        event::State,
        observation::{EvidenceSource, RunTime},
        register::{Register, RegisterOutcome},
    },
};

impl Conversion {
    /// The phone's own configuration was delivered.
    pub(super) fn expect_register(&mut self, cx: Context<'_>, out: &mut Vec<Change>) {
        if !cx.excluded {
            self.registration.on_configured(cx.at, cx.registers_here);
            // The failure may have been observed before the delivery.
            self.check_registration(cx, out);
        }
    }

    /// A REGISTER was observed.
    pub(super) fn on_any_register(&mut self, out: &mut Vec<Change>) {
        self.registration.observed = true;
        if self.registration.only_lacks_a_register() {
            self.withdraw(Code::NotRegistering, None, out);
        }
    }

    /// A REGISTER was sent, or answered.
    pub(in crate::track) fn on_register(
        &mut self,
        cx: Context<'_>,
        register: &Register,
        outcome: RegisterOutcome,
        out: &mut Vec<Change>,
    ) {
        self.activity.last = cx.at;
        self.on_any_register(out);
        let Some(line) = self.registration.line_mut(cx.at, register) else {
            return;
        };
        line.on_register(cx.at, register, outcome);
        if matches!(outcome, RegisterOutcome::Answered { .. }) {
            let is_registered = line.is_registered();
            self.registration.on_answer();
            if is_registered {
                self.on_registered(cx, register, out);
            }
        }
        self.check_registration(cx, out);
    }

    /// The PBX accepted the registration.
    fn on_registered(&mut self, cx: Context<'_>, register: &Register, out: &mut Vec<Change>) {
        let detail = text::registered(register, cx.registration);
        self.note(EvidenceSource::Sip, detail, out);
        self.on_running(cx.at, out);
        self.on_configuration_used(out);
        self.clear_closed_contact(out);
        self.check_runs_sip(cx, out);
        if !self.registration.failure_is_of_another_user(register) {
            self.registration.reported = None;
            self.withdraw(Code::NotRegistering, None, out);
        }
    }

    /// The phone sent to a closed port.
    pub(in crate::track) fn on_port_closed(
        &mut self,
        cx: Context<'_>,
        pbx: SocketAddrV4,
        transport: SipTransport,
        out: &mut Vec<Change>,
    ) {
        self.activity.last = cx.at;
        self.registration.on_port_closed(cx.at, pbx, transport);
        self.check_registration(cx, out);
    }

    /// Whether a failure to register matters: the phone is converted, got its configuration
    /// without a load, or is observed without a conversion: as at its PBX, where nothing but its
    /// registration is seen.
    fn should_register(&self, cx: Context<'_>) -> bool {
        match self.state {
            State::Seen if self.activity.requests == 0 => true,
            State::Seen | State::Configuring => {
                self.registration.configured.is_some() || cx.catalog.is_empty()
            }
            _ => self.is_converted(),
        }
    }

    /// When the first REGISTER is overdue.
    pub(in crate::track) fn register_due(&self) -> Option<RunTime> {
        let registration = &self.registration;
        let is_open = self.is_converted()
            && registration.expected_here
            && !registration.observed
            && !self.has_diagnosis(Code::NotRegistering);
        let configured = registration.configured.filter(|_| is_open)?;
        Some(configured + rules::REGISTERS_WITHIN)
    }

    /// When time alone shows more about the registration.
    pub(super) fn registration_due(&self) -> Option<RunTime> {
        let due = [self.registration.lines_due(), self.register_due()];
        due.into_iter().flatten().min()
    }

    /// Raises a diagnosis for each overdue REGISTER or answer.
    pub(super) fn check_registration_overdue(&mut self, cx: Context<'_>, out: &mut Vec<Change>) {
        if self.register_due().is_some_and(|due| cx.at >= due)
            && let Some(configured) = self.registration.configured
        {
            let failure = RegistrationFailure::no_register(configured, cx.at);
            self.report_failure(failure, out);
        }
        for register in self.registration.mark_accepted(cx.at) {
            self.on_registered(cx, &register, out);
        }
        if self.registration.mark_overdue(cx.at) {
            self.check_registration(cx, out);
        }
    }

    /// Diagnoses why the phone is not registered, if that is known and new.
    fn check_registration(&mut self, cx: Context<'_>, out: &mut Vec<Change>) {
        if self.should_register(cx)
            && let Some(failure) = self.registration.failure(cx.at, cx.registration)
        {
            self.report_failure(failure, out);
        }
    }

    fn report_failure(&mut self, failure: RegistrationFailure, out: &mut Vec<Change>) {
        let is_known = self
            .registration
            .reported
            .as_ref()
            .is_some_and(|reported| reported.contains(&failure));
        if is_known && self.has_diagnosis(Code::NotRegistering) {
            return;
        }
        self.withdraw(Code::NotRegistering, None, out);
        self.raise("", text::not_registering(&failure), out);
        self.registration.reported = Some(failure);
    }
}
