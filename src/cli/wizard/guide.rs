//! What a person is told while the run goes on: what to press and when, and what not to do.
//!
//! The display says what a phone does and what is wrong with it; this says what the person does.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;

use crate::{
    diagnose::Finding,
    phone::{HardwareHazard, Model, RESET_KEYS, RESET_WINDOW, ResetLamps},
    reporter::{Reporter, Started, Tick},
    run_view::RunView,
    track::{Event, PhoneId, PhoneRef, Report, State, Step, SurveyResult},
};

/// Phones that are spoken of one by one; of more, the display's lines say enough.
const FEW: usize = 4;

/// What is said, and was said.
#[derive(Debug)]
pub(super) struct Guide {
    models: Vec<&'static Model>,
    /// By phone, the states that were spoken of.
    said: BTreeMap<PhoneId, Vec<State>>,
    /// Where the phones are to register; `None`: nothing was written for them.
    pbx: Option<String>,
}

impl Guide {
    /// For phones of these models.
    pub(super) fn new(models: Vec<&'static Model>, pbx: Option<String>) -> Self {
        Self {
            models,
            said: BTreeMap::new(),
            pbx,
        }
    }

    /// The first words: how a phone is reset, and what can go wrong.
    pub(super) fn opening(&self) -> Vec<String> {
        let mut said = vec!["Now the phone:".to_owned()];
        for hazard in HardwareHazard::ALL {
            let models = self.models.iter();
            let of = models.filter(|model| model.hazards().contains(&hazard));
            let of: Vec<&str> = of.map(|model| model.plain_number()).collect();
            if !of.is_empty() {
                said.push(format!("Mind, {}: {}.", of.join(", "), hazard.warning()));
            }
        }
        let lamps = self.lamps();
        said.push(
            "1. Its network cable leads to the switch of this machine. Take its power away (the \
             cable, if that is its power)."
                .to_owned(),
        );
        said.push("2. Hold the # key down, and give the power back.".to_owned());
        for (of, shown) in &lamps {
            let of = match lamps.len() {
                1 => String::new(),
                _ => format!(" ({of})"),
            };
            said.push(format!(
                "3. Keep holding until {}{of}. Then let go and type {RESET_KEYS} within {} seconds; \
                 when {}, it was taken.",
                shown.ready,
                RESET_WINDOW.as_secs(),
                shown.accepted
            ));
        }
        said.push(
            "A wrong key drops the reset and the phone starts as ever: begin again at 1. From \
             here on reflash sees by itself what the phone does."
                .to_owned(),
        );
        said
    }

    /// What the lamps show, and of which models.
    fn lamps(&self) -> Vec<(String, ResetLamps)> {
        let mut by_lamps: Vec<(ResetLamps, Vec<&str>)> = Vec::new();
        for model in &self.models {
            let Some(lamps) = model.family.reset_lamps() else {
                continue;
            };
            match by_lamps.iter_mut().find(|(other, _)| *other == lamps) {
                Some((_, of)) => of.push(model.plain_number()),
                None => by_lamps.push((lamps, vec![model.plain_number()])),
            }
        }
        by_lamps
            .into_iter()
            .map(|(lamps, of)| (of.join(", "), lamps))
            .collect()
    }

    /// What a phone's step means for the person.
    pub(super) fn step(&mut self, step: &Step) -> Option<String> {
        let id = step.phone.id;
        let is_new = !self.said.contains_key(&id);
        if is_new && self.said.len() >= FEW {
            return None;
        }
        let said = self.said.entry(id).or_default();
        if said.contains(&step.state) {
            return None;
        }
        said.push(step.state);
        let before = said.len() > 1;
        let name = name(&step.phone);
        Some(match step.state {
            State::Seen => format!("{name} is heard. Go on with its keys."),
            State::Configuring if !before => format!(
                "{name} runs its old application and is told of the new firmware: no keys are \
                 needed. If nothing follows within a minute, reset it as above."
            ),
            State::Manifest if !before => {
                format!("The reset was taken: {name} asks for firmware. Nothing to press any more.")
            }
            State::Manifest => format!("{name} asks for firmware. Nothing to press any more."),
            State::Images => format!("{name} fetches its images. DO NOT UNPLUG it from here on."),
            State::Writing => format!(
                "{name} has everything and writes it. DO NOT UNPLUG: up to 5 minutes, dark and \
                 silent now and then."
            ),
            State::Rebooted => format!("{name} came back by itself. Leave it alone."),
            State::Flashed => format!(
                "{name} has the new firmware and starts it. It may fetch everything once more: that \
                 is normal. Leave it alone until it is done."
            ),
            State::Confirmed | State::Already => self.converted(&name),
            // The display says what is wrong, and the cure.
            State::Stalled | State::Failed | State::Configuring => return None,
        })
    }

    fn converted(&self, name: &str) -> String {
        match &self.pbx {
            Some(pbx) => format!("{name} is converted, and told to register at {pbx}."),
            None => format!(
                "{name} is converted. Without a configuration it says Unprovisioned: that is right."
            ),
        }
    }

    /// A phone of this number is no more.
    fn forget(&mut self, id: PhoneId) {
        self.said.remove(&id);
    }
}

fn name(phone: &PhoneRef) -> String {
    match phone.mac {
        Some(mac) => format!("SEP{}", mac.upper_hex()),
        None => format!("the phone at {}", phone.address),
    }
}

/// A display with the guide's words between.
pub(super) struct Guided {
    pub(super) inner: Box<dyn Reporter>,
    pub(super) guide: Guide,
    /// The run begins with a survey: a phone that runs is not to be reset before its end.
    pub(super) surveys: bool,
}

impl Guided {
    fn open(&mut self) {
        for text in self.guide.opening() {
            self.inner.notice(&text);
        }
    }
}

impl Reporter for Guided {
    fn started(&mut self, at: Timestamp, started: &Started) {
        let mut started = started.clone();
        // It is said below, as it is for these models.
        started.words.retain(|words| !words.contains(RESET_KEYS));
        self.inner.started(at, &started);
        if self.surveys {
            self.inner.notice(
                "Leave the # key alone for now. How a phone is reset is told when the survey is over.",
            );
        } else {
            self.open();
        }
    }

    fn resumed(&mut self, view: &RunView) {
        self.inner.resumed(view);
    }

    fn event(&mut self, at: Timestamp, event: &Event) {
        self.inner.event(at, event);
        match event {
            Event::Step(step) => {
                if let Some(text) = self.guide.step(step) {
                    self.inner.notice(&text);
                }
            }
            Event::Gone { phone } => self.guide.forget(phone.id),
            Event::Progress(_) | Event::Diagnosis { .. } | Event::Withdrawn { .. } => {}
        }
    }

    fn waiting(&mut self, phone: PhoneId, what: &str, left: Duration) {
        self.inner.waiting(phone, what, left);
    }

    fn tick(&mut self, tick: Tick) {
        self.inner.tick(tick);
    }

    fn finding(&mut self, at: Timestamp, found: &Finding) {
        self.inner.finding(at, found);
    }

    fn survey_finished(&mut self, at: Timestamp, phones: &[SurveyResult]) {
        self.inner.survey_finished(at, phones);
        if std::mem::take(&mut self.surveys) {
            self.open();
        }
    }

    fn notice(&mut self, text: &str) {
        self.inner.notice(text);
    }

    fn finished(&mut self, at: Timestamp, report: &Report, afterwards: &[String]) {
        self.inner.finished(at, report, afterwards);
    }
}
