//! Parts of files: what a Range header requests (RFC 9110, section 14), and what a client has after
//! several parts.

use std::{collections::VecDeque, net::Ipv4Addr, ops::Range};

use crate::stage::{OpenFile, OpenFileVersion};

/// Bytes of a file: from the first up to, not including, the end.
pub type Part = Range<u64>;

/// Separate pieces of one file that are remembered. A file that is fetched in more pieces than
/// this, and out of order, never counts as whole.
const PIECES_MAX: usize = 64;

/// What a request wants of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RangeRequest {
    /// All of it: 200.
    Whole,
    /// This part: 206.
    Part(Part),
    /// A part outside the file: 416.
    Outside,
}

/// Parses the value of a Range header for a file of `size` bytes. Anything but a single range of
/// bytes is ignored, as RFC 9110 allows, and so is any range of an empty file.
#[must_use]
pub fn read(value: Option<&str>, size: u64) -> RangeRequest {
    let Some((first, last)) = value
        .and_then(|value| value.trim().strip_prefix("bytes="))
        .and_then(|range| range.trim().split_once('-'))
    else {
        return RangeRequest::Whole;
    };
    if size == 0 {
        return RangeRequest::Whole;
    }
    let part = match (number(first), number(last)) {
        (Some(first), Some(last)) if last < first => return RangeRequest::Whole,
        (Some(first), Some(last)) => first..last.saturating_add(1).min(size),
        (Some(first), None) if last.is_empty() => first..size,
        (None, Some(count)) if first.is_empty() => size.saturating_sub(count)..size,
        _ => return RangeRequest::Whole,
    };
    if part.is_empty() {
        RangeRequest::Outside
    } else {
        RangeRequest::Part(part)
    }
}

/// Decimal digits only. A number over [`u64::MAX`] becomes that.
fn number(digits: &str) -> Option<u64> {
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().unwrap_or(u64::MAX))
}

/// How much of a file a client has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coverage {
    /// Bytes, each counted once.
    pub bytes: u64,
    /// Whether the file is complete.
    pub whole: bool,
}

/// The files that clients have in part: the `capacity` most recent ones.
#[derive(Debug)]
pub struct PartialDownloads {
    capacity: usize,
    known: VecDeque<PartialDownload>,
}

#[derive(Debug)]
struct PartialDownload {
    address: Ipv4Addr,
    /// Parts of two versions are never joined.
    version: OpenFileVersion,
    /// In ascending order, with a gap between each two.
    pieces: Vec<Part>,
}

impl PartialDownloads {
    /// An empty list of up to `capacity` files.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity,
            known: VecDeque::new(),
        }
    }

    /// Adds a part that `address` has, and returns what it has of the file now. A whole file is
    /// forgotten: the next download starts anew.
    pub fn add(&mut self, address: Ipv4Addr, file: &OpenFile, part: Part) -> Coverage {
        let size = file.size();
        let version = file.version();
        self.known.retain(|known| known.version.may_return());
        let at = self
            .known
            .iter()
            .position(|known| known.address == address && known.version == version);
        let mut known =
            at.and_then(|at| self.known.remove(at))
                .unwrap_or_else(|| PartialDownload {
                    address,
                    version,
                    pieces: Vec::new(),
                });
        join(&mut known.pieces, part);
        let bytes = known
            .pieces
            .iter()
            .map(|piece| piece.end - piece.start)
            .sum();
        let whole = bytes == size;
        if !whole && bytes > 0 {
            known.pieces.truncate(PIECES_MAX);
            if self.known.len() >= self.capacity {
                self.known.pop_front();
            }
            self.known.push_back(known);
        }
        Coverage { bytes, whole }
    }
}

/// Adds a piece, joining pieces that overlap or touch.
fn join(pieces: &mut Vec<Part>, mut new: Part) {
    if new.is_empty() {
        return;
    }
    pieces.retain(|piece| {
        let apart = piece.end < new.start || new.end < piece.start;
        if !apart {
            new = new.start.min(piece.start)..new.end.max(piece.end);
        }
        apart
    });
    let at = pieces.partition_point(|piece| piece.start < new.start);
    pieces.insert(at, new);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::StagedFile;

    #[test]
    fn a_range_is_read_or_ignored_or_outside() {
        for (value, asked) in [
            ("bytes=0-99", RangeRequest::Part(0..100)),
            ("bytes=0-", RangeRequest::Part(0..1000)),
            ("bytes=999-", RangeRequest::Part(999..1000)),
            ("bytes=990-5000", RangeRequest::Part(990..1000)),
            ("bytes=-10", RangeRequest::Part(990..1000)),
            ("bytes=-5000", RangeRequest::Part(0..1000)),
            (
                "bytes=0-99999999999999999999999",
                RangeRequest::Part(0..1000),
            ),
            ("bytes=1000-", RangeRequest::Outside),
            ("bytes=1000-2000", RangeRequest::Outside),
            ("bytes=-0", RangeRequest::Outside),
            ("bytes=5-4", RangeRequest::Whole),
            ("bytes=0-1,5-6", RangeRequest::Whole),
            ("bytes=-", RangeRequest::Whole),
            ("bytes=+1-2", RangeRequest::Whole),
            ("lines=1-2", RangeRequest::Whole),
            ("", RangeRequest::Whole),
        ] {
            assert_eq!(read(Some(value), 1000), asked, "{value}");
        }
        assert_eq!(read(None, 1000), RangeRequest::Whole);
        assert_eq!(read(Some("bytes=0-"), 0), RangeRequest::Whole);
    }

    fn file(size: usize) -> OpenFile {
        let bytes = vec![0; size].into();
        let name = "a".into();
        StagedFile { name, bytes }.into()
    }

    const PHONE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

    #[test]
    fn parts_make_a_whole_only_when_nothing_is_missing() {
        let mut parts = PartialDownloads::new(4);
        let file = file(100);
        for (part, bytes, whole) in [
            (0..10, 10, false),
            (5..20, 20, false),
            (90..100, 30, false),
            (50..60, 40, false),
            (20..50, 70, false),
            (0..100, 100, true),
            (90..100, 10, false),
        ] {
            let covered = parts.add(PHONE, &file, part.clone());
            assert_eq!(covered, Coverage { bytes, whole }, "{part:?}");
        }
    }

    #[test]
    fn parts_of_two_phones_or_two_versions_of_a_file_are_never_joined() {
        let mut parts = PartialDownloads::new(4);
        let (old, new) = (file(100), file(100));
        let other = Ipv4Addr::new(127, 0, 0, 3);
        assert!(!parts.add(PHONE, &old, 0..50).whole);
        assert!(!parts.add(other, &old, 50..100).whole);
        assert!(!parts.add(PHONE, &new, 50..100).whole);
        assert!(parts.add(PHONE, &old, 50..100).whole);
    }

    #[test]
    fn the_number_of_remembered_files_is_bounded() {
        let mut parts = PartialDownloads::new(4);
        let files: Vec<_> = (0..9).map(|_| file(1000)).collect();
        for file in &files {
            for start in (0..1000).step_by(2) {
                parts.add(PHONE, file, start..start + 1);
            }
        }
        assert_eq!(parts.known.len(), 4);
        assert!(
            parts
                .known
                .iter()
                .all(|known| known.pieces.len() <= PIECES_MAX)
        );
        drop(files);
        parts.add(PHONE, &file(10), 0..1);
        assert_eq!(parts.known.len(), 1, "files that are gone are forgotten");
    }

    #[test]
    fn an_empty_file_is_whole_at_once() {
        let covered = PartialDownloads::new(4).add(PHONE, &file(0), 0..0);
        assert_eq!(
            covered,
            Coverage {
                bytes: 0,
                whole: true
            }
        );
    }
}
