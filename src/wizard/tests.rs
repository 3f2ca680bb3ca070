//! The steps without a terminal and without a network: scripted answers, and an environment that
//! returns what a test sets.
//!
//! Long because: the scripted operator and machine that all tests of the steps share.

mod bundles;
mod configuration;
mod direct_cable;
mod early_route;
mod guiding;
mod starting;
mod steps;

use std::{
    cell::RefCell,
    collections::{BTreeMap, VecDeque},
    net::Ipv4Addr,
    path::{Path, PathBuf},
};

use super::{
    answers::Answers,
    command_line::CommandLine,
    environment::{DetectedPhones, Environment, InterruptedRun},
    flow,
    host::HostEnvironment,
    prompt::{Field, Menu, Prompt, PromptPage, PromptReply, PromptResult, Stopped},
};
use crate::{
    bundle::{Bundle, Verdict},
    cli::wizard::SYNTAX,
    diagnose::{Finding, Severity},
    discovery::watch,
    failure::Failure,
    inputs::{bundles::Trust, configurations::ConfigurationInputs, phone_list::InventoryFile},
    phone::{Family, LoadName, MacAddress, Model, Protocol},
    preflight::{AddressCommands, CheckOptions, CheckResult, Interface, SelectedInterface},
    simulator::{Release, Sizes, SyntheticBundle},
    stage::ExtraFile,
    track::EvidenceSource,
};

/// What the operator does next.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// Choose the item that contains this text.
    Pick(&'static str),
    /// Type a line.
    Type(String),
    /// Accept the default.
    Enter,
    /// Esc, or `<`.
    Back,
    /// Ctrl-C.
    Stop,
}

pub(super) fn types(text: &str) -> Act {
    Act::Type(text.to_owned())
}

/// An operator with a script. All output is kept.
#[derive(Default)]
pub(super) struct ScriptedPrompt {
    acts: VecDeque<Act>,
    pub(super) output: String,
    /// The default of each question.
    pub(super) offered: Vec<String>,
    /// Rows of the screen; `None`: enough for any page.
    pub(super) rows: Option<usize>,
}

impl ScriptedPrompt {
    pub(super) fn new(acts: impl IntoIterator<Item = Act>) -> Self {
        Self {
            acts: acts.into_iter().collect(),
            ..Self::default()
        }
    }

    fn next(&mut self, question: &str) -> Act {
        let act = self.acts.pop_front();
        act.unwrap_or_else(|| panic!("no answer to {question}\n{}", self.output))
    }

    fn record(&mut self, text: &str) {
        self.output.push_str(text);
        self.output.push('\n');
    }

    pub(super) fn is_done(&self) -> bool {
        self.acts.is_empty()
    }
}

impl Prompt for ScriptedPrompt {
    fn rows(&self) -> usize {
        self.rows.unwrap_or(usize::MAX)
    }

    fn page(&mut self, page: &PromptPage) {
        self.record(&format!("\n== {} {}", page.number, page.title));
        for (what, answer) in &page.answered {
            self.record(&format!("   {what}: {answer}"));
        }
    }

    fn paragraph(&mut self, text: &str) {
        self.record(text);
    }

    fn verbatim(&mut self, lines: &str) {
        self.record(lines);
    }

    fn choose(&mut self, menu: &Menu) -> PromptResult<usize> {
        self.record(&format!("? {}", menu.prompt));
        for item in &menu.items {
            self.record(&format!("  - {item}"));
        }
        self.offered.push(menu.items[menu.default].clone());
        let act = self.next(&menu.prompt);
        self.record(&format!("  {act:?}"));
        match act {
            Act::Pick(words) => {
                let at = menu.items.iter().position(|item| item.contains(words));
                let at = at.unwrap_or_else(|| panic!("no item {words:?}\n{}", self.output));
                Ok(PromptReply::Given(at))
            }
            Act::Enter => Ok(PromptReply::Given(menu.default)),
            Act::Back => Ok(PromptReply::Back),
            Act::Stop => Err(Stopped::Signal(2)),
            Act::Type(text) => panic!("{text:?} is not an item\n{}", self.output),
        }
    }

    fn ask(&mut self, field: &Field) -> PromptResult<String> {
        self.record(&format!("? {} {:?}", field.prompt, field.default));
        self.offered.push(field.default.clone().unwrap_or_default());
        match self.next(&field.prompt) {
            Act::Type(text) => Ok(PromptReply::Given(text)),
            Act::Enter => Ok(PromptReply::Given(
                field.default.clone().unwrap_or_default(),
            )),
            Act::Back => Ok(PromptReply::Back),
            Act::Stop => Err(Stopped::Signal(2)),
            Act::Pick(words) => panic!("{words:?} is not a line\n{}", self.output),
        }
    }

    fn progress(&mut self, text: &str) {
        self.record(text);
    }

    fn check_signals(&mut self) -> Result<(), Stopped> {
        Ok(())
    }
}

/// A machine in a folder of its own, with a network that the test sets.
pub(super) struct TestEnvironment {
    folder: tempfile::TempDir,
    detected: RefCell<Vec<(String, watch::ObservedPhone)>>,
    capture_error: Option<String>,
    interfaces: RefCell<Vec<Interface>>,
    links: RefCell<Vec<String>>,
    /// Whether the links differ each time.
    changes_links: bool,
    /// The interface that gets an address when its commands are shown.
    assigned: RefCell<Option<Interface>>,
    /// Parts of a bridge, and their bridge.
    bridges: BTreeMap<String, String>,
    interrupted: Option<InterruptedRun>,
    /// The findings of each check; the last ones repeat.
    looks: VecDeque<Vec<Finding>>,
}

pub(super) fn test_environment() -> TestEnvironment {
    TestEnvironment {
        folder: tempfile::tempdir().unwrap(),
        detected: RefCell::default(),
        capture_error: None,
        interfaces: RefCell::new(vec![Interface::example("eth0", 10)]),
        links: RefCell::default(),
        changes_links: false,
        assigned: RefCell::default(),
        bridges: BTreeMap::new(),
        interrupted: None,
        looks: VecDeque::from([Vec::new()]),
    }
}

pub(super) fn finding(code: &'static str, severity: Severity) -> Finding {
    Finding {
        code,
        severity,
        path: None,
        line: None,
        column: None,
        message: format!("something about {code}"),
        cure: "do something".to_owned(),
    }
}

impl TestEnvironment {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A bundle of this protocol and release.
    fn bundle(&self, made: &SyntheticBundle) -> PathBuf {
        let path = self.path(&made.file_name());
        made.write_zip(&path).unwrap();
        path
    }

    pub(super) fn target(&self) -> PathBuf {
        self.bundle(&small(Family::F45))
    }

    pub(super) fn bridge(&self) -> PathBuf {
        let old = small(Family::F45).protocol(Protocol::Sccp);
        self.bundle(&old.release(Release {
            load: "8-5-2S".to_owned(),
            images: "8-5-2TH1-9".to_owned(),
        }))
    }

    fn with_phone(self, mac: &str, model: &str, load: &str) -> Self {
        self.with_phone_on("eth0", mac, model, load)
    }

    fn with_phone_on(self, interface: &str, mac: &str, model: &str, load: &str) -> Self {
        let mac: MacAddress = mac.parse().unwrap();
        let phone = watch::ObservedPhone {
            mac,
            address: None,
            model: Model::by_number(model),
            load: Some(LoadName::new(load)),
            port: None,
            vlan: None,
            power: None,
            source: EvidenceSource::Cdp,
            first_seen: std::time::Duration::ZERO,
            last_seen: std::time::Duration::ZERO,
            expires_at: None,
            is_silent: false,
            disputed: None,
            is_only_disputed: false,
        };
        self.detected
            .borrow_mut()
            .push((interface.to_owned(), phone));
        self
    }

    /// Runs the wizard with these options and this script.
    fn run(
        &mut self,
        flags: &[&str],
        acts: Vec<Act>,
    ) -> (Answers, ScriptedPrompt, Result<(), Stopped>) {
        let mut answers = answers(flags);
        let mut script = ScriptedPrompt::new(acts);
        let ended = flow::run(&mut answers, &mut script, self);
        (answers, script, ended)
    }
}

/// Answers of a command line with these options, and the key of synthetic bundles.
fn answers(flags: &[&str]) -> Answers {
    let key = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/test-key.pem");
    let flags = [flags, &["--trust-key", key]].concat();
    let matches = (SYNTAX.command)().try_get_matches_from(flags).unwrap();
    Answers::new(CommandLine::given(&matches, SYNTAX), None)
}

pub(super) fn small(family: Family) -> SyntheticBundle {
    SyntheticBundle::new(family, 7).unwrap().sizes(Sizes::Small)
}

impl Environment for TestEnvironment {
    fn candidates(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap().flatten();
        let mut files: Vec<_> = entries
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|end| end == "zip"))
            .collect();
        files.sort();
        files
    }

    fn exists(&self, path: &Path) -> bool {
        HostEnvironment.exists(path)
    }

    fn examine(&self, paths: &[PathBuf], trust: &Trust) -> Result<Vec<Bundle>, Failure> {
        let mut bundles = HostEnvironment.examine(paths, trust)?;
        // The signatures of all synthetic bundles can be checked, so the verdict is set here.
        for bundle in &mut bundles {
            if bundle.path.to_string_lossy().contains("unproven") {
                bundle.verdict = Verdict::Intact;
            }
        }
        Ok(bundles)
    }

    fn listen(
        &mut self,
        _interface: Option<&str>,
        seconds: u64,
        progress: &mut dyn FnMut(u64, usize),
    ) -> DetectedPhones {
        progress(seconds, self.detected.borrow().len());
        DetectedPhones {
            phones: self.detected.borrow().clone(),
            capture_error: self.capture_error.clone(),
            listened: true,
        }
    }

    fn links(&self) -> Vec<String> {
        let mut links = self.links.borrow_mut();
        if self.changes_links {
            let next = format!("eth{}", links.len());
            links.push(next);
        }
        links.clone()
    }

    fn interfaces(&self) -> Vec<Interface> {
        self.interfaces.borrow().clone()
    }

    fn upper(&self, interface: &str) -> Option<String> {
        self.bridges.get(interface).cloned()
    }

    fn address_commands(&self, interface: &str) -> AddressCommands {
        // The operator runs them as soon as they are shown.
        let assigned = self.assigned.borrow_mut().take();
        self.interfaces.borrow_mut().extend(assigned);
        AddressCommands {
            assign: vec![format!("assign {interface}")],
            remove: vec![format!("remove {interface}")],
        }
    }

    fn call(&self) -> String {
        "sudo reflash".to_owned()
    }

    fn cannot_read(&self, path: &Path) -> Option<String> {
        let name = path.to_string_lossy();
        name.contains("unreadable").then(|| "maria".to_owned())
    }

    fn interrupted_run(&self) -> Option<InterruptedRun> {
        self.interrupted.clone()
    }

    fn check(&mut self, options: &CheckOptions) -> CheckResult {
        let findings = match self.looks.len() {
            1 => self.looks[0].clone(),
            _ => self.looks.pop_front().unwrap_or_default(),
        };
        let all = self.interfaces.borrow();
        let interface = options.interface.clone();
        let named = all.iter().find(|one| Some(&one.name) == interface.as_ref());
        let address = options.listen.unwrap_or(named.unwrap_or(&all[0]).address);
        CheckResult {
            chosen: Some(SelectedInterface {
                address,
                interface: interface.or_else(|| Some("eth0".to_owned())),
                reason: "set by the test".to_owned(),
            }),
            findings,
        }
    }

    fn extra_files(&self, paths: &[PathBuf]) -> Result<Vec<ExtraFile>, Failure> {
        HostEnvironment.extra_files(paths)
    }

    fn inventory(&self, path: &Path) -> Result<InventoryFile, Failure> {
        HostEnvironment.inventory(path)
    }

    fn check_configurations(
        &self,
        inventory: Option<&InventoryFile>,
        inputs: ConfigurationInputs<'_>,
    ) -> Result<Vec<String>, Failure> {
        HostEnvironment.check_configurations(inventory, inputs)
    }

    fn journal(&self, _load: Option<&LoadName>) -> Option<PathBuf> {
        Some(self.path("run.jsonl"))
    }

    fn secret(&self) -> Result<String, Failure> {
        Ok("made-for-you".to_owned())
    }
}
