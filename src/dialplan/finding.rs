//! Findings about a dial plan.

use super::plan::{MAX_PLAN_BYTES, Position};
use crate::diagnose::{Finding, Severity};

/// Something wrong at a position.
pub(super) fn finding(
    code: &'static str,
    severity: Severity,
    position: Position,
    message: impl Into<String>,
    cure: impl Into<String>,
) -> Finding {
    Finding {
        code,
        severity,
        path: None,
        line: Some(position.line),
        column: Some(position.column),
        message: message.into(),
        cure: cure.into(),
    }
}

/// The file is larger than a phone takes.
pub(super) fn too_large(bytes: usize) -> Finding {
    Finding {
        line: None,
        column: None,
        ..finding(
            "plan-too-large",
            Severity::Error,
            Position::default(),
            format!("{bytes} bytes; a phone takes no plan of more than {MAX_PLAN_BYTES}"),
            "Take comments and blanks out, or write several numbers as one with '.'",
        )
    }
}
