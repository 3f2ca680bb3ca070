//! Messages to the operator about the phones of a run.

use std::{fmt::Write as _, time::Duration};

use crate::{text::escape, track::PhoneRef};

/// Phones that one message names; the report has them all.
const MAX_NAMED: usize = 20;

/// The phones that an end of the run concerns.
#[derive(Debug, Default)]
pub(super) struct Unfinished {
    /// The run still serves them the rest of their images.
    pub(super) between_images: Vec<PhoneRef>,
    /// They must not lose power now, whether the run waits for them or not.
    pub(super) fragile: Vec<PhoneRef>,
}

/// The message when a run begins to drain, by a signal or by itself. `limit`: how long it waits at
/// most.
pub(super) fn stopping(is_signal: bool, phones: &Unfinished, limit: Duration) -> String {
    let (why, exit) = if is_signal {
        ("stopping", "again")
    } else {
        ("the run is over", "twice")
    };
    let waits = &phones.between_images;
    let writing: Vec<PhoneRef> = phones
        .fragile
        .iter()
        .filter(|phone| !waits.iter().any(|waiting| waiting.id == phone.id))
        .cloned()
        .collect();
    let mut text = why.to_owned();
    if !waits.is_empty() {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            ": no new phone is served. Waiting {} at most until these phones have the rest of \
             their images: {}. Do not unplug them. Press Ctrl-C {exit} to exit now",
            duration(limit),
            phone_list(waits)
        );
    }
    if !writing.is_empty() {
        let end = if waits.is_empty() { ":" } else { "." };
        let _ = write!(
            text,
            "{end} DO NOT UNPLUG {}: they may be writing their flash, for which the server is not \
             needed",
            phone_list(&writing)
        );
    }
    text
}

/// The message after the second signal.
pub(super) fn leaving(fragile: &[PhoneRef]) -> String {
    if fragile.is_empty() {
        return "exiting now".to_owned();
    }
    format!(
        "exiting now. DO NOT UNPLUG {}: start the run again so that they can finish",
        phone_list(fragile)
    )
}

/// The message when the time of `--timeout` ends a run. `came`: phones that were seen; `missing`:
/// expected phones that were not.
pub(super) fn time_up(done: usize, came: usize, missing: usize) -> String {
    let phones = if came + missing == 1 {
        "phone is"
    } else {
        "phones are"
    };
    let all = came + missing;
    let never = match missing {
        0 => String::new(),
        missing => format!("; {missing} never came"),
    };
    format!("the time of --timeout is up: {done} of {all} {phones} done{never}")
}

/// The message while a run waits until lines are registered. `lines`: phones and users.
pub(super) fn awaiting_lines(lines: &[(PhoneRef, Vec<String>)], limit: Duration) -> String {
    let line = |(phone, users): &(PhoneRef, Vec<String>)| {
        let users: Vec<String> = users.iter().map(|user| escape(user)).collect();
        let plural = if users.len() == 1 { "" } else { "s" };
        let name = phone_list(std::slice::from_ref(phone));
        format!("{name} (line{plural} {})", users.join(", "))
    };
    let lines = lines.iter().map(line).collect();
    format!(
        "every phone is done. Waiting {} at most until these register: {}. Ctrl-C ends the run now; \
         --registration-wait sets the time",
        duration(limit),
        list(lines)
    )
}

/// The advice at the end of a run with this many lines that did not register.
pub(super) fn unregistered(lines: u32) -> Option<String> {
    let count = match lines {
        0 => return None,
        1 => "1 line is".to_owned(),
        lines => format!("{lines} lines are"),
    };
    Some(format!(
        "{count} not registered. A phone registers within a minute of its start. Where no cause is \
         reported, check on the PBX that it knows the users: asterisk -rx 'pjsip show endpoints' \
         (sip.conf: 'sip show peers')."
    ))
}

/// `3 min`, or seconds if it is less than a minute.
fn duration(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..60 => format!("{} s", seconds.max(1)),
        seconds => format!("{} min", seconds.div_ceil(60)),
    }
}

/// The phones by their names, or by their addresses while the MAC is unknown.
pub(super) fn phone_list(phones: &[PhoneRef]) -> String {
    let name = |phone: &PhoneRef| {
        let name = phone.name.as_ref().map(|name| format!(" {}", escape(name)));
        match phone.mac {
            Some(mac) => format!("SEP{}{}", mac.upper_hex(), name.unwrap_or_default()),
            None => phone.address.to_string(),
        }
    };
    list(phones.iter().map(name).collect())
}

/// The first names, and how many more there are.
fn list(mut names: Vec<String>) -> String {
    let more = names.len().saturating_sub(MAX_NAMED);
    names.truncate(MAX_NAMED);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!("{}{more}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phones(range: std::ops::Range<u8>) -> Vec<PhoneRef> {
        range.map(PhoneRef::example).collect()
    }

    #[test]
    fn the_end_by_time_states_what_is_not_done() {
        assert_eq!(
            time_up(1, 2, 14),
            "the time of --timeout is up: 1 of 16 phones are done; 14 never came"
        );
        assert_eq!(
            time_up(0, 1, 0),
            "the time of --timeout is up: 0 of 1 phone is done"
        );
    }

    #[test]
    fn draining_names_the_phones_it_waits_for_the_limit_and_the_way_out() {
        let limit = Duration::from_mins(3);
        let stop = |between, fragile| {
            let phones = Unfinished {
                between_images: phones(between),
                fragile: phones(fragile),
            };
            stopping(true, &phones, limit)
        };
        assert_eq!(stop(0..0, 0..0), "stopping");
        let both = stop(1..2, 1..3);
        for part in ["3 min at most", "images: SEP001D45AABB01.", "Ctrl-C again"] {
            assert!(both.contains(part), "{both}");
        }
        assert!(both.contains("DO NOT UNPLUG SEP001D45AABB02:"), "{both}");
        let writing = stop(0..0, 1..2);
        assert!(
            !writing.contains("aiting"),
            "nothing is waited for: {writing}"
        );
        assert!(stop(0..30, 0..30).contains(" and 10 more"));
    }
}
