//! A file as the servers send it: its bytes in memory, or open on disk and read in parts.

use std::{
    collections::VecDeque,
    fmt,
    ops::Range,
    sync::{Arc, Weak},
    task::{Poll, Waker},
};

use super::{
    served_folder::{DiskFile, DiskRead, ServedFolderError},
    staged_file::StagedFile,
};
use crate::bundle::FileVersion;

/// Minimum number of bytes that one transfer reads from disk at once. A transfer holds at most
/// three such parts: the one that it sends, the one before, and the next.
pub const READ_BYTES: u64 = 32 * 1024;

/// Maximum number of parts that a transfer holds.
const PARTS: usize = 3;

/// A file that is served. Clones share its bytes or its file descriptor.
#[derive(Clone)]
pub struct OpenFile {
    /// The name under which it is staged.
    pub name: Arc<str>,
    content: FileContent,
}

#[derive(Clone)]
enum FileContent {
    Memory(Arc<[u8]>),
    Disk(Arc<DiskFile>),
}

impl From<StagedFile> for OpenFile {
    fn from(file: StagedFile) -> Self {
        Self {
            name: file.name,
            content: FileContent::Memory(file.bytes),
        }
    }
}

impl OpenFile {
    pub(super) fn on_disk(name: Arc<str>, file: Arc<DiskFile>) -> Self {
        let content = FileContent::Disk(file);
        Self { name, content }
    }

    /// The size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        match &self.content {
            FileContent::Memory(bytes) => bytes.len() as u64,
            FileContent::Disk(file) => file.size(),
        }
    }

    /// The bytes, if they are in memory.
    #[must_use]
    pub fn bytes(&self) -> Option<&Arc<[u8]>> {
        match &self.content {
            FileContent::Memory(bytes) => Some(bytes),
            FileContent::Disk(_) => None,
        }
    }

    /// Which version of which file this is.
    #[must_use]
    pub fn version(&self) -> OpenFileVersion {
        OpenFileVersion(match &self.content {
            FileContent::Memory(bytes) => VersionKind::Memory(Arc::downgrade(bytes)),
            FileContent::Disk(file) => VersionKind::Disk(file.version()),
        })
    }

    /// Whether both have the same bytes.
    #[must_use]
    pub fn has_bytes_of(&self, other: &Self) -> bool {
        match (&self.content, &other.content) {
            (FileContent::Memory(one), FileContent::Memory(other)) => {
                Arc::ptr_eq(one, other) || one == other
            }
            (FileContent::Disk(one), FileContent::Disk(other)) => {
                Arc::ptr_eq(one, other) || one.version() == other.version()
            }
            _ => false,
        }
    }
}

impl fmt::Debug for OpenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The content may be a password.
        write!(f, "{} ({} bytes)", self.name, self.size())
    }
}

/// A version of a file.
#[derive(Debug, Clone)]
pub struct OpenFileVersion(VersionKind);

#[derive(Debug, Clone)]
enum VersionKind {
    Memory(Weak<[u8]>),
    Disk(FileVersion),
}

impl PartialEq for OpenFileVersion {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (VersionKind::Memory(one), VersionKind::Memory(other)) => one.ptr_eq(other),
            (VersionKind::Disk(one), VersionKind::Disk(other)) => one == other,
            _ => false,
        }
    }
}

impl OpenFileVersion {
    /// Whether a later request can be for this version.
    #[must_use]
    pub fn may_return(&self) -> bool {
        match &self.0 {
            VersionKind::Memory(bytes) => bytes.strong_count() > 0,
            VersionKind::Disk(_) => true,
        }
    }
}

/// Bytes that are shared, and which of them are meant.
pub type SharedBytes = (Arc<[u8]>, Range<usize>);

/// Reads one file for one transfer, mostly forwards.
#[derive(Debug)]
pub struct FileReader {
    file: OpenFile,
    /// The size of a part in bytes.
    each: u64,
    /// Parts in memory, in ascending order.
    parts: VecDeque<(u64, Arc<[u8]>)>,
    next: Option<Arc<DiskRead>>,
}

impl FileReader {
    /// Reads a file of which the transfer sends blocks of `block` bytes.
    #[must_use]
    pub fn new(file: OpenFile, block: u64) -> Self {
        Self {
            file,
            each: READ_BYTES.next_multiple_of(block.max(1)),
            parts: VecDeque::new(),
            next: None,
        }
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &OpenFile {
        &self.file
    }

    /// How many bytes it holds that were read from disk.
    #[must_use]
    pub fn bytes_in_memory(&self) -> u64 {
        let next = self.next.as_ref().map(|read| read.part());
        let next = next.map_or(0, |part| part.end - part.start);
        next + self
            .parts
            .iter()
            .map(|(_, bytes)| bytes.len() as u64)
            .sum::<u64>()
    }

    /// Bytes from the start of `wanted`, which lies within the file: a whole block, and at least one
    /// byte unless `wanted` is empty. If they must be read from disk first, `waker` is woken when
    /// they are read.
    ///
    /// # Errors
    /// The file changed or cannot be read.
    pub fn poll(
        &mut self,
        wanted: Range<u64>,
        waker: &Waker,
    ) -> Poll<Result<SharedBytes, ServedFolderError>> {
        let file = match &self.file.content {
            FileContent::Memory(bytes) => {
                let within =
                    |at: u64| usize::try_from(at).map_or(bytes.len(), |at| at.min(bytes.len()));
                let range = within(wanted.start)..within(wanted.end);
                return Poll::Ready(Ok((Arc::clone(bytes), range)));
            }
            FileContent::Disk(file) => Arc::clone(file),
        };
        if wanted.is_empty() {
            return Poll::Ready(Ok((Arc::from([]), 0..0)));
        }
        let part = wanted.start / self.each;
        loop {
            if let Some((_, bytes)) = self.parts.iter().find(|(at, _)| *at == part) {
                let bytes = Arc::clone(bytes);
                let start = part * self.each;
                let within = |at: u64| {
                    usize::try_from(at - start).map_or(bytes.len(), |at| at.min(bytes.len()))
                };
                let range = within(wanted.start)..within(wanted.end);
                if range.start > bytes.len() / 2 {
                    self.read_ahead(&file, part + 1);
                }
                return Poll::Ready(Ok((bytes, range)));
            }
            let read = match &self.next {
                Some(read) if read.part().start == part * self.each => Arc::clone(read),
                _ => self.start(&file, part),
            };
            let Poll::Ready(result) = read.poll(waker) else {
                return Poll::Pending;
            };
            self.next = None;
            self.keep(part, result?);
        }
    }

    /// Starts to read a part, unless another is being read or it does not exist.
    fn read_ahead(&mut self, file: &Arc<DiskFile>, part: u64) {
        let is_there = self.parts.iter().any(|(at, _)| *at == part);
        if self.next.is_none() && !is_there && part * self.each < file.size() {
            self.start(file, part);
        }
    }

    fn start(&mut self, file: &Arc<DiskFile>, part: u64) -> Arc<DiskRead> {
        let start = part * self.each;
        let end = file.size().min(start + self.each);
        let read = DiskRead::start(Arc::clone(file), start..end);
        self.next = Some(Arc::clone(&read));
        read
    }

    /// Keeps a part, and of the others those next to it.
    fn keep(&mut self, part: u64, bytes: Arc<[u8]>) {
        self.parts.retain(|(at, _)| at.abs_diff(part) == 1);
        self.parts.push_back((part, bytes));
        debug_assert!(self.parts.len() <= PARTS);
    }
}
