//! One run: what is served, the servers, the tracked phones, the journal and the display, from
//! the first request to the report.
//!
//! TFTP and HTTP have threads of their own, so that a slow terminal never delays a phone. Their
//! handlers pass each request to the fleet; the events that follow go through a queue to the
//! event loop, which reports them.

mod clock;
mod dispatch;
mod event_loop;
mod event_queue;
mod hints;
mod messages;
mod next_steps;
mod operator;
mod restart_setup;
mod restart_summary;
mod restarts;
mod run;
mod secrets;
mod senders;
mod server_thread;
mod service;
mod setup;
mod shared;
mod signals;
mod sources;
mod survey;
mod web_polling;

pub use self::{
    clock::{valid_speed, wall_clock},
    operator::OperatorPrompt,
    restart_setup::{RestartOptions, RestartSetup},
    run::{RunOutcome, run, run_with_operator},
    setup::{Advice, Setup, SetupSources, Source},
    signals::Signals,
};
