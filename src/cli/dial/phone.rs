//! The phone that dials, and how its keys and rules are read and printed.

use crate::{
    dialplan::{DialMode, DialPlan, DialResult, MAX_DIGITS, MatchedEntry},
    text::escape,
};

/// The phone that dials.
pub(super) struct DialPhone {
    pub(super) template: DialPlan,
    pub(super) line: u8,
    pub(super) mode: DialMode,
}

impl DialPhone {
    pub(super) fn dial(&self, digits: &str) -> DialResult {
        self.template.dial_on(self.line, digits, self.mode)
    }
}

/// Parses dialled keys.
pub(super) fn digits(text: &str) -> Result<String, String> {
    if let Some(strange) = text.chars().find(|key| !"0123456789*#+".contains(*key)) {
        let strange = strange.escape_debug();
        return Err(format!(
            "'{strange}' is not a key: expected 0 to 9, *, # and +"
        ));
    }
    if text.len() > MAX_DIGITS {
        return Err(format!("a phone takes at most {MAX_DIGITS} digits"));
    }
    Ok(text.to_owned())
}

/// A rule, with its position.
pub(super) fn rule(rule: &MatchedEntry) -> String {
    let pattern = match rule.pattern.as_str() {
        "" => "the hotline".to_owned(),
        pattern => escape(pattern),
    };
    format!("{pattern} (entry {}, line {})", rule.index, rule.line)
}
