//! How large a journal may be, and what is recorded while it grows.
//!
//! A run that converts 4,000 phones writes about 128 MiB. What is more comes from a flood, or from a
//! capture of many phones for days: the less a line matters for `--resume`, the earlier its kind ends.

use std::path::Path;

use crate::{text::escape, track::Space};

/// Maximum size of one line in bytes. The longest line is the header: bundles of every family and
/// the names of 4,096 phones fit.
pub const MAX_LINE_BYTES: u64 = 4 << 20;

/// Size in bytes from which hosts that are no known phones are only counted, but for what they
/// acknowledge; the conversion of one
/// phone takes about 30,000.
pub const STRANGERS_BYTES: u64 = 128 << 20;

/// Size in bytes from which reports of CDP, LLDP, SIP and other sources are only counted too.
pub const REPORTS_BYTES: u64 = 256 << 20;

/// Size in bytes at which the journal ends. The rest of [`MAX_FILE_BYTES`] is for the lines of
/// sessions that resume the run.
pub const END_BYTES: u64 = 480 << 20;

/// Maximum size of a journal in bytes. No run writes more, and no more is read.
pub const MAX_FILE_BYTES: u64 = 512 << 20;

/// What a journal of this size records.
pub(super) fn space(bytes: u64) -> Space {
    // After its end, it limits nothing any more.
    if !(STRANGERS_BYTES..END_BYTES).contains(&bytes) {
        Space::All
    } else if bytes < REPORTS_BYTES {
        Space::Phones
    } else {
        Space::Requests
    }
}

/// What a journal of this size no longer records, for the operator; `None`: it records everything.
pub(super) fn limit_reached(bytes: u64) -> Option<&'static str> {
    if bytes >= END_BYTES {
        return Some(
            "has 480 MiB and ends here. The run continues and phones are served; --resume continues \
             from the end of the journal",
        );
    }
    match space(bytes) {
        Space::All => None,
        Space::Phones => Some(
            "has 128 MiB: reports of hosts that are no known phones, and requests that they do not \
             acknowledge, are only counted from now on. Phones of --inventory and --only, and phones that \
             acknowledge a part of a file, are recorded as before",
        ),
        Space::Requests => Some(
            "has 256 MiB: reports of CDP, LLDP, DHCP, SIP, SCCP and web pages are only counted from now \
             on and confirm no phone. Requests and transfers of phones of --inventory and --only, and of \
             phones that acknowledged a part of a file before, are recorded",
        ),
    }
}

/// The message about a limit that the journal reached.
pub(super) fn limit_message(path: &Path, what: &str) -> String {
    format!(
        "the journal {} {what}. A host probably floods this network: find it, or record the next phones \
         in a new run",
        escape(&path.display().to_string())
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_less_a_line_matters_the_earlier_its_kind_ends() {
        for (bytes, recorded) in [
            (0, Space::All),
            (STRANGERS_BYTES - 1, Space::All),
            (STRANGERS_BYTES, Space::Phones),
            (REPORTS_BYTES, Space::Requests),
            (END_BYTES - 1, Space::Requests),
            (END_BYTES, Space::All),
        ] {
            assert_eq!(space(bytes), recorded, "{bytes}");
            assert_eq!(
                limit_reached(bytes).is_some(),
                bytes >= STRANGERS_BYTES,
                "{bytes}"
            );
        }
        for (limit, bytes) in [
            ("128 MiB", STRANGERS_BYTES),
            ("256 MiB", REPORTS_BYTES),
            ("480 MiB", END_BYTES),
        ] {
            assert!(limit_reached(bytes).unwrap().contains(limit), "{limit}");
        }
    }
}
