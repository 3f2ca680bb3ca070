//! Explains in plain words why a text is not well-formed XML, for files that people write.

use roxmltree::{Document, Error, TextPos};

/// Quotes that word processors and web pages substitute for `"` and `'`.
pub(crate) const CURLY: [char; 9] = [
    '\u{201c}', '\u{201d}', '\u{201e}', '\u{201f}', '\u{2018}', '\u{2019}', '\u{2033}', '\u{ab}',
    '\u{bb}',
];

/// A closing tag that no file contains; the parse error then names the element still open.
const SENTINEL: &str = "</reflash-end-of-file>";

/// The kind of an [`XmlFault`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum XmlFaultKind {
    /// A curly quote around the value of an attribute.
    CurlyQuote,
    /// A document type declaration.
    Doctype,
    /// Any other.
    NotWellFormed,
}

/// Why a text is not well-formed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct XmlFault {
    pub(crate) kind: XmlFaultKind,
    /// Where, in bytes.
    pub(crate) offset: usize,
    /// What was found; shows tag names only, because the text may contain a password.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) cure: &'static str,
}

impl XmlFault {
    fn new(offset: usize, message: impl Into<String>, cure: &'static str) -> Self {
        Self {
            kind: XmlFaultKind::NotWellFormed,
            offset,
            message: message.into(),
            cure,
        }
    }
}

/// The encoding of a file that is not UTF-8, if it is one that editors offer.
pub(crate) fn utf16(bytes: &[u8]) -> bool {
    // Without a byte order mark, every other byte of ASCII text is 0.
    matches!(
        bytes,
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [b'<', 0, ..] | [0, b'<', ..]
    )
}

/// Converts a position from the parser to an offset in bytes.
pub(crate) fn offset(text: &str, position: TextPos) -> usize {
    let rows = text.split_inclusive('\n');
    let before = (position.row as usize).saturating_sub(1);
    let start: usize = rows.take(before).map(str::len).sum();
    let rest = &text[start..];
    let column = (position.col as usize).saturating_sub(1);
    let within = rest.char_indices().nth(column);
    start + within.map_or(rest.len(), |(at, _)| at)
}

/// Explains the error at which the parser stopped.
pub(crate) fn explain(text: &str, error: &Error) -> XmlFault {
    let offset = offset(text, error.pos());
    // Errors with another cause, even if a curly quote is nearby.
    let elsewhere = matches!(
        error,
        Error::UnexpectedCloseTag(..)
            | Error::DuplicatedAttribute(..)
            | Error::UnknownEntityReference(..)
            | Error::MalformedEntityReference(_)
            | Error::NonXmlChar(..)
    );
    if let Some(curly) = curly_in_tag(text, offset).filter(|_| !elsewhere) {
        return XmlFault {
            kind: XmlFaultKind::CurlyQuote,
            ..XmlFault::new(
                curly,
                "a curly quote where XML requires a straight one",
                "Replace it with \"; text copied from a web page or a word processor may contain \
                 more of them",
            )
        };
    }
    if matches!(error, Error::DtdDetected) {
        return XmlFault {
            kind: XmlFaultKind::Doctype,
            ..XmlFault::new(
                text.find("<!DOCTYPE").unwrap_or_default(),
                "a document type declaration: neither phones nor this program read it",
                "Delete it, from <!DOCTYPE to its >",
            )
        };
    }
    cause(text, offset, error)
}

/// A curly quote between the `<` of the current tag and the error.
fn curly_in_tag(text: &str, offset: usize) -> Option<usize> {
    let end = text[offset..]
        .chars()
        .next()
        .map_or(offset, |c| offset + c.len_utf8());
    let last = text[..offset].rfind('<')?;
    // For an unclosed quote the parser stops at the next `<`: use the tag before it.
    let start = if text[last..offset].contains('>') || last + 1 < offset {
        last
    } else {
        text[..last].rfind('<').unwrap_or(last)
    };
    let tag = &text[start..end];
    let tag = tag.split('>').next().unwrap_or(tag);
    if tag.starts_with("<!") {
        return None;
    }
    tag.find(CURLY).map(|at| start + at)
}

/// Common names of characters in HTML.
const HTML_ENTITIES: [&str; 19] = [
    "nbsp", "auml", "ouml", "uuml", "Auml", "Ouml", "Uuml", "szlig", "eacute", "egrave", "ecirc",
    "agrave", "aacute", "ccedil", "ntilde", "oacute", "copy", "ndash", "euro",
];

/// The start of a comment without an end.
fn unclosed_comment(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let start = at + text[at..].find("<!--")?;
        let inside = start + "<!--".len();
        match text[inside..].find("-->") {
            Some(end) => at = inside + end,
            None => return Some(start),
        }
    }
}

/// " of line 3", where the element that is still open at the offset begins on an earlier line.
fn of_line(text: &str, name: &str, offset: usize) -> String {
    let before = &text[..offset];
    let tag = format!("<{name}");
    let start = before.rmatch_indices(&tag).find(|(at, _)| {
        let rest = &before[at + tag.len()..];
        rest.starts_with(|c: char| c == '>' || c.is_whitespace())
    });
    match start {
        Some((at, _)) if before[at..].contains('\n') => {
            format!(" of line {}", before[..at].matches('\n').count() + 1)
        }
        _ => String::new(),
    }
}

/// Causes that the text around the error shows.
fn specific(text: &str, offset: usize, error: &Error) -> Option<XmlFault> {
    if let Some(start) = unclosed_comment(text).filter(|start| *start <= offset) {
        let cure = "Write --> at its end, or delete it";
        return Some(XmlFault::new(start, "a comment is not closed", cure));
    }
    match error {
        Error::UnexpectedCloseTag(open, close, _) if !open.is_empty() => Some(XmlFault::new(
            offset,
            format!(
                "</{close}> found where </{open}> must close <{open}>{}",
                of_line(text, open, offset)
            ),
            if open.eq_ignore_ascii_case(close) {
                "Make the opening and the closing tag identical, including case"
            } else {
                "Add the closing tag that is missing, or make both tags identical"
            },
        )),
        Error::UnknownEntityReference(name, _) if HTML_ENTITIES.contains(&name.as_str()) => {
            Some(XmlFault::new(
                offset,
                format!("&{name}; is known in HTML, but not in XML"),
                "Write the character itself; XML has only &amp; &lt; &gt; &quot; and &apos;",
            ))
        }
        _ => None,
    }
}

fn cause(text: &str, offset: usize, error: &Error) -> XmlFault {
    if let Some(fault) = specific(text, offset, error) {
        return fault;
    }
    let found = || match text[offset..].chars().next() {
        Some(c) => format!("'{}'", c.escape_debug()),
        None => "the end of the file".to_owned(),
    };
    let (place, message, cure) = match error {
        Error::UnexpectedCloseTag(_, close, _) => (
            offset,
            format!("</{close}> has no opening tag"),
            "Delete it, or add the opening tag",
        ),
        Error::UnknownEntityReference(..)
        | Error::MalformedEntityReference(_)
        | Error::UnexpectedEntityCloseTag(_)
        | Error::EntityReferenceLoop(_) => (
            offset,
            "an & that is not escaped".to_owned(),
            "Write &amp; for each & in a URL, a name or a password",
        ),
        Error::InvalidAttributeValue(_) => (
            offset,
            "a < in the value of an attribute; possibly an unclosed quote before it".to_owned(),
            "Close the quote, or write &lt; for <",
        ),
        Error::DuplicatedAttribute(name, _) => (
            offset,
            format!("the attribute '{name}' appears twice"),
            "Delete one of the two",
        ),
        Error::NoRootNode => (
            text.len(),
            "the file has no element".to_owned(),
            "Check that this is the right file and that it is complete",
        ),
        Error::UnclosedRootNode | Error::UnexpectedEndOfStream => (
            text.len(),
            match innermost_open(text) {
                Some(name) => format!("the file ends before </{name}>"),
                None => "the file ends unexpectedly".to_owned(),
            },
            "Add what is missing; the file may have been truncated when copied",
        ),
        Error::UnexpectedDeclaration(_) => (
            offset,
            "<?xml … ?> must be at the very first position of the file, and only once".to_owned(),
            "Delete what comes before it, or the second one",
        ),
        Error::NonXmlChar(c, _) => (
            offset,
            format!("the character {} is not allowed in XML", c.escape_unicode()),
            "Delete it, with an editor that shows control characters",
        ),
        Error::InvalidComment(_) => (
            offset,
            "a comment contains -- or is not closed by -->".to_owned(),
            "Remove -- from the comment, or remove the comment",
        ),
        Error::InvalidCharacterData(_) => (
            offset,
            "]]> in plain text".to_owned(),
            "Write ]]&gt; instead",
        ),
        Error::UnknownNamespace(prefix, _) => (
            offset,
            format!("the prefix '{prefix}:' is not declared"),
            "Remove what has the prefix; phones do not need it",
        ),
        _ if text[..offset].trim_end().ends_with(['"', '\'']) && in_tag(text, offset) => (
            offset,
            format!("{} found after the value of an attribute", found()),
            "Write a space, /> or > there",
        ),
        _ if behind_root(text, offset).is_some() => {
            let end = behind_root(text, offset).unwrap_or_default();
            (
                offset,
                format!("there is more text after </{end}>, the end of the configuration"),
                "Delete everything after the end; the file may contain two configurations",
            )
        }
        _ => (
            offset,
            format!(
                "{} found where a tag, a name or a quote was expected",
                found()
            ),
            "Check the tag before it: <name attribute=\"value\">; in text, write &lt; for <",
        ),
    };
    XmlFault::new(place, message, cure)
}

/// Whether a tag is open at this offset.
fn in_tag(text: &str, offset: usize) -> bool {
    let before = &text[..offset];
    before
        .rfind('<')
        .is_some_and(|open| !before[open..].contains('>'))
}

/// The name of the root element, if it is closed before this offset.
fn behind_root(text: &str, offset: usize) -> Option<String> {
    let document = Document::parse(&text[..offset]).ok()?;
    Some(document.root_element().tag_name().name().to_owned())
}

/// The element still open at the end of the file.
fn innermost_open(text: &str) -> Option<String> {
    let closed = format!("{text}{SENTINEL}");
    match Document::parse(&closed) {
        Err(Error::UnexpectedCloseTag(open, _, _)) if !open.is_empty() => Some(open),
        _ => None,
    }
}
