//! Metrics of a run for Prometheus: `--metrics ADDRESS:PORT`, off by default.
//!
//! The text is the exposition format 0.0.4 (prometheus.io, "Exposition formats"). Counters are
//! incremented without a lock; phones are counted at each scrape.

use std::{
    fmt::{self, Write as _},
    net::SocketAddrV4,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use crate::{
    diagnose::Code,
    http,
    stage::StagedFile,
    track::{FleetCounts, ObservationKind, State, TransferEnd, Transport},
};

/// The path of the page, without its `/`.
const NAME: &str = "metrics";

/// The content type that scrapers expect.
const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// TFTP error codes with a counter each: those of RFC 1350 and RFC 2347.
const ERROR_CODES: usize = 9;

/// Outcomes of transfers.
const OUTCOMES: [&str; 4] = ["delivered", "aborted", "vanished", "replaced"];

/// Counters since the run began.
#[derive(Debug, Default)]
pub struct Counters {
    started: [AtomicU64; 2],
    not_found: AtomicU64,
    ended: [AtomicU64; OUTCOMES.len()],
    bytes: AtomicU64,
    retransmitted: AtomicU64,
    errors: [AtomicU64; ERROR_CODES],
}

impl Counters {
    /// Counts an observation of a server.
    pub fn count(&self, kind: &ObservationKind) {
        match kind {
            ObservationKind::Requested {
                transport,
                served: Some(_),
                ..
            } => add(&self.started[side(*transport)], 1),
            ObservationKind::Requested { served: None, .. } => add(&self.not_found, 1),
            ObservationKind::Ended { end, bytes, .. } => {
                let outcome = match end {
                    TransferEnd::Delivered => 0,
                    TransferEnd::Aborted { .. } => 1,
                    TransferEnd::Vanished { .. } => 2,
                    TransferEnd::Replaced | TransferEnd::Killed => 3,
                };
                add(&self.ended[outcome], 1);
                add(&self.bytes, *bytes);
            }
            _ => {}
        }
    }

    /// Counts retransmitted packets.
    pub fn retransmitted(&self, packets: u64) {
        add(&self.retransmitted, packets);
    }

    /// Counts a TFTP ERROR that was sent.
    pub fn error_sent(&self, code: u16) {
        // An unassigned code counts as 0, "not defined".
        let code = usize::from(code);
        add(&self.errors[if code < ERROR_CODES { code } else { 0 }], 1);
    }
}

fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Relaxed);
}

fn side(transport: Transport) -> usize {
    match transport {
        Transport::Tftp => 0,
        Transport::Http => 1,
    }
}

/// The text of the page.
#[must_use]
pub fn render(counters: &Counters, phones: &FleetCounts) -> String {
    let mut page = MetricsPage(String::new());
    let version = env!("CARGO_PKG_VERSION");
    page.metric("build_info", "gauge", "The version of the program.");
    page.sample("build_info", &[("version", version)], 1);
    page.metric("phones", "gauge", "Phones by state.");
    for state in State::ALL {
        let count = phones.states.get(&state).copied().unwrap_or(0);
        let word = crate::run_view::format::state_name(state);
        page.sample("phones", &[("state", word)], count);
    }
    done_and_registered(&mut page, phones);
    page.metric("other_clients", "gauge", "Clients that are not phones.");
    page.sample("other_clients", &[], phones.others);
    page.metric(
        "phones_missing",
        "gauge",
        "Phones that are expected by name and were not observed.",
    );
    for phone in &phones.missing {
        let labels = [
            ("mac", phone.mac.to_string()),
            ("model", phone.model.clone().unwrap_or_default()),
            ("name", phone.name.clone().unwrap_or_default()),
        ];
        let labels = labels
            .each_ref()
            .map(|(label, text)| (*label, text.as_str()));
        page.sample("phones_missing", &labels, 1);
    }
    page.metric("diagnoses", "gauge", "Active diagnoses by code.");
    for code in Code::ALL {
        let count = phones.diagnoses.get(code).copied().unwrap_or(0);
        page.sample("diagnoses", &[("code", &code.to_string())], count);
    }
    let started: Vec<u64> = counters.started.iter().map(|it| it.load(Relaxed)).collect();
    let ended: Vec<u64> = counters.ended.iter().map(|it| it.load(Relaxed)).collect();
    let all: u64 = started.iter().sum();
    // The counters are read one after the other and may differ slightly.
    let running = all.saturating_sub(ended.iter().sum());
    page.metric("transfers_running", "gauge", "Transfers under way.");
    page.sample("transfers_running", &[], running);
    page.metric("transfers_started_total", "counter", "Transfers started.");
    for (transport, count) in ["tftp", "http"].into_iter().zip(started) {
        page.sample(
            "transfers_started_total",
            &[("transport", transport)],
            count,
        );
    }
    page.metric(
        "transfers_ended_total",
        "counter",
        "Transfers ended, by outcome.",
    );
    for (outcome, count) in OUTCOMES.into_iter().zip(ended) {
        page.sample("transfers_ended_total", &[("outcome", outcome)], count);
    }
    for (name, help, counter) in [
        (
            "not_found_total",
            "Requests answered with \"not found\" or not at all.",
            &counters.not_found,
        ),
        (
            "acknowledged_bytes_total",
            "Bytes acknowledged in transfers that have ended.",
            &counters.bytes,
        ),
        (
            "tftp_retransmitted_packets_total",
            "TFTP packets retransmitted.",
            &counters.retransmitted,
        ),
    ] {
        page.metric(name, "counter", help);
        page.sample(name, &[], counter.load(Relaxed));
    }
    page.metric(
        "tftp_errors_sent_total",
        "counter",
        "TFTP errors sent, by code.",
    );
    for (code, counter) in counters.errors.iter().enumerate() {
        let code = code.to_string();
        page.sample(
            "tftp_errors_sent_total",
            &[("code", &code)],
            counter.load(Relaxed),
        );
    }
    page.0
}

/// How many phones are done, and how many lines are registered.
fn done_and_registered(page: &mut MetricsPage, phones: &FleetCounts) {
    page.metric("phones_done", "gauge", "Phones that are done.");
    page.sample("phones_done", &[], phones.done);
    page.metric(
        "phones_up",
        "gauge",
        "Phones in normal operation, without a conversion in progress.",
    );
    page.sample("phones_up", &[], phones.up);
    let lines = phones.registrations.unwrap_or_default();
    page.metric(
        "lines",
        "gauge",
        "Lines of phones that got a configuration of their own, by registration.",
    );
    for (state, count) in [
        ("registered", lines.registered),
        ("not-registered", lines.not_registered),
        ("not-visible", lines.not_visible),
    ] {
        page.sample("lines", &[("state", state)], count.into());
    }
}

/// The text while it is written. Writing to a String does not fail.
struct MetricsPage(String);

impl MetricsPage {
    fn metric(&mut self, name: &str, kind: &str, help: &str) {
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        let _ = writeln!(self.0, "# HELP reflash_{name} {help}");
        let _ = writeln!(self.0, "# TYPE reflash_{name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: u64) {
        let _ = write!(self.0, "reflash_{name}");
        for (at, (label, text)) in labels.iter().enumerate() {
            let open = if at == 0 { '{' } else { ',' };
            let text = escaped(text);
            let _ = write!(self.0, "{open}{label}=\"{text}\"");
        }
        let close = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.0, "{close} {value}");
    }
}

/// A label value, escaped.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

/// Serves `GET /metrics` on a listener of its own.
pub struct Exporter {
    page: Box<dyn Fn() -> String + Send + Sync>,
}

impl Exporter {
    /// An exporter that calls `page` for each scrape.
    pub fn new(page: impl Fn() -> String + Send + Sync + 'static) -> Self {
        let page = Box::new(page);
        Self { page }
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exporter")
    }
}

impl http::HttpService for Exporter {
    fn request(&self, _now: Instant, request: &http::HttpRequest<'_>) -> http::HttpAnswer {
        if request.name != NAME {
            return http::HttpAnswer::NotFound;
        }
        let file = StagedFile {
            name: NAME.into(),
            bytes: Arc::from((self.page)().into_bytes()),
        };
        http::HttpAnswer::Serve(0, file.into())
    }

    fn acknowledged(&self, _now: Instant, _peer: SocketAddrV4, _transfer: u64, _bytes: u64) {}

    fn ended(&self, _: Instant, _: SocketAddrV4, _transfer: u64, _end: http::End, _bytes: u64) {}

    fn content_type(&self) -> &'static str {
        CONTENT_TYPE
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::{
        phone::MacAddress,
        track::{MissingPhone, ServedFile, TransferId},
    };

    /// Checks a page against the format: each metric has HELP and TYPE once, followed by all of its
    /// samples, each once.
    fn samples(page: &str) -> BTreeMap<String, u64> {
        let (mut introduced, mut current) = (BTreeSet::new(), String::new());
        let mut samples = BTreeMap::new();
        let mut lines = page.lines();
        while let Some(line) = lines.next() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').unwrap();
                assert!(introduced.insert(name.to_owned()), "{name} twice");
                assert!(!help.is_empty());
                let kind = lines.next().unwrap().strip_prefix("# TYPE ").unwrap();
                let (typed, kind) = kind.split_once(' ').unwrap();
                assert_eq!(typed, name);
                assert!(matches!(kind, "gauge" | "counter"), "{kind}");
                assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
                name.clone_into(&mut current);
                continue;
            }
            let (series, value) = line.rsplit_once(' ').unwrap();
            let name = series.split('{').next().unwrap();
            assert_eq!(name, current, "{line}");
            let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
            assert!(name.chars().all(allowed), "{name}");
            let before = samples.insert(series.to_owned(), value.parse().unwrap());
            assert!(before.is_none(), "{series} twice");
        }
        assert!(page.ends_with('\n'));
        samples
    }

    #[test]
    fn the_page_follows_the_exposition_format_and_has_the_counts() {
        let counters = Counters::default();
        let asked = |served, transport| ObservationKind::Requested {
            transfer: TransferId(0),
            transport,
            name: "x".to_owned(),
            port: 1,
            served,
            error: None,
            sender: None,
        };
        let served = || {
            Some(ServedFile {
                name: "x".to_owned(),
                size: 9,
            })
        };
        counters.count(&asked(served(), Transport::Tftp));
        counters.count(&asked(served(), Transport::Http));
        counters.count(&asked(None, Transport::Tftp));
        counters.count(&ObservationKind::Ended {
            transfer: TransferId(0),
            end: TransferEnd::Delivered,
            bytes: 9,
        });
        counters.retransmitted(3);
        counters.error_sent(1);
        counters.error_sent(4711);
        let phones = FleetCounts {
            states: [(State::Flashed, 2)].into(),
            diagnoses: [(Code::Stalled, 1)].into(),
            others: 1,
            missing: vec![MissingPhone {
                mac: MacAddress::new([0, 0x1d, 0x45, 0xaa, 0xbb, 0x0c]),
                name: Some("Hall".to_owned()),
                model: Some("7965".to_owned()),
            }],
            done: 2,
            up: 0,
            registrations: None,
        };
        let samples = samples(&render(&counters, &phones));
        for (series, value) in [
            ("phones{state=\"flashed\"}", 2),
            ("phones{state=\"seen\"}", 0),
            ("diagnoses{code=\"stalled\"}", 1),
            ("other_clients", 1),
            (
                "phones_missing{mac=\"001d45aabb0c\",model=\"7965\",name=\"Hall\"}",
                1,
            ),
            ("transfers_running", 1),
            ("transfers_started_total{transport=\"http\"}", 1),
            ("transfers_ended_total{outcome=\"delivered\"}", 1),
            ("not_found_total", 1),
            ("acknowledged_bytes_total", 9),
            ("tftp_retransmitted_packets_total", 3),
            ("tftp_errors_sent_total{code=\"0\"}", 1),
            ("tftp_errors_sent_total{code=\"1\"}", 1),
        ] {
            assert_eq!(
                samples.get(&format!("reflash_{series}")),
                Some(&value),
                "{series}"
            );
        }
    }

    #[test]
    fn a_label_value_is_escaped() {
        assert_eq!(escaped("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
    }
}
