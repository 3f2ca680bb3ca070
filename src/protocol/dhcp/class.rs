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
/// and `Cisco Systems Inc. Wireless Phone 7921` without the comma.
#[must_use]
pub fn phone_class(value: &[u8]) -> Option<PhoneClass> {
    let text = text(value);
    let rest = text.strip_prefix("Cisco Systems")?;
    let rest = rest.strip_prefix(',').unwrap_or(rest);
    let rest = rest.strip_prefix(" Inc. ")?;
    let rest = ["IP Phone", "Wireless Phone"]
        .iter()
        .find_map(|words| rest.strip_prefix(words))?;
    let word = rest.trim().split(' ').next().unwrap_or_default();
    let word = word.strip_prefix("CP-").unwrap_or(word);
    let model_text = Some(word.to_owned()).filter(|text| !text.is_empty());
    Some(PhoneClass {
        model: model_text.as_deref().and_then(names::model),
        model_text,
        text,
    })
}
