//! The vendor class (option 60) of Cisco phones.

use super::super::{bytes::text, names};
use crate::phone::Model;

/// The vendor class of a Cisco phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneClass {
    /// The whole text.
    pub text: String,
    /// The model as text: `7965G`, `8841-3PCC`. `None`: the text names no model, as that of some
    /// boot loaders.
    pub model_text: Option<String>,
    /// The model, if it is known.
    pub model: Option<&'static Model>,
}

/// Parses a vendor class. Observed forms:
/// `Cisco Systems, Inc. IP Phone CP-7965G` and a NUL, the same without `CP-`, without any model,
/// `Cisco Systems Inc. Wireless Phone 7921` without the comma, `Cisco System, Inc. IP Phone CP-6945`, and
/// of the 6901 `Cisco Systems, Inc.` alone.
#[must_use]
pub fn phone_class(value: &[u8]) -> Option<PhoneClass> {
    let text = text(value);
    let rest = text.strip_prefix("Cisco System")?;
    let rest = rest.strip_prefix('s').unwrap_or(rest);
    let rest = rest.strip_prefix(',').unwrap_or(rest);
    let rest = rest.strip_prefix(" Inc.")?;
    let rest = if rest.is_empty() {
        rest
    } else {
        [" IP Phone", " Wireless Phone"]
            .iter()
            .find_map(|words| rest.strip_prefix(words))?
    };
    let word = rest.trim().split(' ').next().unwrap_or_default();
    let word = word.strip_prefix("CP-").unwrap_or(word);
    let model_text = Some(word.to_owned()).filter(|text| !text.is_empty());
    Some(PhoneClass {
        model: model_text.as_deref().and_then(names::model),
        model_text,
        text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_6945_and_the_6901_spell_their_class_in_their_own_way() {
        let model = |value: &[u8]| phone_class(value).map(|class| class.model_text);
        assert_eq!(
            model(b"Cisco System, Inc. IP Phone CP-6945\0"),
            Some(Some("6945".to_owned()))
        );
        assert_eq!(model(b"Cisco Systems, Inc.\0"), Some(None));
        assert_eq!(model(b"Cisco Systems, Inc. router"), None);
    }
}
