//! How steps follow each other.

/// The number of steps.
pub(super) const STEPS: usize = 6;

/// What comes after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transition {
    /// The next step; this one was answered.
    Next,
    /// The next step; this one asked nothing.
    Skip,
    /// The last step that was answered.
    Back,
}
