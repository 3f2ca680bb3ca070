//! Explains why a file is not well-formed XML. Phones drop such files completely.

use roxmltree::{Document, Error};

use super::{
    findings::FindingList,
    text::{LineColumn, Text},
};
use crate::diagnose::Severity;

/// Quotes that word processors and web pages substitute for `"` and `'`.
pub(super) const CURLY: [char; 8] = [
    '\u{201c}', '\u{201d}', '\u{201e}', '\u{201f}', '\u{2018}', '\u{2019}', '\u{2033}', '\u{ab}',
];

/// A closing tag that no file contains; the parse error then names the element still open.
const SENTINEL: &str = "</reflash-end-of-file>";

/// Reports the error at which the parser stopped. The message shows only tag names, because
/// the surrounding text may be a password.
pub(super) fn explain(findings: &mut FindingList<'_>, text: &Text, error: &Error) {
    let offset = text.offset(error.pos());
    // Errors with another cause, even if a curly quote is nearby.
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
            "a curly quote where XML requires a straight one: the phone drops the whole file",
            "Replace it with \"; text copied from a web page or a word processor may contain more \
             of them",
        );
        return;
    }
    if matches!(error, Error::DtdDetected) {
        let at = text.as_str().find("<!DOCTYPE").unwrap_or_default();
        findings.at(
            text.position(at),
            Severity::Error,
            "doctype",
            "a document type declaration: neither phones nor this program read it",
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

fn cause(text: &Text, offset: usize, error: &Error) -> (LineColumn, String, &'static str) {
    let place = text.position(offset);
    let found = || match text.as_str()[offset..].chars().next() {
        Some(c) => format!("'{}'", c.escape_debug()),
        None => "the end of the file".to_owned(),
    };
    match error {
        Error::UnexpectedCloseTag(open, close, _) if open.is_empty() => (
            place,
            format!("</{close}> has no opening tag"),
            "Delete it, or add the opening tag",
        ),
        Error::UnexpectedCloseTag(open, close, _) => (
            place,
            format!("</{close}> found where </{open}> must close <{open}>"),
            "Make the opening and the closing tag identical, including case",
        ),
        Error::UnknownEntityReference(..)
        | Error::MalformedEntityReference(_)
        | Error::UnexpectedEntityCloseTag(_)
        | Error::EntityReferenceLoop(_) => (
            place,
            "an & that is not escaped".to_owned(),
            "Write &amp; for each & in a URL, a name or a password",
        ),
        Error::InvalidAttributeValue(_) => (
            place,
            "a < in the value of an attribute; possibly an unclosed quote before it".to_owned(),
            "Close the quote, or write &lt; for <",
        ),
        Error::DuplicatedAttribute(name, _) => (
            place,
            format!("the attribute '{name}' appears twice"),
            "Delete one of the two",
        ),
        Error::NoRootNode => (
            text.end(),
            "the file has no element".to_owned(),
            "Check that this is the right file and that it is complete",
        ),
        Error::UnclosedRootNode | Error::UnexpectedEndOfStream => (
            text.end(),
            match innermost_open(text) {
                Some(name) => format!("the file ends before </{name}>"),
                None => "the file ends unexpectedly".to_owned(),
            },
            "Add what is missing; the file may have been truncated when copied",
        ),
        Error::UnexpectedDeclaration(_) => (
            place,
            "<?xml … ?> must be at the very first position of the file, and only once".to_owned(),
            "Delete what comes before it, or the second one",
        ),
        Error::NonXmlChar(c, _) => (
            place,
            format!("the character {} is not allowed in XML", c.escape_unicode()),
            "Delete it, with an editor that shows control characters",
        ),
        Error::InvalidComment(_) => (
            place,
            "a comment contains -- or is not closed by -->".to_owned(),
            "Remove -- from the comment, or remove the comment",
        ),
        Error::InvalidCharacterData(_) => (
            place,
            "]]> in plain text".to_owned(),
            "Write ]]&gt; instead",
        ),
        Error::UnknownNamespace(prefix, _) => (
            place,
            format!("the prefix '{prefix}:' is not declared"),
            "Remove what has the prefix; phones do not need it",
        ),
        _ => (
            place,
            format!(
                "{} found where a tag, a name or a quote was expected",
                found()
            ),
            "Check the tag before it: <name attribute=\"value\">; in text, write &lt; for <",
        ),
    }
}

/// The element still open at the end of the file.
fn innermost_open(text: &Text) -> Option<String> {
    let closed = format!("{}{SENTINEL}", text.as_str());
    match Document::parse(&closed) {
        Err(Error::UnexpectedCloseTag(open, _, _)) if !open.is_empty() => Some(open),
        _ => None,
    }
}
