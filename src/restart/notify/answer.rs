//! What a phone's response to a NOTIFY means.

use super::RestartEvent;

/// The final response of a phone, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// 2xx: the phone will obey, after its call if it is in one. It is not proof of a restart.
    Accepted,
    /// 400.
    BadRequest,
    /// 404.
    NotFound,
    /// Any other final status.
    Other(u16),
    /// No final response in 32 s.
    Silence,
}

/// Where a Call-ID comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallIdSource {
    /// A REGISTER of the phone that was captured.
    Wire,
    /// Asterisk, which keeps the Call-ID of the first REGISTER of a contact.
    Asterisk,
}

impl Answer {
    /// The class of a final status.
    #[must_use]
    pub fn of_status(status: u16) -> Self {
        match status {
            200..=299 => Self::Accepted,
            400 => Self::BadRequest,
            404 => Self::NotFound,
            other => Self::Other(other),
        }
    }

    /// Whether the phone may still restart.
    #[must_use]
    pub fn is_promising(self) -> bool {
        self == Self::Accepted
    }

    /// What happened and why, and what to do next. `contact` is Asterisk's name of the contact.
    #[must_use]
    pub fn explain(
        self,
        event: RestartEvent,
        source: CallIdSource,
        contact: Option<&str>,
    ) -> (String, String) {
        match self {
            Self::Accepted => (
                "the phone answered 200: it restarts, after its call if it is in one".to_owned(),
                String::new(),
            ),
            Self::BadRequest if event == RestartEvent::ServiceControl => {
                bad_request(source, contact)
            }
            Self::BadRequest => (
                "the phone answered 400: it does not know the event check-sync".to_owned(),
                "Check the model in the inventory: only a 7940 and 7960 obey check-sync".to_owned(),
            ),
            Self::NotFound => (
                "the phone answered 404: it has no line of this name".to_owned(),
                "Check the first line in the phone's configuration: the NOTIFY must name its \
                 extension"
                    .to_owned(),
            ),
            Self::Other(status) => (
                format!("the phone answered {status}; 200 was expected"),
                "Press **#** in Settings, or disconnect its power and connect it again".to_owned(),
            ),
            Self::Silence => (
                "the phone did not answer in 32 s".to_owned(),
                "It drops a NOTIFY that does not come from the address at which it registers. Run \
                 this command on the PBX, or use --ami FILE; check that the phone has power"
                    .to_owned(),
            ),
        }
    }
}

fn bad_request(source: CallIdSource, contact: Option<&str>) -> (String, String) {
    match source {
        CallIdSource::Asterisk => (
            "the phone answered 400: the Call-ID that Asterisk has is not that of its present \
             registration. Asterisk keeps the Call-ID of the first REGISTER of a contact, also after \
             the phone lost its power and registered again"
                .to_owned(),
            format!(
                "Expire the contact: {}. The phone registers again within its `Expires` (10 \
                 minutes here); then repeat this command. Or capture the phone's next REGISTER: \
                 --interface NAME",
                expire_command(contact)
            ),
        ),
        CallIdSource::Wire => (
            "the phone answered 400: the line of its configuration does not register at \
             USECALLMANAGER, or it registered again in the meantime"
                .to_owned(),
            "Repeat the command. If the answer stays 400, press **#** in Settings, or disconnect its \
             power and connect it again"
                .to_owned(),
        ),
    }
}

/// The command that removes a contact from Asterisk's database.
fn expire_command(contact: Option<&str>) -> String {
    let is_plain = |name: &&str| {
        name.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b";@._+-".contains(&byte))
    };
    match contact.filter(is_plain) {
        Some(contact) => {
            format!("asterisk -rx 'database del registrar/contact \"{contact}\"'")
        }
        None => "asterisk -rx 'database show registrar/contact' lists the contacts, and `database \
                 del registrar/contact NAME` removes one"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_400_to_the_call_id_of_asterisk_is_explained_with_the_command_that_expires_the_contact() {
        let (why, cure) = Answer::BadRequest.explain(
            RestartEvent::ServiceControl,
            CallIdSource::Asterisk,
            Some("1001;@0123abcd"),
        );
        assert!(
            why.contains("Asterisk keeps the Call-ID of the first REGISTER"),
            "{why}"
        );
        let command = "asterisk -rx 'database del registrar/contact \"1001;@0123abcd\"'";
        assert!(cure.contains(command), "{cure}");
    }

    #[test]
    fn a_name_of_a_contact_adds_nothing_to_the_command() {
        let (_, cure) = Answer::BadRequest.explain(
            RestartEvent::ServiceControl,
            CallIdSource::Asterisk,
            Some("x'; reboot; '"),
        );
        assert!(!cure.contains("reboot"), "{cure}");
        assert!(cure.contains("database show registrar/contact"), "{cure}");
    }

    #[test]
    fn every_answer_but_200_has_a_cure() {
        for answer in [
            Answer::BadRequest,
            Answer::NotFound,
            Answer::Other(503),
            Answer::Silence,
        ] {
            for event in [RestartEvent::ServiceControl, RestartEvent::CheckSync] {
                for source in [CallIdSource::Wire, CallIdSource::Asterisk] {
                    let (why, cure) = answer.explain(event, source, None);
                    assert!(!why.is_empty() && !cure.is_empty(), "{answer:?}");
                }
            }
            assert!(!answer.is_promising());
        }
        assert!(Answer::of_status(202).is_promising());
    }
}
