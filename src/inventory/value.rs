//! Checks for values of any field.

use super::fault::{InventoryFault, TextPosition};

/// Maximum length of a value in characters.
pub const MAX_VALUE_CHARACTERS: usize = 255;

/// Trims and checks a value; `None` if it is empty. Secrets are not trimmed.
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
        let message = format!("the value has more than {MAX_VALUE_CHARACTERS} characters");
        return Err(position.fault(message));
    }
    if value.chars().any(char::is_control) {
        return Err(position.fault(
            "a line break or another control character in a value; is a closing quote missing?",
        ));
    }
    Ok(Some(value))
}

/// Parses a boolean: true, yes, 1, false, no or 0.
pub(super) fn flag(value: &str, position: TextPosition) -> Result<bool, InventoryFault> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err(position.fault("expected true or false")),
    }
}
