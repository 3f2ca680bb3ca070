//! Restarts that this program orders: what is known of them at each phone, and why one is not ordered.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long after an order a phone may show no sign of a restart: phones put it off until a call ends.
/// Then the order counts as ignored.
pub const IGNORED_AFTER: Duration = Duration::from_mins(10);

/// How far the restart of a phone is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RestartState {
    /// The order is in the journal. It proves no restart: a phone in a call waits for its end.
    Ordered,
    /// The phone ended its registration, or closed the connection, after the order.
    Restarting,
    /// The phone named a reset by the call manager in its next alarm, or requested its configuration.
    Back,
    /// The phone registered again without a restart, or showed no sign of one within
    /// [`IGNORED_AFTER`].
    Ignored,
}

impl RestartState {
    /// Its name, as in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ordered => "ordered",
            Self::Restarting => "restarting",
            Self::Back => "back",
            Self::Ignored => "ignored",
        }
    }
}

/// Why a phone is not ordered to restart now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotOrdered {
    /// It waits for its wave, and registers again meanwhile.
    WaitsForWave,
    /// It waits for its wave and is registered with this program until then.
    Held,
    /// It is neither in `--inventory` nor in `--only`.
    NotListed,
    /// The connection does not come from the address of the phone that it names.
    OtherAddress,
    /// It registered with active audio.
    InCall,
    /// It fetches a file.
    Fetching,
    /// It may be writing its flash.
    Writing,
    /// Its last image was delivered less than ten minutes ago.
    JustWritten,
    /// It is converted.
    Converted,
    /// It runs the load that it would be given.
    SameLoad,
    /// No load is staged for it.
    NothingStaged,
    /// Neither its model nor its family is known.
    ModelUnknown,
    /// It has a trust list: it reads only files that its own call manager signed.
    TrustList,
    /// A diagnosis is active that a restart does not resolve.
    Diagnosed,
    /// It was ordered less than five minutes ago.
    OrderedRecently,
    /// It was ordered three times in this run.
    OrderedThreeTimes,
    /// The run ends or surveys.
    NotServing,
    /// The waves stopped.
    Stopped,
    /// The journal is not written.
    NoJournal,
    /// The preflight found an error.
    Preflight,
}

impl NotOrdered {
    /// Every reason.
    pub const ALL: [Self; 20] = [
        Self::WaitsForWave,
        Self::Held,
        Self::NotListed,
        Self::OtherAddress,
        Self::InCall,
        Self::Fetching,
        Self::Writing,
        Self::JustWritten,
        Self::Converted,
        Self::SameLoad,
        Self::NothingStaged,
        Self::ModelUnknown,
        Self::TrustList,
        Self::Diagnosed,
        Self::OrderedRecently,
        Self::OrderedThreeTimes,
        Self::NotServing,
        Self::Stopped,
        Self::NoJournal,
        Self::Preflight,
    ];

    /// Its name, as in JSON.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::WaitsForWave => "waits-for-wave",
            Self::Held => "held",
            Self::NotListed => "not-listed",
            Self::OtherAddress => "other-address",
            Self::InCall => "in-call",
            Self::Fetching => "fetching",
            Self::Writing => "writing",
            Self::JustWritten => "just-written",
            Self::Converted => "converted",
            Self::SameLoad => "same-load",
            Self::NothingStaged => "nothing-staged",
            Self::ModelUnknown => "model-unknown",
            Self::TrustList => "trust-list",
            Self::Diagnosed => "diagnosed",
            Self::OrderedRecently => "ordered-recently",
            Self::OrderedThreeTimes => "ordered-three-times",
            Self::NotServing => "not-serving",
            Self::Stopped => "stopped",
            Self::NoJournal => "no-journal",
            Self::Preflight => "preflight",
        }
    }

    /// Why, and what would change it, in one sentence.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::WaitsForWave => "it waits for its wave",
            Self::Held => {
                "it waits for its wave, registered with this program: it cannot make calls, emergency \
                 calls included"
            }
            Self::NotListed => "it is neither in --inventory nor in --only",
            Self::OtherAddress => {
                "the connection that names it does not come from its address, or its MAC is not known \
                 at that address"
            }
            Self::InCall => "it is in a call; it is ordered when it registers without one",
            Self::Fetching => "it fetches a file",
            Self::Writing => "it may be writing its flash: do not cut its power",
            Self::JustWritten => "its last image was delivered less than 10 minutes ago",
            Self::Converted => "it is converted",
            Self::SameLoad => "it runs the load that it would be given",
            Self::NothingStaged => "no bundle of this run is for it",
            Self::ModelUnknown => "its model is not known: list it with its model in --inventory",
            Self::TrustList => {
                "it has a trust list (CTL or ITL): only its own call manager can restart it to any \
                 effect; erase the list first (reflash explain trust-list)"
            }
            Self::Diagnosed => "a diagnosis is active that a restart does not resolve",
            Self::OrderedRecently => "it was ordered less than 5 minutes ago",
            Self::OrderedThreeTimes => {
                "it was ordered 3 times in this run: restart it at the phone, or disconnect its power"
            }
            Self::NotServing => "the run offers no firmware now",
            Self::Stopped => "the waves stopped",
            Self::NoJournal => "the journal is not written, and no order is given without it",
            Self::Preflight => {
                "the preflight found an error of this machine or its network: resolve it first"
            }
        }
    }
}

/// What every view shows of the restarts of a phone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestartStatus {
    /// How far its newest restart is; `None`: none was ordered.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub restart: Option<RestartState>,
    /// The wave of its newest order, from 1.
    #[serde(
        rename = "restart_wave",
        skip_serializing_if = "Option::is_none",
        default
    )]
    pub wave: Option<u32>,
    /// How many orders it got in this run.
    #[serde(rename = "restart_orders", skip_serializing_if = "is_zero", default)]
    pub orders: u32,
    /// Why it is not ordered; `None`: nothing was decided, or it was ordered since.
    #[serde(
        rename = "restart_withheld",
        skip_serializing_if = "Option::is_none",
        default
    )]
    pub withheld: Option<NotOrdered>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl RestartStatus {
    /// The status in a few words, for tables; `None`: there is nothing to show.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        let wave = self
            .wave
            .map(|wave| format!(" (wave {wave})"))
            .unwrap_or_default();
        match (self.restart, self.withheld) {
            (_, Some(NotOrdered::Held)) => Some("held".to_owned()),
            (Some(state), _) => Some(format!("{}{wave}", state.name())),
            (None, Some(reason)) => Some(format!("not ordered: {}", reason.code())),
            (None, None) => None,
        }
    }

    /// The status in one sentence.
    #[must_use]
    pub fn sentence(&self) -> Option<String> {
        let orders = match self.orders {
            0 | 1 => String::new(),
            more => format!(", order {more}"),
        };
        let wave = self.wave.unwrap_or_default();
        let ordered = self.restart.map(|state| match state {
            RestartState::Ordered => format!(
                "restart ordered in wave {wave}{orders}; no sign of a restart yet (in a call?)"
            ),
            RestartState::Restarting => {
                format!("restart ordered in wave {wave}{orders}; it ended its registration")
            }
            RestartState::Back => format!("restart ordered in wave {wave}{orders}; it restarted"),
            RestartState::Ignored => {
                format!("restart ordered in wave {wave}{orders}; it did not restart")
            }
        });
        let withheld = self
            .withheld
            .map(|why| format!("not ordered now: {}", why.text()));
        match (ordered, withheld) {
            (Some(ordered), Some(withheld)) => Some(format!("{ordered}; {withheld}")),
            (one, other) => one.or(other),
        }
    }
}

/// The switch port that a phone reported.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uplink {
    /// The switch.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub switch: Option<String>,
    /// Its port.
    #[serde(
        rename = "switch_port",
        skip_serializing_if = "Option::is_none",
        default
    )]
    pub port: Option<String>,
}

impl Uplink {
    /// Switch and port in a few words, not escaped; `None`: neither is known.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        match (&self.switch, &self.port) {
            (Some(switch), Some(port)) => Some(format!("{switch} {port}")),
            (one, other) => one.as_ref().or(other.as_ref()).cloned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_has_the_same_name_in_json_and_in_words() {
        for reason in NotOrdered::ALL {
            let json = serde_json::to_value(reason).unwrap();
            assert_eq!(json, reason.code());
            assert!(reason.text().len() > 10);
        }
    }
}
