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
    if let Some(found) = value.chars().find(|character| is_invisible(*character)) {
        return Err(position.fault(format!(
            "an invisible character (U+{:04X}) in a value: type the value again",
            u32::from(found)
        )));
    }
    Ok(Some(value))
}

/// Whether a character has no width, or changes the direction of others: it comes from copied text,
/// and phones and PBXs take it as a character of the value. U+200D joins parts of one symbol.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{200b}' | '\u{200c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}'
    )
}

/// Parses a boolean: true, yes, 1, false, no or 0.
pub(super) fn flag(value: &str, position: TextPosition) -> Result<bool, InventoryFault> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err(position.fault("expected true or false")),
    }
}
