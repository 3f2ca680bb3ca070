//! The terminal that live displays and log lines share. indicatif draws; the drawing stays
//! intact when the window is resized.
//!
//! indicatif pads every line with spaces up to the width and lets the terminal wrap. A terminal
//! that reflows its lines on a resize takes these for one long line, and breaks them elsewhere.
//! Here every line ends where its text ends.

use std::{
    collections::VecDeque,
    io::{self, Write},
    mem,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use console::Term;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

use super::live::Size;
use crate::text::measure::width;

/// The size of a terminal that does not report it.
const USUAL: Size = Size {
    columns: 80,
    rows: 24,
};

/// Rows of scrollback that are written again after a resize: more than most screens have.
const REMEMBERED: usize = 200;

/// There is one terminal.
static SCREEN: OnceLock<Screen> = OnceLock::new();

/// The screen, on standard error.
pub(super) fn screen() -> &'static Screen {
    SCREEN.get_or_init(Screen::new)
}

/// A terminal with an area at its end that is redrawn, and scrollback above it.
#[derive(Debug)]
pub(super) struct Screen {
    drawn: MultiProgress,
    terminal: Arc<Terminal>,
    /// The newest rows above the area.
    scrollback: Mutex<VecDeque<String>>,
}

/// An area of a screen.
#[derive(Debug)]
pub(super) struct Area {
    bar: ProgressBar,
    size: Option<Size>,
}

impl Screen {
    fn new() -> Self {
        let terminal = Arc::new(Terminal::default());
        let drawing = Box::new(Drawing(Arc::clone(&terminal)));
        // Displays draw on ticks of the clock: no further rate limit.
        let target = ProgressDrawTarget::term_like(drawing);
        Self {
            drawn: MultiProgress::with_draw_target(target),
            terminal,
            scrollback: Mutex::default(),
        }
    }

    /// Columns and rows, now.
    pub(super) fn size() -> Size {
        let size = Term::stderr().size_checked();
        size.map_or(USUAL, |(rows, columns)| Size {
            columns: columns.into(),
            rows: rows.into(),
        })
    }

    /// An area at the end of the screen.
    pub(super) fn area(&self) -> Area {
        let style = ProgressStyle::with_template("{msg}").unwrap_or_else(|error| {
            tracing::error!("wrong template for the screen: {error}");
            ProgressStyle::default_spinner()
        });
        let bar = self.drawn.add(ProgressBar::new_spinner().with_style(style));
        Area { bar, size: None }
    }

    /// Writes rows above the area, to stay.
    pub(super) fn scroll(&self, rows: &[String]) {
        if rows.is_empty() {
            return;
        }
        self.remember(rows.iter().cloned());
        // A terminal that is gone does not end the run.
        let _ = self.drawn.println(rows.join("\n"));
    }

    fn remember(&self, rows: impl Iterator<Item = String>) {
        let mut scrollback = self
            .scrollback
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        scrollback.extend(rows);
        let old = scrollback.len().saturating_sub(REMEMBERED);
        scrollback.drain(..old);
    }

    /// Draws the area.
    pub(super) fn draw(&self, area: &mut Area, size: Size, rows: &[String]) {
        let before = area.size.replace(size);
        // After the terminal wrapped or scrolled lines, their positions are unknown.
        let is_torn =
            before.is_some_and(|before| size.columns < before.columns || size.rows != before.rows);
        self.terminal.out().mute(is_torn);
        area.bar.set_message(rows.join("\n"));
        if is_torn {
            self.terminal.out().mute(false);
            self.drawn.suspend(|| self.redraw(size, rows.len()));
        }
    }

    /// Clears the screen and writes the newest scrollback again.
    fn redraw(&self, size: Size, below: usize) {
        let scrollback = self
            .scrollback
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut room = size.rows.saturating_sub(below);
        let fits = |row: &&String| {
            let plain = console::strip_ansi_codes(row);
            let rows = width(&plain).div_ceil(size.columns.max(1)).max(1);
            let fits = rows <= room;
            room = room.saturating_sub(rows);
            fits
        };
        let fitting = scrollback.iter().rev().take_while(fits).count();
        self.terminal
            .out()
            .clear(size.rows, scrollback.range(scrollback.len() - fitting..));
    }

    /// Removes the area. The next text begins a line.
    pub(super) fn close(&self, area: &Area) {
        area.bar.finish_and_clear();
        self.drawn.remove(&area.bar);
        // See `scroll`.
        let _ = self.drawn.clear();
        self.terminal.out().end_line();
    }

    /// Runs `other`, which uses the terminal, while nothing is drawn.
    fn aside<T>(&self, other: impl FnOnce() -> T) -> T {
        self.drawn.suspend(|| {
            self.terminal.out().end_line();
            other()
        })
    }
}

/// What is written to the terminal, a frame at a time.
#[derive(Debug, Default)]
struct Terminal(Mutex<Out>);

#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about one terminal, not a state in disguise"
)]
struct Out {
    frame: String,
    /// The cursor is behind a text; the next text begins a line.
    open: bool,
    /// A line was written; indicatif pads it next.
    filler: bool,
    muted: bool,
    /// The terminal is gone. The run continues: phones depend on it.
    gone: bool,
}

impl Terminal {
    fn out(&self) -> MutexGuard<'_, Out> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Out {
    fn mute(&mut self, muted: bool) {
        self.muted = muted;
    }

    fn buffer(&mut self, text: &str) {
        self.frame.push_str(text);
    }

    /// indicatif writes in pairs: a line, then its padding, which is dropped.
    fn part(&mut self, text: &str) {
        self.filler = !self.filler;
        if self.filler {
            if mem::replace(&mut self.open, true) {
                self.buffer("\n");
            }
            self.buffer(text);
        }
    }

    fn go(&mut self, to: &str) {
        self.open = false;
        self.buffer(to);
    }

    fn flush(&mut self) {
        self.filler = false;
        let frame = mem::take(&mut self.frame);
        if self.muted || self.gone {
            return;
        }
        let mut terminal = io::stderr().lock();
        let written = terminal
            .write_all(frame.as_bytes())
            .and_then(|()| terminal.flush());
        self.gone = written.is_err();
    }

    fn end_line(&mut self) {
        if mem::take(&mut self.open) {
            self.buffer("\n");
            self.flush();
        }
    }

    /// Clears row by row: some terminals keep what is cleared at once in their history.
    fn clear<'a>(&mut self, rows: usize, scrollback: impl Iterator<Item = &'a String>) {
        for row in (1..=rows).rev() {
            self.buffer(&format!("\x1b[{row};1H\x1b[2K"));
        }
        for row in scrollback {
            self.buffer(row);
            self.buffer("\n");
        }
        self.open = false;
        self.flush();
    }
}

/// The terminal as indicatif uses it.
#[derive(Debug)]
struct Drawing(Arc<Terminal>);

impl TermLike for Drawing {
    fn width(&self) -> u16 {
        u16::try_from(Screen::size().columns).unwrap_or(u16::MAX)
    }

    fn height(&self) -> u16 {
        u16::try_from(Screen::size().rows).unwrap_or(u16::MAX)
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        if n > 0 {
            self.0.out().go(&format!("\x1b[{n}A"));
        }
        Ok(())
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        if n > 0 {
            self.0.out().go(&format!("\x1b[{n}B"));
        }
        Ok(())
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.0.out().buffer(&format!("\x1b[{n}C"));
        Ok(())
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.0.out().buffer(&format!("\x1b[{n}D"));
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        let mut out = self.0.out();
        out.buffer(text);
        out.go("\n");
        Ok(())
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.0.out().part(text);
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.0.out().go("\r\x1b[2K");
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        self.0.out().flush();
        Ok(())
    }
}

/// The destination of log lines: standard error, above the area if there is one.
#[derive(Debug)]
pub struct LogWriter(());

/// A writer for a log line.
#[must_use]
pub fn log_writer() -> LogWriter {
    LogWriter(())
}

impl Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        if let Some(screen) = SCREEN.get() {
            screen.remember(text.lines().map(ToOwned::to_owned));
        }
        aside(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Runs `other`, which uses the terminal, while nothing is drawn.
pub(crate) fn aside<T>(other: impl FnOnce() -> T) -> T {
    match SCREEN.get() {
        Some(screen) => screen.aside(other),
        None => other(),
    }
}
