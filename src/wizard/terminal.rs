//! The person at the terminal, asked with dialoguer.

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

use super::{
    super::{Failure, run},
    prompt::{PromptResult, Prompt, Field, Menu, Page, Reply, Stopped},
};
use crate::{
    display::Style,
    session::Signals,
    text::{escape, wrap},
};

/// What is typed to go back where there is no menu.
const BACK: &str = "<";

/// How long a signal that came may take to be told.
const MOMENT: Duration = Duration::from_millis(10);

/// Rows of a menu at most; longer ones have pages.
const MENU_ROWS: usize = 12;

/// Columns that a sentence keeps to, as everywhere.
const WIDTH: usize = 80;

/// Whether there is a person to ask: all three streams are a terminal that moves its cursor.
pub(super) fn is_there() -> bool {
    let moves = std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb");
    moves && io::stdin().is_terminal() && io::stdout().is_terminal() && io::stderr().is_terminal()
}

/// The person.
pub(super) struct TerminalPrompt {
    term: Term,
    style: Style,
    /// `None`: somebody else minds signals.
    signals: Option<(Runtime, Signals)>,
}

impl TerminalPrompt {
    /// From here on a signal does not end this program: a question that is open says that it
    /// came, so that the cursor is seen again and nothing is left behind.
    pub(super) fn meet(color: ColorChoice) -> Result<Self, Failure> {
        let runtime = run::runtime()?;
        let signals = {
            let _here = runtime.enter();
            run::signals()?
        };
        Ok(Self {
            term: Term::stderr(),
            style: Style::new(color),
            signals: Some((runtime, signals)),
        })
    }

    /// The signals, with those that came already, for whoever minds them from here on.
    pub(super) fn leave(&mut self) -> Option<Signals> {
        self.signals.take().map(|(_, signals)| signals)
    }

    fn signal(&mut self) -> Option<u8> {
        let (runtime, signals) = self.signals.as_mut()?;
        let mut came = None;
        // A signal that breaks a question off is followed by an interrupt of console's own.
        while let Ok(number) = runtime.block_on(async { timeout(MOMENT, signals.next()).await }) {
            came = came.filter(|first| *first != INTERRUPT).or(Some(number));
        }
        came
    }

    fn line(&self, text: &str) {
        // A terminal that is gone is met at the next question.
        let _ = self.term.write_line(text);
    }

    /// What was typed before a question was there is no answer to it: Enter while reflash
    /// listened, the second of several lines that were pasted.
    fn forget_keys() {
        // A terminal that is gone is met at the question.
        let _ = tcflush(io::stdin(), FlushArg::TCIFLUSH);
    }

    fn stopped(&mut self, error: dialoguer::Error) -> Stopped {
        let dialoguer::Error::IO(error) = error;
        // Questions hide it.
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
    fn page(&mut self, page: &Page) {
        // As with every line: a terminal that is gone is met at the next question.
        let _ = self.term.clear_screen();
        let Page {
            number, of, title, ..
        } = page;
        let head = format!("reflash wizard, step {number} of {of}: {title}");
        self.line(&self.style.warn(&head));
        for (what, answer) in &page.settled {
            for line in wrap(&escape(answer), &format!("  {what:<14} "), &" ".repeat(17)) {
                self.line(&line);
            }
        }
        self.line("");
    }

    fn tell(&mut self, text: &str) {
        for paragraph in text.lines() {
            // A command is copied as it is.
            if paragraph.starts_with("    ") {
                self.line(&escape(paragraph));
                continue;
            }
            for line in wrap(&escape(paragraph), "", "") {
                self.line(&line);
            }
        }
    }

    fn show(&mut self, lines: &str) {
        for line in lines.lines() {
            self.line(&escape(line));
        }
    }

    fn choose(&mut self, menu: &Menu) -> PromptResult<usize> {
        self.line("");
        Self::forget_keys();
        let width = usize::from(self.term.size().1).min(WIDTH);
        let items = menu.items.iter().map(|item| cut(&escape(item), width));
        let asked = Select::with_theme(&Plain)
            .with_prompt(&menu.prompt)
            .items(items)
            .default(menu.default)
            .max_length(MENU_ROWS)
            .report(false)
            .interact_on_opt(&self.term);
        match asked {
            Ok(Some(at)) => Ok(Reply::Given(at)),
            Ok(None) => Ok(Reply::Back),
            Err(error) => Err(self.stopped(error)),
        }
    }

    fn ask(&mut self, field: &Field) -> PromptResult<String> {
        let prompt = format!("{} ({BACK} to go back)", field.prompt);
        let mut input = Input::<String>::with_theme(&Plain)
            .with_prompt(prompt)
            .allow_empty(true);
        if let Some(default) = &field.default {
            input = input.default(default.clone());
        }
        Self::forget_keys();
        match input.interact_text_on(&self.term) {
            Ok(text) if text.trim() == BACK => Ok(Reply::Back),
            Ok(text) => Ok(Reply::Given(text.trim().to_owned())),
            Err(error) => Err(self.stopped(error)),
        }
    }

    fn go_on(&mut self) -> Result<(), Stopped> {
        self.signal()
            .map_or(Ok(()), |number| Err(Stopped::Signal(number)))
    }
}

/// A line that a menu can draw again: no wider than the screen with the mark before it.
fn cut(text: &str, width: usize) -> String {
    let room = width.saturating_sub(4);
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let kept: String = text.chars().take(room.saturating_sub(1)).collect();
    kept + "…"
}

/// CommandLine without colours: the mark says which is chosen.
struct Plain;

impl Theme for Plain {
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
    fn an_item_is_never_wider_than_the_screen() {
        assert_eq!(cut("short", 80), "short");
        let long = cut(&"x".repeat(100), 40);
        assert_eq!(long.chars().count(), 36);
        assert!(long.ends_with('…'));
    }
}
