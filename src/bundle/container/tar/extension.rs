//! Headers that extend the next one: long names of GNU tar, and extended headers of POSIX.1-2001
//! (pax). Of them, only a name and a size matter here.

use super::super::super::stop::{WalkStop, damaged, refused, unsupported};

/// Bytes of one extension. A name has at most 4,096 on Linux; macOS adds attributes of files.
const MAX_BYTES: u64 = 64 * 1024;
/// Digits of the length that begins a record.
const MAX_DIGITS: usize = 6;

/// The kind of a header that describes the member after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// GNU: the name of the next member.
    LongName,
    /// GNU: the target of the next member, a link.
    LongTarget,
    /// pax: attributes of the next member.
    Next,
    /// pax: attributes of all members that follow.
    Global,
}

impl Kind {
    /// From the type in a header.
    pub(super) fn of(kind: u8) -> Option<Self> {
        match kind {
            b'L' => Some(Self::LongName),
            b'K' => Some(Self::LongTarget),
            b'x' => Some(Self::Next),
            b'g' => Some(Self::Global),
            _ => None,
        }
    }
}

/// What extensions state about the next member.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Extension {
    /// An extension was read since the last member.
    pub(super) is_pending: bool,
    /// GNU's long name, which a pax name overrides.
    long_name: Option<Vec<u8>>,
    path: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
}

impl Extension {
    /// The name, if it replaces the one in the header.
    pub(super) fn take_path(&mut self) -> Option<Vec<u8>> {
        self.path.take().or_else(|| self.long_name.take())
    }

    /// Adds the data of one extension.
    pub(super) fn add(&mut self, kind: Kind, data: &[u8]) -> Result<(), WalkStop> {
        self.is_pending |= kind != Kind::Global;
        match kind {
            Kind::LongName => {
                let name = data.split(|byte| *byte == 0).next().unwrap_or_default();
                self.long_name = Some(name.to_vec());
            }
            Kind::LongTarget => {}
            Kind::Next | Kind::Global => {
                let mut rest = data;
                while !rest.is_empty() {
                    let (key, value, after) = record(rest)
                        .ok_or_else(|| damaged(None, "an extended header in it is invalid"))?;
                    self.set(kind, key, value)?;
                    rest = after;
                }
            }
        }
        Ok(())
    }

    fn set(&mut self, kind: Kind, key: &[u8], value: &[u8]) -> Result<(), WalkStop> {
        if key.starts_with(b"GNU.sparse.") {
            return Err(unsupported(None, "it holds sparse files of GNU tar"));
        }
        if !matches!(key, b"path" | b"size") {
            return Ok(());
        }
        if kind == Kind::Global {
            let message = "its global header gives every member the same name or size";
            return Err(unsupported(None, message));
        }
        if key == b"path" {
            self.path = (!value.is_empty()).then(|| value.to_vec());
        } else if value.is_empty() {
            self.size = None;
        } else {
            let message = "an extended header has a size that is not a number";
            self.size = Some(decimal(value).ok_or_else(|| refused("over-limit", None, message))?);
        }
        Ok(())
    }
}

/// The size of an extension's data, if it is within the limit.
pub(super) fn checked_size(size: u64) -> Result<usize, WalkStop> {
    if size > MAX_BYTES {
        let message = format!("an extended header of {size} bytes; the limit is {MAX_BYTES}");
        return Err(refused("over-limit", None, message));
    }
    Ok(usize::try_from(size).expect("at most MAX_BYTES"))
}

/// The first record, `LENGTH KEY=VALUE` and a line feed, and what follows it. The length is that
/// of the whole record.
fn record(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let digits = bytes
        .iter()
        .take(MAX_DIGITS + 1)
        .position(|byte| *byte == b' ')?;
    let length = usize::try_from(decimal(&bytes[..digits])?).ok()?;
    let (record, after) = bytes.split_at_checked(length)?;
    let text = record.get(digits + 1..)?.strip_suffix(b"\n")?;
    let equals = text.iter().position(|byte| *byte == b'=')?;
    Some((&text[..equals], &text[equals + 1..], after))
}

fn decimal(digits: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(digits).ok()?;
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(kind: Kind, data: &[u8]) -> Option<Extension> {
        let mut extension = Extension::default();
        extension.add(kind, data).ok().map(|()| extension)
    }

    #[test]
    fn a_name_and_a_size_are_taken_from_records() {
        let data = b"30 mtime=1700000000.123456789\n14 path=a.sbn\n11 size=12\n";
        let mut read = read(Kind::Next, data).unwrap();
        assert_eq!(
            (read.take_path(), read.size),
            (Some(b"a.sbn".to_vec()), Some(12))
        );
    }

    #[test]
    fn a_pax_name_overrides_a_long_name_and_an_empty_one_does_not() {
        let mut extension = Extension::default();
        extension.add(Kind::LongName, b"long\0rest").unwrap();
        extension.add(Kind::Next, b"8 path=\n").unwrap();
        assert_eq!(extension.take_path().as_deref(), Some(&b"long"[..]));
        extension.add(Kind::LongName, b"long").unwrap();
        extension.add(Kind::Next, b"10 path=x\n").unwrap();
        assert_eq!(extension.take_path().as_deref(), Some(&b"x"[..]));
    }

    #[test]
    fn invalid_records_end_the_walk() {
        for data in [
            &b"x"[..],
            b"0 a=b\n",
            b"1 a=b\n",
            b"5 a=b\n",
            b"7 a=b\n",
            b"6 a b\n",
            b"6 a=bb",
            b"99999999999999999999999 a=b\n",
            b"-6 a=b\n",
            b"+6 a=b\n",
            b" a=b\n",
            b"9 size=x\n",
            b"10 size=-1\n",
            b"22 GNU.sparse.major=1\n",
        ] {
            assert_eq!(read(Kind::Next, data), None, "{}", data.escape_ascii());
        }
        assert!(read(Kind::Global, b"10 path=x\n").is_none());
        assert!(read(Kind::Global, b"13 comment=x\n").is_some());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(data in "[0-9]{0,3} ?[a-z]{0,5}=?[a-z\n]{0,9}\n?") {
            for kind in [Kind::LongName, Kind::LongTarget, Kind::Next, Kind::Global] {
                let _ = read(kind, data.as_bytes());
            }
        }
    }
}
