//! One self-contained page without scripts, readable on a small screen, in dark mode and on A4.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::next_step::next_step;
use crate::{
    run_view::{Attention, PhoneView, RunView, format, totals},
    text::{clock, date_time, escape as visible, size},
    track::{FileReport, PhoneReport, Report, State},
};

/// The text above the phones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heading {
    /// The page's title.
    pub title: String,
    /// A sentence each: what was recorded, when, how complete the record is.
    pub sentences: Vec<String>,
}

/// The style; the live page extends it.
pub(crate) const STYLE: &str = include_str!("style.css");

/// The width of a time line in its own units.
const WIDTH: f64 = 1000.0;

/// The least width of a span, so that it can be seen.
const LEAST: f64 = 3.0;

/// The page of a finished view.
#[must_use]
pub fn render(view: &RunView, heading: &Heading) -> String {
    let mut page = String::from(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; style-src 'unsafe-inline'\">\n",
    );
    let title = text(&heading.title);
    let style = STYLE;
    append(
        &mut page,
        format_args!("<title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"),
    );
    append(&mut page, format_args!("<h1>{title}</h1>\n"));
    for sentence in &heading.sentences {
        append(
            &mut page,
            format_args!("<p class=\"soft\">{}</p>\n", text(sentence)),
        );
    }
    if let Some(report) = view.report() {
        counts(&mut page, report);
    }
    legend(&mut page);
    let mut open = view
        .reported()
        .filter(|(phone, _)| phone.attention() < Attention::Up)
        .peekable();
    let missing = view.report().map_or(&[][..], |report| &report.missing);
    if open.peek().is_some() || !missing.is_empty() {
        page.push_str("<h2>Need attention, or still under way</h2>\n");
    }
    for (phone, report) in open {
        card(&mut page, phone, report);
    }
    for phone in missing {
        let name = phone.name.as_deref().map(text).unwrap_or_default();
        let model = phone.model.as_deref().map(text).unwrap_or_default();
        append(
            &mut page,
            format_args!(
                "<article class=\"bad\"><header><h3>{}</h3><span>{name}</span><span>{model}</span>\
                 <span class=\"tag bad\">never seen</span></header></article>\n",
                phone.mac
            ),
        );
    }
    for (title, attention) in [
        ("Up, no conversion in progress", Attention::Up),
        ("Done", Attention::Done),
    ] {
        let mut phones = view
            .reported()
            .filter(|(phone, _)| phone.attention() == attention)
            .peekable();
        if phones.peek().is_some() {
            append(&mut page, format_args!("<h2>{title}</h2>\n"));
        }
        for (phone, report) in phones {
            card(&mut page, phone, report);
        }
    }
    if let Some(report) = view.report() {
        others(&mut page, report);
    }
    page.push_str("</body>\n</html>\n");
    page
}

/// Writing to a String does not fail.
fn append(page: &mut String, markup: std::fmt::Arguments<'_>) {
    let _ = page.write_fmt(markup);
}

/// Escapes outside text: markup, control characters, reversed writing.
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

fn counts(page: &mut String, report: &Report) {
    let sums = report.totals;
    let missing = u32::try_from(report.missing.len()).unwrap_or(u32::MAX);
    page.push_str("<ul class=\"counts\">\n");
    for (count, word, class) in [
        (sums.confirmed, "confirmed", "good"),
        (sums.already, "already converted", "good"),
        (sums.flashed, "flashed", "good"),
        (sums.up, "up", "good"),
        (sums.working, "under way", "warn"),
        (sums.stalled, "stalled", "bad"),
        (sums.failed, "failed", "bad"),
        (missing, "never seen", "bad"),
        (sums.seen, "only seen", "soft"),
    ] {
        if count > 0 {
            append(
                page,
                format_args!("<li class=\"{class}\"><b>{count}</b>{word}</li>\n"),
            );
        }
    }
    append(
        page,
        format_args!("</ul>\n<p>{}</p>\n", text(&totals(report))),
    );
}

fn legend(page: &mut String) {
    page.push_str("<ul class=\"legend\">");
    for state in State::ALL {
        let name = format::state_name(state);
        append(
            page,
            format_args!("<li><i style=\"background:var(--{name})\"></i>{name}</li>"),
        );
    }
    page.push_str("<li>▼ diagnosis</li><li>△ withdrawn</li></ul>\n");
}

fn card(page: &mut String, phone: &PhoneView, report: &PhoneReport) {
    let class = phone.attention().color();
    let named = &phone.phone;
    let mac = named
        .mac
        .map_or_else(|| "MAC unknown".to_owned(), |mac| mac.to_string());
    let model = phone.model_text().map(text).unwrap_or_default();
    let name = named.name.as_deref().map(text).unwrap_or_default();
    let (state, tag) = (format::state_name(phone.state), phone.state_text());
    let lasted = phone.last_seen.duration_since(phone.first_seen).as_secs();
    let pass = match phone.pass {
        0 => String::new(),
        pass => format!(", pass {pass}"),
    };
    append(
        page,
        format_args!(
            "<article class=\"{class}\" data-state=\"{state}\">\n<header><h3>{mac}</h3>\
             <span>{name}</span><span>{model}</span><span class=\"soft\">{}</span>\
             <span class=\"tag {class}\">{tag}</span><span class=\"soft\">seen for {}{pass}</span>\
             </header>\n",
            format::long_address(named.address),
            clock(lasted),
        ),
    );
    let loads = [("from", &report.from), ("to", &report.to)];
    let loads: Vec<String> = loads
        .iter()
        .filter_map(|(word, load)| Some(format!("{word} {}", text(load.as_ref()?.as_str()))))
        .collect();
    if !loads.is_empty() {
        append(page, format_args!("<p>{}</p>\n", loads.join(" ")));
    }
    if report.on_inventory == Some(false) {
        page.push_str("<p class=\"warn\">Not on the inventory.</p>\n");
    }
    timeline(page, phone);
    page.push_str("<ul>\n");
    if let Some(reason) = &phone.reason {
        let reason = text(&format::evidence(reason));
        append(page, format_args!("<li>because: {reason}</li>\n"));
    }
    if let Some(caveat) = phone.caveat() {
        append(page, format_args!("<li>{caveat}</li>\n"));
    }
    for line in phone.restart_text().into_iter().chain(phone.uplink_text()) {
        append(page, format_args!("<li>{}</li>\n", text(&line)));
    }
    for diagnosis in &phone.diagnoses {
        append(
            page,
            format_args!(
                "<li><b>{}</b>: {}</li>\n",
                diagnosis.code,
                text(&diagnosis.evidence)
            ),
        );
    }
    append(
        page,
        format_args!("<li>next: {}</li>\n</ul>\n", text(&next_step(phone))),
    );
    evidence(page, phone);
    files(page, &report.files);
    page.push_str("</article>\n");
}

/// Evidence that is not the reason of the state.
fn evidence(page: &mut String, phone: &PhoneView) {
    let others: Vec<_> = phone.other_evidence().collect();
    if others.is_empty() {
        return;
    }
    page.push_str("<details><summary>other evidence</summary><ul>\n");
    for evidence in others {
        let evidence = text(&format::evidence(evidence));
        append(page, format_args!("<li>{evidence}</li>\n"));
    }
    page.push_str("</ul></details>\n");
}

fn files(page: &mut String, files: &[FileReport]) {
    if files.is_empty() {
        return;
    }
    append(
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
        append(
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

/// The states over time as a strip, with marks for diagnoses above it.
fn timeline(page: &mut String, phone: &PhoneView) {
    let timeline = &phone.timeline;
    let (Some(first), Some(last)) = (timeline.spans.first(), timeline.spans.last()) else {
        return;
    };
    let (from, to) = (first.from, last.to);
    let whole = to.duration_since(from).as_secs_f64().max(1.0);
    let place = |at: Timestamp| at.duration_since(from).as_secs_f64() / whole * WIDTH;
    let label: Vec<String> = timeline
        .spans
        .iter()
        .map(|span| format::state_name(span.state).to_owned())
        .collect();
    append(
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
        let state = format::state_name(span.state);
        append(
            page,
            format_args!(
                "<rect x=\"{x:.1}\" y=\"8\" width=\"{width:.1}\" height=\"16\" \
                 fill=\"var(--{state})\"><title>{state} for {}</title></rect>",
                clock(span.to.duration_since(span.from).as_secs())
            ),
        );
    }
    for mark in &timeline.marks {
        let x = place(mark.at).clamp(5.0, WIDTH - 5.0);
        let (shape, end) = if mark.withdrawn {
            ("fill=\"none\" stroke=\"var(--soft)\"", " withdrawn")
        } else {
            ("fill=\"var(--bad)\"", "")
        };
        let tip = if mark.withdrawn {
            format!("M{:.1} 7h10l-5-7z", x - 5.0)
        } else {
            format!("M{:.1} 0h10l-5 7z", x - 5.0)
        };
        append(
            page,
            format_args!(
                "<path d=\"{tip}\" {shape}><title>{}{end} after {}</title></path>",
                mark.code,
                clock(mark.at.duration_since(from).as_secs())
            ),
        );
    }
    append(
        page,
        format_args!(
            "</svg>\n<div class=\"axis\"><span>{}</span><span>+{}</span></div>\n",
            date_time(from),
            clock(to.duration_since(from).as_secs())
        ),
    );
}

fn others(page: &mut String, report: &Report) {
    if report.others.is_empty() {
        return;
    }
    page.push_str("<h2>Other clients (nothing shows that they are phones)</h2>\n<ul>\n");
    for other in &report.others {
        append(
            page,
            format_args!(
                "<li>{}: {} requests</li>\n",
                format::long_address(other.address),
                other.files.len()
            ),
        );
    }
    page.push_str("</ul>\n");
}
