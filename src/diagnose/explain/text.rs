//! The parts of an explanation.

/// The text of one code.
pub(super) struct ExplanationText {
    pub(super) title: &'static str,
    pub(super) signature: &'static str,
    pub(super) causes: &'static str,
    pub(super) cure: &'static str,
    pub(super) clears_when: &'static str,
}
