//! Instructions for the operator during the run: which keys to press and when, and when not to
//! touch the phone.
//!
//! The display reports what phones do and what is wrong; this says what the operator does.

use std::collections::{BTreeMap, BTreeSet};

use super::answers::PhoneSetup;
use crate::{
    diagnose::Code,
    phone::{HardwareHazard, Model, RESET_KEYS, RESET_WINDOW, ResetLamps, restart_instructions},
    track::{PhoneId, PhoneRef, PhoneStep, State},
};

/// Maximum number of phones with instructions of their own. For more, the display's lines suffice.
const MAX_PHONES: usize = 4;

/// Instructions, and which were given.
#[derive(Debug)]
pub(super) struct Guide {
    models: Vec<&'static Model>,
    /// By phone, the states that had an instruction.
    announced: BTreeMap<PhoneId, Vec<State>>,
    /// Where the phones register, and which.
    setup: PhoneSetup,
    /// Phones that turned out to be of another model than the inventory says: their configuration
    /// is not served.
    of_another_model: BTreeSet<PhoneId>,
    /// The run continues: phones were reset before.
    is_resumed: bool,
    /// This program assigns the addresses.
    is_isolated: bool,
    /// The load of the bridge, if there is one.
    bridge: Option<String>,
    /// Models that must not be reset: they would find no SIP firmware.
    without_recovery: Vec<&'static Model>,
    /// Models whose reset keeps the firmware: a restart suffices.
    restarted: Vec<&'static Model>,
}

/// Phones that still run need no person, if their call manager restarts them.
const AT_CALL_MANAGER: &str = "Phones that still run at a call manager can be restarted from there, \
    if DHCP names this machine: `reflash check --resets KIND --inventory FILE` prints the \
    commands (KIND: cucm, cme, chan_sccp or chan_skinny).";

impl Guide {
    /// Instructions for phones of these models.
    pub(super) fn new(models: Vec<&'static Model>, setup: PhoneSetup) -> Self {
        let (models, restarted) = models
            .into_iter()
            .partition(|model| model.family.has_recovery_manifest());
        Self {
            models,
            restarted,
            announced: BTreeMap::new(),
            setup,
            of_another_model: BTreeSet::new(),
            is_resumed: false,
            is_isolated: false,
            bridge: None,
            without_recovery: Vec::new(),
        }
    }

    /// The same, for firmware in which these models find no recovery manifest.
    pub(super) fn without_recovery(mut self, models: &[&'static Model]) -> Self {
        let is_affected = |model: &&Model| models.contains(model);
        (self.without_recovery, self.models) = self.models.iter().copied().partition(is_affected);
        self
    }

    /// The same, for a run that continues.
    pub(super) fn resumed(mut self, is_resumed: bool) -> Self {
        self.is_resumed = is_resumed;
        self
    }

    /// The same, for a run in which this program assigns the addresses.
    pub(super) fn isolated(mut self, is_isolated: bool) -> Self {
        self.is_isolated = is_isolated;
        self
    }

    /// The same, with a bridge.
    pub(super) fn bridge(mut self, load: Option<String>) -> Self {
        self.bridge = load;
        self
    }

    /// Whether phones of every model are restarted and not reset.
    fn only_restarts(&self) -> bool {
        self.models.is_empty() && !(self.without_recovery.is_empty() && self.restarted.is_empty())
    }

    /// What to do with phones that must not be reset.
    fn restart_instead(&self) -> Option<String> {
        let models = numbers(&self.without_recovery);
        (!models.is_empty()).then(|| {
            format!(
                "Do not reset a {}: this firmware has no SIP recovery manifest for it. Restart it \
                 while it runs: press Settings, then **#**. It reads its configuration, which \
                 names the new load, and fetches that.",
                models.join(", ")
            )
        })
    }

    /// How a phone is reset, and what can go wrong.
    pub(super) fn opening(&self) -> Vec<String> {
        if self.is_resumed {
            return vec![
                "The conversion continues. Leave phones that were reset before plugged in: they \
                 request the rest by themselves."
                    .to_owned(),
            ];
        }
        let mut lines = restart_instructions(&self.restarted);
        lines.extend(self.restart_instead());
        if !self.is_isolated {
            lines.push(AT_CALL_MANAGER.to_owned());
        }
        if self.only_restarts() {
            return lines;
        }
        lines.push("Reset the phone now:".to_owned());
        for hazard in HardwareHazard::ALL {
            let models = self.models.iter();
            let affected = models.filter(|model| model.hazards().contains(&hazard));
            let affected: Vec<&str> = affected.map(|model| model.plain_number()).collect();
            if !affected.is_empty() {
                lines.push(format!(
                    "Caution, {}: {}.",
                    affected.join(", "),
                    hazard.warning()
                ));
            }
        }
        let lamps = self.lamps();
        lines.push(format!(
            "1. Connect the phone's network cable to {}. Disconnect its power (the network \
                 cable, if it supplies the power).",
            if self.is_isolated {
                "this machine, directly or through a switch without other devices"
            } else {
                "the same switch as this machine"
            }
        ));
        lines.push("2. Hold down the # key and reconnect the power.".to_owned());
        for (models, shown) in &lamps {
            let models = match lamps.len() {
                1 => String::new(),
                _ => format!(" ({models})"),
            };
            lines.push(format!(
                "3. Keep holding until {}{models}. Then release # and type {RESET_KEYS} within {} \
                 seconds; when {}, the reset is accepted.",
                shown.ready,
                RESET_WINDOW.as_secs(),
                shown.accepted
            ));
        }
        lines.push(
            "A wrong key cancels the reset and the phone starts normally: start again at step 1. \
             reflash detects by itself what the phone does next."
                .to_owned(),
        );
        if let Some(bridge) = &self.bridge {
            lines.push(format!(
                "A phone that refuses the new firmware gets the bridge {bridge} first, and the new \
                 firmware after that: it fetches images and restarts twice, and runs SCCP in \
                 between."
            ));
        }
        if let Some(pbx) = &self.setup.pbx {
            lines.push(format!(
                "On {pbx}, each extension needs a user with the same password: `reflash provision \
                 LIST --to FOLDER` writes the files for Asterisk. There, `asterisk -rx 'pjsip show \
                 contacts'` lists the phones that are registered."
            ));
        }
        lines
    }

    /// The lamp signals, each with its models.
    fn lamps(&self) -> Vec<(String, ResetLamps)> {
        let mut by_lamps: Vec<(ResetLamps, Vec<&str>)> = Vec::new();
        for model in &self.models {
            let Some(lamps) = model.family.reset_lamps() else {
                continue;
            };
            match by_lamps.iter_mut().find(|(other, _)| *other == lamps) {
                Some((_, models)) => models.push(model.plain_number()),
                None => by_lamps.push((lamps, vec![model.plain_number()])),
            }
        }
        by_lamps
            .into_iter()
            .map(|(lamps, models)| (models.join(", "), lamps))
            .collect()
    }

    /// The instruction for a phone's step, once for each state.
    pub(super) fn step(&mut self, step: &PhoneStep) -> Option<String> {
        let id = step.phone.id;
        let is_new = !self.announced.contains_key(&id);
        if is_new && self.announced.len() >= MAX_PHONES {
            return None;
        }
        let announced = self.announced.entry(id).or_default();
        if announced.contains(&step.state) {
            return None;
        }
        announced.push(step.state);
        let is_first = announced.len() == 1;
        let name = name(&step.phone);
        Some(match step.state {
            State::Seen if self.only_restarts() => {
                format!("{name} was detected. Restart it as described above.")
            }
            State::Seen => format!("{name} was detected. Continue with the reset keys."),
            State::Configuring if is_first => format!(
                "{name} is running its old firmware and is offered the new one; no keys needed. If \
                 nothing happens within a minute, {} it as described above.",
                if self.only_restarts() {
                    "restart"
                } else {
                    "reset"
                }
            ),
            State::Manifest if is_first => {
                format!("The reset was accepted: {name} requests firmware. No more keys needed.")
            }
            State::Manifest => format!("{name} requests firmware. No more keys needed."),
            State::Images => {
                format!("{name} is fetching its images. DO NOT UNPLUG it from now on.")
            }
            State::Writing => format!(
                "{name} has all images and is writing them. DO NOT UNPLUG: this usually takes less \
                 than 5 minutes, and reflash waits 10; the display may be dark."
            ),
            State::Rebooted => {
                format!("{name} requests an address: it restarts by itself. DO NOT UNPLUG it yet.")
            }
            State::Flashed => format!(
                "{name} fetched all images and starts. It may fetch everything a second time; that \
                 is normal. Do not touch it until it is done."
            ),
            State::Confirmed | State::Already => self.converted(&step.phone),
            // The display shows what is wrong and what to do.
            State::Stalled | State::Failed | State::Configuring => return None,
        })
    }

    fn converted(&self, phone: &PhoneRef) -> String {
        let name = name(phone);
        let is_configured = phone
            .mac
            .is_some_and(|mac| self.setup.configured.contains(&mac));
        match &self.setup.pbx {
            Some(_) if self.of_another_model.contains(&phone.id) => format!(
                "{name} is converted. Its configuration was made for another model and is not \
                 served: correct its model in the inventory, and start again."
            ),
            Some(_) if !is_configured => format!(
                "{name} is converted. It gets no configuration of its own in this run, so it does \
                 not register."
            ),
            Some(pbx) => format!("{name} is converted and is to register with {pbx}."),
            None => format!(
                "{name} is converted. Without a configuration it shows Unprovisioned; that is \
                 expected."
            ),
        }
    }

    /// A diagnosis of a phone was raised or withdrawn.
    pub(super) fn diagnosed(&mut self, phone: PhoneId, code: Code, is_active: bool) {
        if code != Code::ModelMismatch {
            return;
        }
        if is_active {
            self.of_another_model.insert(phone);
        } else {
            self.of_another_model.remove(&phone);
        }
    }

    /// This phone was merged into another one.
    pub(super) fn forget(&mut self, id: PhoneId) {
        self.announced.remove(&id);
    }
}

fn numbers(models: &[&'static Model]) -> Vec<&'static str> {
    models.iter().map(|model| model.plain_number()).collect()
}

fn name(phone: &PhoneRef) -> String {
    match phone.mac {
        Some(mac) => format!("SEP{}", mac.upper_hex()),
        None => format!("the phone at {}", phone.address),
    }
}
