//! A real terminal, tmux's, with a program in it: keys go in, the screen comes out.

#![allow(dead_code, reason = "every test program uses a part of it")]

use std::{
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use super::require_program;

/// How long a screen may take to show what is waited for. Generous: only a hang is caught.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often the screen is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// A terminal of a server of its own; gone when dropped.
pub(crate) struct Terminal {
    /// The folder of its socket and of what the program leaves as its exit code.
    folder: tempfile::TempDir,
}

impl Terminal {
    /// Runs `command`, a line for the shell, on a screen of this size, with these variables.
    pub(crate) fn start(
        (columns, rows): (u16, u16),
        variables: &[(&str, &str)],
        command: &str,
    ) -> Self {
        require_program("tmux");
        let terminal = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let code = terminal.folder.path().join("code");
        // Ctrl-C is for the program, not for the shell.
        let line = format!(
            "trap : INT; {command}; echo $? > {}; exec sleep 600",
            code.display()
        );
        let mut tmux = terminal.tmux();
        tmux.args(["-f", "/dev/null", "new-session", "-d"]);
        tmux.args(["-x", &columns.to_string(), "-y", &rows.to_string()]);
        for (name, value) in variables {
            tmux.arg("-e").arg(format!("{name}={value}"));
        }
        let started = tmux.args(["sh", "-c", &line]).status().unwrap();
        assert!(started.success(), "tmux did not start");
        terminal.call(&["set-option", "-g", "status", "off"]);
        terminal.resize(columns, rows);
        terminal
    }

    fn tmux(&self) -> Command {
        let mut tmux = Command::new("tmux");
        tmux.arg("-S").arg(self.folder.path().join("socket"));
        // Characters beyond ASCII stay what they are, whatever the tests' own locale is.
        tmux.arg("-u");
        tmux
    }

    fn call(&self, arguments: &[&str]) -> String {
        let output = self.tmux().args(arguments).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "tmux {arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Keys by tmux's names: `Enter`, `Down`, `Escape`, `C-c`.
    pub(crate) fn keys(&self, keys: &[&str]) {
        self.call(&[&["send-keys"], keys].concat());
    }

    /// Text as it is typed.
    pub(crate) fn types(&self, text: &str) {
        self.call(&["send-keys", "-l", text]);
    }

    /// As if the window were drawn to another size.
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        let (columns, rows) = (columns.to_string(), rows.to_string());
        self.call(&["resize-window", "-x", &columns, "-y", &rows]);
    }

    /// What the screen shows, a line a row, without blanks at the ends.
    pub(crate) fn screen(&self) -> String {
        self.call(&["capture-pane", "-p"])
    }

    /// The same with what has scrolled off above it.
    pub(crate) fn everything(&self) -> String {
        self.call(&["capture-pane", "-p", "-S", "-"])
    }

    /// The screen with its colours, as escape sequences.
    pub(crate) fn coloured(&self) -> String {
        self.call(&["capture-pane", "-p", "-e"])
    }

    /// Whether the cursor is there to be seen.
    pub(crate) fn has_cursor(&self) -> bool {
        self.call(&["display-message", "-p", "#{cursor_flag}"])
            .trim()
            == "1"
    }

    /// Waits until the screen, or what has scrolled off it, shows this text.
    pub(crate) fn wait_for(&self, text: &str) -> String {
        self.wait_until(text, |screen| screen.contains(text))
    }

    /// Waits until the screen, with what has scrolled off it, is as it is wanted.
    pub(crate) fn wait_until(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let screen = self.everything();
            if wanted(&screen) {
                return screen;
            }
            assert!(Instant::now() < until, "never shown: {what}\n{screen}");
            thread::sleep(LOOK);
        }
    }

    /// Waits until the program has ended; its exit code.
    pub(crate) fn code(&self) -> i32 {
        let path = self.folder.path().join("code");
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(code) = read_code(&path) {
                return code;
            }
            let screen = self.everything();
            assert!(Instant::now() < until, "it never ended\n{screen}");
            thread::sleep(LOOK);
        }
    }
}

fn read_code(path: &Path) -> Option<i32> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Fails where the server is gone already, which is what is wanted.
        let _ = self.tmux().arg("kill-server").output();
    }
}
