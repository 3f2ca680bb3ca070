//! `--inventory`: the list of phones.

use std::path::PathBuf;

use super::{globals::Globals, heading};
use crate::{failure::Failure, inputs::phone_list::InventoryFile, track::Plan};

/// The list of phones.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct InventoryArgs {
    /// List of the expected phones, CSV or TOML
    ///
    /// CSV with a header line, or TOML with `[[phone]]` entries; only `mac` is required. If it
    /// sets `pbx`, phones with a model, an extension and a secret also get a configuration.
    /// docs/configuration.md lists every key.
    #[arg(long, value_name = "FILE", help_heading = heading::PHONES)]
    pub(crate) inventory: Option<PathBuf>,
    /// Passwords for --inventory, from an earlier provision
    ///
    /// The secrets.toml of a folder that `reflash provision` wrote, or that folder. Without it, the
    /// program uses the one such file that is next to the inventory or in a folder next to it.
    #[arg(
        long,
        value_name = "FILE",
        requires = "inventory",
        help_heading = heading::PHONES
    )]
    pub(crate) secrets: Option<PathBuf>,
}

/// What `--inventory` does not restrict, if the run converts other phones too.
pub(crate) fn unlisted_message(plan: &Plan) -> Option<String> {
    (plan.expected.is_some() && plan.only.is_none()).then(|| {
        "phones that are not on the list are converted too, and the run does not wait for them; with \
         --only-listed they are not converted"
            .to_owned()
    })
}

impl InventoryArgs {
    /// Reads the file, if one is named.
    pub(crate) fn read(&self, globals: &Globals) -> Result<Option<InventoryFile>, Failure> {
        let path = self.inventory.as_deref();
        path.map(|path| InventoryFile::read(path, self.secrets.as_deref(), globals.quiet))
            .transpose()
    }
}
