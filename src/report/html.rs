//! One self-contained page: no script, nothing from elsewhere, readable on a phone, in the
//! dark and on A4.

use std::fmt::Write as _;

use super::{Timeline, Timelines, colour, next_step, urgency};
use crate::{
    display::{format, is_done, totals},
    text::{clock, escape as visible, size},
    track::{FileReport, PhoneReport, Report, RunTime, State},
};

/// What stands above the phones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heading {
    /// The page's title.
    pub title: String,
    /// A sentence each: what was recorded, when, how whole the record is.
    pub words: Vec<String>,
}

/// How it looks; the live page begins with the same.
pub(crate) const STYLE: &str = include_str!("style.css");

/// Units of a time line's width.
const WIDTH: f64 = 1000.0;

/// Units that anything on a time line is wide at least, so that it can be seen.
const LEAST: f64 = 3.0;

/// The page.
#[must_use]
pub fn render(report: &Report, timelines: &Timelines, heading: &Heading) -> String {
    let mut page = String::from(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; style-src 'unsafe-inline'\">\n",
    );
    let title = text(&heading.title);
    let style = STYLE;
    put(
        &mut page,
        format_args!("<title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"),
    );
    put(&mut page, format_args!("<h1>{title}</h1>\n"));
    for words in &heading.words {
        put(
            &mut page,
            format_args!("<p class=\"soft\">{}</p>\n", text(words)),
        );
    }
    counts(&mut page, report);
    legend(&mut page);
    let mut phones: Vec<&PhoneReport> = report.phones.iter().collect();
    phones.sort_by_key(|phone| urgency(phone.state, !phone.diagnoses.is_empty()));
    let (done, open): (Vec<_>, Vec<_>) = phones
        .into_iter()
        .partition(|phone| is_done(phone.state) && phone.diagnoses.is_empty());
    let missing = !report.missing.is_empty();
    if !open.is_empty() || missing {
        page.push_str("<h2>Need a hand, or more time</h2>\n");
    }
    for phone in open {
        card(&mut page, phone, timelines.get(phone));
    }
    for phone in &report.missing {
        let name = phone.name.as_deref().map(text).unwrap_or_default();
        put(
            &mut page,
            format_args!(
                "<article class=\"bad\"><header><h3>{}</h3><span>{name}</span>\
                 <span class=\"tag bad\">never heard</span></header></article>\n",
                phone.mac
            ),
        );
    }
    if !done.is_empty() {
        page.push_str("<h2>Done</h2>\n");
    }
    for phone in done {
        card(&mut page, phone, timelines.get(phone));
    }
    others(&mut page, report);
    page.push_str("</body>\n</html>\n");
    page
}

/// Writing to a String does not fail.
fn put(page: &mut String, words: std::fmt::Arguments<'_>) {
    let _ = page.write_fmt(words);
}

/// Text from the wire as text: no markup, no control characters, no reversed writing.
fn text(raw: &str) -> String {
    let mut safe = String::with_capacity(raw.len());
    for character in visible(raw).chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(character),
        }
    }
    safe
}

/// The word of a state, which is its colour's name too.
fn word(state: State) -> &'static str {
    format::state(state).0
}

fn counts(page: &mut String, report: &Report) {
    let sums = report.totals;
    let missing = u32::try_from(report.missing.len()).unwrap_or(u32::MAX);
    page.push_str("<ul class=\"counts\">\n");
    for (count, word, class) in [
        (sums.confirmed, "confirmed", "good"),
        (sums.already, "already converted", "good"),
        (sums.flashed, "flashed", "good"),
        (sums.working, "under way", "warn"),
        (sums.stalled, "stalled", "bad"),
        (sums.failed, "failed", "bad"),
        (missing, "never heard", "bad"),
        (sums.seen, "only seen", "soft"),
    ] {
        if count > 0 {
            put(
                page,
                format_args!("<li class=\"{class}\"><b>{count}</b>{word}</li>\n"),
            );
        }
    }
    put(
        page,
        format_args!("</ul>\n<p>{}</p>\n", text(&totals(report))),
    );
}

fn legend(page: &mut String) {
    page.push_str("<ul class=\"legend\">");
    for state in State::ALL {
        let word = word(state);
        put(
            page,
            format_args!("<li><i style=\"background:var(--{word})\"></i>{word}</li>"),
        );
    }
    page.push_str("<li>▼ diagnosis</li><li>△ withdrawn</li></ul>\n");
}

fn card(page: &mut String, phone: &PhoneReport, timeline: Option<&Timeline>) {
    let class = colour(phone.state, !phone.diagnoses.is_empty());
    let mac = phone
        .mac
        .map_or_else(|| "unknown MAC".to_owned(), |mac| mac.to_string());
    let model = phone.model.as_deref().map(text).unwrap_or_default();
    let name = phone.name.as_deref().map(text).unwrap_or_default();
    let state = word(phone.state);
    let lasted = phone.last_seen.duration_since(phone.first_seen).as_secs();
    put(
        page,
        format_args!(
            "<article class=\"{class}\" data-state=\"{state}\">\n<header><h3>{mac}</h3>\
             <span>{name}</span><span>{model}</span><span class=\"soft\">{}</span>\
             <span class=\"tag {class}\">{state}</span><span class=\"soft\">{} in pass {}</span>\
             </header>\n",
            phone.address,
            clock(lasted),
            phone.pass,
        ),
    );
    let loads = [("from", &phone.from), ("to", &phone.to)];
    let loads: Vec<String> = loads
        .iter()
        .filter_map(|(word, load)| Some(format!("{word} {}", text(load.as_ref()?.as_str()))))
        .collect();
    if !loads.is_empty() {
        put(page, format_args!("<p>{}</p>\n", loads.join(" ")));
    }
    if phone.on_inventory == Some(false) {
        page.push_str("<p class=\"warn\">Not on the inventory.</p>\n");
    }
    if let Some(timeline) = timeline {
        line(page, phone, timeline);
    }
    page.push_str("<ul>\n");
    for evidence in &phone.evidence {
        put(
            page,
            format_args!(
                "<li>because: {}</li>\n",
                text(&format::evidence_of(evidence))
            ),
        );
    }
    for diagnosis in &phone.diagnoses {
        put(
            page,
            format_args!(
                "<li><b>{}</b>: {}</li>\n",
                diagnosis.code,
                text(&diagnosis.evidence)
            ),
        );
    }
    put(
        page,
        format_args!("<li>next: {}</li>\n</ul>\n", text(&next_step(phone))),
    );
    files(page, &phone.files);
    page.push_str("</article>\n");
}

fn files(page: &mut String, files: &[FileReport]) {
    if files.is_empty() {
        return;
    }
    put(
        page,
        format_args!(
            "<details><summary>{} requests</summary><table>\n",
            files.len()
        ),
    );
    for file in files {
        let outcome = serde_json::to_value(file.outcome);
        let outcome = outcome.ok();
        let outcome = outcome.as_ref().and_then(|it| it.as_str()).unwrap_or("");
        let of = file
            .size
            .map(|bytes| format!(" of {}", size(bytes)))
            .unwrap_or_default();
        put(
            page,
            format_args!(
                "<tr><td>{}</td><td>{outcome}</td><td class=\"n\">{}{of}</td></tr>\n",
                text(&file.name),
                size(file.bytes)
            ),
        );
    }
    page.push_str("</table></details>\n");
}

/// The states over time, as a strip of its own scale, with what was said above it.
fn line(page: &mut String, phone: &PhoneReport, timeline: &Timeline) {
    let (Some(first), Some(last)) = (timeline.spans.first(), timeline.spans.last()) else {
        return;
    };
    let (from, to) = (first.from, last.to);
    let whole = to.saturating_sub(from).as_secs_f64().max(1.0);
    let place = |at: RunTime| at.saturating_sub(from).as_secs_f64() / whole * WIDTH;
    let label: Vec<String> = timeline
        .spans
        .iter()
        .map(|span| word(span.state).to_owned())
        .collect();
    put(
        page,
        format_args!(
            "<svg viewBox=\"0 0 1000 24\" preserveAspectRatio=\"none\" role=\"img\" \
             aria-label=\"{}\">",
            text(&label.join(", "))
        ),
    );
    for span in &timeline.spans {
        let x = place(span.from).min(WIDTH - LEAST);
        let width = (place(span.to) - x).max(LEAST);
        let state = word(span.state);
        put(
            page,
            format_args!(
                "<rect x=\"{x:.1}\" y=\"8\" width=\"{width:.1}\" height=\"16\" \
                 fill=\"var(--{state})\"><title>{state} for {}</title></rect>",
                clock(seconds(span.to.saturating_sub(span.from)))
            ),
        );
    }
    for mark in &timeline.marks {
        let x = place(mark.at).clamp(5.0, WIDTH - 5.0);
        let (shape, word) = if mark.withdrawn {
            ("fill=\"none\" stroke=\"var(--soft)\"", "no longer ")
        } else {
            ("fill=\"var(--bad)\"", "")
        };
        let tip = if mark.withdrawn {
            format!("M{:.1} 7h10l-5-7z", x - 5.0)
        } else {
            format!("M{:.1} 0h10l-5 7z", x - 5.0)
        };
        put(
            page,
            format_args!(
                "<path d=\"{tip}\" {shape}><title>{word}{} after {}</title></path>",
                mark.code,
                clock(seconds(mark.at.saturating_sub(from)))
            ),
        );
    }
    put(
        page,
        format_args!(
            "</svg>\n<div class=\"axis\"><span>{:.0}</span><span>+{}</span></div>\n",
            phone.first_seen,
            clock(seconds(to.saturating_sub(from)))
        ),
    );
}

fn seconds(moment: RunTime) -> i64 {
    i64::try_from(moment.as_secs()).unwrap_or(i64::MAX)
}

fn others(page: &mut String, report: &Report) {
    if report.others.is_empty() {
        return;
    }
    page.push_str("<h2>Other clients, no phones</h2>\n<ul>\n");
    for other in &report.others {
        put(
            page,
            format_args!(
                "<li>{}: {} requests</li>\n",
                other.address,
                other.files.len()
            ),
        );
    }
    page.push_str("</ul>\n");
}
