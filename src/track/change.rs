//! What an observation changes about one phone, before the phone's name is added to it.

use super::event::{Event, ImageNumber, PhoneRef, PhoneStep, State, StepDetails, TransferProgress};
use crate::diagnose::Diagnosis;

/// A change of one phone. It becomes an [`Event`] with the phone's name.
#[derive(Debug, Clone)]
pub(super) enum Change {
    Step {
        state: State,
        done: bool,
        up: bool,
        pass: u32,
        details: StepDetails,
    },
    Progress {
        file: String,
        bytes: u64,
        size: u64,
        pass: u32,
        image: Option<ImageNumber>,
    },
    Raised(Diagnosis),
    Withdrawn(Diagnosis),
}

impl Change {
    /// The event for this change of `phone`.
    pub(super) fn into_event(self, phone: PhoneRef) -> Event {
        match self {
            Self::Step {
                state,
                done,
                up,
                pass,
                details,
            } => Event::Step(PhoneStep {
                phone,
                state,
                done,
                up,
                pass,
                details,
            }),
            Self::Progress {
                file,
                bytes,
                size,
                pass,
                image,
            } => Event::Progress(TransferProgress {
                phone,
                file,
                bytes,
                size,
                pass,
                image,
            }),
            Self::Raised(diagnosis) => Event::Diagnosis {
                phone: Some(phone),
                diagnosis,
            },
            Self::Withdrawn(diagnosis) => Event::Withdrawn {
                phone: Some(phone),
                diagnosis,
            },
        }
    }
}
