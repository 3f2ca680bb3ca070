//! Collects the findings of one file with their positions.

use std::path::{Path, PathBuf};

use roxmltree::Node;

use super::{
    codes::CODES,
    text::{LineColumn, Text},
};
use crate::diagnose::{Finding, Severity};

/// Maximum number of findings for one file; a last one gives the number of the others.
pub const MAX_FINDINGS: usize = 200;

/// A position in the checked file, or in one that the phone reads with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Another file than the checked one.
    pub(super) file: Option<PathBuf>,
    pub(super) at: Position,
}

/// A position, which is counted only for what is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Position {
    /// Of an element of the checked file: its offset in bytes.
    Offset(usize),
    /// A line and a column.
    At(LineColumn),
}

/// The findings of one file.
pub(super) struct FindingList<'a> {
    path: &'a Path,
    text: Option<&'a Text>,
    findings: Vec<Finding>,
    /// Number of findings beyond [`MAX_FINDINGS`].
    more: usize,
}

impl Place {
    /// Where an element of the checked file is.
    pub(super) fn of(node: Node<'_, '_>) -> Self {
        Self {
            file: None,
            at: Position::Offset(node.range().start),
        }
    }
}

impl<'a> FindingList<'a> {
    pub(super) fn new(path: &'a Path) -> Self {
        Self {
            path,
            text: None,
            findings: Vec::new(),
            more: 0,
        }
    }

    /// Sets the text in which elements have their positions.
    pub(super) fn read(&mut self, text: &'a Text) {
        self.text = Some(text);
    }

    /// Adds a finding about the whole file.
    pub(super) fn file(
        &mut self,
        severity: Severity,
        code: &'static str,
        message: impl Into<String>,
        cure: impl Into<String>,
    ) {
        self.add(severity, code, None, message.into(), cure.into());
    }

    /// Adds a finding at a position.
    pub(super) fn at(
        &mut self,
        place: LineColumn,
        severity: Severity,
        code: &'static str,
        message: impl Into<String>,
        cure: impl Into<String>,
    ) {
        self.add(severity, code, Some(place), message.into(), cure.into());
    }

    /// Adds a finding about an element, at the position of its `<`.
    pub(super) fn node(
        &mut self,
        severity: Severity,
        node: Node<'_, '_>,
        code: &'static str,
        message: impl Into<String>,
        cure: impl Into<String>,
    ) {
        // Finding a position means counting lines; skip it for findings that are dropped.
        let place = (self.findings.len() < MAX_FINDINGS)
            .then(|| self.line_column(Position::Offset(node.range().start)))
            .flatten();
        self.add(severity, code, place, message.into(), cure.into());
    }

    pub(super) fn error(
        &mut self,
        node: Node<'_, '_>,
        code: &'static str,
        message: impl Into<String>,
        cure: impl Into<String>,
    ) {
        self.node(Severity::Error, node, code, message, cure);
    }

    pub(super) fn warning(
        &mut self,
        node: Node<'_, '_>,
        code: &'static str,
        message: impl Into<String>,
        cure: impl Into<String>,
    ) {
        self.node(Severity::Warning, node, code, message, cure);
    }

    /// The line and column of a position.
    fn line_column(&self, position: Position) -> Option<LineColumn> {
        match position {
            Position::Offset(offset) => self.text.map(|text| text.position(offset)),
            Position::At(place) => Some(place),
        }
    }

    /// Adds a finding about a value of this file or of another one.
    pub(super) fn written(
        &mut self,
        place: &Place,
        severity: Severity,
        code: &'static str,
        message: impl Into<String>,
        cure: impl Into<String>,
    ) {
        let before = self.findings.len();
        // Finding a position means counting lines; skip it for findings that are dropped.
        let at = (before < MAX_FINDINGS).then(|| self.line_column(place.at));
        self.add(severity, code, at.flatten(), message.into(), cure.into());
        if let (Some(file), Some(added)) = (&place.file, self.findings.get_mut(before)) {
            added.path = Some(file.clone());
        }
    }

    /// Removes a finding about a value, which another one replaces.
    pub(super) fn withdraw(&mut self, place: &Place, code: &str) {
        if place.file.is_some() || !self.findings.iter().any(|finding| finding.code == code) {
            return;
        }
        let at = self.line_column(place.at);
        self.findings
            .retain(|finding| finding.code != code || finding.line.zip(finding.column) != at);
    }

    fn add(
        &mut self,
        severity: Severity,
        code: &'static str,
        place: Option<LineColumn>,
        message: String,
        cure: String,
    ) {
        debug_assert!(CODES.contains(&code), "{code} is not in CODES");
        if self.findings.len() >= MAX_FINDINGS {
            self.more += 1;
            return;
        }
        self.findings.push(Finding {
            code,
            severity,
            path: Some(self.path.to_owned()),
            line: place.map(|(line, _)| line),
            column: place.map(|(_, column)| column),
            message,
            cure,
        });
    }

    /// All findings, sorted by position.
    pub(super) fn into_sorted(mut self) -> Vec<Finding> {
        self.findings
            .sort_by_key(|found| (found.line, found.column));
        if self.more > 0 {
            self.findings.push(Finding {
                code: "too-many-findings",
                severity: Severity::Error,
                path: Some(self.path.to_owned()),
                line: None,
                column: None,
                message: format!("{} more findings are not shown", self.more),
                cure: "Correct these first".to_owned(),
            });
        }
        self.findings
    }
}
