//! The order of the lines of a log: files that were put together in the wrong order, newest first,
//! several hosts, clocks that were set.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    clock::{self, STEP, TimedLine},
    lines::ServerLine,
    note::TraceNote,
    timestamp::{Calendar, LogTime},
};

/// The lines in the order of their times, and what was wrong with it.
pub(super) fn sort(lines: Vec<ServerLine>, calendar: Calendar) -> (Vec<TimedLine>, Vec<TraceNote>) {
    let mut notes = Vec::new();
    let stamps: Vec<LogTime> = lines.iter().map(|line| line.line.time).collect();
    let known = calendar.times(&stamps);
    let first = known.iter().flatten().next().copied();
    if first.is_none() && !lines.is_empty() {
        notes.push(TraceNote::NoTimes);
    }
    let mut before = first.or(calendar.modified).unwrap_or(Timestamp::UNIX_EPOCH);
    let times = known.into_iter().map(|time| {
        before = time.unwrap_or(before);
        before
    });
    let mut lines: Vec<TimedLine> = times.zip(lines).collect();
    let mut hosts: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, (_, line)) in lines.iter().enumerate() {
        match hosts.get_mut(&line.line.host) {
            Some(indexes) => indexes.push(index),
            None => {
                hosts.insert(line.line.host.clone(), vec![index]);
            }
        }
    }
    // The place of each line among lines of one time.
    let mut places: Vec<(u32, bool, usize)> = (0..lines.len()).map(|at| (0, false, at)).collect();
    for indexes in hosts.values() {
        match order(&lines, indexes) {
            Order::Ascending => clock::catch_up(&mut lines, indexes, &mut notes),
            Order::NewestFirst => {
                for index in indexes {
                    places[*index].2 = usize::MAX - index;
                }
                notes.push(TraceNote::NewestFirst);
            }
            Order::Mixed { steps, first } => {
                for index in indexes {
                    let line = &lines[*index].1.line;
                    let is_request = line.text.starts_with("RRQ ");
                    places[*index] = (line.process.unwrap_or(0), !is_request, *index);
                }
                let line = lines[first].1.number;
                notes.push(TraceNote::OutOfOrder { line, steps });
            }
            Order::ClockSetBack => clock::go_on(&mut lines, indexes, &mut notes),
        }
    }
    let mut order: Vec<usize> = (0..lines.len()).collect();
    order.sort_by_key(|index| (lines[*index].0, places[*index]));
    notes.sort_by_key(TraceNote::line);
    notes.dedup();
    if order.is_sorted() {
        return (lines, notes);
    }
    let mut slots: Vec<Option<(Timestamp, ServerLine)>> = lines.into_iter().map(Some).collect();
    let lines = order.into_iter().filter_map(|index| slots[index].take());
    (lines.collect(), notes)
}

/// The order of one host's lines.
#[derive(Debug)]
enum Order {
    Ascending,
    NewestFirst,
    /// Files in the wrong order, or lines in none.
    Mixed {
        steps: u64,
        first: usize,
    },
    ClockSetBack,
}

fn order(lines: &[TimedLine], indexes: &[usize]) -> Order {
    let (mut up, mut down) = (0, 0);
    let mut clock = 0_u64;
    let mut steps = Vec::new();
    for pair in indexes.windows(2) {
        let (before, after) = (pair[0], pair[1]);
        let step = lines[after].0.duration_since(lines[before].0);
        up += u64::from(step.is_positive());
        down += u64::from(step.is_negative());
        if step <= -STEP {
            if clock::is_clock(lines, before, after) {
                clock += 1;
            } else {
                steps.push(after);
            }
        }
    }
    match steps.first() {
        _ if up == 0 && down >= 2 => Order::NewestFirst,
        Some(first) => Order::Mixed {
            steps: steps.len() as u64 + clock,
            first: *first,
        },
        None if clock > 0 => Order::ClockSetBack,
        None => Order::Ascending,
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::replay::wrapper::parse_line;

    fn sorted(text: &str) -> (Vec<u64>, Vec<TraceNote>, Vec<Timestamp>) {
        let calendar = Calendar {
            first: Some(2026),
            modified: None,
        };
        let lines = text.lines().zip(1..).map(|(line, number)| ServerLine {
            number,
            line: parse_line(line),
        });
        let (lines, notes) = sort(lines.collect(), calendar);
        let times = lines.iter().map(|(time, _)| *time).collect();
        let numbers = lines.iter().map(|(_, line)| line.number).collect();
        (numbers, notes, times)
    }

    #[test]
    fn newest_first_is_turned_round() {
        let (numbers, notes, _) = sorted(
            "Mar  2 09:00:02 a in.tftpd[3]: x\nMar  2 09:00:01 a in.tftpd[2]: y\n\
             Mar  2 09:00:01 a in.tftpd[2]: x\nMar  2 09:00:00 a in.tftpd[1]: x",
        );
        assert_eq!(numbers, [4, 3, 2, 1]);
        assert_eq!(notes, [TraceNote::NewestFirst]);
    }

    #[test]
    fn files_in_the_wrong_order_are_sorted() {
        let (numbers, notes, _) = sorted(
            "Mar  2 10:00:00 a in.tftpd[70]: x\nMar  2 10:00:09 a in.tftpd[71]: x\n\
             Mar  2 09:00:00 a in.tftpd[10]: x\nMar  2 09:00:05 a in.tftpd[11]: x",
        );
        assert_eq!(numbers, [3, 4, 1, 2]);
        assert_eq!(notes, [TraceNote::OutOfOrder { line: 3, steps: 1 }]);
    }

    #[test]
    fn hosts_one_after_the_other_are_merged_without_a_note() {
        let (numbers, notes, _) = sorted(
            "Mar  2 09:00:00 a in.tftpd[1]: x\nMar  2 09:00:09 a in.tftpd[2]: x\n\
             Mar  2 09:00:04 b in.tftpd[1]: x\nMar  2 09:00:12 b in.tftpd[2]: x",
        );
        assert_eq!(numbers, [1, 3, 2, 4]);
        assert_eq!(notes, []);
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_change_the_order() {
        let (numbers, notes, times) = sorted(
            "Oct 25 02:58:00 a in.tftpd[7]: x\nOct 25 02:59:30 a in.tftpd[8]: x\n\
             Oct 25 02:00:30 a in.tftpd[9]: x\nOct 25 03:00:30 a in.tftpd[10]: x",
        );
        assert_eq!(numbers, [1, 2, 3, 4]);
        let by = SignedDuration::from_mins(59);
        assert_eq!(notes, [TraceNote::ClockSetBack { line: 3, by }]);
        assert_eq!(times[2].duration_since(times[1]).as_secs(), 60);
        assert_eq!(times[3].duration_since(times[2]).as_secs(), 3600);
        // A clock without a battery, and later the right time again.
        let (numbers, _, times) = sorted(
            "Mar  2 09:00:00 a dnsmasq-tftp[7]: x\nJan  1 00:00:10 a dnsmasq-tftp[7]: x\n\
             Jan  1 00:00:20 a dnsmasq-tftp[7]: x\nMar  2 09:05:00 a dnsmasq-tftp[7]: x",
        );
        assert_eq!(numbers, [1, 2, 3, 4]);
        assert_eq!(times[2].duration_since(times[0]).as_secs(), 10);
        assert_eq!(times[3].duration_since(times[0]).as_secs(), 300);
    }

    #[test]
    fn a_log_without_times_keeps_its_order() {
        let (numbers, notes, _) = sorted("in.tftpd[1]: x\nin.tftpd[2]: x");
        assert_eq!(
            (&numbers[..], &notes[..]),
            (&[1, 2][..], &[TraceNote::NoTimes][..])
        );
        let (_, notes, times) = sorted("in.tftpd[1]: x\nMar  2 09:00:00 a in.tftpd[2]: x");
        assert_eq!((times[0], &notes[..]), (times[1], &[][..]));
    }
}
