//! Positioned reads from a part of a file.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
};

/// A part of a file, with a position of its own: several readers can share the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct FilePart<'f> {
    file: &'f File,
    start: u64,
    next: u64,
    end: u64,
}

impl<'f> FilePart<'f> {
    pub(super) fn new(file: &'f File, start: u64, end: u64) -> Self {
        Self {
            file,
            start,
            next: start,
            end,
        }
    }

    pub(super) fn length(&self) -> u64 {
        self.end - self.start
    }
}

impl Read for FilePart<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.next)).unwrap_or(usize::MAX);
        let room = buffer.len().min(left);
        let buffer = &mut buffer[..room];
        #[cfg(unix)]
        let count = std::os::unix::fs::FileExt::read_at(self.file, buffer, self.next)?;
        #[cfg(windows)]
        let count = std::os::windows::fs::FileExt::seek_read(self.file, buffer, self.next)?;
        self.next += count as u64;
        Ok(count)
    }
}

impl Seek for FilePart<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (from, by) = match to {
            SeekFrom::Start(at) => (self.start.checked_add(at), 0),
            SeekFrom::End(by) => (Some(self.end), by),
            SeekFrom::Current(by) => (Some(self.next), by),
        };
        let at = from
            .and_then(|from| from.checked_add_signed(by))
            .filter(|at| *at >= self.start)
            .ok_or(io::ErrorKind::InvalidInput)?;
        self.next = at;
        Ok(at - self.start)
    }
}

/// Reads into the buffer and retries after signals.
pub(super) fn read_retrying(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match from.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
