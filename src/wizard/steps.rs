//! The questions, a page each.

pub(super) mod bundle;
pub(super) mod configuration;
pub(super) mod form;
pub(super) mod network;
pub(super) mod phones;
pub(super) mod route;
pub(super) mod summary;

use super::super::Failure;
use crate::phone::Model;

/// A failure as a paragraph.
pub(super) fn words(failure: &Failure) -> String {
    match failure.cure.as_str() {
        "" => failure.error.clone(),
        cure => format!("{}\n→ {cure}", failure.error),
    }
}

/// `7945 and 7965`.
fn and<T: AsRef<str>>(names: &[T]) -> String {
    match names {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [most @ .., last] => {
            let most: Vec<&str> = most.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", most.join(", "), last.as_ref())
        }
    }
}

/// The numbers of models.
fn numbers(models: &[&Model]) -> String {
    let numbers: Vec<&str> = models.iter().map(|model| model.plain_number()).collect();
    and(&numbers)
}

/// `1 phone`, `3 phones`.
fn count(phones: usize) -> String {
    match phones {
        1 => "1 phone".to_owned(),
        many => format!("{many} phones"),
    }
}
