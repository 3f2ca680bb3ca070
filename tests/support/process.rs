//! A `reflash` that runs beside the test and speaks JSON Lines.

#![allow(dead_code, reason = "every test program uses a part of it")]

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use serde_json::Value;

/// How long any one line may take. Generous: only a hang is caught by it.
const PATIENCE: Duration = Duration::from_mins(2);

/// A running program; killed if the test gives up on it.
pub(crate) struct Running {
    child: Child,
    /// Where its journal goes: never to the folder of whoever runs the tests.
    _state: tempfile::TempDir,
    lines: Receiver<Value>,
    /// Every line so far.
    pub(crate) seen: Vec<Value>,
}

impl Running {
    /// Starts it with its standard output read as JSON Lines.
    pub(crate) fn start(command: &mut Command) -> Self {
        let state = tempfile::tempdir().unwrap();
        if !command.get_envs().any(|(name, _)| name == "XDG_STATE_HOME") {
            command.env("XDG_STATE_HOME", state.path());
        }
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (send, lines) = channel();
        thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let value = serde_json::from_str(&line).unwrap_or(Value::String(line));
                if send.send(value).is_err() {
                    break;
                }
            }
        });
        Self {
            child,
            _state: state,
            lines,
            seen: Vec::new(),
        }
    }

    /// The next line that `wanted` takes.
    pub(crate) fn wait_for(&mut self, mut wanted: impl FnMut(&Value) -> bool) -> Value {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => {
                    self.seen.push(line.clone());
                    if wanted(&line) {
                        return line;
                    }
                }
                Err(error) => panic!("no such line came ({error}); so far: {:#?}", self.seen),
            }
        }
    }

    /// The next line of this kind.
    pub(crate) fn kind(&mut self, kind: &str) -> Value {
        self.wait_for(|line| line["kind"] == kind)
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([&format!("-{name}"), &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Waits for its end: the exit code.
    pub(crate) fn end(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Fails where it has ended already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
