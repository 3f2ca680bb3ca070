//! The phones that `reflash watch` hears: a table that is drawn again and again on a
//! terminal, a line a change in a pipe, JSON Lines for programs.

use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

use clap::ColorChoice;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde::Serialize;

use super::{Sink, Style, bars, escape, lines::clock};
use crate::{
    phone::{LoadName, MacAddress, Protocol},
    track::{Moment, Witness},
    witness::watch::{Change, Phone, Watch},
};

/// Shows who is heard.
pub trait Watcher: Send {
    /// It is listened from now on.
    fn started(&mut self, at: Timestamp, interfaces: &[String]);
    /// Something is new of a phone. The interface is empty where nothing was heard.
    fn changed(&mut self, at: Timestamp, interface: &str, phone: &Phone, change: Change);
    /// The list as it is now; told each second.
    fn list(&mut self, _now: Moment, _watch: &Watch) {}
    /// It is over.
    fn finished(&mut self, now: Moment, watch: &Watch);
}

/// Which of the displays fits the flags and what standard output is.
#[must_use]
pub fn watcher(json: bool, quiet: bool, color: ColorChoice) -> Box<dyn Watcher> {
    let terminal = io::stdout().is_terminal() && io::stderr().is_terminal();
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    let out = Sink::new(io::stdout());
    let style = Style::new(color);
    if json {
        Box::new(Json(out))
    } else if terminal && !dumb && !quiet {
        Box::new(Table::new(out, style))
    } else {
        Box::new(Lines { out, style, quiet })
    }
}

struct Json<W>(Sink<W>);

#[derive(Serialize)]
struct Line<'a> {
    at: Timestamp,
    kind: &'static str,
    change: Change,
    mac: MacAddress,
    address: Option<std::net::Ipv4Addr>,
    model: Option<&'static str>,
    load: Option<&'a LoadName>,
    protocol: Option<String>,
    port: Option<&'a str>,
    vlan: Option<u16>,
    witness: Witness,
    interface: Option<&'a str>,
}

impl<W: Write + Send> Watcher for Json<W> {
    fn started(&mut self, _at: Timestamp, _interfaces: &[String]) {}

    fn changed(&mut self, at: Timestamp, interface: &str, phone: &Phone, change: Change) {
        let line = Line {
            at,
            kind: "phone",
            change,
            mac: phone.mac,
            address: phone.address,
            model: phone.model.map(crate::phone::Model::plain_number),
            load: phone.load.as_ref(),
            protocol: protocol(phone).map(|protocol| protocol.to_string()),
            port: phone.port.as_deref(),
            vlan: phone.vlan,
            witness: phone.witness,
            interface: Some(interface).filter(|name| !name.is_empty()),
        };
        match serde_json::to_string(&line) {
            Ok(line) => self.0.line(&line),
            Err(error) => tracing::error!("a phone could not be written as JSON: {error}"),
        }
    }

    fn finished(&mut self, _now: Moment, _watch: &Watch) {}
}

struct Lines<W> {
    out: Sink<W>,
    style: Style,
    quiet: bool,
}

impl<W: Write + Send> Watcher for Lines<W> {
    fn started(&mut self, at: Timestamp, interfaces: &[String]) {
        if !self.quiet {
            self.out
                .line(&format!("{} {}", clock(at), opening(interfaces)));
        }
    }

    fn changed(&mut self, at: Timestamp, _interface: &str, phone: &Phone, change: Change) {
        if !self.quiet {
            let line = format!("{} {}", clock(at), sentence(phone, change));
            self.out.line(&painted(self.style, phone, &line));
        }
    }

    fn finished(&mut self, now: Moment, watch: &Watch) {
        self.out.line("");
        for line in table(now, watch, usize::MAX, self.style) {
            self.out.line(&line);
        }
    }
}

/// Draws on standard error, as all that moves here; the last table goes to standard output.
struct Table<W> {
    out: Sink<W>,
    style: Style,
    drawn: ProgressBar,
    opening: String,
}

impl<W: Write> Table<W> {
    fn new(out: Sink<W>, style: Style) -> Self {
        let plain = ProgressStyle::with_template("{msg}").unwrap_or_else(|error| {
            tracing::error!("the table's template is wrong: {error}");
            ProgressStyle::default_spinner()
        });
        Self {
            out,
            style,
            drawn: bars::screen().add(ProgressBar::new_spinner().with_style(plain)),
            opening: String::new(),
        }
    }
}

impl<W: Write + Send> Watcher for Table<W> {
    fn started(&mut self, _at: Timestamp, interfaces: &[String]) {
        self.opening = opening(interfaces);
        self.drawn.set_message(self.opening.clone());
        self.drawn.tick();
    }

    fn changed(&mut self, _at: Timestamp, _interface: &str, _phone: &Phone, _change: Change) {}

    fn list(&mut self, now: Moment, watch: &Watch) {
        let rows = bars::terminal_rows().saturating_sub(SPARE_ROWS).max(1);
        let mut text = table(now, watch, rows.into(), self.style);
        text.push(self.opening.clone());
        self.drawn.set_message(text.join("\n"));
        self.drawn.tick();
    }

    fn finished(&mut self, now: Moment, watch: &Watch) {
        self.drawn.finish_and_clear();
        for line in table(now, watch, usize::MAX, self.style) {
            self.out.line(&line);
        }
    }
}

/// Rows for the head, the sum, the opening and the cursor.
const SPARE_ROWS: u16 = 5;

fn opening(interfaces: &[String]) -> String {
    format!(
        "listening on {}; phones speak about once a minute (Ctrl-C ends it)",
        escape(&interfaces.join(", "))
    )
}

fn protocol(phone: &Phone) -> Option<Protocol> {
    phone.load.as_ref().and_then(LoadName::protocol)
}

/// Good is what runs SIP.
fn painted(style: Style, phone: &Phone, line: &str) -> String {
    if phone.is_silent {
        line.to_owned()
    } else {
        match protocol(phone) {
            Some(Protocol::Sip) => style.good(line),
            Some(Protocol::Sccp) => line.to_owned(),
            None => style.warn(line),
        }
    }
}

fn sentence(phone: &Phone, change: Change) -> String {
    let mut line = format!("SEP{}", phone.mac.wire());
    if let Some(model) = phone.model {
        line += &format!(" ({})", model.number);
    }
    if let Some(address) = phone.address {
        line += &format!(" at {address}");
    }
    if change == Change::Silent {
        return line + ": says nothing any more";
    }
    match &phone.load {
        Some(load) => line += &format!(": runs {}", escape(load.as_str())),
        None => line += ": is here; no load heard yet",
    }
    if let Some(port) = &phone.port {
        line += &format!(", {}", escape(port));
    }
    if let Some(vlan) = phone.vlan {
        line += &format!(", VLAN {vlan}");
    }
    line
}

/// The list, at most so many rows of it: those heard last. 80 columns.
fn table(now: Moment, watch: &Watch, rows: usize, style: Style) -> Vec<String> {
    if watch.phones().len() == 0 {
        return vec!["No phone was heard yet.".to_owned()];
    }
    let mut phones: Vec<&Phone> = watch.phones().collect();
    let all = phones.len();
    if all > rows {
        phones.sort_by_key(|phone| std::cmp::Reverse(phone.last));
        phones.truncate(rows);
        phones.sort_by_key(|phone| phone.mac);
    }
    let mut lines = vec![format!(
        "{:<12} {:<15} {:<7} {:<21} {:<5} {:<6} {:>4} {:>3}",
        "MAC", "address", "model", "load", "runs", "port", "VLAN", "ago"
    )];
    for phone in &phones {
        let dash = || "-".to_owned();
        let line = format!(
            "{:<12} {:<15} {:<7} {:<21} {:<5} {:<6} {:>4} {:>3}",
            phone.mac.to_string(),
            phone
                .address
                .map_or_else(dash, |address| address.to_string()),
            phone.model.map_or("-", |model| model.number),
            cut(phone.load.as_ref().map_or("-", LoadName::as_str), 21),
            if phone.is_silent {
                "quiet".to_owned()
            } else {
                protocol(phone).map_or_else(dash, |protocol| protocol.to_string())
            },
            cut(phone.port.as_deref().unwrap_or("-"), 6),
            phone.vlan.map_or_else(dash, |vlan| vlan.to_string()),
            ago(now.saturating_sub(phone.last)),
        );
        lines.push(painted(style, phone, &line));
    }
    let count = |wanted: Option<Protocol>| {
        let runs = |phone: &&Phone| !phone.is_silent && protocol(phone) == wanted;
        watch.phones().filter(runs).count()
    };
    let silent = watch.phones().filter(|phone| phone.is_silent).count();
    let mut parts = Vec::new();
    for (number, words) in [
        (count(Some(Protocol::Sip)), "run SIP"),
        (count(Some(Protocol::Sccp)), "run SCCP"),
        (count(None), "do not say"),
        (silent, "silent"),
        (all - phones.len(), "not shown"),
    ] {
        if number > 0 {
            parts.push(format!("{number} {words}"));
        }
    }
    let noun = if all == 1 { "phone" } else { "phones" };
    lines.push(format!("{all} {noun}: {}", parts.join(", ")));
    lines
}

/// Safe for a terminal, and no wider than this.
fn cut(text: &str, width: usize) -> String {
    let text = escape(text);
    if text.chars().count() <= width {
        return text;
    }
    let mut short: String = text.chars().take(width - 1).collect();
    short.push('…');
    short
}

/// In three columns: 59s, 59m, 99h, then days.
fn ago(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..360_000 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{phone::Model, witness::watch::Fact};

    fn heard(last: u8, load: &str, port: &str) -> Fact {
        Fact {
            mac: MacAddress::new([0, 0x1d, 0x45, 0xaa, 0xbb, last]),
            witness: Witness::Cdp,
            address: Some(std::net::Ipv4Addr::new(192, 168, 100, 200)),
            model: Model::by_number("7961-GE"),
            load: Some(LoadName::new(load)),
            port: Some(port.to_owned()),
            vlan: Some(4094),
            holds: Some(Duration::from_secs(180)),
        }
    }

    #[test]
    fn the_table_fits_80_columns_whatever_the_wire_says() {
        let mut watch = Watch::default();
        let long = "SIP78xx.14-1-1SR1-0001-125-and-more-of-it";
        watch.learn(Duration::ZERO, &heard(1, long, "Port 1"));
        watch.learn(Duration::ZERO, &heard(2, "SCCP41.8-5-2S", "\x1b[2J…"));
        let lines = table(
            Duration::from_hours(2000),
            &watch,
            usize::MAX,
            Style::plain(),
        );
        for line in &lines {
            assert!(line.chars().count() <= 80, "{line}");
            assert!(!line.contains('\x1b'), "{line}");
        }
        assert_eq!(lines.last().unwrap(), "2 phones: 1 run SIP, 1 run SCCP");
    }

    #[test]
    fn a_small_screen_shows_those_heard_last() {
        let mut watch = Watch::default();
        for number in 0..10 {
            let now = Duration::from_secs(number.into());
            watch.learn(now, &heard(number, "SIP41.9-4-2SR3-1S", "Port 1"));
        }
        let lines = table(Duration::from_secs(9), &watch, 2, Style::plain());
        assert_eq!(lines.len(), 4);
        assert!(lines[1].starts_with("001d45aabb08") && lines[2].starts_with("001d45aabb09"));
        assert_eq!(lines[3], "10 phones: 10 run SIP, 8 not shown");
    }

    #[test]
    fn times_are_three_columns() {
        for (seconds, text) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m"),
            (3599, "59m"),
            (7200, "2h"),
        ] {
            assert_eq!(ago(Duration::from_secs(seconds)), text);
        }
    }
}
