//! Puts a phone's name on what came of a observation.

use std::collections::BTreeMap;

use crate::phone::MacAddress;

use super::{Event, PhoneId, PhoneRef, Progress, Step, conversion::Change, identity::Phone};

/// The phone as events name it.
pub(super) fn reference(
    id: PhoneId,
    phone: &Phone,
    names: &BTreeMap<MacAddress, String>,
) -> PhoneRef {
    PhoneRef {
        id,
        mac: phone.mac,
        address: phone.address,
        model: phone.model().map(|model| model.plain_number().to_owned()),
        name: phone.mac.and_then(|mac| names.get(&mac).cloned()),
    }
}

/// The event that a change is.
pub(super) fn event(phone: PhoneRef, change: Change) -> Event {
    match change {
        Change::Step {
            state,
            pass,
            details,
        } => Event::Step(Step {
            phone,
            state,
            pass,
            details,
        }),
        Change::Progress {
            file,
            bytes,
            size,
            pass,
            place,
        } => Event::Progress(Progress {
            phone,
            file,
            bytes,
            size,
            pass,
            place,
        }),
        Change::Raised(diagnosis) => Event::Diagnosis {
            phone: Some(phone),
            diagnosis,
        },
        Change::Withdrawn(diagnosis) => Event::Withdrawn {
            phone: Some(phone),
            diagnosis,
        },
    }
}
