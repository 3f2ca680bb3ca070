//! The phones that `reflash watch` detects: a table that is redrawn on a terminal, a line for each
//! change in a pipe, JSON Lines for programs.

mod table;

use std::io::{self, IsTerminal, Write};

use clap::ColorChoice;
use jiff::Timestamp;
use serde::Serialize;

use super::{
    output::LineWriter,
    screen::{Area, Screen, screen},
    style::Style,
};
use crate::{
    discovery::watch::{ObservedPhone, PhoneChange, PhoneList},
    phone::{LoadName, MacAddress},
    text::{escape, time_of_day},
    track::{EvidenceSource, RunTime},
};
use table::{closing, colored, dispute, protocol, table};

/// Shows the phones that are detected.
pub trait WatchReporter: Send {
    /// These interfaces are listened on from now on.
    fn started(&mut self, at: Timestamp, interfaces: &[String]);
    /// A phone is new or has changed. `interface` is empty if the change is silence.
    fn changed(
        &mut self,
        at: Timestamp,
        interface: &str,
        phone: &ObservedPhone,
        change: PhoneChange,
    );
    /// The list as it is now; called every second.
    fn list(&mut self, _now: RunTime, _watch: &PhoneList) {}
    /// Listening has ended.
    fn finished(&mut self, now: RunTime, watch: &PhoneList);
}

/// The display for these flags and this standard output.
#[must_use]
pub fn watch_reporter(json: bool, quiet: bool, color: ColorChoice) -> Box<dyn WatchReporter> {
    let terminal = io::stdout().is_terminal() && io::stderr().is_terminal();
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    let out = LineWriter::new(io::stdout());
    let style = Style::new(color);
    if json {
        Box::new(Json(out))
    } else if terminal && !dumb && !quiet {
        Box::new(Table::new(out, style))
    } else {
        Box::new(WatchLines { out, style, quiet })
    }
}

struct Json<W>(LineWriter<W>);

#[derive(Serialize)]
struct WatchLine<'a> {
    at: Timestamp,
    kind: &'static str,
    change: PhoneChange,
    mac: MacAddress,
    address: Option<std::net::Ipv4Addr>,
    model: Option<&'static str>,
    load: Option<&'a LoadName>,
    protocol: Option<String>,
    port: Option<&'a str>,
    vlan: Option<u16>,
    power: Option<u32>,
    witness: EvidenceSource,
    interface: Option<&'a str>,
    /// The host that sent frames in the phone's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    disputed: Option<MacAddress>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    only_disputed: bool,
}

impl<W: Write + Send> WatchReporter for Json<W> {
    fn started(&mut self, _at: Timestamp, _interfaces: &[String]) {}

    fn changed(
        &mut self,
        at: Timestamp,
        interface: &str,
        phone: &ObservedPhone,
        change: PhoneChange,
    ) {
        let line = WatchLine {
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
            power: phone.power,
            witness: phone.source,
            interface: Some(interface).filter(|name| !name.is_empty()),
            disputed: phone.disputed,
            only_disputed: phone.is_only_disputed,
        };
        match serde_json::to_string(&line) {
            Ok(line) => self.0.line(&line),
            Err(error) => tracing::error!("cannot write a phone as JSON: {error}"),
        }
    }

    fn finished(&mut self, _now: RunTime, _watch: &PhoneList) {}
}

struct WatchLines<W> {
    out: LineWriter<W>,
    style: Style,
    quiet: bool,
}

impl<W: Write + Send> WatchReporter for WatchLines<W> {
    fn started(&mut self, at: Timestamp, interfaces: &[String]) {
        if !self.quiet {
            self.out
                .line(&format!("{} {}", time_of_day(at), opening(interfaces)));
        }
    }

    fn changed(
        &mut self,
        at: Timestamp,
        _interface: &str,
        phone: &ObservedPhone,
        change: PhoneChange,
    ) {
        if !self.quiet {
            let line = format!("{} {}", time_of_day(at), change_line(phone, change));
            self.out.line(&colored(self.style, phone, &line));
        }
    }

    fn finished(&mut self, now: RunTime, watch: &PhoneList) {
        self.out.line("");
        for line in closing(now, watch, self.style) {
            self.out.line(&line);
        }
    }
}

/// Redraws on standard error; the last table goes to standard output.
struct Table<W> {
    out: LineWriter<W>,
    style: Style,
    area: Area,
    opening: String,
}

impl<W: Write> Table<W> {
    fn new(out: LineWriter<W>, style: Style) -> Self {
        Self {
            out,
            style,
            area: screen().area(),
            opening: String::new(),
        }
    }
}

impl<W: Write + Send> WatchReporter for Table<W> {
    fn started(&mut self, _at: Timestamp, interfaces: &[String]) {
        self.opening = opening(interfaces);
        let rows = [self.opening.clone()];
        screen().draw(&mut self.area, Screen::size(), &rows);
    }

    fn changed(
        &mut self,
        _at: Timestamp,
        _interface: &str,
        _phone: &ObservedPhone,
        _change: PhoneChange,
    ) {
    }

    fn list(&mut self, now: RunTime, watch: &PhoneList) {
        let size = Screen::size();
        let rows = size.rows.saturating_sub(SPARE_ROWS).max(1);
        // The opening comes first, because after the echo of Ctrl-C the first line stays on the
        // screen.
        let mut text = vec![self.opening.clone()];
        text.extend(table(now, watch, rows, self.style));
        screen().draw(&mut self.area, size, &text);
    }

    fn finished(&mut self, now: RunTime, watch: &PhoneList) {
        screen().close(&self.area);
        for line in closing(now, watch, self.style) {
            self.out.line(&line);
        }
    }
}

/// Rows for the table header, the totals, the opening and the cursor.
const SPARE_ROWS: usize = 5;

fn opening(interfaces: &[String]) -> String {
    format!(
        "listening on {}; phones announce themselves about once a minute (Ctrl-C ends)",
        escape(&interfaces.join(", "))
    )
}

fn change_line(phone: &ObservedPhone, change: PhoneChange) -> String {
    let model = phone.model.map(|model| format!(" ({})", model.number));
    let at = phone.address.map(|address| format!(" at {address}"));
    let what = match &phone.load {
        _ if change == PhoneChange::Silent => return phone_line(phone, model, at, "is silent"),
        Some(load) => format!("runs {}", escape(load.as_str())),
        None => "detected; its load is not known yet".to_owned(),
    };
    let port = phone.port.as_deref().map(escape);
    let vlan = phone.vlan.map(|vlan| format!("VLAN {vlan}"));
    let parts: Vec<String> = [Some(what), port, vlan, dispute(phone)]
        .into_iter()
        .flatten()
        .collect();
    phone_line(phone, model, at, &parts.join(", "))
}

fn phone_line(
    phone: &ObservedPhone,
    model: Option<String>,
    at: Option<String>,
    what: &str,
) -> String {
    let (model, at) = (model.unwrap_or_default(), at.unwrap_or_default());
    format!("SEP{}{model}{at}: {what}", phone.mac.upper_hex())
}
