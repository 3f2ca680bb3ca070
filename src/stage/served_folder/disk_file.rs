//! A file that is read in parts while it is served.

use std::{
    fs::{File, Metadata},
    io,
    ops::Range,
    os::unix::fs::{FileExt, MetadataExt},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    task::{Poll, Waker},
    time::{Duration, SystemTime},
};

use super::{
    error::ServedFolderError,
    read_thread::{ReadJob, ReadThread},
};
use crate::{bundle::FileVersion, text::escape};

/// The assumed resolution of file time stamps. A file written more recently could change again
/// without a new time stamp, so it is not read before.
pub(super) const TIMESTAMP_RESOLUTION: Duration = Duration::from_millis(100);

/// An open file. Every part of it is of one version, or reading fails.
#[derive(Debug)]
pub struct DiskFile {
    thread: Arc<ReadThread>,
    file: File,
    path: PathBuf,
    size: u64,
    version: Mutex<Version>,
}

/// The version that is served.
#[derive(Debug, Clone, Copy)]
struct Version {
    file: FileVersion,
    links: u64,
    changed: SystemTime,
}

impl Version {
    fn of(metadata: &Metadata) -> Self {
        let seconds = u64::try_from(metadata.ctime()).unwrap_or(0);
        let nanoseconds = u64::try_from(metadata.ctime_nsec()).unwrap_or(0);
        Self {
            file: FileVersion::of(metadata),
            links: metadata.nlink(),
            changed: SystemTime::UNIX_EPOCH
                + Duration::from_secs(seconds)
                + Duration::from_nanos(nanoseconds),
        }
    }

    /// How long its time stamp is not conclusive. One in the far future is: the next change sets
    /// another.
    fn delay(&self, now: SystemTime) -> Option<Duration> {
        let settled = self.changed + TIMESTAMP_RESOLUTION;
        let delay = settled.duration_since(now).ok()?;
        (!delay.is_zero() && delay <= 2 * TIMESTAMP_RESOLUTION).then_some(delay)
    }
}

impl DiskFile {
    pub(super) fn new(
        thread: Arc<ReadThread>,
        file: File,
        path: PathBuf,
        metadata: &Metadata,
    ) -> Self {
        Self {
            thread,
            file,
            path,
            size: metadata.size(),
            version: Mutex::new(Version::of(metadata)),
        }
    }

    /// The size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The version that is served.
    pub(crate) fn version(&self) -> FileVersion {
        self.current().file
    }

    fn current(&self) -> Version {
        *self.version.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, part: &Range<u64>) -> Result<Arc<[u8]>, ServedFolderError> {
        let io = |source| ServedFolderError::Io {
            path: self.path.clone(),
            source,
        };
        let changing = || ServedFolderError::Changing {
            path: self.path.clone(),
        };
        let length = usize::try_from(part.end - part.start).unwrap_or(0);
        let mut bytes = vec![0; length];
        let read = self.file.read_exact_at(&mut bytes, part.start);
        match read {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(changing()),
            other => other.map_err(io)?,
        }
        // After the read: what was written before it has set another time stamp.
        let now = Version::of(&self.file.metadata().map_err(io)?);
        let mut served = self.version.lock().unwrap_or_else(PoisonError::into_inner);
        // A file that was replaced by renaming another one loses a link, which changes its ctime
        // and not its content.
        let is_replaced = now.links < served.links && now.file.differs_only_in_ctime(served.file);
        if now.file != served.file && !is_replaced {
            return Err(changing());
        }
        *served = now;
        Ok(bytes.into())
    }
}

/// A part of a file that is being read.
#[derive(Debug)]
pub struct DiskRead {
    file: Arc<DiskFile>,
    part: Range<u64>,
    state: Mutex<ReadState>,
}

#[derive(Debug)]
enum ReadState {
    Waiting(Option<Waker>),
    Done(Option<Result<Arc<[u8]>, ServedFolderError>>),
}

impl DiskRead {
    /// Starts to read a part that lies within the file.
    pub fn start(file: Arc<DiskFile>, part: Range<u64>) -> Arc<Self> {
        let read = Arc::new(Self {
            file,
            part,
            state: Mutex::new(ReadState::Waiting(None)),
        });
        let job = Box::new(Job(Arc::clone(&read)));
        if let Err(source) = read.file.thread.push(job) {
            let path = read.file.path.clone();
            read.finish(Err(ServedFolderError::Io { path, source }));
        }
        read
    }

    /// The part.
    #[must_use]
    pub fn part(&self) -> &Range<u64> {
        &self.part
    }

    /// The bytes, once. While they are not read, `waker` is woken when they are.
    pub fn poll(&self, waker: &Waker) -> Poll<Result<Arc<[u8]>, ServedFolderError>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *state {
            ReadState::Waiting(waiting) => {
                *waiting = Some(waker.clone());
                Poll::Pending
            }
            ReadState::Done(result) => Poll::Ready(result.take().unwrap_or_else(|| {
                Err(ServedFolderError::Changing {
                    path: self.file.path.clone(),
                })
            })),
        }
    }

    fn finish(&self, result: Result<Arc<[u8]>, ServedFolderError>) {
        if let Err(error) = &result {
            tracing::warn!("{}", escape(&error.to_string()));
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *state, ReadState::Done(Some(result)));
        drop(state);
        if let ReadState::Waiting(Some(waker)) = before {
            waker.wake();
        }
    }
}

/// The read thread's half of a [`DiskRead`].
struct Job(Arc<DiskRead>);

impl ReadJob for Job {
    fn is_wanted(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    fn delay(&self) -> Option<Duration> {
        self.0.file.current().delay(SystemTime::now())
    }

    fn run(&self) {
        self.0.finish(self.0.file.read(&self.0.part));
    }
}
