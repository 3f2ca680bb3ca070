//! What is typed while a run is shown: nothing asks, so it must neither spoil the display nor reach
//! the shell afterwards, which may be root's.

use std::io::{self, IsTerminal as _};

use nix::{
    sys::termios::{FlushArg, LocalFlags, SetArg, Termios, tcflush, tcgetattr, tcsetattr},
    unistd::{getpgrp, tcgetpgrp},
};

/// The echo of the terminal is off while this exists. Ctrl-C still is a signal.
#[derive(Debug)]
pub(super) struct MutedKeyboard {
    /// `None`: standard input is no terminal of this process.
    before: Option<Termios>,
}

impl MutedKeyboard {
    pub(super) fn new() -> Self {
        Self {
            before: mute().ok().flatten(),
        }
    }
}

/// Switches the echo off. Returns the settings before.
fn mute() -> nix::Result<Option<Termios>> {
    let input = io::stdin();
    // A process in the background would be stopped for it.
    if !input.is_terminal() || tcgetpgrp(&input)? != getpgrp() {
        return Ok(None);
    }
    let before = tcgetattr(&input)?;
    let mut muted = before.clone();
    muted
        .local_flags
        .remove(LocalFlags::ECHO | LocalFlags::ECHONL);
    tcsetattr(&input, SetArg::TCSANOW, &muted)?;
    Ok(Some(before))
}

impl Drop for MutedKeyboard {
    fn drop(&mut self) {
        let Some(before) = self.before.take() else {
            return;
        };
        let input = io::stdin();
        // A terminal that is gone has nothing to restore.
        let _ = tcflush(&input, FlushArg::TCIFLUSH);
        let _ = tcsetattr(&input, SetArg::TCSANOW, &before);
    }
}
