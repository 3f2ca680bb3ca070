//! The list of active diagnoses.

use crate::diagnose::Diagnosis;

/// A diagnosis that is raised again carries newer evidence.
pub(super) fn raise(active: &mut Vec<Diagnosis>, diagnosis: &Diagnosis) {
    match active.iter_mut().find(|it| it.code == diagnosis.code) {
        Some(same) => same.clone_from(diagnosis),
        None => active.push(diagnosis.clone()),
    }
}

/// Removes the diagnosis with this code.
pub(super) fn withdraw(active: &mut Vec<Diagnosis>, diagnosis: &Diagnosis) {
    active.retain(|it| it.code != diagnosis.code);
}
