//! The phones that `reflash watch` hears: a table that is drawn again and again on a
//! terminal, a line a change in a pipe, JSON Lines for programs.

mod table;

use std::io::{self, IsTerminal, Write};

use clap::ColorChoice;
use jiff::Timestamp;
use serde::Serialize;

use super::{
    Sink, Style,
    plain::clock,
    screen::{Area, Screen, screen},
};
use crate::{
    discovery::watch::{ObservedPhone, PhoneChange, PhoneList},
    phone::{LoadName, MacAddress},
    text::escape,
    track::{EvidenceSource, RunTime},
};
use table::{painted, protocol, table};

/// Shows who is heard.
pub trait Watcher: Send {
    /// It is listened from now on.
    fn started(&mut self, at: Timestamp, interfaces: &[String]);
    /// Something is new of a phone. The interface is empty where nothing was heard.
    fn changed(
        &mut self,
        at: Timestamp,
        interface: &str,
        phone: &ObservedPhone,
        change: PhoneChange,
    );
    /// The list as it is now; told each second.
    fn list(&mut self, _now: RunTime, _watch: &PhoneList) {}
    /// It is over.
    fn finished(&mut self, now: RunTime, watch: &PhoneList);
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
}

impl<W: Write + Send> Watcher for Json<W> {
    fn started(&mut self, _at: Timestamp, _interfaces: &[String]) {}

    fn changed(
        &mut self,
        at: Timestamp,
        interface: &str,
        phone: &ObservedPhone,
        change: PhoneChange,
    ) {
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
            power: phone.power,
            witness: phone.source,
            interface: Some(interface).filter(|name| !name.is_empty()),
        };
        match serde_json::to_string(&line) {
            Ok(line) => self.0.line(&line),
            Err(error) => tracing::error!("a phone could not be written as JSON: {error}"),
        }
    }

    fn finished(&mut self, _now: RunTime, _watch: &PhoneList) {}
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

    fn changed(
        &mut self,
        at: Timestamp,
        _interface: &str,
        phone: &ObservedPhone,
        change: PhoneChange,
    ) {
        if !self.quiet {
            let line = format!("{} {}", clock(at), sentence(phone, change));
            self.out.line(&painted(self.style, phone, &line));
        }
    }

    fn finished(&mut self, now: RunTime, watch: &PhoneList) {
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
    area: Area,
    opening: String,
}

impl<W: Write> Table<W> {
    fn new(out: Sink<W>, style: Style) -> Self {
        Self {
            out,
            style,
            area: screen().area(),
            opening: String::new(),
        }
    }
}

impl<W: Write + Send> Watcher for Table<W> {
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
        // First, because a terminal's echo of Ctrl-C leaves the first line on the screen.
        let mut text = vec![self.opening.clone()];
        text.extend(table(now, watch, rows, self.style));
        screen().draw(&mut self.area, size, &text);
    }

    fn finished(&mut self, now: RunTime, watch: &PhoneList) {
        screen().close(&self.area);
        for line in table(now, watch, usize::MAX, self.style) {
            self.out.line(&line);
        }
    }
}

/// Rows for the head, the sum, the opening and the cursor.
const SPARE_ROWS: usize = 5;

fn opening(interfaces: &[String]) -> String {
    format!(
        "listening on {}; phones speak about once a minute (Ctrl-C ends it)",
        escape(&interfaces.join(", "))
    )
}

fn sentence(phone: &ObservedPhone, change: PhoneChange) -> String {
    let model = phone.model.map(|model| format!(" ({})", model.number));
    let at = phone.address.map(|address| format!(" at {address}"));
    let what = match &phone.load {
        _ if change == PhoneChange::Silent => {
            return line_of(phone, model, at, "says nothing any more");
        }
        Some(load) => format!("runs {}", escape(load.as_str())),
        None => "is here; no load heard yet".to_owned(),
    };
    let port = phone.port.as_deref().map(escape);
    let vlan = phone.vlan.map(|vlan| format!("VLAN {vlan}"));
    let parts: Vec<String> = [Some(what), port, vlan].into_iter().flatten().collect();
    line_of(phone, model, at, &parts.join(", "))
}

fn line_of(phone: &ObservedPhone, model: Option<String>, at: Option<String>, what: &str) -> String {
    let (model, at) = (model.unwrap_or_default(), at.unwrap_or_default());
    format!("SEP{}{model}{at}: {what}", phone.mac.upper_hex())
}
