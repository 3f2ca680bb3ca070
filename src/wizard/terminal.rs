//! Asks the operator at the terminal, with dialoguer.

use std::{
    fmt,
    io::{self, IsTerminal as _},
    time::Duration,
};

use clap::ColorChoice;
use console::Term;
use dialoguer::{Input, Select, theme::Theme};
use nix::sys::termios::{FlushArg, tcflush};
use tokio::{runtime::Runtime, time::timeout};

use super::prompt::{Field, Menu, Prompt, PromptPage, PromptReply, PromptResult, Stopped};
use crate::{
    display::Style,
    failure::Failure,
    services::runtime,
    session::Signals,
    text::{escape, wrap},
};

/// Typed at a line to go back.
const BACK: &str = "<";

/// How long a signal may take to be delivered.
const SIGNAL_DELAY: Duration = Duration::from_millis(10);

/// Maximum number of rows of a menu; longer menus have pages.
const MENU_ROWS: usize = 12;

/// Columns that text is wrapped to.
const WIDTH: usize = 80;

/// Whether all three streams are a terminal that can move its cursor.
#[must_use]
pub(crate) fn has_terminal() -> bool {
    let moves = std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb");
    moves && io::stdin().is_terminal() && io::stdout().is_terminal() && io::stderr().is_terminal()
}

/// The operator's terminal.
pub(super) struct TerminalPrompt {
    term: Term,
    style: Style,
    /// `None`: the run handles signals.
    signals: Option<(Runtime, Signals)>,
    /// Whether the cursor is in a line of progress.
    in_progress: bool,
}

impl TerminalPrompt {
    /// Opens the terminal. From now on a signal does not end the program but the open question,
    /// so that the cursor is restored and nothing is left behind.
    pub(super) fn open(color: ColorChoice) -> Result<Self, Failure> {
        let runtime = runtime::runtime()?;
        let signals = {
            let _entered = runtime.enter();
            runtime::signals()?
        };
        Ok(Self {
            term: Term::stderr(),
            style: Style::of_errors(color),
            signals: Some((runtime, signals)),
            in_progress: false,
        })
    }

    /// Hands over the signals, including those that came already.
    pub(super) fn release_signals(&mut self) -> Option<Signals> {
        self.signals.take().map(|(_, signals)| signals)
    }

    fn signal(&mut self) -> Option<u8> {
        let (runtime, signals) = self.signals.as_mut()?;
        let mut came = None;
        // A signal that ends a question is followed by an interrupt from `console` itself.
        while let Ok(number) =
            runtime.block_on(async { timeout(SIGNAL_DELAY, signals.next()).await })
        {
            came = came.filter(|first| *first != INTERRUPT).or(Some(number));
        }
        came
    }

    fn line(&mut self, text: &str) {
        self.end_progress();
        // If the terminal is gone, the next question fails.
        let _ = self.term.write_line(text);
    }

    /// Removes the line of progress.
    fn end_progress(&mut self) {
        if std::mem::take(&mut self.in_progress) {
            // If the terminal is gone, the next question fails.
            let _ = self.term.clear_line();
        }
    }

    /// Discards keys typed before the question was shown: Enter while reflash was listening,
    /// or the second of several pasted lines.
    fn discard_keys() {
        // If the terminal is gone, the question fails.
        let _ = tcflush(io::stdin(), FlushArg::TCIFLUSH);
    }

    fn stopped(&mut self, error: dialoguer::Error) -> Stopped {
        let dialoguer::Error::IO(error) = error;
        // Questions hide the cursor.
        let _ = self.term.show_cursor();
        match self.signal() {
            Some(number) => Stopped::Signal(number),
            None if error.kind() == io::ErrorKind::Interrupted => Stopped::Signal(INTERRUPT),
            None => Stopped::Terminal(error),
        }
    }
}

/// SIGINT (POSIX, signal.h).
const INTERRUPT: u8 = 2;

impl Prompt for TerminalPrompt {
    fn rows(&self) -> usize {
        usize::from(self.term.size().0)
    }

    fn page(&mut self, page: &PromptPage) {
        self.in_progress = false;
        // If the terminal is gone, the next question fails.
        let _ = self.term.clear_screen();
        let PromptPage {
            number, of, title, ..
        } = page;
        let head = format!("reflash wizard, step {number} of {of}: {title}");
        self.line(&self.style.warn(&head));
        for (what, answer) in &page.answered {
            for line in wrap(&escape(answer), &format!("  {what:<14} "), &" ".repeat(17)) {
                self.line(&line);
            }
        }
        self.line("");
    }

    fn paragraph(&mut self, text: &str) {
        for paragraph in text.lines() {
            // Commands are not wrapped, so that they can be copied.
            if paragraph.starts_with("    ") {
                self.line(&escape(paragraph));
                continue;
            }
            for line in wrap(&escape(paragraph), "", "") {
                self.line(&line);
            }
        }
    }

    fn verbatim(&mut self, lines: &str) {
        for line in lines.lines() {
            self.line(&escape(line));
        }
    }

    fn progress(&mut self, text: &str) {
        let width = usize::from(self.term.size().1).min(WIDTH);
        self.end_progress();
        // If the terminal is gone, the next question fails.
        let _ = self.term.write_str(&cut(&escape(text), width));
        self.in_progress = true;
    }

    fn choose(&mut self, menu: &Menu) -> PromptResult<usize> {
        self.line("");
        Self::discard_keys();
        let width = usize::from(self.term.size().1).min(WIDTH);
        let items = menu.items.iter().map(|item| cut(&escape(item), width));
        let asked = Select::with_theme(&PlainTheme)
            .with_prompt(&menu.prompt)
            .items(items)
            .default(menu.default)
            .max_length(MENU_ROWS)
            .report(false)
            .interact_on_opt(&self.term);
        match asked {
            Ok(Some(at)) => Ok(PromptReply::Given(at)),
            Ok(None) => Ok(PromptReply::Back),
            Err(error) => Err(self.stopped(error)),
        }
    }

    fn ask(&mut self, field: &Field) -> PromptResult<String> {
        let prompt = format!("{} ({BACK} to go back)", field.prompt);
        let mut input = Input::<String>::with_theme(&PlainTheme)
            .with_prompt(prompt)
            .allow_empty(true);
        if let Some(default) = &field.default {
            input = input.default(default.clone());
        }
        Self::discard_keys();
        match input.interact_text_on(&self.term) {
            Ok(text) if text.trim() == BACK => Ok(PromptReply::Back),
            Ok(text) => Ok(PromptReply::Given(text.trim().to_owned())),
            Err(error) => Err(self.stopped(error)),
        }
    }

    fn check_signals(&mut self) -> Result<(), Stopped> {
        self.signal()
            .map_or(Ok(()), |number| Err(Stopped::Signal(number)))
    }
}

/// Cuts an item to the width of the screen, so that the menu can redraw it.
fn cut(text: &str, width: usize) -> String {
    let room = width.saturating_sub(4);
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let kept: String = text.chars().take(room.saturating_sub(1)).collect();
    kept + "…"
}

/// A theme without colours: a mark shows the chosen item.
struct PlainTheme;

impl Theme for PlainTheme {
    fn format_select_prompt(&self, f: &mut dyn fmt::Write, prompt: &str) -> fmt::Result {
        write!(f, "{prompt} (arrows and Enter; Esc: back)")
    }

    fn format_input_prompt(
        &self,
        f: &mut dyn fmt::Write,
        prompt: &str,
        default: Option<&str>,
    ) -> fmt::Result {
        match default {
            Some(default) => write!(f, "{prompt} [{default}]: "),
            None => write!(f, "{prompt}: "),
        }
    }

    fn format_input_prompt_selection(
        &self,
        f: &mut dyn fmt::Write,
        prompt: &str,
        sel: &str,
    ) -> fmt::Result {
        write!(f, "{prompt}: {sel}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_never_wider_than_the_screen() {
        assert_eq!(cut("short", 80), "short");
        let long = cut(&"x".repeat(100), 40);
        assert_eq!(long.chars().count(), 36);
        assert!(long.ends_with('…'));
    }
}
