//! The steps without a terminal and without a network: answers from a list, a machine that is
//! told what it finds.

mod bundles;
mod guiding;
mod steps;

use std::{
    cell::RefCell,
    collections::VecDeque,
    net::Ipv4Addr,
    path::{Path, PathBuf},
};

use super::{
    answers::Answers,
    asker::{Asked, Asker, Field, Menu, Page, Reply, Stopped},
    flow,
    machine::Machine,
    words::Words,
    world::{Near, World},
};
use crate::{
    bundle::{Bundle, Verdict},
    cli::{Failure, bundles::TrustArgs, configurations::Beside, convert, inventory::ListFile},
    diagnose::{Finding, Severity},
    discovery::watch,
    phone::{Family, LoadName, MacAddress, Model, Protocol},
    preflight::{CheckOptions, CheckResult, Interface, SelectedInterface},
    simulator::{Release, Sizes, SyntheticBundle},
    stage::ExtraFile,
    track::EvidenceSource,
};

/// What the person does next.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// The item that has these words in it.
    Pick(&'static str),
    /// A line.
    Type(String),
    /// What is offered.
    Enter,
    /// Esc, or `<`.
    Back,
    /// Ctrl-C.
    Stop,
}

pub(super) fn types(text: &str) -> Act {
    Act::Type(text.to_owned())
}

/// A person with a plan. Everything that is said is kept.
#[derive(Default)]
pub(super) struct Script {
    acts: VecDeque<Act>,
    pub(super) said: String,
    /// What was offered with each question.
    pub(super) offered: Vec<String>,
}

impl Script {
    pub(super) fn new(acts: impl IntoIterator<Item = Act>) -> Self {
        Self {
            acts: acts.into_iter().collect(),
            ..Self::default()
        }
    }

    fn next(&mut self, question: &str) -> Act {
        let act = self.acts.pop_front();
        act.unwrap_or_else(|| panic!("nobody answers {question}\n{}", self.said))
    }

    fn say(&mut self, text: &str) {
        self.said.push_str(text);
        self.said.push('\n');
    }

    pub(super) fn is_done(&self) -> bool {
        self.acts.is_empty()
    }
}

impl Asker for Script {
    fn page(&mut self, page: &Page) {
        self.say(&format!("\n== {} {}", page.number, page.title));
        for (what, answer) in &page.settled {
            self.say(&format!("   {what}: {answer}"));
        }
    }

    fn tell(&mut self, text: &str) {
        self.say(text);
    }

    fn show(&mut self, lines: &str) {
        self.say(lines);
    }

    fn choose(&mut self, menu: &Menu) -> Asked<usize> {
        self.say(&format!("? {}", menu.prompt));
        for item in &menu.items {
            self.say(&format!("  - {item}"));
        }
        self.offered.push(menu.items[menu.default].clone());
        let act = self.next(&menu.prompt);
        self.say(&format!("  {act:?}"));
        match act {
            Act::Pick(words) => {
                let at = menu.items.iter().position(|item| item.contains(words));
                let at = at.unwrap_or_else(|| panic!("no item {words:?}\n{}", self.said));
                Ok(Reply::Given(at))
            }
            Act::Enter => Ok(Reply::Given(menu.default)),
            Act::Back => Ok(Reply::Back),
            Act::Stop => Err(Stopped::Signal(2)),
            Act::Type(text) => panic!("{text:?} is no item\n{}", self.said),
        }
    }

    fn ask(&mut self, field: &Field) -> Asked<String> {
        self.say(&format!("? {} {:?}", field.prompt, field.default));
        self.offered.push(field.default.clone().unwrap_or_default());
        match self.next(&field.prompt) {
            Act::Type(text) => Ok(Reply::Given(text)),
            Act::Enter => Ok(Reply::Given(field.default.clone().unwrap_or_default())),
            Act::Back => Ok(Reply::Back),
            Act::Stop => Err(Stopped::Signal(2)),
            Act::Pick(words) => panic!("{words:?} is no line\n{}", self.said),
        }
    }

    fn go_on(&mut self) -> Result<(), Stopped> {
        Ok(())
    }
}

/// A machine in a folder of its own, with the network that it is told of.
pub(super) struct Desk {
    folder: tempfile::TempDir,
    near: RefCell<Vec<(String, watch::ObservedPhone)>>,
    deaf: Option<String>,
    interfaces: Vec<Interface>,
    /// What each look finds; the last one stays.
    looks: VecDeque<Vec<Finding>>,
}

pub(super) fn desk() -> Desk {
    Desk {
        folder: tempfile::tempdir().unwrap(),
        near: RefCell::default(),
        deaf: None,
        interfaces: vec![interface("eth0", 10)],
        looks: VecDeque::from([Vec::new()]),
    }
}

fn interface(name: &str, last: u8) -> Interface {
    Interface {
        name: name.to_owned(),
        address: Ipv4Addr::new(192, 0, 2, last),
        prefix: 24,
        mac: None,
        index: 2,
        carrier: true,
        wireless: false,
        software: false,
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

impl Desk {
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

    fn heard(self, mac: &str, model: &str, load: &str) -> Self {
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
        };
        self.near.borrow_mut().push(("eth0".to_owned(), phone));
        self
    }

    /// The wizard with these flags and this person.
    fn run(&mut self, flags: &[&str], acts: Vec<Act>) -> (Answers, Script, Result<(), Stopped>) {
        let mut answers = answers(flags);
        let mut script = Script::new(acts);
        let ended = flow::run(&mut answers, &mut script, self);
        (answers, script, ended)
    }
}

/// As they come from a command line, with the key of made-up bundles.
fn answers(flags: &[&str]) -> Answers {
    let key = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/test-key.pem");
    let flags = [flags, &["--trust-key", key]].concat();
    Answers::new(Words::read(&flags), None)
}

pub(super) fn small(family: Family) -> SyntheticBundle {
    SyntheticBundle::new(family, 7).unwrap().sizes(Sizes::Small)
}

impl World for Desk {
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
        Machine.exists(path)
    }

    fn examine(&self, paths: &[PathBuf], trust: &TrustArgs) -> Result<Vec<Bundle>, Failure> {
        let mut bundles = Machine.examine(paths, trust)?;
        // No made-up bundle of these families is of a kind that cannot be checked.
        for bundle in &mut bundles {
            if bundle.path.to_string_lossy().contains("unproven") {
                bundle.verdict = Verdict::Intact;
            }
        }
        Ok(bundles)
    }

    fn listen(&mut self, _interface: Option<&str>, _seconds: u64) -> Near {
        Near {
            phones: self.near.borrow().clone(),
            deaf: self.deaf.clone(),
            listened: true,
        }
    }

    fn interfaces(&self) -> Vec<Interface> {
        self.interfaces.clone()
    }

    fn check(&mut self, wanted: &CheckOptions) -> CheckResult {
        let findings = match self.looks.len() {
            1 => self.looks[0].clone(),
            _ => self.looks.pop_front().unwrap_or_default(),
        };
        let address = wanted.listen.unwrap_or(self.interfaces[0].address);
        let interface = wanted.interface.clone();
        CheckResult {
            chosen: Some(SelectedInterface {
                address,
                interface: interface.or_else(|| Some("eth0".to_owned())),
                reason: "it is told so".to_owned(),
            }),
            findings,
        }
    }

    fn own_files(&self, paths: &[PathBuf]) -> Result<Vec<ExtraFile>, Failure> {
        Machine.own_files(paths)
    }

    fn list(&self, path: &Path) -> Result<ListFile, Failure> {
        Machine.list(path)
    }

    fn judge(&self, list: Option<&ListFile>, beside: Beside<'_>) -> Result<Vec<String>, Failure> {
        Machine.judge(list, beside)
    }

    fn journal(&self, _args: &convert::Args, _load: Option<&LoadName>) -> Option<PathBuf> {
        Some(self.path("run.jsonl"))
    }

    fn secret(&self) -> Result<String, Failure> {
        Ok("made-for-you".to_owned())
    }
}
