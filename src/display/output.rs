//! Standard output.

use std::io::{self, IsTerminal as _, Write};

use crate::text::wrap;

/// A stream that drops further lines once its reader has gone. A closed pipe must not stop a
/// run: phones depend on the server, not on the reader.
#[derive(Debug)]
pub(super) struct LineWriter<W> {
    out: W,
    closed: bool,
}

impl<W: Write> LineWriter<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, closed: false }
    }

    pub(super) fn line(&mut self, text: &str) {
        if self.closed {
            return;
        }
        let written = writeln!(self.out, "{text}").and_then(|()| self.out.flush());
        if let Err(error) = written {
            self.closed = true;
            tracing::warn!("cannot write the output any more ({error}); the run continues");
        }
    }
}

/// Prints a command's result to standard output. A closed pipe is not an error.
///
/// # Errors
///
/// Any other error of the stream.
pub fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Prints a message to standard error: wrapped at words on a terminal, and each line as it is in a
/// pipe or a file, where programs search it.
pub fn print_message(text: &str) {
    if io::stderr().is_terminal() {
        eprint!("{}", wrapped(text));
    } else {
        eprintln!("{text}");
    }
}

/// Every line in 80 columns. A line that begins with `COMMAND` is to be copied, and stays whole.
fn wrapped(text: &str) -> String {
    let mut wrapped = String::new();
    for line in text.lines() {
        let words = line.trim_start();
        let indent = &line[..line.len() - words.len()];
        let rows = if indent.len() >= COMMAND {
            vec![line.to_owned()]
        } else {
            wrap(words, indent, &format!("{indent}    "))
        };
        for row in rows {
            wrapped.push_str(&row);
            wrapped.push('\n');
        }
    }
    wrapped
}

/// Blanks before a command in a message.
const COMMAND: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_wrapped_at_words_and_commands_are_not() {
        let command = format!(
            "    sudo reflash convert {}",
            "--only 001d45aabb01 ".repeat(6)
        );
        let command = command.trim_end();
        let text = format!(
            "error: {}\n  → {}\n{command}",
            "word ".repeat(30),
            "do ".repeat(40)
        );
        let wrapped = wrapped(&text);
        let long: Vec<&str> = wrapped
            .lines()
            .filter(|line| line.chars().count() > 80)
            .collect();
        assert_eq!(long, [command]);
        assert_eq!(wrapped.matches("word").count(), 30);
        assert!(wrapped.contains("\n      do"), "{wrapped}");
    }

    #[test]
    fn a_closed_pipe_is_written_to_once() {
        struct Closed(u32);
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                self.0 += 1;
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut writer = LineWriter::new(Closed(0));
        writer.line("one");
        writer.line("two");
        assert_eq!(writer.out.0, 1);
    }
}
