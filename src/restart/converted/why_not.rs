//! Why a phone is not ordered to restart, and what to do.

use std::time::Duration;

use crate::restart::notify::{CallIdError, Unreachable};

/// Why no order was sent to a phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhyNot {
    /// No NOTIFY restarts a phone of this kind.
    Unreachable(Unreachable),
    /// Its line registers at an address, not at USECALLMANAGER.
    AddressProxy,
    /// The inventory has no extension for it.
    NoExtension,
    /// Asterisk has no endpoint of this name.
    NoEndpoint(String),
    /// It is not registered.
    NotRegistered,
    /// It is in a call; Asterisk's name of the state.
    InCall(String),
    /// Asterisk does not know whether it is in a call.
    StateUnknown,
    /// Several phones are registered for its extension, and which is this one is not known.
    SharedLine,
    /// Asterisk has no Call-ID for its contact.
    NoCallId,
    /// Its Call-ID cannot be sent.
    BadCallId(CallIdError),
    /// There is neither AMI nor a captured REGISTER.
    NoWay,
    /// Only its PBX may send the NOTIFY.
    OnlyPbx,
    /// It was ordered this long ago.
    OrderedRecently(Duration),
    /// Asterisk did not send the NOTIFY.
    NotSent(String),
    /// The run stopped before its turn, for this reason.
    Stopped(&'static str),
}

const BY_HAND: &str = "Press **#** in Settings, or disconnect its power and connect it again";

impl WhyNot {
    /// The name in JSON.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable(Unreachable::Multiplatform) => "multiplatform",
            Self::Unreachable(Unreachable::NoSip) => "no-sip",
            Self::AddressProxy => "address-proxy",
            Self::NoExtension => "no-extension",
            Self::NoEndpoint(_) => "no-endpoint",
            Self::NotRegistered => "not-registered",
            Self::InCall(_) => "in-call",
            Self::StateUnknown => "state-unknown",
            Self::SharedLine => "shared-line",
            Self::NoCallId | Self::BadCallId(_) => "no-call-id",
            Self::NoWay => "no-way",
            Self::OnlyPbx => "only-pbx",
            Self::OrderedRecently(_) => "ordered-recently",
            Self::NotSent(_) => "not-sent",
            Self::Stopped(_) => "stopped",
        }
    }

    /// The reason.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Unreachable(why) => why.text().to_owned(),
            Self::AddressProxy => "its line registers at the address of the PBX (`proxy`), and a \
                                   phone obeys NOTIFY only if the line registers at \
                                   USECALLMANAGER: it would answer 400, or 200 and do nothing"
                .to_owned(),
            Self::NoExtension => "the inventory has no extension for it".to_owned(),
            Self::NoEndpoint(name) => format!("Asterisk has no endpoint {name}"),
            Self::NotRegistered => {
                "it is not registered at Asterisk, or Asterisk does not reach it".to_owned()
            }
            Self::InCall(state) => format!("it is in a call (Asterisk: {state})"),
            Self::StateUnknown => "Asterisk does not know whether it is in a call".to_owned(),
            Self::SharedLine => "several contacts or phones have its extension, and which contact \
                                 is this phone is not known"
                .to_owned(),
            Self::NoCallId => "Asterisk has no Call-ID for its contact".to_owned(),
            Self::BadCallId(error) => error.to_string(),
            Self::NoWay => "there is no way to it: no --ami FILE, and no REGISTER of it was \
                            captured"
                .to_owned(),
            Self::OnlyPbx => "it accepts a NOTIFY only from its PBX, over TCP only in its own \
                              connection to it: Asterisk must send it"
                .to_owned(),
            Self::OrderedRecently(ago) => {
                format!("it was ordered to restart {} s ago", ago.as_secs())
            }
            Self::NotSent(text) => format!("Asterisk did not send the NOTIFY: {text}"),
            Self::Stopped(why) => format!("not ordered: {why}"),
        }
    }

    /// What to do next.
    #[must_use]
    pub fn cure(&self) -> String {
        match self {
            Self::Unreachable(Unreachable::Multiplatform) => String::new(),
            Self::Unreachable(Unreachable::NoSip) => "Remove it from the list".to_owned(),
            Self::AddressProxy => format!(
                "{BY_HAND}. With `transport = \"tcp\"`, a 79xx, 69xx or 894x with one line \
                 registers at USECALLMANAGER, and the next restart needs no person"
            ),
            Self::NoExtension => "Give it an extension in the inventory".to_owned(),
            Self::NoEndpoint(_) => {
                "Compare the inventory with pjsip.conf (`pjsip show endpoints`)".to_owned()
            }
            Self::NotRegistered => {
                "Check the phone's display and its power; `pjsip show contacts` \
                                    lists the registered phones"
                    .to_owned()
            }
            Self::InCall(_) => "Repeat the command after the call".to_owned(),
            Self::StateUnknown => {
                "Check the endpoint: `pjsip show endpoint EXTENSION` in Asterisk".to_owned()
            }
            Self::SharedLine => format!(
                "Capture its REGISTER on the PBX: --interface NAME, which names the phone by its \
                 MAC. Or: {BY_HAND}"
            ),
            Self::NoCallId | Self::BadCallId(_) => {
                format!("Capture its REGISTER on the PBX: --interface NAME. Or: {BY_HAND}")
            }
            Self::NoWay => "Add --ami FILE (asterisk/manager.conf and ami.toml of `reflash \
                            provision`), or run this command on the PBX with --interface NAME"
                .to_owned(),
            Self::OnlyPbx => "Add --ami FILE (asterisk/manager.conf and ami.toml of `reflash \
                              provision`)"
                .to_owned(),
            Self::OrderedRecently(_) => "Wait until 5 minutes are over: a phone that starts must \
                                         not be ordered again"
                .to_owned(),
            Self::NotSent(_) => {
                "Check Asterisk: `module show like pjsip_notify`, `pjsip show contacts`".to_owned()
            }
            Self::Stopped(_) => "Find out why, then repeat the command".to_owned(),
        }
    }
}
