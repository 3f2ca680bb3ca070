//! Writing a journal during a run.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use jiff::Timestamp;

use super::{
    JournalError, JournalErrorKind, JournalHeader, Network, RecordedRun, RunFinished, Sessions,
    coalesce_acks::{ACK_INTERVAL, AckCoalescer},
    disk::Queue,
    file::JournalFile,
    limits::{END_BYTES, limit_message, limit_reached, space},
    line::{LineContent, line},
};
use crate::{
    text::escape,
    track::{Counted, Event, Observation, RunTime, Space},
};

/// Maximum number of bytes that wait to be written; beyond it the journal ends.
pub const MAX_UNWRITTEN: usize = 16 << 20;

/// After this time without an answer of the disk, events are displayed before they are recorded.
pub const SLOW_DISK: Duration = Duration::from_secs(3);

/// How long the answer to a request may wait until the request is written (not synced). About
/// 50 µs are usual; while older lines have waited longer than this, answers do not wait.
const WRITE_TIMEOUT: Duration = Duration::from_millis(20);

/// Run time between two lines of counts, and so what a kill loses of them.
pub const COUNTED_INTERVAL: Duration = Duration::from_mins(1);

/// How long the end of a run waits for the disk.
const FINISH_TIMEOUT: Duration = Duration::from_secs(5);

/// The open and locked journal of a run. Recording never waits for the disk;
/// [`Journal::wait_written`] waits briefly for the file, and [`Journal::displayable`] returns what
/// is on disk.
pub struct Journal {
    path: PathBuf,
    sessions: Sessions,
    queue: Arc<Queue>,
    intake: Mutex<Intake>,
}

/// The state of recording: acknowledgements held back, and whether it ended or warned.
#[derive(Debug, Default)]
struct Intake {
    acks: AckCoalescer,
    /// No more lines are recorded.
    ended: bool,
    warned: bool,
    /// The size of the file with all queued lines, in bytes.
    bytes: u64,
    /// The limit of the size that the operator was last warned of.
    limit: Option<&'static str>,
    /// What no line has counted yet, and when the last such line was written.
    counted: Counted,
    counted_at: RunTime,
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Journal {
    /// Creates a journal and starts to write.
    ///
    /// # Errors
    ///
    /// Those of [`JournalFile::create`] and [`Journal::start`].
    pub fn create(path: &Path, at: Timestamp, header: JournalHeader) -> Result<Self, JournalError> {
        Self::start(JournalFile::create(path, at, header)?)
    }

    /// Continues a journal.
    ///
    /// # Errors
    ///
    /// Those of [`JournalFile::resume`] and [`Journal::start`].
    pub fn resume(
        path: &Path,
        at: Timestamp,
        network: Network,
    ) -> Result<(Self, RecordedRun), JournalError> {
        let (file, recorded) = JournalFile::resume(path, at, network)?;
        Ok((Self::start(file)?, recorded))
    }

    /// Starts the threads that write and sync.
    ///
    /// # Errors
    ///
    /// If the system starts no thread.
    pub fn start(file: JournalFile) -> Result<Self, JournalError> {
        let JournalFile {
            path,
            sessions,
            disk,
        } = file;
        let queue = Arc::new(Queue::default());
        let (writer, syncer) = (Arc::clone(&queue), Arc::clone(&queue));
        let file = Arc::clone(&disk.file);
        let bytes = disk.end;
        // The threads are not joined: a disk that does not answer must not delay the end of a run.
        let spawn = |name: &str, run: Box<dyn FnOnce() + Send>| {
            let thread = thread::Builder::new().name(name.to_owned()).spawn(run);
            thread.map_err(|error| JournalError::new(&path, JournalErrorKind::Write(error)))
        };
        spawn("journal-sync", Box::new(move || syncer.sync(file)))?;
        if let Err(error) = spawn("journal", Box::new(move || writer.write(disk))) {
            queue.abandon();
            return Err(error);
        }
        Ok(Self {
            path,
            sessions,
            queue,
            intake: Mutex::new(Intake {
                bytes,
                ..Intake::default()
            }),
        })
    }

    /// The path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The sessions of the run.
    #[must_use]
    pub fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    fn intake(&self) -> MutexGuard<'_, Intake> {
        self.intake.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the function that is called when [`Journal::displayable`] may have changed.
    pub fn on_change(&self, listener: impl Fn() + Send + 'static) {
        self.queue.on_change(Box::new(listener));
    }

    /// Records an observation and the events that followed from it. Returns the line number that
    /// [`Journal::displayable`] must reach before the events are displayed.
    pub fn observe(&self, at: RunTime, observation: &Observation, events: &[Event]) -> u64 {
        let mut intake = self.intake();
        let mut observations = intake.acks.process(at, observation, events);
        let Some(last) = observations.pop() else {
            return 0;
        };
        // Older acknowledgements first: the passing time may have changed other phones.
        let old = intake.acks.release_before(at.saturating_sub(ACK_INTERVAL));
        let lines = old.into_iter().chain(observations);
        let mut lines: Vec<(RunTime, LineContent)> = lines.map(observation_line).collect();
        let (at, mut what) = observation_line(last);
        if let LineContent::Observation {
            events: recorded, ..
        } = &mut what
        {
            *recorded = recorded_events(events);
        }
        lines.push((at, what));
        self.queue_lines(&mut intake, lines)
    }

    /// Waits briefly until this line is in the file, so that the journal has every request that
    /// was answered even if this program is killed. Does not wait for a disk that does not answer.
    pub fn wait_written(&self, line: u64) {
        if line > 0 {
            self.queue.wait_written(line, WRITE_TIMEOUT);
        }
    }

    /// Records events that followed from the passing of time; returns the same as
    /// [`Journal::observe`].
    pub fn tick(&self, at: RunTime, events: &[Event]) -> u64 {
        let mut intake = self.intake();
        let before = at.saturating_sub(ACK_INTERVAL);
        let held = intake.acks.release_before(before);
        let mut lines: Vec<(RunTime, LineContent)> =
            held.into_iter().map(observation_line).collect();
        let events = recorded_events(events);
        if !events.is_empty() {
            lines.push((at, LineContent::Events { ns: at, events }));
        }
        self.queue_lines(&mut intake, lines)
    }

    /// What the journal has space for.
    #[must_use]
    pub fn space(&self) -> Space {
        space(self.intake().bytes)
    }

    /// Counts observations that are not recorded. A line has their number once a minute.
    pub fn count(&self, at: RunTime, counted: Counted) {
        let mut intake = self.intake();
        intake.counted.add(counted);
        if at.saturating_sub(intake.counted_at) >= COUNTED_INTERVAL {
            let lines = intake.take_counted(at);
            self.queue_lines(&mut intake, lines.into_iter().collect());
        }
    }

    /// Records the end of the run and waits for the disk for a limited time. Returns a message if
    /// the journal is incomplete.
    pub fn finish(&self, at: RunTime, finished: RunFinished) -> Option<String> {
        let mut intake = self.intake();
        let held = intake.acks.release_before(RunTime::MAX);
        let mut lines: Vec<(RunTime, LineContent)> =
            held.into_iter().map(observation_line).collect();
        lines.extend(intake.take_counted(at));
        lines.push((at, LineContent::Finished { ns: at, finished }));
        self.queue_lines(&mut intake, lines);
        drop(intake);
        self.queue.flush(FINISH_TIMEOUT);
        self.queue.close();
        let status = self.queue.status();
        let is_whole = status.synced == status.pushed && !self.intake().ended;
        (!is_whole).then(|| {
            format!(
                "The journal {} is incomplete: its end is missing.",
                escape(&self.path.display().to_string())
            )
        })
    }

    /// The number of the newest line whose events may be displayed: the newest one on disk, or
    /// `u64::MAX` while the disk fails or takes longer than [`SLOW_DISK`].
    #[must_use]
    pub fn displayable(&self) -> u64 {
        let status = self.queue.status();
        if status.error.is_some() || status.delay >= SLOW_DISK {
            u64::MAX
        } else {
            status.synced
        }
    }

    /// Whether this line is on disk. Unlike [`Journal::displayable`], a disk that fails has no line.
    #[must_use]
    pub fn is_synced(&self, line: u64) -> bool {
        let status = self.queue.status();
        line > 0 && status.error.is_none() && status.synced >= line
    }

    /// Warnings for the operator, each returned once.
    pub fn warnings(&self) -> impl Iterator<Item = String> + use<> {
        self.disk_warning().into_iter().chain(self.limit_warning())
    }

    /// A warning about the disk for the operator, returned once.
    fn disk_warning(&self) -> Option<String> {
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
            "the journal {} cannot be written: {why}. It is incomplete since {since}. The run \
             continues and phones are served. Free space on that disk: the missing lines are \
             then written",
            escape(&self.path.display().to_string())
        ))
    }

    /// A warning for the operator that the journal reached a limit of its size, returned once for each
    /// limit.
    fn limit_warning(&self) -> Option<String> {
        let mut intake = self.intake();
        let reached = limit_reached(intake.bytes);
        if std::mem::replace(&mut intake.limit, reached) == reached {
            return None;
        }
        reached.map(|what| limit_message(&self.path, what))
    }

    /// Queues lines. Returns the number of the last, or 0 if there is none to wait for.
    fn queue_lines(&self, intake: &mut Intake, lines: Vec<(RunTime, LineContent)>) -> u64 {
        intake.ended |= intake.bytes >= END_BYTES;
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
                // This should not happen: every type here can be written as JSON.
                Err(error) => {
                    tracing::error!("a journal line cannot be encoded and is lost: {error}");
                }
            }
        }
        let Some(number) = self.queue.push(&bytes, count, MAX_UNWRITTEN) else {
            // A gap would make every later state wrong.
            intake.ended = true;
            tracing::warn!(
                "more than 16 MiB of journal lines wait for the disk: the journal ends here, the run \
                 continues"
            );
            return 0;
        };
        intake.bytes += bytes.len() as u64;
        number
    }
}

impl Intake {
    /// The line of what was counted, if anything was.
    fn take_counted(&mut self, at: RunTime) -> Option<(RunTime, LineContent)> {
        self.counted_at = at;
        let counted = std::mem::take(&mut self.counted);
        let line = LineContent::Counted { ns: at, counted };
        (!counted.is_empty()).then_some((at, line))
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.queue.close();
    }
}

fn observation_line((ns, observation): (RunTime, Observation)) -> (RunTime, LineContent) {
    let Observation { address, kind } = observation;
    let events = Vec::new();
    let content = LineContent::Observation {
        ns,
        address,
        observed: kind,
        events,
    };
    (ns, content)
}

/// The events that are recorded: steps, diagnoses and withdrawals.
fn recorded_events(events: &[Event]) -> Vec<Event> {
    let is_recorded = |event: &&Event| {
        matches!(
            event,
            Event::Step(_) | Event::Diagnosis { .. } | Event::Withdrawn { .. }
        )
    };
    events.iter().filter(is_recorded).cloned().collect()
}

#[cfg(test)]
mod tests;
