//! Findings about a dial plan.

use super::plan::{MAX_PLAN_BYTES, PlanPosition};
use crate::diagnose::{Finding, Severity};

/// A finding at a position.
pub(super) fn finding(
    code: &'static str,
    severity: Severity,
    position: PlanPosition,
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

/// The finding for a file over [`MAX_PLAN_BYTES`].
pub(super) fn too_large(bytes: usize) -> Finding {
    Finding {
        line: None,
        column: None,
        ..finding(
            "plan-too-large",
            Severity::Error,
            PlanPosition::default(),
            format!("the plan has {bytes} bytes: phones reject more than {MAX_PLAN_BYTES}"),
            "Remove comments and spaces, or merge entries with '.'",
        )
    }
}
