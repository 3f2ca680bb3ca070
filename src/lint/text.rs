//! The text of a file and the positions in it.

use crate::xml_fault;

/// Maximum size of a configuration in bytes. Phones log this limit: "with size limit of
/// 550001" (observed).
pub const MAX_FILE_BYTES: usize = 550_001;

/// A line and a column, both from 1.
pub(super) type LineColumn = (u32, u32);

/// The byte order mark that Windows editors write.
const BOM: char = '\u{feff}';

/// The text of a file. Missing namespace declarations may have been inserted; positions are
/// still those of the original file.
pub(super) struct Text {
    whole: String,
    /// Offset and length in bytes of the inserted declarations.
    at: usize,
    added: usize,
}

impl Text {
    /// Decodes UTF-8, or Latin-1 if the XML declaration names it, as some old guides do.
    ///
    /// # Errors
    ///
    /// The position of the first byte that is not UTF-8.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, LineColumn> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Self::new(text.strip_prefix(BOM).unwrap_or(text).to_owned())),
            Err(_) if declares_latin1(bytes) => Ok(Self::latin1(bytes)),
            Err(error) => {
                let (valid, _) = bytes.split_at(error.valid_up_to());
                Err(Self::new(String::from_utf8_lossy(valid).into_owned()).end())
            }
        }
    }

    /// Decodes Latin-1, which any bytes are.
    pub(super) fn latin1(bytes: &[u8]) -> Self {
        Self::new(bytes.iter().copied().map(char::from).collect())
    }

    /// The encoding in the XML declaration, if it is UTF-16: a decoded text is not.
    pub(super) fn wrong_declaration(&self) -> Option<&str> {
        let declaration = self.whole.strip_prefix("<?xml")?.split("?>").next()?;
        let (_, rest) = declaration.split_once("encoding=")?;
        let quote = rest
            .chars()
            .next()
            .filter(|quote| ['"', '\''].contains(quote))?;
        let name = rest[1..].split(quote).next()?;
        let start = name.get(.."utf-16".len())?;
        start.eq_ignore_ascii_case("utf-16").then_some(name)
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

    /// Inserts a declaration of this prefix into the root element. `false` if there is none.
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

    /// Converts a position from the parser to an offset.
    pub(super) fn offset(&self, position: roxmltree::TextPos) -> usize {
        xml_fault::offset(&self.whole, position)
    }

    /// The position of an offset in the original file.
    pub(super) fn position(&self, offset: usize) -> LineColumn {
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
            // The declarations are ASCII, so bytes are characters.
            column -= end.min(behind) - self.at;
        }
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        (number(line), number(column))
    }

    /// The position after the last character.
    pub(super) fn end(&self) -> LineColumn {
        self.position(self.whole.len())
    }
}

/// Whether the XML declaration names Latin-1 or a similar encoding.
fn declares_latin1(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(200)];
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let declaration = head.split("?>").next().unwrap_or_default();
    declaration.starts_with("<?xml")
        && ["iso-8859-1", "iso-8859-15", "latin1", "windows-1252"]
            .iter()
            .any(|name| declaration.contains(name))
}

/// The offset after the root element's name.
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
    fn positions_ignore_inserted_declarations() {
        let mut text = Text::new("<?xml?>\n<!-- < -->\n<dévice a=\"é\" b=\"x\">\n<c/>".to_owned());
        let plain: Vec<LineColumn> = ["<dév", "a=", "b=", "<c/"]
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
    fn position_converts_back_to_its_offset() {
        let text = Text::new("äb\r\nçd\n".to_owned());
        for (at, _) in text.whole.char_indices() {
            let (row, col) = text.position(at);
            assert_eq!(text.offset(roxmltree::TextPos::new(row, col)), at);
        }
        assert_eq!(text.offset(roxmltree::TextPos::new(9, 9)), text.whole.len());
    }
}
