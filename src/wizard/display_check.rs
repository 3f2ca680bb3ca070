//! Asks the operator what a phone's display shows, if no evidence source reported its load:
//! Settings > Model Information > Call Control Protocol.
//!
//! The answer is recorded as evidence of a person. SIP proves no load, so the phone stays `flashed`;
//! with SCCP it is not converted.

use super::prompt::{MenuChoice, Prompt, PromptReply, Stopped};
use crate::{
    session::OperatorPrompt,
    track::{
        EvidenceSource, Observation, ObservationKind, PhoneReport, RemarkMeaning, Report, State,
    },
};

/// Where a phone shows its protocol.
const MENU: &str = "Settings > Model Information > Call Control Protocol";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DisplayedProtocol {
    Sip,
    Sccp,
    Unknown,
    StopAsking,
}

/// Asks about each phone that ended `flashed`.
pub(super) fn ask_each_phone(
    report: &Report,
    prompt: &mut dyn Prompt,
) -> Result<Vec<Observation>, Stopped> {
    let mut observations = Vec::new();
    let unconfirmed = report.phones.iter().filter(|phone| is_unconfirmed(phone));
    for phone in unconfirmed {
        let name = match phone.mac {
            Some(mac) => format!("SEP{}", mac.upper_hex()),
            None => format!("the phone at {}", phone.address),
        };
        prompt.paragraph(&format!(
            "\n{name} fetched all images, but nothing has reported the load it runs. Check its \
             display: {MENU}."
        ));
        let choice = MenuChoice::new(format!("What does {name} show there?"))
            .item("SIP", DisplayedProtocol::Sip)
            .item("SCCP", DisplayedProtocol::Sccp)
            .item("I cannot check", DisplayedProtocol::Unknown)
            .item("Stop asking", DisplayedProtocol::StopAsking);
        let protocol = match choice.ask(prompt)? {
            PromptReply::Given(DisplayedProtocol::Sip) => "SIP",
            PromptReply::Given(DisplayedProtocol::Sccp) => "SCCP",
            PromptReply::Given(DisplayedProtocol::Unknown) | PromptReply::Back => continue,
            PromptReply::Given(DisplayedProtocol::StopAsking) => break,
        };
        observations.push(Observation {
            address: phone.address,
            kind: ObservationKind::Remark {
                source: EvidenceSource::Person,
                detail: format!("its display shows {protocol} at {MENU}"),
                means: (protocol == "SCCP").then_some(RemarkMeaning::RunsSccp),
            },
        });
    }
    Ok(observations)
}

fn is_unconfirmed(phone: &PhoneReport) -> bool {
    phone.state == State::Flashed && phone.on_inventory != Some(false)
}

/// Asks the questions while the display is paused.
pub(super) struct DisplayCheck<P>(pub(super) P);

impl<P: Prompt + Send> OperatorPrompt for DisplayCheck<P> {
    fn ask(&mut self, report: &Report) -> Vec<Observation> {
        // A signal stops the questions here, and also ends the run.
        crate::display::aside(|| ask_each_phone(report, &mut self.0).unwrap_or_default())
    }
}
