//! The inputs of a run, as the command line names them or an earlier session recorded them.

use std::path::{Path, PathBuf};

use super::{bundles::Trust, extra_files, phone_list::InventoryFile, shown};
use crate::{
    failure::Failure,
    journal::{Arguments, InputFile},
    stage::ExtraFile,
};

/// The files a run is made from.
#[derive(Debug, Clone, Default)]
pub struct RunInputs {
    /// Targets.
    pub bundles: Vec<PathBuf>,
    /// Bridges.
    pub bridges: Vec<PathBuf>,
    /// How both are verified.
    pub trust: Trust,
    /// Files of `--add`.
    pub extra_files: Vec<PathBuf>,
    /// The inventory.
    pub inventory: Option<PathBuf>,
    /// Passwords for the inventory.
    pub secrets: Option<PathBuf>,
    /// Files taken from the journal of the run because the command line does not name them.
    /// They must be unchanged.
    pub(crate) recorded: Vec<InputFile>,
}

impl RunInputs {
    /// Reads the files of `--add`, or those of the journal under the names that they had.
    ///
    /// # Errors
    /// As [`extra_files::read`].
    pub fn read_extra_files(&self) -> Result<Vec<ExtraFile>, Failure> {
        extra_files::read_named(&self.extra_files, |path| {
            let recorded = self.recorded.iter().find(|file| file.path == path)?;
            recorded.name.as_deref()
        })
    }

    /// Checks that files taken from the journal are unchanged: otherwise phones of one run
    /// would get different configurations.
    ///
    /// # Errors
    /// A file that differs from the recorded digest.
    pub fn check_unchanged(
        &self,
        extra_files: &[ExtraFile],
        inventory: Option<&InventoryFile>,
    ) -> Result<(), Failure> {
        let now = given_files(extra_files).into_iter();
        let secrets = inventory.and_then(given_secrets);
        let now = now.chain(inventory.map(given_inventory)).chain(secrets);
        let now: Vec<_> = now.collect();
        match self.recorded.iter().find(|file| !now.contains(file)) {
            None => Ok(()),
            Some(changed) => Err(Failure::new(
                format!("{} has changed since the run began", shown(&changed.path)),
                "Restore the file, or name it again to use it as it is now: --add FILE, --inventory \
                 FILE, or --inventory FILE --secrets FILE",
            )),
        }
    }

    /// The inputs as the journal records them for a later `--resume`. `inventory`: the file
    /// that configurations were made from.
    #[must_use]
    pub fn to_record(
        &self,
        extra_files: &[ExtraFile],
        inventory: Option<&InventoryFile>,
        call_manager: Option<std::net::Ipv4Addr>,
    ) -> Arguments {
        Arguments {
            bundles: absolute_all(&self.bundles),
            bridges: absolute_all(&self.bridges),
            trust_keys: absolute_all(&self.trust.keys),
            accept_unknown: self.trust.accept_unknown,
            without_recovery: self.trust.without_recovery,
            call_manager,
            added: given_files(extra_files),
            inventory: inventory.map(given_inventory),
            secrets: inventory.and_then(given_secrets),
            options: Vec::new(),
        }
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn absolute_all(paths: &[PathBuf]) -> Vec<PathBuf> {
    paths.iter().map(|path| absolute(path)).collect()
}

fn given_files(files: &[ExtraFile]) -> Vec<InputFile> {
    let given = |file: &ExtraFile| InputFile {
        name: file.name().contains('/').then(|| file.name().to_owned()),
        ..given_file(file.source(), &file.sha256())
    };
    files.iter().map(given).collect()
}

fn given_inventory(file: &InventoryFile) -> InputFile {
    given_file(&file.path, &file.sha256)
}

fn given_secrets(file: &InventoryFile) -> Option<InputFile> {
    let (path, sha256) = file.secrets.as_ref()?;
    Some(given_file(path, sha256))
}

fn given_file(path: &Path, sha256: &str) -> InputFile {
    InputFile {
        name: None,
        path: absolute(path),
        sha256: sha256.to_owned(),
    }
}
