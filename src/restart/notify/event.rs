//! Which event a phone obeys, and what the NOTIFY for it contains.

use super::RegisterCallId;
use crate::phone::{Family, Model};

/// The kind of NOTIFY that restarts a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestartEvent {
    /// `service-control` with `action=reset`: restarts the phone like a power cycle.
    ServiceControl,
    /// `check-sync`: a 7940 or 7960 compares `syncinfo.xml` with its `sync` and restarts if they
    /// differ.
    CheckSync,
}

/// Why no NOTIFY restarts a phone of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreachable {
    /// Multiplatform firmware.
    Multiplatform,
    /// A model without SIP firmware for a PBX.
    NoSip,
}

impl Unreachable {
    /// The reason, and what to do instead.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Multiplatform => {
                "the phone runs multiplatform firmware, which obeys the event `resync` with digest \
                 authentication and reads other files than those written here: restart it on its \
                 web page"
            }
            Self::NoSip => {
                "there is no SIP firmware for this model: it does not register at a PBX by SIP"
            }
        }
    }
}

/// Whether a User-Agent is that of multiplatform firmware (`Cisco-CP-8841-3PCC/11.3.1`).
#[must_use]
pub fn is_multiplatform(user_agent: &str) -> bool {
    let agent = user_agent.to_ascii_uppercase();
    agent.contains("3PCC") || agent.contains("MPP")
}

impl RestartEvent {
    /// The event that phones of this model obey. Without a known model: that of most models.
    ///
    /// # Errors
    /// No NOTIFY restarts phones of this model.
    pub fn of(model: Option<&Model>) -> Result<Self, Unreachable> {
        let Some(model) = model else {
            return Ok(Self::ServiceControl);
        };
        match model.family {
            Family::P3 => Ok(Self::CheckSync),
            family if family.sip_bundle().is_none() => Err(Unreachable::NoSip),
            _ => Ok(Self::ServiceControl),
        }
    }

    /// The value of the Event header.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ServiceControl => "service-control",
            Self::CheckSync => "check-sync",
        }
    }
}

/// A NOTIFY for one phone, without its addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotifyEvent {
    /// [`RestartEvent::ServiceControl`], with the Call-ID of the phone's present REGISTERs.
    ServiceControl(RegisterCallId),
    /// [`RestartEvent::CheckSync`].
    CheckSync,
}

/// Version stamps that belong to no configuration.
const ZERO_STAMP: &str = "00000000-0000-0000-0000-000000000000";

impl NotifyEvent {
    /// The kind.
    #[must_use]
    pub fn kind(&self) -> RestartEvent {
        match self {
            Self::ServiceControl(_) => RestartEvent::ServiceControl,
            Self::CheckSync => RestartEvent::CheckSync,
        }
    }

    /// The lines of the body. Phones ignore the stamps for `action=reset`.
    #[must_use]
    pub fn body(&self) -> Vec<String> {
        match self {
            Self::CheckSync => Vec::new(),
            Self::ServiceControl(call_id) => {
                let mut lines = vec![
                    "action=reset".to_owned(),
                    format!("RegisterCallId={{{call_id}}}"),
                ];
                lines.extend(
                    ["Config", "Dialplan", "Softkey"]
                        .map(|what| format!("{what}VersionStamp={{{ZERO_STAMP}}}")),
                );
                lines
            }
        }
    }

    /// The values of AMI's `Variable` headers: with them `PJSIPNotify` builds this NOTIFY.
    #[must_use]
    pub fn ami_variables(&self) -> Vec<String> {
        let mut values = vec![format!("Event={}", self.kind().name())];
        let body = self.body();
        if !body.is_empty() {
            values.push("Content-Type=text/plain".to_owned());
            values.extend(body.into_iter().map(|line| format!("Content={line}")));
            // The last line of the body ends with a line break.
            values.push("Content=".to_owned());
        }
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::MODELS;

    #[test]
    fn every_model_with_sip_firmware_has_its_event() {
        for model in MODELS {
            let event = RestartEvent::of(Some(model));
            match model.number {
                "7940" | "7960" => assert_eq!(event, Ok(RestartEvent::CheckSync)),
                _ if model.family.sip_bundle().is_none() => {
                    assert_eq!(event, Err(Unreachable::NoSip), "{model:?}");
                }
                _ => assert_eq!(event, Ok(RestartEvent::ServiceControl), "{model:?}"),
            }
        }
    }

    #[test]
    fn multiplatform_firmware_is_known_by_its_user_agent() {
        assert!(is_multiplatform("Cisco-CP-8841-3PCC/11.3.1"));
        assert!(!is_multiplatform("Cisco-CP8841/12.0.1"));
    }

    #[test]
    fn ami_builds_the_body_line_by_line() {
        let call_id = RegisterCallId::new("a@192.0.2.101").unwrap();
        let values = NotifyEvent::ServiceControl(call_id).ami_variables();
        assert_eq!(values[0], "Event=service-control");
        assert_eq!(values[1], "Content-Type=text/plain");
        assert_eq!(values[2], "Content=action=reset");
        assert_eq!(values[3], "Content=RegisterCallId={a@192.0.2.101}");
        assert_eq!(values.len(), 8);
        assert_eq!(values[7], "Content=");
        assert_eq!(NotifyEvent::CheckSync.ami_variables(), ["Event=check-sync"]);
    }
}
