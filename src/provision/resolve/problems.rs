//! The faults and notes found so far.

use crate::{
    inventory::{Inventory, InventoryFault, SiteField},
    phone::{MAX_DISPLAY, MAX_PHONE_LABEL},
};

/// Collects the faults and notes of an inventory.
pub(super) struct Problems<'a> {
    pub(super) inventory: &'a Inventory,
    pub(super) faults: Vec<InventoryFault>,
    pub(super) notes: Vec<String>,
    /// The notes that concern the phones' files only.
    pub(super) of_files: Vec<String>,
}

impl Problems<'_> {
    pub(super) fn site(&mut self, field: SiteField, result: Result<(), String>) {
        if let Err(message) = result {
            let fault = self.inventory.site_fault(field, message);
            self.faults.push(fault);
        }
    }

    /// Notes the names and labels that were cut, if any.
    pub(super) fn note_cuts(&mut self, mut cut: Vec<String>) {
        cut.dedup();
        if cut.is_empty() {
            return;
        }
        let limits = format!(
            "a name or label has at most {MAX_DISPLAY} characters on the phones, and \
             {MAX_PHONE_LABEL} without spaces in the corner of the display"
        );
        let names: Vec<_> = cut.iter().map(String::as_str).collect();
        let listed = first_few(&names);
        self.notes.push(format!("{limits}. Cut: {listed}."));
        // A conversion repeats it at every start, so it is short there.
        let count = match names.as_slice() {
            [one] => format!("1 is cut: {one}"),
            [first, ..] => format!("{} are cut, such as {first}", names.len()),
            [] => return,
        };
        self.of_files.push(format!("{limits}; {count}"));
    }

    /// Adds a note that concerns the phones' files only.
    pub(super) fn note_of_files(&mut self, note: String) {
        self.notes.push(note.clone());
        self.of_files.push(note);
    }
}

/// Maximum number of names in a note. The others are only counted.
const MAX_NAMED: usize = 5;

/// `1001, 1002 and 3 more`.
pub(super) fn first_few(names: &[&str]) -> String {
    let first = names[..names.len().min(MAX_NAMED)].join(", ");
    match names.len().saturating_sub(MAX_NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}
