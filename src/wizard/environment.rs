//! The interface to this machine, its files and its network.

use std::path::{Path, PathBuf};

use super::command_line::ConvertOptions;
use crate::{
    bundle::Bundle,
    discovery::watch::ObservedPhone,
    failure::Failure,
    inputs::{bundles::Trust, configurations::ConfigurationInputs, phone_list::InventoryFile},
    phone::LoadName,
    preflight::{CheckOptions, CheckResult, Interface},
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

/// This machine, its files and its network. Nothing is changed.
pub(super) trait Environment {
    /// Files whose names look like bundles: in the current folder, then in Downloads.
    fn candidates(&self) -> Vec<PathBuf>;

    /// Whether a path exists.
    fn exists(&self, path: &Path) -> bool;

    /// Examines bundles.
    fn examine(&self, paths: &[PathBuf], trust: &Trust) -> Result<Vec<Bundle>, Failure>;

    /// Listens for phones for this many seconds.
    fn listen(&mut self, interface: Option<&str>, seconds: u64) -> DetectedPhones;

    /// The interfaces with an address.
    fn interfaces(&self) -> Vec<Interface>;

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
    fn journal(&self, options: &ConvertOptions, load: Option<&LoadName>) -> Option<PathBuf>;

    /// Generates a password.
    fn secret(&self) -> Result<String, Failure>;
}
