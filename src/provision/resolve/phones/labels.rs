//! Names and labels: cut to what phones and pjsip keep.

use super::Accounts;
use crate::{
    inventory::PhoneEntry,
    phone::{MAX_DISPLAY, MAX_PHONE_LABEL, Model},
    provision::resolve::of_model::{MAX_CALLER_ID, MAX_SPEED_LABEL, is_first_phone},
};

/// The start of a text of at most this many bytes that a phone and pjsip keep, ending between two
/// characters.
fn fitting(text: &str, most: usize) -> &str {
    let mut end = text.len();
    let too_many = text.char_indices().nth(MAX_DISPLAY);
    if let Some((at, _)) = too_many {
        end = at;
    }
    while end > most || !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].trim_end()
}

/// The start of a text, for a note.
fn quoted(text: &str) -> String {
    const SHOWN: usize = 12;
    if text.chars().count() <= SHOWN {
        return format!("'{text}'");
    }
    let start: String = text.chars().take(SHOWN).collect();
    format!("'{start}…'")
}

impl Accounts<'_, '_> {
    /// The part of a name or label that a phone shows.
    pub(super) fn shown(&mut self, what: &str, of: &str, text: &str, most: usize) -> String {
        let kept = fitting(text, most);
        if kept.len() < text.len() {
            self.cut.push(format!(
                "{what} {} of {of} to {} characters",
                quoted(text),
                kept.chars().count()
            ));
        }
        kept.to_owned()
    }

    /// The part of the label of a speed dial that a phone shows.
    pub(super) fn shown_on_button(
        &mut self,
        model: Option<&Model>,
        of: &str,
        text: &str,
    ) -> String {
        let most = if is_first_phone(model) {
            MAX_SPEED_LABEL
        } else {
            MAX_CALLER_ID
        };
        self.shown("label", of, text, most)
    }

    /// The label in the corner of the display: the part of the label that fits there, or the
    /// extension.
    pub(super) fn label(&mut self, listed: &PhoneEntry) -> String {
        let takes_no_blanks = listed.model.is_none_or(Model::label_rejects_spaces);
        let is_end = |c: char| takes_no_blanks && c.is_whitespace();
        let start = |text: &str| -> String {
            let word = text.split(is_end).next().unwrap_or_default();
            word.chars().take(MAX_PHONE_LABEL).collect()
        };
        let Some(label) = &listed.label else {
            let extension = listed.extension.as_ref();
            return extension
                .filter(|text| start(text) == **text)
                .cloned()
                .unwrap_or_default();
        };
        let kept = start(label);
        if kept != *label {
            self.cut.push(format!(
                "label {} of {} in the corner to '{kept}'",
                quoted(label),
                listed.mac
            ));
        }
        kept
    }
}
