//! Phones with two slots: what they reject, and what their configuration names.

use super::{
    format::{clock, diagnosis, models, printable},
    refusal::boots_without_images,
};
use crate::{
    diagnose::{Code, Diagnosis, Severity},
    phone::{Family, LoadName, Slots},
    track::{diagnosis::rules::ManifestDelivery, observation::RunTime},
};

/// The hardware that rejects old releases, in words; empty if none is known.
fn floors(slots: &Slots) -> String {
    match slots.floors {
        "" => String::new(),
        floors => format!(
            " Some hardware rejects older releases ({floors}): the version stands on the label of the \
             phone (V01…), on its web page and in LLDP."
        ),
    }
}

/// The phone fetched a manifest and requests no image.
pub(crate) fn refused_by_slots(
    boots: &[ManifestDelivery],
    family: Family,
    load: Option<&LoadName>,
) -> Diagnosis {
    let slots = family.slots();
    let own = models(&[family]);
    let is_old = load
        .zip(slots)
        .is_some_and(|(load, slots)| slots.is_below_floor(load));
    let ran_on = boots.last().is_some_and(|delivery| delivery.ran_on);
    let evidence = boots_without_images(boots);
    let evidence = match boots {
        [one] if one.ran_on => format!(
            "fetched all of '{}' at {}, requested no image and went on with its other files",
            printable(&one.name),
            clock(one.first)
        ),
        _ if ran_on => format!("{evidence}; it went on with its other files"),
        _ => evidence,
    };
    if is_old {
        return diagnosis(
            Code::HardwareMismatch,
            evidence,
            format!(
                "The release is older than the hardware of some {own} supports. Use the newest \
                 release for the model.{}",
                slots.map(floors).unwrap_or_default()
            ),
        );
    }
    let refused = diagnosis(
        Code::ManifestRefused,
        evidence,
        format!(
            "The phone rejects the release and runs on with its load. Read its status messages \
             (Settings or Applications > Status). Verify the bundle (reflash verify), and that it is \
             for the {own}.{} A phone sold for multiplatform firmware (3PCC) takes no other firmware. \
             A reset does not help: it keeps the firmware.",
            slots.map(floors).unwrap_or_default()
        ),
    );
    if boots.iter().all(|delivery| !delivery.whole) {
        // The phone does not count as failed.
        return Diagnosis {
            severity: Severity::Warning,
            ..refused
        };
    }
    refused
}

/// The phone fetched images and went on without a restart.
pub(crate) fn images_refused(name: &str, family: Option<Family>, at: RunTime) -> Diagnosis {
    let own = family.map_or_else(|| "its model".to_owned(), |family| models(&[family]));
    diagnosis(
        Code::ImagesRefused,
        format!(
            "fetched images and requested '{}' at {} without a restart: it rejected them and runs on \
             with its load",
            printable(name),
            clock(at)
        ),
        format!(
            "The phone checks signature, name and size of each image. Verify the bundle (reflash \
             verify) and that it is for the {own}; read the phone's status messages. Then restart \
             the phone: it fetches everything again."
        ),
    )
}

/// A configuration names an SCCP load, and the phone is to have SIP.
pub(crate) fn sccp_load(name: &str, target: Option<&str>, at: RunTime) -> Diagnosis {
    let wanted = target.map_or_else(|| "the SIP load".to_owned(), |load| printable(load).clone());
    diagnosis(
        Code::SccpLoadNamed,
        format!(
            "requested '{}' at {}: its configuration names an SCCP load",
            printable(name),
            clock(at)
        ),
        format!(
            "Write {wanted} into loadInformation of the phone's SEP file, and SIP into \
             deviceProtocol, or remove the file that an earlier call manager left. Then restart \
             the phone."
        ),
    )
}

/// The phone has multiplatform firmware.
pub(crate) fn multiplatform(shown: &str, at: RunTime) -> Diagnosis {
    diagnosis(
        Code::Multiplatform,
        format!(
            "'{}' at {}, a name of multiplatform firmware (MPP, 3PCC)",
            printable(shown),
            clock(at)
        ),
        "Disconnect the phone, or convert it with Cisco's migration licence and service: it reads \
         profiles of another form, takes no firmware of this program and never reads a SEP file.",
    )
}
