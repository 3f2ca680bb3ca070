//! The diagnosis rules: what a phone's history says is wrong, and the text of the finding.
//!
//! [`rules`] checks what a phone did, [`text`] phrases the diagnosis. The tracking decides when a
//! rule is checked, and withdraws a diagnosis that the phone's later requests refute. The codes
//! and their explanations are in [`crate::diagnose`].

pub(crate) mod rules;
pub(crate) mod text;
