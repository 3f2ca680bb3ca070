//! Reading logs of file servers.

use std::io::{self, BufRead};

use jiff::Timestamp;

use super::{lines, note::TraceNote, order, server_log, timestamp::Calendar, trace::Trace};

/// Reads a log.
pub(super) fn read(
    input: &mut impl BufRead,
    year: Option<i16>,
    modified: Option<Timestamp>,
) -> io::Result<Trace> {
    let calendar = Calendar {
        first: year,
        modified,
    };
    let mut trace = Trace::default();
    let kept = lines::read(input, &mut trace.tally)?;
    let is_cut = std::mem::take(&mut trace.tally.cut);
    let (kept, notes) = order::sort(kept, calendar);
    let timed = !notes.contains(&TraceNote::NoTimes);
    trace.notes = notes;
    server_log::fold(&mut trace, &kept, timed);
    trace.tally.cut |= is_cut;
    Ok(trace)
}
