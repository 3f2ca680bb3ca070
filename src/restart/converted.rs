//! Restarts of converted phones by NOTIFY: which phones, by which way, one after another, and the
//! proof of each restart. What it needs of the world is behind [`RestartSite`].

mod assess;
mod candidate;
mod order;
mod phone;
mod run;
mod signal;
mod site;
mod why_not;

pub use candidate::Candidate;
pub use order::{Order, Way};
pub use phone::{RestartStatus, RestartedPhone};
pub use run::{
    FAILURES, MAX_OUTSTANDING, ORDER_PAUSE, POLL_INTERVAL, RETRY_IN_CALL, RestartRun, SPACING,
};
pub use signal::{PhoneSignal, SignalKind, SignalReader};
pub use site::RestartSite;
pub use why_not::WhyNot;

#[cfg(test)]
mod tests;
