//! Values that any field can have.

use super::fault::{InventoryFault, TextPosition};

/// Characters of one value at most.
pub const MAX_VALUE_CHARACTERS: usize = 255;

/// A value as it is used; `None` where there is none.
pub(super) fn clean_value(
    value: &str,
    is_secret: bool,
    position: TextPosition,
) -> Result<Option<&str>, InventoryFault> {
    let value = if is_secret { value } else { value.trim() };
    if value.is_empty() {
        return Ok(None);
    }
    if value.chars().count() > MAX_VALUE_CHARACTERS {
        let message = format!("more than {MAX_VALUE_CHARACTERS} characters in one value");
        return Err(position.fault(message));
    }
    if value.chars().any(char::is_control) {
        return Err(position.fault(
            "a line break or another control character in a value; is a quotation mark left open?",
        ));
    }
    Ok(Some(value))
}

/// Yes or no, as spreadsheets and TOML write it.
pub(super) fn flag(value: &str, position: TextPosition) -> Result<bool, InventoryFault> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err(position.fault("expected true or false")),
    }
}
