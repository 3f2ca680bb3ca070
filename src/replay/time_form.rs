//! The forms in which logs write times.

use jiff::{SignedDuration, Timestamp, civil, tz};

use super::timestamp::LogTime;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// Abbreviations of zones that mean one offset, in minutes. `CST` and `IST` do not.
const ZONES: [(&str, i32); 22] = [
    ("UTC", 0),
    ("GMT", 0),
    ("WET", 0),
    ("BST", 60),
    ("WEST", 60),
    ("CET", 60),
    ("MEZ", 60),
    ("CEST", 120),
    ("MESZ", 120),
    ("EET", 120),
    ("EEST", 180),
    ("MSK", 180),
    ("JST", 540),
    ("AEST", 600),
    ("AEDT", 660),
    ("NZST", 720),
    ("NZDT", 780),
    ("EST", -300),
    ("EDT", -240),
    ("MST", -420),
    ("PST", -480),
    ("PDT", -420),
];

/// Seconds since 1970 of log lines: from 2001 to 2096. Smaller numbers are uptimes.
const EPOCHS: std::ops::Range<i64> = 1_000_000_000..4_000_000_000;

/// Splits the time off the front of a line. Accepts any line.
pub(super) fn split_time(line: &str) -> (LogTime, &str) {
    let mut text = Cursor(line);
    match text.front() {
        Some(time) => (time, text.0),
        None => (LogTime::None, line),
    }
}

/// The time of a web server's line: `… [02/Mar/2026:09:00:00 +0100] …`.
pub(super) fn of_access(text: &str) -> Option<LogTime> {
    text.match_indices('[').find_map(|(at, _)| {
        let mut text = Cursor(text.get(at + 1..)?);
        let day = text.number(1, 2)?;
        text.eat("/")?;
        let month = text.month()?;
        text.eat("/")?;
        let year = text.number(4, 4)?;
        text.eat(":").or_else(|| text.eat(" "))?;
        let time = text.time()?;
        let date = date(year, month, day)?;
        let zone = text.zone();
        text.0.starts_with(']').then(|| local(date, time, zone))
    })
}

/// Splits the time off the end of a line: `… [02/03 09:00:03.113]`, day and month.
pub(super) fn split_last_time(line: &str) -> Option<(LogTime, &str)> {
    let (rest, last) = line.strip_suffix(']')?.rsplit_once('[')?;
    let mut text = Cursor(last);
    let (day, month) = (text.number(1, 2)?, {
        text.eat("/")?;
        text.number(1, 2)?
    });
    text.eat(" ")?;
    let time = text.time()?;
    // Some systems write the month first.
    let (day, month) = if month > 12 {
        (month, day)
    } else {
        (day, month)
    };
    (text.0.is_empty() && (1..=12).contains(&month) && (1..=31).contains(&day)).then_some((
        LogTime::Yearless {
            month: i8::try_from(month).ok()?,
            day: i8::try_from(day).ok()?,
            time,
        },
        rest.trim_end(),
    ))
}

fn date(year: i64, month: i8, day: i64) -> Option<civil::Date> {
    let (year, day) = (i16::try_from(year).ok()?, i8::try_from(day).ok()?);
    civil::Date::new(year, month, day).ok()
}

/// A time with the zone that follows it, if one does.
fn local(date: civil::Date, time: civil::Time, zone: Option<tz::Offset>) -> LogTime {
    let local = date.to_datetime(time);
    match zone.and_then(|zone| Some((zone, zone.to_timestamp(local).ok()?))) {
        Some((zone, time)) if zone.is_zero() => LogTime::At(time),
        Some((zone, time)) => LogTime::Zoned(time, zone),
        None => LogTime::Local(local),
    }
}

/// What is left of a line.
#[derive(Debug, Clone, Copy)]
struct Cursor<'a>(&'a str);

impl Cursor<'_> {
    fn eat(&mut self, text: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(text)?;
        Some(())
    }

    /// A number of so many digits.
    fn number(&mut self, least: usize, most: usize) -> Option<i64> {
        let digits = self.0.bytes().take(most).take_while(u8::is_ascii_digit);
        let digits = digits.count();
        let (number, rest) = self.0.split_at_checked(digits)?;
        (digits >= least).then_some(())?;
        self.0 = rest;
        number.parse().ok()
    }

    /// Nanoseconds of a fraction after `.` or `,`; 0 without one.
    fn fraction(&mut self) -> i32 {
        let Some(rest) = self.0.strip_prefix(['.', ',']) else {
            return 0;
        };
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return 0;
        }
        let (fraction, rest) = rest.split_at(digits);
        self.0 = rest;
        format!("{fraction:0<9.9}").parse().unwrap_or(0)
    }

    fn word(&mut self, words: &[&str]) -> Option<usize> {
        let index = words.iter().position(|word| self.0.starts_with(word))?;
        self.eat(words[index])?;
        Some(index)
    }

    fn month(&mut self) -> Option<i8> {
        let index = self.word(&MONTHS)?;
        i8::try_from(index + 1).ok()
    }

    /// `11:38:42`, with a fraction or without, also `11:38:42 PM`.
    fn time(&mut self) -> Option<civil::Time> {
        let mut hour = self.number(1, 2)?;
        self.eat(":")?;
        let minute = self.number(2, 2)?;
        self.eat(":")?;
        // A leap second counts as the second before it.
        let second = self.number(2, 2)?.min(59);
        let nanoseconds = self.fraction();
        for (half, after) in [(" AM", 0), (" PM", 12)] {
            let rest = self.0.strip_prefix(half);
            if let Some(rest) = rest.filter(|rest| !rest.starts_with(char::is_alphanumeric)) {
                hour = hour % 12 + after;
                self.0 = rest;
            }
        }
        let parts = [hour, minute, second].map(|part| i8::try_from(part).unwrap_or(-1));
        civil::Time::new(parts[0], parts[1], parts[2], nanoseconds).ok()
    }

    /// `Z`, `+01:00`, `+0100`, `+01`, `CET`, after a blank or not.
    fn zone(&mut self) -> Option<tz::Offset> {
        let mut text = *self;
        let minutes = text.zone_minutes().or_else(|| {
            text = Cursor(self.0.strip_prefix(' ')?);
            text.zone_minutes()
        })?;
        let ends = text.0.bytes().next();
        if ends.is_some_and(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        *self = text;
        tz::Offset::from_seconds(minutes * 60).ok()
    }

    fn zone_minutes(&mut self) -> Option<i32> {
        if self.eat("Z").is_some() {
            return Some(0);
        }
        let sign = if self.eat("+").is_some() {
            1
        } else if self.eat("-").is_some() {
            -1
        } else {
            let (name, minutes) = ZONES.iter().find(|(name, _)| {
                let rest = self.0.strip_prefix(name);
                rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric()))
            })?;
            self.eat(name)?;
            return Some(*minutes);
        };
        let hours = self.number(2, 2)?;
        let _ = self.eat(":");
        let minutes = self.number(2, 2).unwrap_or(0);
        i32::try_from(hours * 60 + minutes)
            .ok()
            .map(|all| sign * all)
    }

    /// The time in front, and the blank after it.
    fn front(&mut self) -> Option<LogTime> {
        let mut text = *self;
        let time = text
            .bracketed()
            .or_else(|| text.reset(self).dated())
            .or_else(|| text.reset(self).named())
            .or_else(|| text.reset(self).day_first())
            .or_else(|| text.reset(self).month_first())
            .or_else(|| text.reset(self).epoch(' '))
            .or_else(|| text.reset(self).of_day())?;
        let rest = text.0.strip_prefix(':').unwrap_or(text.0);
        if !(rest.is_empty() || rest.starts_with([' ', '\t'])) {
            return None;
        }
        self.0 = rest.trim_start();
        Some(time)
    }

    fn reset(&mut self, to: &Self) -> &mut Self {
        self.0 = to.0;
        self
    }

    /// `[1772442000.123]`, `[   12.345]`, `[2026-03-02 09:00:00]`, `[03/02/26 09:00:00]`.
    fn bracketed(&mut self) -> Option<LogTime> {
        self.eat("[")?;
        self.0 = self.0.trim_start();
        let mut text = *self;
        let time = text
            .dated()
            .or_else(|| text.reset(self).month_first())
            .or_else(|| text.reset(self).epoch(']'))?;
        text.eat("]")?;
        *self = text;
        Some(time)
    }

    /// `2026-03-02T09:00:00.5+01:00`, `2026-03-02 09:00:00,113`, `Mon 2026-03-02 09:00:00 CET`.
    fn dated(&mut self) -> Option<LogTime> {
        self.weekday();
        let year = self.number(4, 4)?;
        let between = if self.eat("-").is_some() {
            "-"
        } else {
            self.eat("/")?;
            "/"
        };
        let month = i8::try_from(self.number(2, 2)?).ok()?;
        self.eat(between)?;
        let day = self.number(2, 2)?;
        self.eat("T")
            .or_else(|| self.eat(" "))
            .or_else(|| self.eat("_"))?;
        let time = self.time()?;
        let date = date(year, month, day)?;
        Some(local(date, time, self.zone()))
    }

    /// `02.03.2026 09:00:00`.
    fn day_first(&mut self) -> Option<LogTime> {
        let day = self.number(1, 2)?;
        self.eat(".")?;
        let month = i8::try_from(self.number(1, 2)?).ok()?;
        self.eat(".")?;
        let year = self.number(4, 4)?;
        let _ = self.eat(",");
        self.eat(" ")?;
        let time = self.time()?;
        Some(local(date(year, month, day)?, time, self.zone()))
    }

    /// `03/02/26 09:00:00`, `3/2/2026 9:00:00 AM`, as Windows writes them. If the first number is no
    /// month, it is the day.
    fn month_first(&mut self) -> Option<LogTime> {
        let (month, day) = (self.number(1, 2)?, {
            self.eat("/")?;
            self.number(1, 2)?
        });
        self.eat("/")?;
        let year = match self.number(2, 4)? {
            short @ 0..100 => 2000 + short,
            year => year,
        };
        let _ = self.eat(",");
        self.eat(" ")?;
        let time = self.time()?;
        let (month, day) = if month > 12 {
            (day, month)
        } else {
            (month, day)
        };
        let month = i8::try_from(month).ok()?;
        Some(local(date(year, month, day)?, time, self.zone()))
    }

    fn weekday(&mut self) {
        let mut text = *self;
        if text.word(&WEEKDAYS).is_some() {
            let _ = text.eat(",");
            if text.eat(" ").is_some() {
                *self = text;
            }
        }
    }

    /// `Mar  8 11:38:42`, `*Mar  8 2026 11:38:42.123 CET:`, `Mon Mar  2 09:00:00 2026`.
    fn named(&mut self) -> Option<LogTime> {
        // A router marks the times of a clock that is not set.
        let _ = self.eat("*").or_else(|| self.eat("."));
        self.weekday();
        let month = self.month()?;
        self.eat(" ")?;
        self.0 = self.0.trim_start();
        let day = self.number(1, 2).filter(|day| (1..=31).contains(day))?;
        let _ = self.eat(",");
        self.eat(" ")?;
        let mut text = *self;
        let mut year = text.number(4, 4).filter(|_| text.eat(" ").is_some());
        if year.is_some() {
            *self = text;
        }
        let time = self.time()?;
        let zone = self.zone();
        if year.is_none() {
            let mut text = Cursor(self.0.strip_prefix(' ').unwrap_or(""));
            year = text.number(4, 4).filter(|year| {
                (1970..2100).contains(year) && (text.0.is_empty() || text.0.starts_with(' '))
            });
            if year.is_some() {
                *self = text;
                // `logread -t` writes the seconds since 1970 too.
                let mut more = Cursor(self.0.trim_start());
                if let Some(time @ LogTime::At(_)) = more.bracketed() {
                    *self = more;
                    return Some(time);
                }
            }
        }
        match year {
            Some(year) => Some(local(date(year, month, day)?, time, zone)),
            None => Some(LogTime::Yearless {
                month,
                day: i8::try_from(day).ok()?,
                time,
            }),
        }
    }

    /// Seconds since 1970, or since the start of the host.
    fn epoch(&mut self, end: char) -> Option<LogTime> {
        let seconds = self.number(1, 10)?;
        let has_fraction = self.0.starts_with('.');
        let nanoseconds = self.fraction();
        if !self.0.starts_with(end) {
            return None;
        }
        if EPOCHS.contains(&seconds) {
            return Timestamp::new(seconds, nanoseconds).ok().map(LogTime::At);
        }
        (has_fraction && end == ']')
            .then(|| LogTime::Uptime(SignedDuration::new(seconds, nanoseconds)))
    }

    /// `09:00:00.123456`, as `tcpdump` writes it.
    fn of_day(&mut self) -> Option<LogTime> {
        self.time().map(LogTime::OfDay)
    }
}

#[cfg(test)]
mod tests;
