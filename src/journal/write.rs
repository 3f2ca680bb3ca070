//! Writing a journal while the run goes on.

use std::{
    fmt,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, BufReader},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use jiff::Timestamp;

use super::{
    Finished, Header, JournalError, JournalErrorKind, Network, RecordedRun, SCHEMA, Session,
    Sessions,
    coalesce_acks::{ACK_INTERVAL, AckCoalescer},
    disk::{Disk as _, OnDisk, Queue},
    header::program,
    line::{Content, Line},
    read,
};
use crate::{
    text::escape,
    track::{Event, Observation, RunTime},
};

/// Bytes of lines that wait for a disk at most; beyond it the record ends.
pub const MAX_UNWRITTEN: usize = 16 << 20;

/// Longest time that what is shown waits for the disk.
pub const SLOW_DISK: Duration = Duration::from_secs(3);

/// Longest time that an answer waits for its request to be written, not synced: some 50 µs
/// are usual. Where lines wait longer, nothing waits for them.
const WRITE_TIMEOUT: Duration = Duration::from_millis(20);

/// How long the end of a run waits for the disk.
const FINISH_TIMEOUT: Duration = Duration::from_secs(5);

/// A journal that is open for a run, and locked. Nobody who hands a line in waits for the disk
/// ([`Journal::wait_written`] waits for the file, and briefly); [`Journal::displayable`] says what is on it.
pub struct Journal {
    path: PathBuf,
    sessions: Sessions,
    queue: Arc<Queue>,
    intake: Mutex<Intake>,
}

/// What goes into the queue, and what was said about it.
#[derive(Debug, Default)]
struct Intake {
    acks: AckCoalescer,
    /// Lines are not taken any more.
    ended: bool,
    warned: bool,
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// Makes the folder of a new journal, for this user alone.
fn make_folder(path: &Path) -> io::Result<()> {
    let Some(folder) = path.parent().filter(|folder| *folder != Path::new("")) else {
        return Ok(());
    };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(folder)
}

impl Journal {
    /// Begins a new one; the header is on the disk when this returns. The folder is made
    /// where it is missing.
    pub fn create(path: &Path, at: Timestamp, header: Header) -> Result<Self, JournalError> {
        let failed = |error: io::Error| {
            let fault = match error.kind() {
                io::ErrorKind::AlreadyExists => JournalErrorKind::Exists,
                _ => JournalErrorKind::Write(error),
            };
            JournalError::new(path, fault)
        };
        make_folder(path).map_err(failed)?;
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create_new(true).mode(0o600);
        let file = file.open(path).map_err(failed)?;
        lock(path, &file)?;
        let sessions = Sessions::new(at, header.speed);
        let file = Arc::new(file);
        let mut disk = OnDisk { file, end: 0 };
        let header = Content::Journal(Box::new(header));
        let written = line(at, header)
            .and_then(|line| disk.append(&line))
            .and_then(|()| disk.file.sync_data());
        // The name is durable when its folder is.
        let synced = written.and_then(|()| match path.parent() {
            Some(folder) if folder != Path::new("") => File::open(folder)?.sync_all(),
            _ => File::open(".")?.sync_all(),
        });
        if let Err(error) = synced {
            // A file that names no run would only be in the way.
            let _ = fs::remove_file(path);
            return Err(failed(error));
        }
        Self::start(path, sessions, disk)
    }

    /// Goes on with one: reads it, cuts off what was being written when the run was killed,
    /// and begins a session at this time of day.
    pub fn resume(
        path: &Path,
        at: Timestamp,
        network: Network,
    ) -> Result<(Self, RecordedRun), JournalError> {
        let failed = |fault| JournalError::new(path, fault);
        // What is no file is told apart before it is opened.
        read::read_header(path)?;
        let file = OpenOptions::new().read(true).write(true).open(path);
        let file = file.map_err(|error| failed(JournalErrorKind::Write(error)))?;
        lock(path, &file)?;
        let mut recorded = read::from_reader(BufReader::new(&file)).map_err(failed)?;
        let end = recorded.resumable().map_err(failed)?;
        let file = Arc::new(file);
        let mut disk = OnDisk { file, end };
        let session = Content::Session {
            ns: recorded.last,
            schema: SCHEMA,
            program: program(),
            network,
        };
        disk.file
            .set_len(end)
            .and_then(|()| line(at, session))
            .and_then(|line| disk.append(&line))
            .and_then(|()| disk.file.sync_data())
            .map_err(|error| failed(JournalErrorKind::Write(error)))?;
        recorded.sessions.push(Session {
            start: recorded.last,
            at,
        });
        let journal = Self::start(path, recorded.sessions.clone(), disk)?;
        Ok((journal, recorded))
    }

    fn start(path: &Path, sessions: Sessions, disk: OnDisk) -> Result<Self, JournalError> {
        let queue = Arc::new(Queue::default());
        let (writer, syncer) = (Arc::clone(&queue), Arc::clone(&queue));
        let file = Arc::clone(&disk.file);
        // Not waited for: a disk that does not answer must not hold the end of a run up.
        let spawn = |name: &str, run: Box<dyn FnOnce() + Send>| {
            let thread = thread::Builder::new().name(name.to_owned()).spawn(run);
            thread.map_err(|error| JournalError::new(path, JournalErrorKind::Write(error)))
        };
        spawn("journal-sync", Box::new(move || syncer.sync(file)))?;
        if let Err(error) = spawn("journal", Box::new(move || writer.write(disk))) {
            queue.abandon();
            return Err(error);
        }
        Ok(Self {
            path: path.to_owned(),
            sessions,
            queue,
            intake: Mutex::default(),
        })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// When the run's sessions began.
    #[must_use]
    pub fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    fn intake(&self) -> MutexGuard<'_, Intake> {
        self.intake.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls this whenever [`Journal::displayable`] may have changed.
    pub fn on_change(&self, listener: impl Fn() + Send + 'static) {
        self.queue.on_change(Box::new(listener));
    }

    /// Records a observation and what the fleet said of it. Returns what [`Journal::displayable`]
    /// must have reached before that may be shown.
    pub fn observe(&self, at: RunTime, observation: &Observation, events: &[Event]) -> u64 {
        let mut intake = self.intake();
        let mut seen = intake.acks.take(at, observation, events);
        let Some(last) = seen.pop() else {
            return 0;
        };
        // Time passed before this, and may have judged a silence of others.
        let old = intake.acks.release_before(at.saturating_sub(ACK_INTERVAL));
        let lines = old.into_iter().chain(seen);
        let mut lines: Vec<(RunTime, Content)> = lines.map(observation_line).collect();
        let (at, mut what) = observation_line(last);
        if let Content::Observation {
            events: recorded, ..
        } = &mut what
        {
            *recorded = recorded_events(events);
        }
        lines.push((at, what));
        self.put(&mut intake, lines)
    }

    /// Waits a moment until this line is in the file: what a phone is answered, the record
    /// knows, whatever becomes of this program. Never waits for a disk that does not answer.
    pub fn wait_written(&self, line: u64) {
        if line > 0 {
            self.queue.wait_written(line, WRITE_TIMEOUT);
        }
    }

    /// Records what came of time alone; the same.
    pub fn tick(&self, at: RunTime, events: &[Event]) -> u64 {
        let mut intake = self.intake();
        let before = at.saturating_sub(ACK_INTERVAL);
        let held = intake.acks.release_before(before);
        let mut lines: Vec<(RunTime, Content)> = held.into_iter().map(observation_line).collect();
        let events = recorded_events(events);
        if !events.is_empty() {
            lines.push((at, Content::Events { ns: at, events }));
        }
        self.put(&mut intake, lines)
    }

    /// Records the end, and waits for the disk, but not for ever. Returns what a person
    /// has to know of the record, if it is not whole.
    pub fn finish(&self, at: RunTime, finished: Finished) -> Option<String> {
        let mut intake = self.intake();
        let held = intake.acks.release_before(RunTime::MAX);
        let mut lines: Vec<(RunTime, Content)> = held.into_iter().map(observation_line).collect();
        lines.push((at, Content::Finished { ns: at, finished }));
        self.put(&mut intake, lines);
        drop(intake);
        self.queue.flush(FINISH_TIMEOUT);
        self.queue.close();
        let status = self.queue.status();
        let is_whole = status.synced == status.pushed && !self.intake().ended;
        (!is_whole).then(|| {
            format!(
                "The journal {} is not whole: its end is missing.",
                escape(&self.path.display().to_string())
            )
        })
    }

    /// Up to where what was recorded may be shown: what is on the disk, or everything while
    /// the disk refuses or takes longer than [`SLOW_DISK`].
    #[must_use]
    pub fn displayable(&self) -> u64 {
        let status = self.queue.status();
        if status.error.is_some() || status.delay >= SLOW_DISK {
            u64::MAX
        } else {
            status.synced
        }
    }

    /// What a person has to be told of the disk, once.
    pub fn disk_warning(&self) -> Option<String> {
        let status = self.queue.status();
        let why = match status.error {
            Some(error) => error,
            None if status.delay >= SLOW_DISK => {
                format!("the disk has not answered for {} s", SLOW_DISK.as_secs())
            }
            None => return None,
        };
        let mut intake = self.intake();
        if std::mem::replace(&mut intake.warned, true) {
            return None;
        }
        let now = Timestamp::now();
        let since = now.checked_sub(status.delay).unwrap_or(now);
        let since = since.strftime("%H:%M:%SZ");
        Some(format!(
            "the journal {} cannot be written: {why}. The record is incomplete since {since}; \
             the run goes on and phones are served as before. Make room on that disk, and what \
             is missing is written",
            escape(&self.path.display().to_string())
        ))
    }

    /// Hands lines in; the number of the last, or 0 where nothing needs to be waited for.
    fn put(&self, intake: &mut Intake, lines: Vec<(RunTime, Content)>) -> u64 {
        if lines.is_empty() || intake.ended {
            return 0;
        }
        let mut bytes = Vec::new();
        let mut count = 0;
        for (at, what) in lines {
            let at = self.sessions.wall(at);
            match line(at, what) {
                Ok(line) => {
                    bytes.extend(line);
                    count += 1;
                }
                // Nothing here has a form that JSON has not.
                Err(error) => tracing::error!("a line of the journal is lost: {error}"),
            }
        }
        let Some(number) = self.queue.push(&bytes, count, MAX_UNWRITTEN) else {
            // A hole would make all that follows wrong.
            intake.ended = true;
            tracing::warn!(
                "too much waits for the journal's disk: the record ends here, the run goes on"
            );
            return 0;
        };
        number
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.queue.close();
    }
}

fn lock(path: &Path, file: &File) -> Result<(), JournalError> {
    file.try_lock().map_err(|error| {
        let fault = match error {
            TryLockError::WouldBlock => JournalErrorKind::InUse,
            TryLockError::Error(error) => JournalErrorKind::Write(error),
        };
        JournalError::new(path, fault)
    })
}

fn line(at: Timestamp, content: Content) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(&Line { at, content })?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn observation_line((ns, observation): (RunTime, Observation)) -> (RunTime, Content) {
    let Observation { address, seen } = observation;
    let events = Vec::new();
    let seen = Content::Observation {
        ns,
        address,
        observed: seen,
        events,
    };
    (ns, seen)
}

/// What is recorded of events: progress is not, and who is gone is a display's matter.
fn recorded_events(events: &[Event]) -> Vec<Event> {
    let is_recorded = |event: &&Event| {
        matches!(
            event,
            Event::Step(_) | Event::Diagnosis { .. } | Event::Withdrawn { .. }
        )
    };
    events.iter().filter(is_recorded).cloned().collect()
}
