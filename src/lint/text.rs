//! The text of a file, and the places in it.

/// Bytes of a configuration at most. Phones report this limit themselves: "with size limit
/// of 550001" (observed in a phone's log).
pub const MAX_FILE_BYTES: usize = 550_001;

/// A line and a column, both from 1.
pub(super) type Position = (u32, u32);

/// What stands before UTF-8 that a Windows editor wrote.
const BOM: char = '\u{feff}';

/// What a file says. Declarations may have been put into it that its author left out; places
/// are those of the file as it was written.
pub(super) struct Text {
    whole: String,
    /// Where the declarations were put in, and how many bytes they take.
    at: usize,
    added: usize,
}

impl Text {
    /// Decodes UTF-8, or Latin-1 if the XML declaration names it, as some old guides do.
    ///
    /// # Errors
    ///
    /// The position of the first byte that is not UTF-8.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Position> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Self::new(text.strip_prefix(BOM).unwrap_or(text).to_owned())),
            Err(_) if declares_latin1(bytes) => {
                Ok(Self::new(bytes.iter().copied().map(char::from).collect()))
            }
            Err(error) => {
                let (valid, _) = bytes.split_at(error.valid_up_to());
                Err(Self::new(String::from_utf8_lossy(valid).into_owned()).end())
            }
        }
    }

    fn new(text: String) -> Self {
        Self {
            whole: text,
            at: 0,
            added: 0,
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.whole
    }

    /// Puts a declaration of this prefix into the root element. `false` where there is none.
    pub(super) fn declare(&mut self, prefix: &str) -> bool {
        if self.added == 0 {
            let Some(at) = end_of_root_name(&self.whole) else {
                return false;
            };
            self.at = at;
        }
        let declaration = format!(" xmlns:{prefix}=\"undeclared\"");
        self.whole.insert_str(self.at, &declaration);
        self.added += declaration.len();
        true
    }

    /// The offset that a parser of this text means by a row and a column.
    pub(super) fn offset(&self, position: roxmltree::TextPos) -> usize {
        let rows = self.whole.split_inclusive('\n');
        let before = (position.row as usize).saturating_sub(1);
        let start: usize = rows.take(before).map(str::len).sum();
        let rest = &self.whole[start..];
        let column = (position.col as usize).saturating_sub(1);
        let within = rest.char_indices().nth(column);
        start + within.map_or(rest.len(), |(at, _)| at)
    }

    /// The line and the column of an offset, as the author of the file counts them.
    pub(super) fn position(&self, offset: usize) -> Position {
        let behind = self.at + self.added;
        let mut end = offset.min(self.whole.len());
        while !self.whole.is_char_boundary(end) {
            end -= 1;
        }
        let before = &self.whole[..end];
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let mut column = before[start..].chars().count() + 1;
        if self.added > 0 && self.at >= start && end > self.at {
            // The declarations are ASCII: a byte is a character.
            column -= end.min(behind) - self.at;
        }
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        (number(line), number(column))
    }

    /// The place behind the last character.
    pub(super) fn end(&self) -> Position {
        self.position(self.whole.len())
    }
}

/// Whether the XML declaration names Latin-1 or a set that is like it where it matters.
fn declares_latin1(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(200)];
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let declaration = head.split("?>").next().unwrap_or_default();
    declaration.starts_with("<?xml")
        && ["iso-8859-1", "iso-8859-15", "latin1", "windows-1252"]
            .iter()
            .any(|name| declaration.contains(name))
}

/// Behind the root element's name, past declaration, comments and document type.
fn end_of_root_name(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = &text[at..];
        let start = at + rest.find('<')?;
        let rest = &text[start..];
        let end = if rest.starts_with("<?") {
            "?>"
        } else if rest.starts_with("<!--") {
            "-->"
        } else if rest.starts_with("<!") {
            ">"
        } else {
            let is_end = |c: char| c.is_whitespace() || matches!(c, '/' | '>');
            return rest.find(is_end).map(|end| start + end);
        };
        at = start + rest.find(end)? + end.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_the_file_whatever_was_put_in() {
        let mut text = Text::new("<?xml?>\n<!-- < -->\n<dévice a=\"é\" b=\"x\">\n<c/>".to_owned());
        let plain: Vec<Position> = ["<dév", "a=", "b=", "<c/"]
            .iter()
            .map(|what| text.position(text.whole.find(what).unwrap()))
            .collect();
        assert_eq!(plain, [(3, 1), (3, 9), (3, 15), (4, 1)]);
        assert!(text.declare("xsi") && text.declare("axl"));
        assert!(
            text.whole
                .contains("<dévice xmlns:axl=\"undeclared\" xmlns:xsi=")
        );
        for (what, place) in ["<dév", " a=", "b=\"x", "<c/"].iter().zip(&plain) {
            let skip = usize::from(what.starts_with(' '));
            let offset = text.whole.rfind(what).unwrap() + skip;
            assert_eq!(text.position(offset), *place, "{what}");
        }
        assert_eq!(text.end(), (4, 5));
    }

    #[test]
    fn a_row_and_a_column_lead_back_to_their_offset() {
        let text = Text::new("äb\r\nçd\n".to_owned());
        for (at, _) in text.whole.char_indices() {
            let (row, col) = text.position(at);
            assert_eq!(text.offset(roxmltree::TextPos::new(row, col)), at);
        }
        assert_eq!(text.offset(roxmltree::TextPos::new(9, 9)), text.whole.len());
    }
}
