//! The terminal that moving displays and log lines share: indicatif draws, and what it draws
//! stays whole when the window is drawn to another size.
//!
//! indicatif fills every line with blanks and lets the terminal go on to the next one. A
//! terminal that folds its lines anew when it gets narrower or wider takes these for one
//! long line, and tears them. Here every line ends where its text ends.

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

/// The size of a terminal that does not say it.
const USUAL: Size = Size {
    columns: 80,
    rows: 24,
};

/// Rows that are said again when the screen is drawn anew: more than most screens have.
const REMEMBERED: usize = 200;

/// One terminal, one screen.
static SCREEN: OnceLock<Screen> = OnceLock::new();

/// The screen, on standard error.
pub(super) fn screen() -> &'static Screen {
    SCREEN.get_or_init(Screen::new)
}

/// A terminal with an area at its end that is drawn again and again, and lines above it that
/// stay.
#[derive(Debug)]
pub(super) struct Screen {
    drawn: MultiProgress,
    terminal: Arc<Terminal>,
    /// The newest rows above the area.
    said: Mutex<VecDeque<String>>,
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
        // Displays draw when a tick of the clock says so; nothing else has to hold them back.
        let target = ProgressDrawTarget::term_like(drawing);
        Self {
            drawn: MultiProgress::with_draw_target(target),
            terminal,
            said: Mutex::default(),
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
            tracing::error!("the screen's template is wrong: {error}");
            ProgressStyle::default_spinner()
        });
        let bar = self.drawn.add(ProgressBar::new_spinner().with_style(style));
        Area { bar, size: None }
    }

    /// Writes rows above the area, to stay.
    pub(super) fn say(&self, rows: &[String]) {
        if rows.is_empty() {
            return;
        }
        self.remember(rows.iter().cloned());
        // Cannot fail: a terminal that is gone is no error of ours.
        let _ = self.drawn.println(rows.join("\n"));
    }

    fn remember(&self, rows: impl Iterator<Item = String>) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.extend(rows);
        let old = said.len().saturating_sub(REMEMBERED);
        said.drain(..old);
    }

    /// Draws the area.
    pub(super) fn draw(&self, area: &mut Area, size: Size, rows: &[String]) {
        let before = area.size.replace(size);
        // Where lines are folded or scrolled by the terminal, nobody knows where they are.
        let is_torn =
            before.is_some_and(|before| size.columns < before.columns || size.rows != before.rows);
        self.terminal.out().mute(is_torn);
        area.bar.set_message(rows.join("\n"));
        if is_torn {
            self.terminal.out().mute(false);
            self.drawn.suspend(|| self.begin_anew(size, rows.len()));
        }
    }

    /// Wipes the screen and says what was said last again.
    fn begin_anew(&self, size: Size, below: usize) {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let mut room = size.rows.saturating_sub(below);
        let fits = |row: &&String| {
            let plain = console::strip_ansi_codes(row);
            let rows = width(&plain).div_ceil(size.columns.max(1)).max(1);
            let fits = rows <= room;
            room = room.saturating_sub(rows);
            fits
        };
        let fitting = said.iter().rev().take_while(fits).count();
        self.terminal
            .out()
            .wipe(size.rows, said.range(said.len() - fitting..));
    }

    /// Takes the area away. What is written next begins a line.
    pub(super) fn close(&self, area: &Area) {
        area.bar.finish_and_clear();
        self.drawn.remove(&area.bar);
        // Cannot fail: see `say`.
        let _ = self.drawn.clear();
        self.terminal.out().end_line();
    }

    /// Does something else with the terminal, while nothing is drawn.
    fn aside<T>(&self, other: impl FnOnce() -> T) -> T {
        self.drawn.suspend(|| {
            self.terminal.out().end_line();
            other()
        })
    }
}

/// What goes to the terminal, a frame at a time.
#[derive(Debug, Default)]
struct Terminal(Mutex<Out>);

#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about one terminal, not a state in disguise"
)]
struct Out {
    frame: String,
    /// The cursor is behind a text; what comes next begins a line.
    open: bool,
    /// A line was written; indicatif fills it up next.
    filler: bool,
    muted: bool,
    /// Nobody is there any more. The run goes on: phones depend on it.
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

    fn put(&mut self, text: &str) {
        self.frame.push_str(text);
    }

    /// One of indicatif's pairs: a line, and the blanks behind it.
    fn part(&mut self, text: &str) {
        self.filler = !self.filler;
        if self.filler {
            if mem::replace(&mut self.open, true) {
                self.put("\n");
            }
            self.put(text);
        }
    }

    fn go(&mut self, to: &str) {
        self.open = false;
        self.put(to);
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
            self.put("\n");
            self.flush();
        }
    }

    /// Clears row by row: what is cleared at once, some terminals keep in their history.
    fn wipe<'a>(&mut self, rows: usize, said: impl Iterator<Item = &'a String>) {
        for row in (1..=rows).rev() {
            self.put(&format!("\x1b[{row};1H\x1b[2K"));
        }
        for row in said {
            self.put(row);
            self.put("\n");
        }
        self.open = false;
        self.flush();
    }
}

/// The terminal as indicatif knows it.
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
        self.0.out().put(&format!("\x1b[{n}C"));
        Ok(())
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.0.out().put(&format!("\x1b[{n}D"));
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        let mut out = self.0.out();
        out.put(text);
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

/// Where log lines go: standard error, above the area where there is one.
#[derive(Debug)]
pub struct LogWriter(());

/// A writer for one log line.
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

/// Does something else with the terminal, while nothing is drawn.
pub(crate) fn aside<T>(other: impl FnOnce() -> T) -> T {
    match SCREEN.get() {
        Some(screen) => screen.aside(other),
        None => other(),
    }
}
