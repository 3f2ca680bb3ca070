//! What is known by now.

use std::{collections::BTreeMap, path::PathBuf};

use super::{
    super::{Failure, convert},
    asker::Page,
    draft::Draft,
    words::Words,
    world::Near,
};
use crate::{
    bundle::Bundle,
    phone::{MacAddress, Model},
    preflight::CheckResult,
};

/// The answers so far. They stay when a person goes back, as what Enter means.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// The command line that they come to.
    pub(super) words: Words,
    /// Those that stood on the command line: nobody is asked for them.
    given: Words,
    /// The model that instructions are for, where one was named.
    pub(super) model: Option<&'static Model>,
    /// How many phones are to come, where they are not named; a list of phones goes before it.
    pub(super) count: Option<u32>,
    /// The firmware, examined.
    pub(super) bundles: Vec<Bundle>,
    /// The bridge, examined.
    pub(super) bridges: Vec<Bundle>,
    /// The phones that were heard.
    pub(super) near: Near,
    /// The network as it was looked at last.
    pub(super) checked: Option<CheckResult>,
    /// What the phones are to be.
    pub(super) site: Site,
    /// What was typed of a list, whether it is wanted now or not: what Enter means.
    pub(super) typed: Option<Draft>,
    /// The list of phones that is to be written.
    pub(super) draft: Option<Draft>,
    /// Where the run is to be recorded.
    pub(super) journal: Option<PathBuf>,
    /// By step.
    settled: BTreeMap<usize, Settled>,
}

/// What a list says of its phones.
#[derive(Debug, Default)]
pub(super) struct Site {
    /// Where they are to register; `None`: nobody told them.
    pub(super) pbx: Option<String>,
    /// What they are, where the list says it.
    pub(super) models: Vec<&'static Model>,
}

/// The answer of a step.
#[derive(Debug, Clone)]
struct Settled {
    what: &'static str,
    /// In a few words.
    answer: String,
    /// The sentence that is said of it once, on the page after.
    said: Option<String>,
}

impl Answers {
    /// Before the first question.
    pub(super) fn new(given: Words, model: Option<&'static Model>) -> Self {
        Self {
            words: given.clone(),
            given,
            model,
            ..Self::default()
        }
    }

    /// Whether one of these stood on the command line.
    pub(super) fn is_given(&self, ids: &[&str]) -> bool {
        ids.iter().any(|id| self.given.has(id))
    }

    /// What stood on the command line does not do: it is asked for.
    pub(super) fn take_back(&mut self, id: &str) {
        self.given.clear(id);
        self.words.clear(id);
    }

    /// The answers as `convert` reads them.
    pub(super) fn args(&self) -> Result<convert::Args, Failure> {
        self.words.args()
    }

    /// The line that goes on from here in another wizard.
    pub(super) fn wizard_line(&self) -> String {
        let line = self.words.line("wizard");
        match self.model {
            Some(model) => line.replacen("wizard", &format!("wizard --model {}", model.number), 1),
            None => line,
        }
    }

    /// Notes the answer of a step.
    pub(super) fn settle(&mut self, number: usize, what: &'static str, answer: impl Into<String>) {
        let settled = Settled {
            what,
            answer: answer.into(),
            said: None,
        };
        self.settled.insert(number, settled);
    }

    /// The same with a sentence for the page after it.
    pub(super) fn settle_saying(
        &mut self,
        number: usize,
        what: &'static str,
        answer: impl Into<String>,
        said: String,
    ) {
        self.settle(number, what, answer);
        if let Some(settled) = self.settled.get_mut(&number) {
            settled.said = Some(said);
        }
    }

    /// The same answer does no more.
    pub(super) fn unsettle(&mut self, number: usize) {
        self.settled.remove(&number);
    }

    /// Whether a step has an answer.
    pub(super) fn is_settled(&self, number: usize) -> bool {
        self.settled.contains_key(&number)
    }

    /// A page, with what was settled before it.
    pub(super) fn page(&self, number: usize, title: &'static str) -> Page {
        let before = self.settled.range(..number);
        let newest = before.clone().next_back().map(|(number, _)| *number);
        let told = before.map(|(number, it)| {
            let said = it.said.as_ref().filter(|_| newest == Some(*number));
            (it.what, said.unwrap_or(&it.answer).clone())
        });
        Page {
            number,
            of: super::flow::STEPS,
            title,
            settled: told.collect(),
        }
    }

    /// The models that the firmware is for, each number once.
    pub(super) fn models(&self) -> Vec<&'static Model> {
        let models = self.bundles.iter().flat_map(|bundle| &bundle.models);
        let mut models: Vec<&'static Model> = models.copied().collect();
        models.retain(|model| model.family.is_convertible());
        models.dedup_by_key(|model| model.plain_number());
        models
    }

    /// The phones that are wanted by name.
    pub(super) fn only(&self) -> Vec<MacAddress> {
        self.args().map(|args| args.only).unwrap_or_default()
    }

    /// The models that instructions are for: of the phones that were chosen, else the one that
    /// was named, else all.
    pub(super) fn wanted_models(&self) -> Vec<&'static Model> {
        let only = self.only();
        let heard = self.near.phones.iter();
        let chosen = heard.filter(|(_, phone)| only.contains(&phone.mac));
        let mut models: Vec<_> = chosen.filter_map(|(_, phone)| phone.model).collect();
        models.extend(self.model);
        if models.is_empty() {
            models.clone_from(&self.site.models);
        }
        if models.is_empty() {
            models = self.models();
        }
        models.sort_by_key(|model| model.number);
        models.dedup();
        models
    }

    /// Files that were named in a flag.
    pub(super) fn named(&self) -> Named {
        self.args().map_or_else(
            |_| Named::default(),
            |args| Named {
                bundles: args.bundles,
                bridges: args.bridge.bridges,
            },
        )
    }
}

/// Files that stand on the command line so far.
#[derive(Debug, Default)]
pub(super) struct Named {
    pub(super) bundles: Vec<PathBuf>,
    pub(super) bridges: Vec<PathBuf>,
}
