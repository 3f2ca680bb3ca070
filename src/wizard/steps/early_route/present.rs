//! What phones of the 7940 and 7960 run now.

use crate::{
    phone::{EarlyFirmware, EarlyProtocol, EarlyStep, Generation79x0, LoadName},
    wizard::{
        answers::Answers,
        prompt::{MenuChoice, Prompt, PromptReply, Stopped, ask_line},
    },
};

/// What the operator says that the phones run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Present {
    Known(EarlyFirmware),
    /// The loader, or firmware that takes it directly.
    Direct,
    /// Not known.
    Unknown,
    Type,
    Back,
}

/// The firmware of the chosen phones that needs bridges; `None` if a load is not known.
pub(super) fn detected(answers: &Answers) -> Option<Vec<EarlyFirmware>> {
    let only = answers.only();
    let phones = answers.detected.phones.iter().map(|(_, phone)| phone);
    let loads: Vec<&LoadName> = phones
        .filter(|phone| only.contains(&phone.mac))
        .filter_map(|phone| phone.load.as_ref())
        .filter(|load| load.generation_79x0().is_some())
        .collect();
    let is_known = !only.is_empty() && loads.len() == only.len();
    is_known.then(|| loads.into_iter().filter_map(needing).collect())
}

/// What is known of this load, if phones that run it need bridges.
fn needing(load: &LoadName) -> Option<EarlyFirmware> {
    let firmware = EarlyFirmware::of(load)?;
    matches!(firmware.next_step(&[]), EarlyStep::Missing(_)).then_some(firmware)
}

fn unsigned(protocol: EarlyProtocol) -> Present {
    Present::Known(EarlyFirmware {
        protocol: Some(protocol),
        generation: Some(Generation79x0::Unsigned),
        release: None,
    })
}

pub(super) fn ask_present(prompt: &mut dyn Prompt) -> Result<PromptReply<Present>, Stopped> {
    MenuChoice::new("What do the phones run now?")
        .item(
            "SIP 7.0 or later, SCCP 6.0 or later (P0S3-07…, P00306…): has the loader",
            Present::Direct,
        )
        .item(
            "SIP 5.x or 6.x, SCCP 5.x (P0S3-05…, P0S3-06…, P00305…)",
            Present::Direct,
        )
        .item(
            "SIP 2.x to 4.x (P0S302…, P0S3-03…, P0S3-04…)",
            unsigned(EarlyProtocol::Sip),
        )
        .item(
            "SCCP 3.x or 4.x (P00303…, P00304…)",
            unsigned(EarlyProtocol::Skinny),
        )
        .item(
            "SCCP that reads no XML (P003AL…)",
            unsigned(EarlyProtocol::SkinnyWithoutXml),
        )
        .item("Type the name of the load", Present::Type)
        .item("I do not know", Present::Unknown)
        .item("Back", Present::Back)
        .default(&Present::Unknown)
        .ask(prompt)
}

/// Asks for the name of the load; `None`: back.
pub(super) fn ask_load(prompt: &mut dyn Prompt) -> Result<Option<Present>, Stopped> {
    loop {
        let PromptReply::Given(text) = ask_line(prompt, "Load, such as P0S3-03-2-00", None)? else {
            return Ok(None);
        };
        let load = LoadName::new(text.trim());
        if load.generation_79x0().is_some() {
            return Ok(Some(needing(&load).map_or(Present::Direct, Present::Known)));
        }
        prompt.paragraph(
            "That is no load of a 7940 or 7960: it begins with P0 and has a release, such as \
             P0S3-03-2-00 or P00304000000.",
        );
    }
}
