//! Why a file is no XML, in plain words. A phone drops such a file as a whole.

use roxmltree::{Document, Error};

use super::{
    findings::FindingList,
    text::{Position, Text},
};
use crate::diagnose::Severity;

/// What word processors and web pages make of `"` and `'`.
pub(super) const CURLY: [char; 8] = [
    '\u{201c}', '\u{201d}', '\u{201e}', '\u{201f}', '\u{2018}', '\u{2019}', '\u{2033}', '\u{ab}',
];

/// An element that no file has: it makes the reader say which one was still open.
const SENTINEL: &str = "</reflash-end-of-file>";

/// Tells the one fault that the reader stumbled over. Nothing of the text is shown but names
/// of tags: what stands around a slip may be a password.
pub(super) fn explain(findings: &mut FindingList<'_>, text: &Text, error: &Error) {
    let offset = text.offset(error.pos());
    // Errors that are about something else, where a curly quote may stand near by chance.
    let elsewhere = matches!(
        error,
        Error::UnexpectedCloseTag(..)
            | Error::DuplicatedAttribute(..)
            | Error::UnknownEntityReference(..)
            | Error::MalformedEntityReference(_)
            | Error::NonXmlChar(..)
    );
    if let Some(curly) = curly_in_tag(text.as_str(), offset).filter(|_| !elsewhere) {
        findings.at(
            text.position(curly),
            Severity::Error,
            "curly-quotes",
            "a curly quote where XML wants a straight one: the phone drops the whole file",
            "Replace it by \" (text that was copied from a web page or a word processor has \
             such quotes; look for more of them)",
        );
        return;
    }
    if matches!(error, Error::DtdDetected) {
        let at = text.as_str().find("<!DOCTYPE").unwrap_or_default();
        findings.at(
            text.position(at),
            Severity::Error,
            "doctype",
            "a document type declaration: what it defines is not read, here or by phones",
            "Delete it, from <!DOCTYPE to its >",
        );
        return;
    }
    let (place, message, cure) = cause(text, offset, error);
    findings.at(
        place,
        Severity::Error,
        "not-well-formed",
        format!("{message}: the phone drops the whole file"),
        cure,
    );
}

/// A curly quote in the tag that was being read: from its `<` to where the reader gave up.
fn curly_in_tag(text: &str, offset: usize) -> Option<usize> {
    let end = text[offset..]
        .chars()
        .next()
        .map_or(offset, |c| offset + c.len_utf8());
    let last = text[..offset].rfind('<')?;
    // `<` is what the reader gives up at when a quote is never closed: the tag before it.
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

fn cause(text: &Text, offset: usize, error: &Error) -> (Position, String, &'static str) {
    let place = text.position(offset);
    let found = || match text.as_str()[offset..].chars().next() {
        Some(c) => format!("'{}'", c.escape_debug()),
        None => "the end of the file".to_owned(),
    };
    match error {
        Error::UnexpectedCloseTag(open, close, _) if open.is_empty() => (
            place,
            format!("</{close}> closes nothing that is open"),
            "Delete it, or write the opening tag that it belongs to",
        ),
        Error::UnexpectedCloseTag(open, close, _) => (
            place,
            format!("</{close}> stands where </{open}> must close <{open}>"),
            "Make the opening and the closing tag the same; capitals count",
        ),
        Error::UnknownEntityReference(..)
        | Error::MalformedEntityReference(_)
        | Error::UnexpectedEntityCloseTag(_)
        | Error::EntityReferenceLoop(_) => (
            place,
            "an & that is not written as XML wants it".to_owned(),
            "Write &amp; for each & of a URL, a name or a password",
        ),
        Error::InvalidAttributeValue(_) => (
            place,
            "a < within the value of an attribute; is a quote before it not closed?".to_owned(),
            "Close the quote, or write &lt; for <",
        ),
        Error::DuplicatedAttribute(name, _) => (
            place,
            format!("the attribute '{name}' is there twice"),
            "Delete one of the two",
        ),
        Error::NoRootNode => (
            text.end(),
            "there is no element in it".to_owned(),
            "Is this the right file? Was it saved whole?",
        ),
        Error::UnclosedRootNode | Error::UnexpectedEndOfStream => (
            text.end(),
            match innermost_open(text) {
                Some(name) => format!("the file ends before </{name}>"),
                None => "the file ends in the middle of something".to_owned(),
            },
            "Close it; or was the file cut off when it was copied?",
        ),
        Error::UnexpectedDeclaration(_) => (
            place,
            "<?xml … ?> must be the very first of the file, once".to_owned(),
            "Delete what stands before it, or the second one",
        ),
        Error::NonXmlChar(c, _) => (
            place,
            format!("the character {} may not stand in XML", c.escape_unicode()),
            "Delete it; editors that show control characters find it",
        ),
        Error::InvalidComment(_) => (
            place,
            "a comment holds -- or is not closed by -->".to_owned(),
            "Write comments without -- in them, or none at all",
        ),
        Error::InvalidCharacterData(_) => (
            place,
            "]]> stands in plain text".to_owned(),
            "Write ]]&gt; for it",
        ),
        Error::UnknownNamespace(prefix, _) => (
            place,
            format!("the prefix '{prefix}:' is not declared"),
            "Leave what has a prefix out: no phone needs it",
        ),
        _ => (
            place,
            format!(
                "{} stands where a tag, a name or a quote was expected",
                found()
            ),
            "Look at the tag just before: < name, attribute=\"value\", >; &lt; is how < is \
             written in text",
        ),
    }
}

/// The element that was still open at the end of the file.
fn innermost_open(text: &Text) -> Option<String> {
    let closed = format!("{}{SENTINEL}", text.as_str());
    match Document::parse(&closed) {
        Err(Error::UnexpectedCloseTag(open, _, _)) if !open.is_empty() => Some(open),
        _ => None,
    }
}
