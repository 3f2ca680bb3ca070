//! The diagnosis rules, and the texts of the diagnoses.
//!
//! [`rules`] checks what a phone did, [`text`] writes the diagnosis. The conversion decides when
//! a rule is checked, and withdraws a diagnosis that later observations refute. The codes and
//! their explanations are in [`crate::diagnose`].

pub(crate) mod rules;
mod slip;
pub(crate) mod text;
