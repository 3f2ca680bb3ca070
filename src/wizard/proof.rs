//! The proof that a person can see, where no witness speaks: Settings > Model Information > Call
//! Control Protocol. It is kept as the evidence that it is; the state stays what it was.

use super::prompt::{Prompt, Choice, Reply, Stopped};
use crate::{
    session::Attendant,
    track::{EvidenceSource, Observation, ObservationKind, PhoneReport, Report, State},
};

/// Where a phone shows it.
const WHERE: &str = "Settings > Model Information > Call Control Protocol";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DisplayedProtocol {
    Sip,
    Sccp,
    Nothing,
    Enough,
}

/// Asks of each phone that ended `flashed`: nobody named its load.
pub(super) fn ask(report: &Report, prompt: &mut dyn Prompt) -> Result<Vec<Observation>, Stopped> {
    let mut said = Vec::new();
    let open = report.phones.iter().filter(|phone| is_open(phone));
    for phone in open {
        let name = match phone.mac {
            Some(mac) => format!("SEP{}", mac.upper_hex()),
            None => format!("the phone at {}", phone.address),
        };
        prompt.tell(&format!(
            "\n{name} took all of its images, and no witness has told what it runs. Look at its \
             display: {WHERE}."
        ));
        let choice = Choice::new(format!("What does {name} say there?"))
            .item("SIP", DisplayedProtocol::Sip)
            .item("SCCP", DisplayedProtocol::Sccp)
            .item("I cannot see it", DisplayedProtocol::Nothing)
            .item("Ask me no more", DisplayedProtocol::Enough);
        let protocol = match choice.ask(prompt)? {
            Reply::Given(DisplayedProtocol::Sip) => "SIP",
            Reply::Given(DisplayedProtocol::Sccp) => "SCCP",
            Reply::Given(DisplayedProtocol::Nothing) | Reply::Back => continue,
            Reply::Given(DisplayedProtocol::Enough) => break,
        };
        if protocol == "SCCP" {
            prompt.tell(
                "Then it runs its old firmware still. Restart it while reflash serves, or reset it \
                 as at the beginning.",
            );
        }
        said.push(Observation {
            address: phone.address,
            seen: ObservationKind::Remark {
                witness: EvidenceSource::Person,
                detail: format!("its display shows {protocol} at {WHERE}"),
            },
        });
    }
    Ok(said)
}

fn is_open(phone: &PhoneReport) -> bool {
    phone.state == State::Flashed && phone.on_inventory != Some(false)
}

/// Puts the questions while the display stands still.
pub(super) struct PromptAttendant<A>(pub(super) A);

impl<A: Prompt + Send> Attendant for PromptAttendant<A> {
    fn asked(&mut self, report: &Report) -> Vec<Observation> {
        // Who breaks off says no more: the signal ends the run.
        crate::display::aside(|| ask(report, &mut self.0).unwrap_or_default())
    }
}
