//! The record of orders: JSON Lines, written to disk before an order is sent.

use std::{
    collections::BTreeMap,
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    failure::Failure,
    phone::MacAddress,
    restart::converted::{ORDER_PAUSE, Order, RestartedPhone},
    text::escape,
};

/// Bytes at the end of an existing record that are read: a few thousand orders.
pub const MAX_READ: u64 = 1024 * 1024;

/// An open record. No other process has it open for orders.
#[derive(Debug)]
pub struct RestartRecord {
    path: PathBuf,
    file: File,
    /// When each phone was ordered last.
    orders: BTreeMap<MacAddress, Timestamp>,
}

impl RestartRecord {
    /// Opens the record for appending, and reads the orders at its end.
    ///
    /// # Errors
    /// It cannot be opened or read, or another process has it open.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let failed = |error| cannot_open(path, &error);
        if let Some(folder) = path.parent().filter(|folder| *folder != Path::new("")) {
            let mut builder = DirBuilder::new();
            builder.recursive(true).mode(0o700);
            builder.create(folder).map_err(failed)?;
        }
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true).mode(0o600);
        let mut file = options.open(path).map_err(failed)?;
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(failed(io::Error::other("it is not a regular file")));
        }
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Failure::new(
                    format!(
                        "another run of `reflash restart` writes to {}",
                        escape(&path.display().to_string())
                    ),
                    "Wait until it ends: a phone must not be ordered twice",
                ));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let bytes = end_of(&mut file).map_err(failed)?;
        if !bytes.is_empty() && !bytes.ends_with(b"\n") {
            // A killed run left a part of a line.
            file.write_all(b"\n").map_err(failed)?;
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            orders: orders(&String::from_utf8_lossy(&bytes)),
        })
    }

    /// Reads the orders of a record, and writes nothing: no order can be added.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let failed = |error| cannot_open(path, &error);
        let mut file = File::open(path).map_err(failed)?;
        let bytes = end_of(&mut file).map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            file,
            orders: orders(&String::from_utf8_lossy(&bytes)),
        })
    }

    /// How long before `now` a phone was ordered last, if that was less than 5 minutes ago.
    #[must_use]
    pub fn ordered_ago(&self, mac: MacAddress, now: Timestamp) -> Option<Duration> {
        let at = self.orders.get(&mac)?;
        // A time that is yet to come is that of a clock that was set back.
        let ago = Duration::try_from(now.duration_since(*at)).unwrap_or_default();
        (ago < ORDER_PAUSE).then_some(ago)
    }

    /// Writes an order to disk.
    ///
    /// # Errors
    /// It is not on disk.
    pub fn order(&mut self, now: Timestamp, order: &Order) -> Result<(), Failure> {
        self.write(&json!({
            "at": now.to_string(),
            "kind": "order",
            "mac": order.mac,
            "address": order.address,
            "way": order.way.name(),
            "event": order.event.kind().name(),
            "reason": "asked for by the operator",
        }))
    }

    /// Writes what became of an order to disk.
    ///
    /// # Errors
    /// It is not on disk.
    pub fn result(&mut self, now: Timestamp, phone: &RestartedPhone) -> Result<(), Failure> {
        self.write(&json!({
            "at": now.to_string(),
            "kind": "result",
            "mac": phone.candidate.mac,
            "restart": phone.status.name(),
            "evidence": phone.evidence,
        }))
    }

    fn write(&mut self, line: &Value) -> Result<(), Failure> {
        let written = self
            .file
            .write_all(format!("{line}\n").as_bytes())
            .and_then(|()| self.file.sync_data());
        written.map_err(|error| {
            Failure::new(
                format!(
                    "cannot write to the record of restarts {}: {error}; no order was sent",
                    escape(&self.path.display().to_string())
                ),
                "Check that the disk is not full, or name another file: --record FILE",
            )
        })
    }
}

fn cannot_open(path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        format!(
            "cannot open the record of restarts {}: {error}",
            escape(&path.display().to_string())
        ),
        "Name another file: --record FILE",
    )
}

/// The last [`MAX_READ`] bytes.
fn end_of(file: &mut File) -> io::Result<Vec<u8>> {
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(MAX_READ)))?;
    let mut bytes = Vec::new();
    file.take(MAX_READ).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The time of each phone's last order. Lines of another form are ignored.
fn orders(text: &str) -> BTreeMap<MacAddress, Timestamp> {
    let mut orders = BTreeMap::new();
    for line in text.lines() {
        let Ok(line) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        let part = |name: &str| line.get(name).and_then(Value::as_str);
        if part("kind") == Some("order")
            && let (Some(at), Some(mac)) = (part("at"), part("mac"))
            && let (Ok(at), Ok(mac)) = (at.parse(), mac.parse())
        {
            orders.insert(mac, at);
        }
    }
    orders
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::restart::{
        converted::Way,
        notify::{CallIdSource, NotifyEvent},
    };

    fn order() -> Order {
        Order {
            mac: MacAddress::new([0, 0x1d, 0x45, 0xaa, 0xbb, 1]),
            address: None,
            way: Way::Ami {
                endpoint: "1001".to_owned(),
            },
            event: NotifyEvent::CheckSync,
            call_id: None,
            source: CallIdSource::Asterisk,
            contact: None,
        }
    }

    #[test]
    fn an_order_is_known_to_the_next_run_for_five_minutes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/restarts.jsonl");
        let at: Timestamp = "2026-11-30T10:00:00Z".parse().unwrap();
        let later = |seconds| at + jiff::SignedDuration::from_secs(seconds);
        RestartRecord::open(&path)
            .unwrap()
            .order(at, &order())
            .unwrap();
        // A killed run left a part of a line.
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"at\":\"2026").unwrap();
        let before = std::fs::read(&path).unwrap();
        let read = RestartRecord::read(&path).unwrap();
        assert!(read.ordered_ago(order().mac, later(20)).is_some());
        assert_eq!(
            std::fs::read(&path).unwrap(),
            before,
            "reading writes nothing"
        );
        let mut record = RestartRecord::open(&path).unwrap();
        let ago = |record: &RestartRecord, seconds| record.ordered_ago(order().mac, later(seconds));
        assert_eq!(ago(&record, 20), Some(Duration::from_secs(20)));
        assert_eq!(ago(&record, 300), None);
        assert_eq!(ago(&record, -60), Some(Duration::ZERO));
        record.order(later(400), &order()).unwrap();
        drop(record);
        let record = RestartRecord::open(&path).unwrap();
        assert_eq!(ago(&record, 410), Some(Duration::from_secs(10)));
    }

    #[test]
    fn two_runs_at_once_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("restarts.jsonl");
        let first = RestartRecord::open(&path).unwrap();
        let error = RestartRecord::open(&path).unwrap_err();
        assert!(
            error.error.contains("another run of `reflash restart`"),
            "{error}"
        );
        drop(first);
        assert!(RestartRecord::open(&path).is_ok());
    }
}
