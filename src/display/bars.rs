//! Bars on a terminal: a line for each phone under way, a total below, and what is done
//! scrolls up above them.

use std::{
    collections::HashMap,
    fmt,
    io::{self, Write},
    sync::OnceLock,
    time::Duration,
};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;

use super::{Reporter, Started, Style, lines::painted, report, words};
use crate::track::{Event, PhoneId, PhoneRef, Progress, Report, State, Step};

/// How often the screen is drawn at most. Phones move by a block a millisecond; people
/// read no faster than this.
const DRAWS_PER_SECOND: u8 = 8;

/// Rows kept free for the total and for what was said last.
const SPARE_ROWS: u16 = 4;

/// Rows where the terminal does not say its height.
const USUAL_ROWS: u16 = 24;

/// The screen that log lines must not tear. One terminal, one screen.
static SCREEN: OnceLock<MultiProgress> = OnceLock::new();

/// The screen, on standard error. A second one in one process shares the terminal with the
/// first.
pub(super) fn screen() -> MultiProgress {
    let target = ProgressDrawTarget::stderr_with_hz(DRAWS_PER_SECOND);
    let screen = MultiProgress::with_draw_target(target);
    SCREEN.get_or_init(|| screen).clone()
}

/// One line a phone.
pub struct Bars {
    screen: MultiProgress,
    total: ProgressBar,
    style: Style,
    phones: HashMap<PhoneId, Row>,
    shown: usize,
}

/// One phone's line.
struct Row {
    state: State,
    /// `None` while the screen has no room for it.
    bar: Option<ProgressBar>,
}

impl fmt::Debug for Bars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bars")
            .field("phones", &self.phones.len())
            .finish_non_exhaustive()
    }
}

impl Bars {
    /// Draws on standard error, as indicatif does; the report goes to standard output.
    #[must_use]
    pub fn new(style: Style) -> Self {
        let screen = screen();
        let total =
            screen.add(ProgressBar::new_spinner().with_style(template("{spinner} {wide_msg}")));
        total.enable_steady_tick(Duration::from_millis(250));
        let bars = Self {
            screen,
            total,
            style,
            phones: HashMap::new(),
            shown: 0,
        };
        bars.draw_total();
        bars
    }

    fn say(&self, text: &str) {
        let lines = report::wrap(text, "", "    ").join("\n");
        if let Err(error) = self.screen.println(lines) {
            tracing::warn!("the terminal cannot be written to: {error}");
        }
    }

    fn draw_total(&self) {
        let count = |wanted: &[State]| {
            self.phones
                .values()
                .filter(|row| wanted.contains(&row.state))
                .count()
        };
        if self.phones.is_empty() {
            self.total
                .set_message("waiting for the first phone (Ctrl-C ends the run)");
            return;
        }
        let done = count(&[State::Confirmed, State::Already]);
        let mut parts = vec![format!("{done} of {} done", self.phones.len())];
        for (number, words) in [
            (count(&[State::Flashed]), "flashed"),
            (
                count(&[State::Configuring, State::Manifest, State::Images]),
                "fetching",
            ),
            (count(&[State::Writing]), "writing: DO NOT UNPLUG"),
            (count(&[State::Rebooted]), "restarting"),
            (count(&[State::Stalled]), "stalled"),
            (count(&[State::Failed]), "failed"),
            (
                self.phones.values().filter(|row| row.hidden()).count(),
                "not shown",
            ),
        ] {
            if number > 0 {
                parts.push(format!("{number} {words}"));
            }
        }
        self.total.set_message(parts.join(", "));
    }

    /// The phone's line, if the screen has room for one.
    fn bar(&mut self, phone: &PhoneRef, state: State) -> Option<ProgressBar> {
        let rows = terminal_rows().saturating_sub(SPARE_ROWS).max(1);
        let row = self
            .phones
            .entry(phone.id)
            .or_insert(Row { state, bar: None });
        row.state = state;
        if row.bar.is_none() && !is_over(state) && self.shown < usize::from(rows) {
            let bar = ProgressBar::new(0).with_style(waiting());
            row.bar = Some(self.screen.insert_before(&self.total, bar));
            self.shown += 1;
        }
        row.bar.clone()
    }

    /// Takes the phone's line off the screen.
    fn clear(&mut self, id: PhoneId) {
        if let Some(bar) = self.phones.get_mut(&id).and_then(|row| row.bar.take()) {
            bar.finish_and_clear();
            self.screen.remove(&bar);
            self.shown -= 1;
        }
    }

    fn forget(&mut self, id: PhoneId) {
        self.clear(id);
        self.phones.remove(&id);
        self.draw_total();
    }

    fn step(&mut self, step: &Step) {
        let before = self.phones.get(&step.phone.id).map(|row| row.state);
        let bar = self.bar(&step.phone, step.state);
        let name = words::name(&step.phone);
        if is_over(step.state) {
            self.clear(step.phone.id);
            if before != Some(step.state) {
                let line = format!("{name}: {}", words::step(step));
                self.say(&painted(self.style, step.state, &line));
            }
        } else if step.state == State::Images && before == Some(State::Images) {
            // Its bar stays until the next image moves it.
        } else if let Some(bar) = bar {
            let (word, meaning) = words::state(step.state);
            bar.set_style(waiting());
            bar.set_prefix(name);
            bar.set_message(painted(
                self.style,
                step.state,
                &format!("{word}: {meaning}"),
            ));
        }
        self.draw_total();
    }

    fn progress(&mut self, progress: &Progress) {
        let Some(bar) = self
            .phones
            .get(&progress.phone.id)
            .and_then(|row| row.bar.as_ref())
        else {
            return;
        };
        if bar.length() != Some(progress.size) || bar.message() != words::place(progress) {
            bar.set_style(fetching());
            bar.set_length(progress.size);
            bar.set_prefix(words::name(&progress.phone));
            bar.set_message(words::place(progress));
        }
        bar.set_position(progress.bytes);
    }
}

impl Row {
    fn hidden(&self) -> bool {
        self.bar.is_none() && !is_over(self.state)
    }
}

fn is_over(state: State) -> bool {
    matches!(state, State::Confirmed | State::Already | State::Failed)
}

pub(super) fn terminal_rows() -> u16 {
    console::Term::stderr()
        .size_checked()
        .map_or(USUAL_ROWS, |(rows, _)| rows)
}

fn template(text: &str) -> ProgressStyle {
    // The templates are constants of this file.
    ProgressStyle::with_template(text).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn waiting() -> ProgressStyle {
    template("{prefix} {wide_msg}")
}

fn fetching() -> ProgressStyle {
    template("{prefix} {bar:16} {percent:>3}% {wide_msg}")
}

impl Reporter for Bars {
    fn started(&mut self, _at: Timestamp, started: &Started) {
        for line in report::opening(started) {
            self.say(&line);
        }
    }

    fn event(&mut self, _at: Timestamp, event: &Event) {
        if let Some((what, lines)) = words::diagnosis(event) {
            self.say(&self.style.bad(&what));
            for line in lines {
                self.say(&format!("  {line}"));
            }
        }
        match event {
            Event::Step(step) => self.step(step),
            Event::Progress(progress) => self.progress(progress),
            Event::Gone { phone } => self.forget(phone.id),
            Event::Diagnosis { .. } | Event::Withdrawn { .. } => {}
        }
    }

    fn waiting(&mut self, phone: PhoneId, what: &str, left: Duration) {
        let Some(row) = self.phones.get(&phone) else {
            return;
        };
        // While an image moves, its bar says more.
        if let Some(bar) = row.bar.as_ref().filter(|_| row.state != State::Images) {
            let (word, _) = words::state(row.state);
            let left = left.as_secs();
            let text = format!("{word}, {}:{:02} for {what}", left / 60, left % 60);
            bar.set_message(painted(self.style, row.state, &text));
        }
    }

    fn notice(&mut self, text: &str) {
        self.say(&self.style.warn(text));
    }

    fn finished(&mut self, _at: Timestamp, report: &Report, afterwards: &[String]) {
        for row in self.phones.values() {
            if let Some(bar) = &row.bar {
                bar.finish_and_clear();
            }
        }
        self.total.finish_and_clear();
        if let Err(error) = self.screen.clear() {
            tracing::warn!("the terminal cannot be cleared: {error}");
        }
        let text = report::closing(report, afterwards, self.style).join("\n") + "\n";
        if let Err(error) = super::print(&text) {
            tracing::error!("the report cannot be printed: {error}");
        }
    }
}

/// Does something else with the terminal, while nothing is drawn.
pub(crate) fn aside<T>(other: impl FnOnce() -> T) -> T {
    match SCREEN.get() {
        Some(screen) => screen.suspend(other),
        None => other(),
    }
}

/// Where log lines go: standard error, above the bars where there are any.
#[derive(Debug)]
pub struct LogWriter(());

/// A writer for one log line.
#[must_use]
pub fn log_writer() -> LogWriter {
    LogWriter(())
}

impl Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match SCREEN.get() {
            Some(screen) => screen.suspend(|| io::stderr().write(bytes)),
            None => io::stderr().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
