//! Text that several steps use.

use crate::phone::Model;

/// Joins names: `7945 and 7965`.
pub(super) fn and<T: AsRef<str>>(names: &[T]) -> String {
    match names {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [most @ .., last] => {
            let most: Vec<&str> = most.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", most.join(", "), last.as_ref())
        }
    }
}

/// Joins the numbers of models.
pub(super) fn numbers(models: &[&Model]) -> String {
    let numbers: Vec<&str> = models.iter().map(|model| model.plain_number()).collect();
    and(&numbers)
}

/// `1 phone`, `3 phones`.
pub(super) fn count(phones: usize) -> String {
    match phones {
        1 => "1 phone".to_owned(),
        many => format!("{many} phones"),
    }
}
