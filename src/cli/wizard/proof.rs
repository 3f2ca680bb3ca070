//! The proof that a person can see, where no witness speaks: Settings > Model Information > Call
//! Control Protocol. It is kept as the evidence that it is; the state stays what it was.

use super::asker::{Asker, Choice, Reply, Stopped};
use crate::{
    session::OperatorPrompt,
    track::{EvidenceSource, Observation, ObservationKind, PhoneReport, Report, State},
};

/// Where a phone shows it.
const WHERE: &str = "Settings > Model Information > Call Control Protocol";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Sip,
    Sccp,
    Nothing,
    Enough,
}

/// Asks of each phone that ended `flashed`: nobody named its load.
pub(super) fn ask(report: &Report, asker: &mut dyn Asker) -> Result<Vec<Observation>, Stopped> {
    let mut said = Vec::new();
    let open = report.phones.iter().filter(|phone| is_open(phone));
    for phone in open {
        let name = match phone.mac {
            Some(mac) => format!("SEP{}", mac.upper_hex()),
            None => format!("the phone at {}", phone.address),
        };
        asker.tell(&format!(
            "\n{name} took all of its images, and no witness has told what it runs. Look at its \
             display: {WHERE}."
        ));
        let choice = Choice::new(format!("What does {name} say there?"))
            .item("SIP", Said::Sip)
            .item("SCCP", Said::Sccp)
            .item("I cannot see it", Said::Nothing)
            .item("Ask me no more", Said::Enough);
        let protocol = match choice.ask(asker)? {
            Reply::Given(Said::Sip) => "SIP",
            Reply::Given(Said::Sccp) => "SCCP",
            Reply::Given(Said::Nothing) | Reply::Back => continue,
            Reply::Given(Said::Enough) => break,
        };
        if protocol == "SCCP" {
            asker.tell(
                "Then it runs its old firmware still. Restart it while reflash serves, or reset it \
                 as at the beginning.",
            );
        }
        said.push(Observation {
            address: phone.address,
            seen: ObservationKind::Remark {
                source: EvidenceSource::Person,
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
pub(super) struct AtTheDesk<A>(pub(super) A);

impl<A: Asker + Send> OperatorPrompt for AtTheDesk<A> {
    fn ask(&mut self, report: &Report) -> Vec<Observation> {
        // Who breaks off says no more: the signal ends the run.
        crate::display::aside(|| ask(report, &mut self.0).unwrap_or_default())
    }
}
