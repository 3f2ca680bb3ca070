//! The consent of the operator: the number of phones, typed.

use std::io::{self, IsTerminal as _};

use crate::{display::print_message, failure::Failure};

/// Checks that there is a terminal to ask on.
pub(super) fn check_terminal() -> Result<(), Failure> {
    if io::stdin().is_terminal() && io::stderr().is_terminal() {
        return Ok(());
    }
    Err(Failure::usage(
        "restarting phones needs consent, and there is no terminal to ask on; no phone was ordered",
        "Add --yes, or --dry-run to see which phones would be restarted",
    ))
}

/// Asks for the number of phones.
pub(super) fn ask(count: usize) -> Result<(), Failure> {
    let phones = match count {
        1 => "1 phone will be restarted".to_owned(),
        _ => format!("{count} phones will be restarted, one first and then the others"),
    };
    print_message(&format!(
        "{phones}. While a phone restarts (one to three minutes), it cannot make calls, emergency calls \
         included."
    ));
    eprint!("Type the number of phones to restart them: ");
    let mut answer = String::new();
    io::stdin()
        .read_line(&mut answer)
        .map_err(|error| Failure::new(format!("cannot read the answer: {error}"), "Add --yes"))?;
    if is_consent(&answer, count) {
        return Ok(());
    }
    Err(Failure::new(
        format!("no consent: {count} was expected; no phone was ordered"),
        "Repeat the command and type the number, or add --dry-run",
    ))
}

fn is_consent(answer: &str, count: usize) -> bool {
    answer.trim() == count.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_number_of_phones_is_consent() {
        assert!(is_consent("12\n", 12));
        assert!(is_consent(" 12 ", 12));
        for answer in ["", "\n", "y", "yes", "1", "012", "12 phones"] {
            assert!(!is_consent(answer, 12), "{answer:?}");
        }
    }
}
