//! The interface to this machine, its files and its network.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::{
    bundle::Bundle,
    discovery::watch::ObservedPhone,
    failure::Failure,
    inputs::{bundles::Trust, configurations::ConfigurationInputs, phone_list::InventoryFile},
    phone::{LoadName, Model},
    preflight::{AddressCommands, CheckOptions, CheckResult, Interface},
    stage::ExtraFile,
};

/// Phones that were detected on the network.
#[derive(Debug, Default)]
pub(super) struct DetectedPhones {
    /// Each with its interface.
    pub(super) phones: Vec<(String, ObservedPhone)>,
    /// Why no packets could be captured.
    pub(super) capture_error: Option<String>,
    /// Whether a capture was tried at all.
    pub(super) listened: bool,
}

impl DetectedPhones {
    /// Adds phones that were detected earlier and are missing here: a phone announces itself only
    /// once a minute.
    pub(super) fn add_earlier(&mut self, earlier: Self) {
        for (interface, phone) in earlier.phones {
            if self.phones.iter().all(|(_, known)| known.mac != phone.mac) {
                self.phones.push((interface, phone));
            }
        }
        self.phones.sort_by_key(|(_, phone)| phone.mac);
    }
}

/// A conversion that was interrupted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InterruptedRun {
    /// Its journal.
    pub(super) path: PathBuf,
    pub(super) began: Timestamp,
    /// The phones that came.
    pub(super) phones: usize,
    /// Those that are done.
    pub(super) done: usize,
    /// The network options that continue it.
    pub(super) options: Vec<String>,
    /// The models of its firmware.
    pub(super) models: Vec<&'static Model>,
}

/// This machine, its files and its network. Nothing is changed.
pub(super) trait Environment {
    /// Files whose names look like bundles: in the current folder, then in Downloads.
    fn candidates(&self) -> Vec<PathBuf>;

    /// Whether a path exists.
    fn exists(&self, path: &Path) -> bool;

    /// Examines bundles.
    fn examine(&self, paths: &[PathBuf], trust: &Trust) -> Result<Vec<Bundle>, Failure>;

    /// Listens for phones for this many seconds. `progress` is called every second with the
    /// seconds that are left and the number of phones so far.
    fn listen(
        &mut self,
        interface: Option<&str>,
        seconds: u64,
        progress: &mut dyn FnMut(u64, usize),
    ) -> DetectedPhones;

    /// The interfaces with a link, with or without an address, sorted.
    fn links(&self) -> Vec<String>;

    /// The interfaces with an address.
    fn interfaces(&self) -> Vec<Interface>;

    /// The interface that this one is a part of, such as its bridge.
    fn upper(&self, interface: &str) -> Option<String>;

    /// The commands that give an interface an address.
    fn address_commands(&self, interface: &str) -> AddressCommands;

    /// How this program is called again: `sudo reflash`.
    fn call(&self) -> String;

    /// The user who called sudo, if that user cannot read this file or folder.
    fn cannot_read(&self, path: &Path) -> Option<String>;

    /// The newest conversion that was interrupted less than a day ago and has phones to convert.
    fn interrupted_run(&self) -> Option<InterruptedRun>;

    /// Checks machine and network. Takes seconds.
    fn check(&mut self, options: &CheckOptions) -> CheckResult;

    /// Reads the files of `--add`.
    fn extra_files(&self, paths: &[PathBuf]) -> Result<Vec<ExtraFile>, Failure>;

    /// Reads an inventory.
    fn inventory(&self, path: &Path) -> Result<InventoryFile, Failure>;

    /// Makes and checks the phones' configurations; returns messages for the operator.
    fn check_configurations(
        &self,
        inventory: Option<&InventoryFile>,
        inputs: ConfigurationInputs<'_>,
    ) -> Result<Vec<String>, Failure>;

    /// A free path for the journal of this run; `None` if it cannot be recorded.
    fn journal(&self, load: Option<&LoadName>) -> Option<PathBuf>;

    /// Generates a password.
    fn secret(&self) -> Result<String, Failure>;
}
