//! `--add`: files of the operator that phones get with the firmware.

use std::path::PathBuf;

use super::heading;

/// Files that are staged with the bundles.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct ExtraFilesArgs {
    /// Also serve this file or folder (repeatable)
    ///
    /// For example SEP….cnf.xml, dialplan.xml or a ring tone list. Phones request files of folders
    /// below a folder by their path from it: German_Germany/td-sip.jar. Configurations are checked
    /// first, as by `reflash lint`.
    #[arg(long = "add", value_name = "FILE", help_heading = heading::CONFIGURATION)]
    pub(crate) files: Vec<PathBuf>,
}
