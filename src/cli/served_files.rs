//! What `convert` serves: every input, read and checked.

use crate::{
    failure::Failure,
    inputs::{
        bundles::{self, Selection},
        configurations::{self, ConfigurationInputs, MadeConfigurations},
        extra_files,
        phone_list::InventoryFile,
        run_inputs::RunInputs,
    },
    phone::MacAddress,
    privileges,
    resume::PreviousRun,
    stage::ExtraFile,
};

/// What phones are served.
pub(super) struct ServedFiles {
    pub(super) selection: Selection,
    pub(super) extra_files: Vec<ExtraFile>,
    pub(super) inventory: Option<InventoryFile>,
    pub(super) made: MadeConfigurations,
}

/// Reads and checks every input, before a port is opened.
pub(super) fn served_files(
    inputs: &RunInputs,
    only: &[MacAddress],
    previous: Option<&PreviousRun>,
    quiet: bool,
) -> Result<ServedFiles, Failure> {
    let inventory = inputs.inventory.as_deref();
    let inventory =
        inventory.map(|path| InventoryFile::read(path, inputs.secrets.as_deref(), quiet));
    let inventory = inventory.transpose()?;
    let extra_files = inputs.read_extra_files()?;
    inputs.check_unchanged(&extra_files, inventory.as_ref())?;
    let RunInputs {
        bundles, bridges, ..
    } = inputs;
    for path in bundles.iter().chain(bridges) {
        if let Some(user) = privileges::caller_who_cannot_read(path) {
            return Err(bundles::unreadable(path, &user));
        }
    }
    let selection = bundles::select_with_bridges(bundles, bridges, &inputs.trust, quiet)?;
    if let Some(previous) = previous {
        previous.check_bundles(&selection.all())?;
    }
    extra_files::check(&extra_files, &selection.targets, &selection.bridges, quiet)?;
    let only = (!only.is_empty()).then_some(only);
    let inputs = ConfigurationInputs {
        selection: &selection,
        only: only.or(previous.and_then(PreviousRun::only)),
        extra_files: &extra_files,
    };
    let made = configurations::make(inventory.as_ref(), inputs, quiet)?;
    extra_files::check_plan_names(extra_files.iter().chain(&made.files), quiet);
    Ok(ServedFiles {
        selection,
        extra_files,
        inventory,
        made,
    })
}
