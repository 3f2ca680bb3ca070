//! Messages of AMI: `Name: value` lines that an empty line ends. The first line of a connection is a
//! banner.

use super::{
    error::AmiError,
    limits::{MAX_BANNER, MAX_FIELDS, MAX_LINE},
};

const BANNER: &[u8] = b"Asterisk Call Manager/";

/// One response or event.
#[derive(Clone, PartialEq, Eq)]
pub struct AmiMessage {
    fields: Vec<(String, String)>,
}

impl std::fmt::Debug for AmiMessage {
    /// Names only: `AuthDetail` contains passwords.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.fields.iter().map(|(name, _)| name))
            .finish()
    }
}

impl AmiMessage {
    /// The first value of a name, in any case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Whether a name has this value; both in any case.
    #[must_use]
    pub fn is(&self, name: &str, value: &str) -> bool {
        self.get(name)
            .is_some_and(|found| found.eq_ignore_ascii_case(value))
    }

    /// How many lines it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether it has no line.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

/// Splits the bytes of a connection into messages.
#[derive(Default)]
pub struct AmiDecoder {
    has_banner: bool,
    line: Vec<u8>,
    fields: Vec<(String, String)>,
    fault: Option<AmiError>,
}

impl std::fmt::Debug for AmiDecoder {
    /// Without what was received, which can contain passwords.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AmiDecoder")
            .field("has_banner", &self.has_banner)
            .field("fault", &self.fault)
            .finish_non_exhaustive()
    }
}

impl AmiDecoder {
    /// Adds bytes and returns the messages that they complete.
    ///
    /// # Errors
    /// A limit is exceeded, or the banner is another. Every further call fails, too.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Vec<AmiMessage>, AmiError> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let read = self.read(bytes);
        if let Err(fault) = &read {
            *self = Self {
                fault: Some(fault.clone()),
                ..Self::default()
            };
        }
        read
    }

    /// Whether the banner was read.
    #[must_use]
    pub fn has_banner(&self) -> bool {
        self.has_banner
    }

    fn read(&mut self, bytes: &[u8]) -> Result<Vec<AmiMessage>, AmiError> {
        let mut messages = Vec::new();
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let most = if self.has_banner {
                MAX_LINE
            } else {
                MAX_BANNER
            };
            if self.line.len() + part.len() > most {
                return Err(if self.has_banner {
                    AmiError::LongLine
                } else {
                    AmiError::NotAmi
                });
            }
            self.line.extend(part);
            if !self.has_banner {
                let known = self.line.len().min(BANNER.len());
                if self.line[..known] != BANNER[..known] {
                    return Err(AmiError::NotAmi);
                }
            }
            if part.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                messages.extend(self.end_line(&line)?);
            }
        }
        Ok(messages)
    }

    /// Takes a whole line. A line without a colon, as in the output of commands, is ignored.
    fn end_line(&mut self, line: &[u8]) -> Result<Option<AmiMessage>, AmiError> {
        if !self.has_banner {
            if !line.starts_with(BANNER) {
                return Err(AmiError::NotAmi);
            }
            self.has_banner = true;
            return Ok(None);
        }
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            let fields = std::mem::take(&mut self.fields);
            return Ok((!fields.is_empty()).then_some(AmiMessage { fields }));
        }
        if let Some((name, value)) = text.split_once(':') {
            if self.fields.len() >= MAX_FIELDS {
                return Err(AmiError::LongMessage);
            }
            self.fields
                .push((name.trim().to_owned(), value.trim().to_owned()));
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &[u8] = b"Asterisk Call Manager/7.0.3\r\n";

    #[test]
    fn messages_are_the_same_in_any_pieces() {
        let mut bytes = START.to_vec();
        bytes.extend(b"Response: Success\r\nActionID: 1\r\nMessage: a: b\r\n\r\n\r\nEvent: X\n\n");
        let whole = AmiDecoder::default().feed(&bytes).unwrap();
        assert_eq!(whole.len(), 2);
        assert_eq!(whole[0].get("message"), Some("a: b"));
        assert!(whole[1].is("event", "x"));
        let mut decoder = AmiDecoder::default();
        let pieces: Vec<_> = bytes
            .iter()
            .flat_map(|byte| decoder.feed(&[*byte]).unwrap())
            .collect();
        assert_eq!(pieces, whole);
    }

    #[test]
    fn another_server_is_known_by_its_first_bytes() {
        for bytes in [
            &b"SSH-2.0-OpenSSH_9.6\r\n"[..],
            b"A\nB",
            &[b'A'; MAX_BANNER + 1],
            b"\r\n",
        ] {
            let mut decoder = AmiDecoder::default();
            assert_eq!(decoder.feed(bytes), Err(AmiError::NotAmi));
            assert_eq!(
                decoder.feed(START),
                Err(AmiError::NotAmi),
                "it stays refused"
            );
        }
    }

    #[test]
    fn endless_lines_and_messages_are_refused() {
        let mut decoder = AmiDecoder::default();
        decoder.feed(START).unwrap();
        let mut result = Ok(Vec::new());
        for _ in 0..=MAX_LINE / 64 {
            result = decoder.feed(&[b'x'; 64]);
        }
        assert_eq!(result, Err(AmiError::LongLine));

        let mut decoder = AmiDecoder::default();
        decoder.feed(START).unwrap();
        for _ in 0..MAX_FIELDS {
            assert_eq!(decoder.feed(b"a: b\n"), Ok(Vec::new()));
        }
        assert_eq!(decoder.feed(b"a: b\n"), Err(AmiError::LongMessage));
    }

    #[test]
    fn debug_output_shows_no_value() {
        let mut decoder = AmiDecoder::default();
        decoder.feed(START).unwrap();
        let messages = decoder.feed(b"Password: correct-horse\n\n").unwrap();
        let shown = format!("{messages:?}{decoder:?}");
        assert!(!shown.contains("correct-horse"), "{shown}");
    }
}
