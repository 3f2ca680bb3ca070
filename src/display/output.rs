//! Standard output.

use std::io::{self, Write};

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

#[cfg(test)]
mod tests {
    use super::*;

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
