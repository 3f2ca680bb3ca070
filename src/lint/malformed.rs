//! Reports why a file is not well-formed XML. Phones drop such files completely.

use roxmltree::Error;

use super::{findings::FindingList, text::Text};
use crate::{
    diagnose::Severity,
    xml_fault::{self, XmlFaultKind},
};

/// Reports the error at which the parser stopped.
pub(super) fn explain(findings: &mut FindingList<'_>, text: &Text, error: &Error) {
    let fault = xml_fault::explain(text.as_str(), error);
    let (code, message) = match fault.kind {
        XmlFaultKind::Doctype => ("doctype", fault.message),
        XmlFaultKind::CurlyQuote => (
            "curly-quotes",
            format!("{}: the phone drops the whole file", fault.message),
        ),
        XmlFaultKind::NotWellFormed => (
            "not-well-formed",
            format!("{}: the phone drops the whole file", fault.message),
        ),
    };
    let place = text.position(fault.offset);
    findings.at(place, Severity::Error, code, message, fault.cure);
}
