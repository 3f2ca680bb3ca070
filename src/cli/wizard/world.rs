//! What the steps need of this machine.

use std::path::{Path, PathBuf};

use super::super::{
    Failure, bundles::TrustArgs, configurations::Beside, convert, inventory::ListFile,
};
use crate::{
    bundle::Bundle,
    discovery::watch,
    phone::LoadName,
    preflight::{CheckOptions, CheckResult, Interface},
    stage::ExtraFile,
};

/// The phones that were heard.
#[derive(Debug, Default)]
pub(super) struct Near {
    /// On which interface, and whom.
    pub(super) phones: Vec<(String, watch::ObservedPhone)>,
    /// Why nobody could be heard.
    pub(super) deaf: Option<String>,
    /// Whether it was listened at all.
    pub(super) listened: bool,
}

/// This machine, its files and its network; nothing of it is changed.
pub(super) trait World {
    /// Files that could be bundles, by their names: here, then among the downloads.
    fn candidates(&self) -> Vec<PathBuf>;

    /// Whether there is something of this name.
    fn exists(&self, path: &Path) -> bool;

    /// What these files are.
    fn examine(&self, paths: &[PathBuf], trust: &TrustArgs) -> Result<Vec<Bundle>, Failure>;

    /// Listens for phones, this many seconds.
    fn listen(&mut self, interface: Option<&str>, seconds: u64) -> Near;

    /// The interfaces with an address.
    fn interfaces(&self) -> Vec<Interface>;

    /// Looks at the machine and its network. Takes seconds.
    fn check(&mut self, wanted: &CheckOptions) -> CheckResult;

    /// Reads the files of `--add`.
    fn own_files(&self, paths: &[PathBuf]) -> Result<Vec<ExtraFile>, Failure>;

    /// Reads a list of phones.
    fn list(&self, path: &Path) -> Result<ListFile, Failure>;

    /// Makes the phones' files of a list and judges them with those of the user's; what a person
    /// should know of it.
    fn judge(&self, list: Option<&ListFile>, beside: Beside<'_>) -> Result<Vec<String>, Failure>;

    /// A name for this run's record.
    fn journal(&self, args: &convert::Args, load: Option<&LoadName>) -> Option<PathBuf>;

    /// A password that nobody can guess.
    fn secret(&self) -> Result<String, Failure>;
}
