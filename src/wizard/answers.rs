//! The answers so far.

use std::{collections::BTreeMap, path::PathBuf};

use super::{
    command_line::{CommandLine, ConvertOptions},
    environment::DetectedPhones,
    inventory_draft::InventoryDraft,
    prompt::PromptPage,
    transition::STEPS,
};
use crate::{
    bundle::{Bundle, FirmwareSet},
    discovery::watch::ObservedPhone,
    failure::Failure,
    inputs::bundles::Selection,
    phone::{MacAddress, Model},
    preflight::CheckResult,
};

/// The answers so far. They stay when the operator goes back, as defaults.
#[derive(Debug)]
pub(super) struct Answers {
    /// The command line they make.
    pub(super) command_line: CommandLine,
    /// Arguments of the wizard's own command line. Their questions are not asked.
    given: CommandLine,
    /// The model of `--model`.
    pub(super) given_model: Option<&'static Model>,
    /// The model for the instructions, if one was named.
    pub(super) model: Option<&'static Model>,
    /// The number of expected phones, if they are not named. An inventory overrides it.
    pub(super) count: Option<u32>,
    /// Target and bridge, examined.
    pub(super) selection: Selection,
    /// The interfaces with a link when phones were listened for.
    pub(super) links: Vec<String>,
    /// Phones that were detected.
    pub(super) detected: DetectedPhones,
    /// Whether the operator chose the interface from a menu.
    pub(super) has_picked_interface: bool,
    /// The last check of the network.
    pub(super) checked: Option<CheckResult>,
    /// What the inventory says about the phones.
    pub(super) setup: PhoneSetup,
    /// The inventory as typed, in use or not: the defaults of its form.
    pub(super) typed: Option<InventoryDraft>,
    /// The inventory that is to be written.
    pub(super) draft: Option<InventoryDraft>,
    /// The journal of the run.
    pub(super) journal: Option<PathBuf>,
    /// By step.
    answered: BTreeMap<usize, StepAnswer>,
}

/// What an inventory says about its phones.
#[derive(Debug, Clone, Default)]
pub(super) struct PhoneSetup {
    /// Where they register; `None`: they get no configuration.
    pub(super) pbx: Option<String>,
    /// Their models, if the inventory names them.
    pub(super) models: Vec<&'static Model>,
    /// The phones that get a configuration of their own.
    pub(super) configured: Vec<MacAddress>,
}

/// The answer of a step.
#[derive(Debug, Clone)]
struct StepAnswer {
    label: &'static str,
    short: String,
    /// A longer form, shown on the next page only.
    sentence: Option<String>,
}

impl Answers {
    /// The answers before the first question: only those that the command line gives.
    pub(super) fn new(given: CommandLine, model: Option<&'static Model>) -> Self {
        Self {
            command_line: given.clone(),
            given,
            given_model: model,
            model,
            count: None,
            selection: Selection::default(),
            links: Vec::new(),
            detected: DetectedPhones::default(),
            has_picked_interface: false,
            checked: None,
            setup: PhoneSetup::default(),
            typed: None,
            draft: None,
            journal: None,
            answered: BTreeMap::new(),
        }
    }

    /// Whether the operator gave one of these arguments.
    pub(super) fn is_given(&self, ids: &[&str]) -> bool {
        ids.iter().any(|id| self.given.has(id))
    }

    /// Removes a given argument that cannot be used: its question is asked.
    pub(super) fn reject_given(&mut self, id: &str) {
        self.given.clear(id);
        self.command_line.clear(id);
    }

    /// The answers as options of `convert`.
    pub(super) fn options(&self) -> Result<ConvertOptions, Failure> {
        self.command_line.options()
    }

    /// The command that continues from here in a new wizard.
    pub(super) fn wizard_line(&self) -> String {
        let line = self.command_line.line("wizard");
        match self.model {
            Some(model) => line.replacen("wizard", &format!("wizard --model {}", model.number), 1),
            None => line,
        }
    }

    /// The same in lines to copy; `program` calls this program.
    pub(super) fn wizard_lines(&self, program: &str) -> String {
        let subcommand = match self.model {
            Some(model) => format!("wizard --model {}", model.number),
            None => "wizard".to_owned(),
        };
        self.command_line.lines(program, &subcommand)
    }

    /// Sets the answer of a step.
    pub(super) fn set_answer(
        &mut self,
        number: usize,
        label: &'static str,
        short: impl Into<String>,
    ) {
        let answer = StepAnswer {
            label,
            short: short.into(),
            sentence: None,
        };
        self.answered.insert(number, answer);
    }

    /// Sets the answer of a step, with a sentence for the next page.
    pub(super) fn set_answer_with_sentence(
        &mut self,
        number: usize,
        label: &'static str,
        short: impl Into<String>,
        sentence: String,
    ) {
        self.set_answer(number, label, short);
        if let Some(answer) = self.answered.get_mut(&number) {
            answer.sentence = Some(sentence);
        }
    }

    /// Removes the answer of a step.
    pub(super) fn clear_answer(&mut self, number: usize) {
        self.answered.remove(&number);
    }

    /// Whether a step has an answer.
    pub(super) fn is_answered(&self, number: usize) -> bool {
        self.answered.contains_key(&number)
    }

    /// A page, with the answers of earlier steps.
    pub(super) fn page(&self, number: usize, title: &'static str) -> PromptPage {
        let before = self.answered.range(..number);
        let newest = before.clone().next_back().map(|(number, _)| *number);
        let answered = before.map(|(number, answer)| {
            let sentence = answer.sentence.as_ref();
            let sentence = sentence.filter(|_| newest == Some(*number));
            (answer.label, sentence.unwrap_or(&answer.short).clone())
        });
        PromptPage {
            number,
            of: STEPS,
            title,
            answered: answered.collect(),
        }
    }

    /// The models of the firmware, each number once.
    pub(super) fn models(&self) -> Vec<&'static Model> {
        let targets = self.selection.targets.iter();
        let models = targets.flat_map(|bundle| &bundle.models);
        let mut models: Vec<&'static Model> = models.copied().collect();
        models.retain(|model| model.family.is_supported());
        models.dedup_by_key(|model| model.plain_number());
        models
    }

    /// The models that find no SIP firmware after a factory reset.
    pub(super) fn models_without_recovery(&self) -> Vec<&'static Model> {
        let targets = self.selection.targets.iter();
        let sets = targets.flat_map(Bundle::served_sets);
        sets.flat_map(FirmwareSet::models_without_recovery)
            .collect()
    }

    /// The phones of `--only`.
    pub(super) fn only(&self) -> Vec<MacAddress> {
        let options = self.options();
        options.map(|options| options.only).unwrap_or_default()
    }

    /// The detected phones that are to be converted: those of `--only`, if any of them was
    /// detected, else all.
    pub(super) fn relevant_phones(&self) -> Vec<&(String, ObservedPhone)> {
        let only = self.only();
        let all = self.detected.phones.iter();
        let chosen = all.filter(|(_, phone)| only.contains(&phone.mac));
        let chosen: Vec<_> = chosen.collect();
        if chosen.is_empty() {
            return self.detected.phones.iter().collect();
        }
        chosen
    }

    /// The models that instructions are for: those of the chosen phones and the named one,
    /// else those of the inventory, else all of the firmware.
    pub(super) fn wanted_models(&self) -> Vec<&'static Model> {
        let only = self.only();
        let detected = self.detected.phones.iter();
        let chosen = detected.filter(|(_, phone)| only.contains(&phone.mac));
        let mut models: Vec<_> = chosen.filter_map(|(_, phone)| phone.model).collect();
        models.extend(self.model);
        if models.is_empty() {
            models.clone_from(&self.setup.models);
        }
        if models.is_empty() {
            models = self.models();
        }
        models.sort_by_key(|model| model.number);
        models.dedup();
        models
    }

    /// The load of the bridge.
    pub(super) fn bridge_load(&self) -> Option<String> {
        let bridge = self.selection.bridges.first()?;
        bridge.served_loads().next().map(ToString::to_string)
    }

    /// Why the interface was chosen; `None`: the command line named it.
    pub(super) fn interface_reason(&self) -> Option<String> {
        let chosen = self.checked.as_ref()?.chosen.as_ref()?;
        let is_given = self.is_given(&["interface", "listen"]);
        (!is_given).then(|| chosen.reason.clone())
    }

    /// The bundle files on the command line so far.
    pub(super) fn bundle_files(&self) -> Vec<PathBuf> {
        let options = self.options();
        options.map(|options| options.bundles).unwrap_or_default()
    }

    /// The bridge files on the command line so far.
    pub(super) fn bridge_files(&self) -> Vec<PathBuf> {
        let options = self.options();
        options.map(|options| options.bridges).unwrap_or_default()
    }
}
