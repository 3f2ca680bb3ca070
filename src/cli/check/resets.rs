//! `check --resets`: how the call manager that still serves the phones restarts them.

use std::path::Path;

use super::super::globals::{CommandOutcome, Globals, json_document, print};
use crate::{
    failure::Failure,
    inputs::{phone_list::InventoryFile, shown},
    phone::MacAddress,
    restart::call_manager_commands::{CallManagerKind, waves},
};

/// Parses the name of a call manager.
pub(super) fn kind(text: &str) -> Result<CallManagerKind, String> {
    CallManagerKind::from_flag(text).ok_or_else(|| {
        let known = CallManagerKind::ALL
            .map(CallManagerKind::flag_value)
            .join(", ");
        format!("expected one of {known}")
    })
}

pub(super) fn run(
    kind: CallManagerKind,
    inventory: &Path,
    wave: usize,
    globals: &Globals,
) -> Result<CommandOutcome, Failure> {
    let (file, faults, _) = InventoryFile::read_all(inventory, globals.quiet || globals.json)?;
    if let Some(fault) = faults.first() {
        return Err(Failure::new(
            format!(
                "{}, {}",
                shown(inventory),
                crate::text::escape(&fault.to_string())
            ),
            "Correct that line; `reflash provision` prints all faults",
        ));
    }
    let phones: Vec<MacAddress> = file
        .inventory
        .phones
        .iter()
        .map(|phone| phone.mac)
        .collect();
    if phones.is_empty() {
        return Err(Failure::new(
            format!("{} has no phones", shown(inventory)),
            "List the phones to restart in it",
        ));
    }
    if globals.json {
        let waves = waves(&phones, wave);
        let waves: Vec<_> = waves
            .iter()
            .map(|wave| serde_json::json!({ "phones": wave, "commands": kind.commands(wave) }))
            .collect();
        let document = serde_json::json!({
            "kind": kind.flag_value(),
            "note": kind.note(),
            "waves": waves,
        });
        print(&json_document(&document)?)?;
    } else {
        print(&format!("{}:\n{}", kind.name(), kind.text(&phones, wave)))?;
    }
    Ok(CommandOutcome::Done)
}
